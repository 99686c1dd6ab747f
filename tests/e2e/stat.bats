#!/usr/bin/env bats
# Who only calls stat(2).

load lib

setup_file() {
	sim_up
	mount_up -o ttl=1
}

teardown_file() {
	all_down
}

@test "stat alone sees a change, without an open" {
	local web=$mnt/clusters/prod/services/web
	[ "$(stat -c %s "$web/desired_count")" = 2 ]
	somebody_else UpdateService '{"cluster": "prod", "service": "web", "desiredCount": 123}'
	size_is() { [ "$(stat -c %s "$web/desired_count")" = 4 ]; }
	wait_for 10 size_is
}

@test "stat of a directory that is held sees a change of its time" {
	local web=$mnt/clusters/prod/services/web before
	cd "$web"
	before=$(stat -c %Y .)
	somebody_else UpdateService '{"cluster": "prod", "service": "web", "forceNewDeployment": true}'
	time_moved() { [ "$(stat -c %Y .)" != "$before" ]; }
	wait_for 10 time_moved
}
