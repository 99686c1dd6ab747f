#!/usr/bin/env bats
# A daemon without file descriptors left: it says so, recovers by itself, and ends cleanly.

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

# without_threads COMMAND...: no thread can be made by it while $no_threads is there.
without_threads() {
	command -v cc >/dev/null || skip "no compiler"
	! grep -qa __asan_init "$build/ecsfs" || skip "AddressSanitizer must be loaded first"
	export NO_THREADS=$BATS_FILE_TMPDIR/no_threads
	preload=$BATS_FILE_TMPDIR/nothreads.so
	[ -e "$preload" ] || cc -shared -fPIC -o "$preload" "$top/tests/e2e/nothreads.c" -ldl
}

@test "no thread can be made: it says so, nothing hangs, and it is over when it is over" {
	local cluster begin
	without_threads
	LD_PRELOAD=$preload mount_up -o ttl=1,timeout=10
	cluster=$mnt/clusters/cluster-1
	log=$(echo "$cluster"/tasks/*/logs/*.log | cut -d' ' -f1)
	cat "$cluster"/services/*/desired_count >/dev/null
	touch "$NO_THREADS"
	begin=$SECONDS
	# A job of its own needs a thread where none is idle.
	fails 'Cannot allocate memory' timeout 20 cat "$log"
	said 'no thread can be started: the limit of processes'
	fails 'Cannot allocate memory' timeout 20 cat "$(ls -d "$cluster"/services/* | head -n 1)/rollout"
	# What others have threads for is answered, or refused, and in time.
	for file in "$cluster"/services/*/task_definition.json "$cluster/overview" "$mnt/.ecsfs/status"; do
		timeout 20 cat "$file" >/dev/null 2>&1 || [ "$?" = 1 ]
	done
	[ $((SECONDS - begin)) -lt 60 ]
	rm "$NO_THREADS"
	cat "$log" >/dev/null
	cat "$cluster"/services/*/task_definition.json >/dev/null
	touch "$NO_THREADS"
	mount_down
	mnt=
	# It does not start either, and says why.
	mkdir -p "$BATS_TEST_TMPDIR/mnt"
	run env LD_PRELOAD="$preload" timeout 20 "$build/ecsfs" "$BATS_TEST_TMPDIR/mnt"
	rm "$NO_THREADS"
	[ "$status" -eq 1 ]
	[[ $output == *'no thread can be started'* ]]
	! mounted "$BATS_TEST_TMPDIR/mnt"
}
