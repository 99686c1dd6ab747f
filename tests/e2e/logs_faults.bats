#!/usr/bin/env bats
# Logs are followed through faults of CloudWatch Logs: every line appears once.

load logs

@test "throttles, resets, broken answers and expired credentials lose and double nothing" {
	put_log put "$group" "$stream" 1 10
	follow tail -s 0.1 -n +1 -f "$log"
	arrives 10
	last=10
	for kind in throttle reset truncate expired 5xx; do
		faults "FilterLogEvents:2:$kind"
		put_log put "$group" "$stream" $((last + 1)) $((last + 20))
		last=$((last + 20))
	done
	arrives "$last"
	faults 'FilterLogEvents:30%:reset,FilterLogEvents:30%:throttle'
	knobs repeat=2 empty=3
	put_log drip "$group" "$stream" $((last + 1)) $((last + 100))
	faults ''
	arrives $((last + 100))
}

@test "lines that arrive late come once, after those that came before" {
	put_log put "$group" "$stream" 1 10 20
	follow tail -s 0.1 -n +1 -f "$log"
	arrives 10
	put_log put "$group" "$stream" 11 20
	arrives 20
	put_log put "$group" "$stream" 21 30 60
	arrives 30
	knobs late=3000
	put_log drip "$group" "$stream" 31 100
	wait_for 20 has_lines "$out" 100
	diff <(numbered 1 100) <(sort "$out")
}

@test "a refusal half way stops the file, says so, and goes on when access returns" {
	put_log put "$group" "$stream" 1 10
	follow tail -s 0.1 -n +1 -f "$log"
	arrives 10
	faults 'FilterLogEvents:denied'
	put_log put "$group" "$stream" 11 20
	wait_for 15 grep -q "$container.log.*AccessDenied" "$mnt/.ecsfs/errors"
	[ "$(wc -l <"$out")" = 10 ]
	faults ''
	arrives 20
}

asked_twice() {
	[ "$(calls DescribeTasks)" -ge 2 ]
}

@test "tail -F goes on while ECS refuses to say that the task is there" {
	put_log put "$group" "$stream" 1 10
	follow tail -s 0.1 -n +1 -F "$log"
	arrives 10
	calls_reset
	faults 'DescribeTasks:denied,ListTasks:denied'
	wait_for 20 asked_twice
	put_log put "$group" "$stream" 11 20
	arrives 20
	faults ''
	put_log put "$group" "$stream" 21 30
	arrives 30
	[ ! -s "$out.err" ]
}

@test "a stream that is deleted while followed keeps its lines, and goes on when it is back" {
	put_log put "$group" "$stream" 1 10
	follow tail -s 0.1 -n +1 -f "$log"
	arrives 10
	put_log drop "$group" "$stream"
	calls_reset
	wait_for 15 polled_twice
	diff <(numbered 1 10) "$log"
	put_log put "$group" "$stream" 11 20
	arrives 20
}

stalled() {
	[ "$(calls FilterLogEvents)" -ge 1 ]
}

@test "Ctrl-C, kill and a close half way end a reader of a long log at once" {
	put_log put "$group" "$stream" 1 60000 600
	since=$cluster/tasks/$task/logs/since/1h/$container.log
	# The second joins the read that the first began.
	calls_reset
	faults 'FilterLogEvents+1:stall=3000'
	for signal in INT KILL; do
		env --default-signal=INT cat "$since" >/dev/null 2>&1 3>&- &
		reader=$!
		wait_for 20 stalled
		kill -"$signal" "$reader"
		wait_for 2 not_running "$reader"
	done
	faults ''
	for _ in 1 2 3 4 5; do
		[ "$(head -n 1 "$since")" = 'line 000001' ]
	done
	diff <(numbered 1 60000) "$since" >&2
}
