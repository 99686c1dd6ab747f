#!/usr/bin/env bats
# What must hold on every region, here on the simulated one.

load lib
load common

setup_file() {
	if ! has_botocore; then
		lacks "python3 has no boto3 of today to make the fleet with"
		return 0
	fi
	sim_up --speed 20
	fleet_make
	mount_up
}

setup() {
	skip_what_lacks
}

teardown_file() {
	all_down
}

@test "browse" { both_browse; }
@test "scale and deploy" { both_scale; }
@test "refuse" { both_refuse; }
@test "tags" { both_tags; }
@test "register" { both_register; }
@test "a draft becomes a service" { both_draft; }
@test "compose" { both_compose; }
