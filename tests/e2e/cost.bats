#!/usr/bin/env bats
# What a command costs in calls.

load lib

setup_file() {
	sim_up --fleet 2x250x2
}

teardown_file() {
	sim_down
}

setup() {
	mount_up
	calls_reset
	cluster=$(ls -U "$mnt/clusters" | sort | head -n 1)
	services=$mnt/clusters/$cluster/services
}

teardown() {
	mount_down
}

# A service's name, of the region itself, so that this mount has not seen it.
some_service() {
	echo service-007
}

@test "cat desired_count on a cold cache: exactly one call" {
	name=$(some_service)
	calls_reset
	cat "$services/$name/desired_count" >/dev/null
	[ "$(calls DescribeServices)" = 1 ]
	[ "$(calls)" = 1 ]
	cat "$services/$name/running_count" "$services/$name/status" >/dev/null
	[ "$(calls)" = 1 ]
}

# fuse_requests KIND COMMAND...: how many requests of that kind a command costs, without those of the count itself.
fuse_requests() {
	local kind=$1 counts=() round
	shift
	for round in 1 2 3; do
		[ "$round" != 3 ] || "$@" >/dev/null
		counts+=("$(awk -v kind="ecsfs_fuse_requests_total{kind=\"$kind\"}" '$1 == kind { print $2 }' "$mnt/.ecsfs/metrics")")
	done
	echo $((counts[2] - counts[1] - (counts[1] - counts[0])))
}

@test "cat of a value: the text goes to the kernel with the open, so that there is no READ, and no GETATTR later" {
	file=$services/$(some_service)/desired_count
	[ "$(fuse_requests open cat "$file")" = 1 ]
	[ "$(fuse_requests read cat "$services/service-008/desired_count")" = 0 ]
	[ "$(fuse_requests getattr cat "$services/service-008/desired_count")" = 0 ]
	[ "$(cat "$services/service-008/desired_count")" = 2 ]
}

@test "ls of 250 services: 3 calls, and describes nothing" {
	[ "$(ls "$services" | wc -l)" = 250 ]
	[ "$(calls ListServices)" = 3 ]
	[ "$(calls)" = 3 ]
}

@test "cat of 250 services after ls: 25 calls" {
	names=$(ls "$services")
	calls_reset
	cd "$services"
	for name in $names; do
		read -r value <"$name/desired_count"
		[ -n "$value" ]
	done
	cd /
	[ "$(calls DescribeServices)" = 25 ]
	[ "$(calls)" = 25 ]
}

@test "a hundred concurrent readers of one file: one call" {
	# A hundred processes may take longer to start than the time for which one answer is used.
	mount_down
	mount_up -o ttl=600
	services=$mnt/clusters/$cluster/services
	name=$(some_service)
	calls_reset
	readers=()
	for _ in $(seq 100); do
		cat "$services/$name/desired_count" >>"$BATS_TEST_TMPDIR/out" &
		readers+=("$!")
	done
	wait "${readers[@]}"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" = 100 ]
	[ "$(calls)" = 1 ]
}

@test "names that are not there are remembered for a while" {
	for _ in 1 2 3 4 5; do
		[ ! -e "$services/nope" ]
	done
	[ "$(calls)" -le 1 ]
}

@test "with ttl=0 every open of one shell in its own directory is one call" {
	name=$(some_service)
	mount_down
	mount_up -o ttl=0
	cd "$mnt/clusters/$cluster/services/$name"
	# The first open may belong to the walk of cd.
	read -r value <desired_count
	calls_reset
	for _ in 1 2 3 4 5; do
		read -r value <desired_count
		[ -n "$value" ]
	done
	cd /
	[ "$(calls DescribeServices)" = 5 ]
}

@test "a throttled write is busy within the time of the mount, and is not repeated later" {
	name=$(some_service)
	mount_down
	mount_up -o timeout=3
	calls_reset
	faults 'UpdateService:throttle'
	run bash -c "echo 2 >'$mnt/clusters/$cluster/services/$name/desired_count'"
	sent=$(calls UpdateService)
	faults ''
	[[ $output == *busy* ]]
	# The journal has the call once it has ended, with all its attempts.
	wait_for 30 grep -q '"UpdateService"' "$mnt/.ecsfs/journal"
	[ "$(calls UpdateService)" = "$sent" ]
}

@test "overview of 250 services: the calls of a walk over their documents cold, none warm" {
	[ "$(wc -l <"$mnt/clusters/$cluster/overview")" = 251 ]
	[ "$(calls)" -le 28 ]
	calls_reset
	cat "$mnt/clusters/$cluster/overview" >/dev/null
	[ "$(calls)" = 0 ]
}

@test "metrics of 250 services: a call for each of the two, and none more within a minute" {
	cat "$mnt/clusters/$cluster"/services/*/metrics/cpu_utilization >/dev/null
	[ "$(calls GetMetricData)" = 1 ]
	cat "$mnt/clusters/$cluster"/services/*/metrics/memory_utilization >/dev/null
	[ "$(calls GetMetricData)" = 2 ]
	cat "$mnt/clusters/$cluster"/services/*/metrics/* >/dev/null
	[ "$(calls GetMetricData)" = 2 ]
}
