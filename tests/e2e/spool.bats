#!/usr/bin/env bats
# Growing files on a full disk: their bytes are kept in spool files, and a reader that comes to where some
# are missing meets ENOSPC, not an end of file.

load lib

setup_file() {
	[ "$(id -u)" = 0 ] || { lacks "needs root to mount a small disk"; return 0; }
	export disk=$BATS_FILE_TMPDIR/disk
	mkdir "$disk"
	mount -t tmpfs -o size=64k tmpfs "$disk" || { lacks "no tmpfs"; return 0; }
	sim_up --speed 20
	mount_up --spool-dir "$disk"
	export cluster=$mnt/clusters/prod
	export web=$cluster/services/web
}

teardown_file() {
	local bad=0
	all_down || bad=1
	umount "$disk" || true
	return "$bad"
}

setup() {
	skip_what_lacks
	rm -f "$disk/filler"
}

# fill [KIB]: leaves so much of the disk free; nothing where no number is given.
fill() {
	rm -f "$disk/filler"
	head -c "$((64 - ${1:-0}))K" /dev/zero >"$disk/filler" || true
}

# no_room FILE: reading it ends with ENOSPC.
no_room() {
	run timeout 20 cat "$1"
	[ "$status" -eq 1 ] && [[ $output == *'No space left on device'* ]] || {
		echo "$1: status $status: $output" >&2
		return 1
	}
}

@test "a log, since, events, outcome and rollout fail on a full disk, and errors says why" {
	local task log
	task=$(ls -d "$web"/tasks/* | head -n 1)
	fill
	no_room "$web/logs/app.log"
	said "writing a spool file: No space left on device"
	grep -q 'services/web/logs/app.log: lines that were read cannot be kept' "$mnt/.ecsfs/errors"
	no_room "$web/logs/since/1h/app.log"
	no_room "$task/logs/app.log"
	no_room "$web/events"
	no_room "$task/outcome"
	no_room "$web/rollout"
	rm "$disk/filler"
	[ "$(wc -l <"$web/logs/app.log")" -gt 0 ]
	[ "$(wc -l <"$web/events")" -gt 0 ]
}

# long_log: the log is longer than the two pages of the disk that a test leaves.
long_log() {
	[ "$(wc -c <"$web/logs/app.log")" -gt 9000 ]
}

@test "a reader gets what there was room for, then ENOSPC, and the rest once there is room" {
	local text
	wait_for 60 long_log
	fill 4
	exec {log}<"$web/logs/since/1h/app.log"
	text=$(timeout 20 cat <&"$log") && return 1
	rm "$disk/filler"
	# The open file is complete once there is room again.
	wait_for 30 ends_well
	exec {log}<&-
	text=$text$(cat "$BATS_TEST_TMPDIR/rest")
	[ "$(sort -u <<<"$text" | wc -l)" = "$(wc -l <<<"$text")" ]
}

ends_well() {
	timeout 20 cat <&"$log" >>"$BATS_TEST_TMPDIR/rest" && [ -s "$BATS_TEST_TMPDIR/rest" ]
}

@test "tail -f ends with a failure when no line can be kept any more" {
	local pid
	timeout 60 tail -s 0.1 -f "$web/logs/app.log" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	wait_for 20 test -s "$BATS_TEST_TMPDIR/out"
	fill
	wait_for 40 not_running "$pid"
	run wait "$pid"
	grep -q 'No space left on device' "$BATS_TEST_TMPDIR/err"
}

@test "ecsfs run: a log that is not complete is no success, and the end is found all the same" {
	fill
	run timeout 120 "$build/ecsfs" run "$cluster" migrate --network-from "$web"
	[ "$status" -eq 125 ]
	[[ $output == *'the log of migrate cannot be read: '*'No space left on device'* ]]
	rm "$disk/filler"
	run timeout 120 "$build/ecsfs" run "$cluster" migrate --network-from "$web"
	[ "$status" -eq 0 ]
}
