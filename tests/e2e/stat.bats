#!/usr/bin/env bats
# Programs that only call stat(2): which calls to AWS they cost.

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

@test "no count of a cluster is older than the TTL, while its being there costs no call" {
	local cluster=$mnt/clusters/prod running
	running=$(cat "$cluster/running_tasks_count")
	overview() { awk '$1 == "prod" { print $4 }' "$mnt/overview"; }
	[ "$(overview)" = "$running" ]
	[ "$(jq .runningTasksCount "$cluster/cluster.json")" = "$running" ]
	somebody_else UpdateService '{"cluster": "prod", "service": "web", "desiredCount": 1}' >/dev/null
	# The list of clusters is kept for a minute; what it names is not.
	differs() { [ "$("$@")" != "$running" ]; }
	wait_for 15 differs cat "$cluster/running_tasks_count"
	wait_for 15 differs overview
	wait_for 15 differs jq .runningTasksCount "$cluster/cluster.json"
	calls_reset
	past_ttl
	[ -d "$cluster" ]
	ls "$mnt/clusters" >/dev/null
	[ "$(calls DescribeClusters)" = 0 ]
}

# The answers are past their TTL: a value that is read again costs a call.
past_ttl() {
	local before
	before=$(calls DescribeServices)
	wait_for 10 costs_a_call "$before"
}

costs_a_call() {
	cat "$mnt/clusters/prod/services/web/desired_count" >/dev/null
	[ "$(calls DescribeServices)" -gt $(($1 + 1)) ]
}
