#!/usr/bin/env bats
# A daemon without file descriptors left: it says so, gets well by itself, and ends cleanly.

load lib

setup_file() {
	sim_up --fleet 1x20x2
}

teardown_file() {
	sim_down
}

teardown() {
	faults ''
	mount_down
}

# open_files: how many the daemon has.
open_files() {
	ls "/proc/$(cat "$mnt_dir/pid")/fd" | wc -l
}

# limit N: the daemon may have so many.
limit() {
	prlimit --pid "$(cat "$mnt_dir/pid")" --nofile="$1:4096"
}

@test "a shortage of descriptors is over when it is over" {
	local log readers=()
	mount_up -o ttl=0,timeout=10
	log=$(echo "$mnt"/clusters/cluster-1/tasks/*/logs/*.log | cut -d' ' -f1)
	cat "$log" >/dev/null
	limit $(($(open_files) + 4))
	faults '*:latency=300'
	for file in "$mnt"/clusters/cluster-1/services/*/task_definition.json; do
		cat "$file" >/dev/null 2>>"$mnt_dir/readers" 3>&- &
		readers+=($!)
	done
	wait "${readers[@]}" || true
	grep -q 'Too many open files' "$mnt_dir/readers"
	faults ''
	# What was refused for want of descriptors is not remembered, and idle connections give theirs.
	cat "$mnt"/clusters/cluster-1/services/*/desired_count >/dev/null
	cat "$log" >/dev/null
	limit 1024
	cat "$mnt"/clusters/cluster-1/services/*/task_definition.json >/dev/null
}

@test "unmounting without a descriptor left" {
	mount_up
	ls "$mnt/clusters/cluster-1/services" >/dev/null
	limit "$(open_files)"
	mount_down
	mnt=
}

@test "the limit is raised to what the system allows" {
	(
		ulimit -Sn 100
		ulimit -Hn 2000
		mount_up
		grep -q '^Max open files  *2000  *2000' "/proc/$(cat "$mnt_dir/pid")/limits"
		mount_down
	)
	mnt=
}
