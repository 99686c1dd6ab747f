#!/usr/bin/env bats
# Logs as growing files: what a first read returns, and following.

load logs

@test "cat, tail -n, grep, wc, tac, head, dd and a readline loop read a log" {
	put_log put "$group" "$stream" 1 1000 60
	diff <(numbered 1 1000) "$log"
	[ "$(tail -n 2 "$log")" = "$(numbered 999 1000)" ]
	[ "$(grep -c 'line 0005' "$log")" = 100 ]
	[ "$(wc -l <"$log")" = 1000 ]
	[ "$(tac "$log" | head -n 1)" = 'line 001000' ]
	[ "$(head -n 1 "$log")" = 'line 000001' ]
	[ "$(dd if="$log" bs=12 skip=41 count=1 status=none)" = 'line 000042' ]
	[ "$(python3 -c 'import sys; print(sum(1 for l in open(sys.argv[1])))' "$log")" = 1000 ]
	[ "$(grep -r 'line 000777' "$cluster/tasks/$task/logs")" = "$log:line 000777" ]
	fails 'ermission denied' bash -c "echo x >>'$log'"
}

@test "tail -n 5 of a cold log costs one GetLogEvents, and no poll" {
	put_log put "$group" "$stream" 1 60000 600
	ls "$cluster/tasks/$task/logs" >/dev/null
	calls_reset
	[ "$(tail -n 5 "$log")" = "$(numbered 59996 60000)" ]
	[ "$(calls GetLogEvents)" = 1 ]
	[ "$(calls FilterLogEvents)" = 0 ]
}

@test "tail -f and tail -F show new lines once" {
	put_log put "$group" "$stream" 1 100 30
	follow tail -s 0.1 -n +1 -F "$log"
	arrives 100
	tail -s 0.1 -n 0 -f "$log" >"$out.f" 3>&- &
	followers+=($!)
	put_log drip "$group" "$stream" 101 200
	arrives 200
	wait_for 10 has_lines "$out.f" 100
	diff <(numbered 101 200) "$out.f"
	[ ! -s "$out.err" ]
}

@test "messages arrive as they are, each ending in one newline" {
	put_log odd "$group" "$stream"
	python3 - "$top/tests/e2e/put_log.py" "$log" <<'PY'
import re, sys
odd = eval(re.search(r"^ODD = (.*)$", open(sys.argv[1]).read(), re.M).group(1))
want = "".join(m if m.endswith("\n") else m + "\n" for m in odd).encode()
got = open(sys.argv[2], "rb").read()
assert got == want, (len(got), len(want))
PY
}

@test "a container that never logged is an empty file, and so is a missing group until it appears" {
	put_log put "$group" "$stream" 1 1
	put_log drop "$group"
	[ -z "$(cat "$log")" ]
	follow tail -s 0.1 -n +1 -f "$log"
	[ ! -s "$out" ]
	put_log put "$group" "$stream" 1 10
	arrives 10
	[ -z "$(cat "$cluster/tasks/${tasks[1]}/logs/$container.log")" ]
}

@test "logs/since goes back further than the window" {
	put_log put "$group" "$stream" 1 1000 7000
	put_log put "$group" "$stream" 1001 91000 1800
	[ "$(head -n 1 "$log")" != 'line 000001' ]
	diff <(numbered 1001 91000) "$cluster/tasks/$task/logs/since/1h/$container.log" >&2
	diff <(numbered 1 91000) "$cluster/tasks/$task/logs/since/2h/$container.log" >&2
	diff <(numbered 1 91000) "$cluster/tasks/$task/logs/since/$(date -u -d '2 hours ago' +%FT%TZ)/$container.log"
	fails 'No such file' cat "$cluster/tasks/$task/logs/since/soon/$container.log"
	! ls "$cluster/tasks/$task/logs" | grep -q since
}

@test "a large read of a log is whole, and its bytes do not pass through the daemon" {
	local io before after
	io=/proc/$(cat "$mnt_dir/pid")/io
	put_log put "$group" "$stream" 1 180000 1800
	exec {file}<"$cluster/tasks/$task/logs/since/1h/$container.log"
	before=$(awk '/^rchar/ { print $2 }' "$io" 2>/dev/null) || before=
	[ "$(dd bs=2M count=1 status=none <&"$file" | wc -c)" = 2097152 ]
	after=$(awk '/^rchar/ { print $2 }' "$io" 2>/dev/null) || after=
	exec {file}<&-
	# Only root may look: the daemon guards its memory.
	[ -z "$before" ] || [ $((after - before)) -lt 500000 ]
}

@test "many pages, repeated, empty and with expired tokens: every line once" {
	put_log put "$group" "$stream" 1 60000 600
	knobs repeat=3 empty=4 expire=7
	diff <(numbered 1 60000) "$cluster/tasks/$task/logs/since/1h/$container.log" >&2
}

@test "a service's log merges its tasks by time, each line led by the task's short id" {
	put_log put "$group" "$(stream_of "${tasks[0]}")" 1 10 30
	put_log put "$group" "$(stream_of "${tasks[1]}")" 11 20 20
	put_log put "$group" "$(stream_of "${tasks[0]}")" 21 30 10
	merged() {
		numbered 1 10 | sed "s/^/${tasks[0]:0:8} /"
		numbered 11 20 | sed "s/^/${tasks[1]:0:8} /"
		numbered 21 30 | sed "s/^/${tasks[0]:0:8} /"
	}
	diff <(merged) "$web/logs/$container.log"
	diff <(merged) "$web/logs/since/1h/$container.log"
	follow tail -s 0.1 -n +31 -f "$web/logs/$container.log"
	put_log put "$group" "$(stream_of "${tasks[1]}")" 31 40
	wait_for 15 has_lines "$out" 10
	diff <(numbered 31 40 | sed "s/^/${tasks[1]:0:8} /") "$out"
}

@test "one poller however many read, and none when nobody does" {
	put_log put "$group" "$stream" 1 10
	for _ in 1 2 3 4 5 6 7 8; do
		follow tail -s 0.1 -n +1 -f "$log"
	done
	arrives 10
	calls_reset
	wait_for 15 polled_twice
	[ "$(calls GetLogEvents)" = 0 ]
	kill "${followers[@]}"
	for pid in "${followers[@]}"; do
		wait_gone "$pid"
	done
	followers=()
	wait_for 10 grep -q '^ecsfs_logs_pollers 0' "$mnt/.ecsfs/metrics"
}

@test "-o log_timestamps leads each line with its time" {
	mount_down
	mount_up -o log_timestamps
	put_log put "$group" "$stream" 1 3
	log=$mnt/clusters/cluster-1/tasks/$task/logs/$container.log
	[ "$(grep -Ec '^20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z line 00000[123]$' "$log")" = 3 ]
}

@test "-o live_tail: a line is there at once in a log that was quiet" {
	mount_down
	mount_up -o live_tail
	log=$mnt/clusters/cluster-1/tasks/$task/logs/$container.log
	put_log put "$group" "$stream" 1 10 60
	follow tail -s 0.1 -n +1 -f "$log"
	arrives 10
	wait_for 10 live
	put_log drip "$group" "$stream" 11 20
	wait_for 3 has_lines "$out" 20
	arrives 20
}

live() {
	[ "$(calls StartLiveTail)" -ge 1 ]
}

@test "the mount ends while logs are followed" {
	put_log put "$group" "$stream" 1 10
	follow tail -s 0.1 -n +1 -f "$log"
	arrives 10
	kill -TERM "$(cat "$mnt_dir/pid")"
	wait_for 20 test -s "$mnt_dir/status"
	quiet "$mnt_dir/err"
	[ "$(cat "$mnt_dir/status")" = 0 ]
	mnt=
}
