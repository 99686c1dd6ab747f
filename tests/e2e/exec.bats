#!/usr/bin/env bats
# tasks/T/containers/C/exec: a command in a container, through a real data channel.

load lib

setup_file() {
	sim_up --speed 20 --exec
	mount_up
	find_containers
}

teardown_file() {
	all_down
}

setup() {
	faults ''
	agent "handshake=0&kms=0&loss=0&repeat=0&reorder=0&delay=0&cut=0&silent=0&garbage=0&expire=0"
	calls_reset
}

# agent QUERY: how the agents behave.
agent() {
	curl -sf -X POST "$sim_url/_sim/exec?$1" >/dev/null
}

@test "the first line is the command, what follows is its input, reading gives its output" {
	exec 4<>"$container/exec"
	echo 'echo out; echo err >&2; head -n 1' >&4
	echo 'a line' >&4
	run cat <&4
	exec 4>&-
	[ "$status" -eq 0 ]
	[ "$output" = "$(printf 'out\nerr\na line')" ]
	[ "$(calls ExecuteCommand)" = 1 ]
}

@test "the output can be read while input is still being written" {
	exec 4<>"$container/exec"
	echo 'while read -r l; do echo "got $l"; done' >&4
	for word in one two three; do
		echo "$word" >&4
		read -r answer <&4
		[ "$answer" = "got $word" ]
	done
	exec 4>&-
}

@test "a command that fails is an I/O error of the last read, and the status is in errors" {
	exec 4<>"$container/exec"
	echo 'echo before; exit 7' >&4
	run cat <&4
	exec 4>&-
	[ "$status" -ne 0 ]
	[[ $output == *before* ]]
	said 'exit status 7'
}

@test "a file that is only written waits for the command and tells its status" {
	echo 'true' >"$container/exec"
	fails 'Input/output error' bash -c "echo 'exit 3' >'$container/exec'"
	said 'exit status 3'
	fails 'error' dash -c "printf 'exit 4' >'$container/exec'"
	said 'exit status 4'
	run python3 -c "
import os
f = os.open('$container/exec', os.O_WRONLY)
os.write(f, b'exit')
os.write(f, b' 5')
os.close(f)"
	[ "$status" -ne 0 ]
	said 'exit status 5'
}

@test "a reader alone finds an empty file, and nothing is sent" {
	[ "$(cat "$container/exec")" = "" ]
	cp -a "$container" "$BATS_TEST_TMPDIR/copy"
	grep -r nothing-like-this "$container" || [ $? -eq 1 ]
	[ "$(changes)" = 0 ]
}

@test "nothing is sent to a container without an agent, with no command, or with a NUL in it" {
	refused sh -c "echo ls >'$without/exec'"
	said 'ECS Exec is not enabled'
	refused sh -c "echo ' ' >'$container/exec'"
	said 'the command is empty'
	refused sh -c "printf 'a\\0b\\n' >'$container/exec'"
	said 'NUL'
}

@test "an agent that refuses, and a session that AWS refuses, are sentences" {
	faults 'ExecuteCommand:error=AccessDeniedException'
	fails 'Permission denied' bash -c "echo ls >'$container/exec'"
	faults 'ExecuteCommand:1:error=TargetNotConnectedException'
	fails '' bash -c "echo ls >'$container/exec'"
	faults ''
}

@test "a session that the cluster's key encrypts asks for a data key" {
	agent "handshake=1&kms=1"
	exec 4<>"$container/exec"
	echo 'echo secret' >&4
	run cat <&4
	exec 4>&-
	[ "$status" -eq 0 ]
	[ "$output" = secret ]
	[ "$(calls GenerateDataKey)" = 1 ]
}

@test "every open has a session of its own" {
	exec 4<>"$container/exec" 5<>"$container/exec"
	echo 'echo $$; cat >/dev/null' >&4
	echo 'echo $$; cat >/dev/null' >&5
	read -r one <&4
	read -r two <&5
	exec 4>&- 5>&-
	[ "$one" != "$two" ]
	[ "$(calls ExecuteCommand)" = 2 ]
}

@test "a writer that waits for room keeps no other session out" {
	exec 4<>"$container/exec" 5<>"$container/exec"
	echo 'sleep 1000' >&4
	head -c 8000000 /dev/zero >&4 &
	echo 'echo free; cat >/dev/null' >&5
	read -r word <&5
	[ "$word" = free ]
	kill $!
	exec 4>&- 5>&-
}

@test "an agent that does not read the end of its session is ended by AWS" {
	agent silent=1
	exec 4<>"$container/exec"
	echo true >&4
	[ "$(calls ExecuteCommand)" = 1 ]
	exec 4>&-
	wait_for 20 sh -c "[ \"\$(curl -s '$sim_url/_sim/calls' | jq '.actions.TerminateSession')\" = 1 ]"
}

@test "the end of the input may come before the command runs" {
	run python3 - "$container/exec" <<-'EOF'
		import fcntl, os, sys
		END_INPUT = 0x6502
		f = os.open(sys.argv[1], os.O_RDWR)
		fcntl.ioctl(f, END_INPUT)
		os.write(f, b"cat; echo the end\nearly\n")
		out = b""
		while piece := os.read(f, 65536):
		    out += piece
		assert out == b"early\nthe end\n", out
		try:
		    os.write(f, b"late")
		except BrokenPipeError:
		    sys.exit(0)
		sys.exit("input behind its end was taken")
	EOF
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "Ctrl-C ends a reader that waits, and closing ends the command" {
	exec 4<>"$container/exec"
	echo "echo \$\$; exec sleep 4711" >&4
	read -r pid <&4
	[ -d "/proc/$pid" ]
	cat <&4 &
	kill -INT $! 2>/dev/null || true
	kill $! 2>/dev/null || true
	wait $! || true
	exec 4>&-
	wait_for 10 not_running "$pid"
}

@test "bytes survive loss, repetition, reordering, damage and a lost connection" {
	agent 'loss=10&repeat=10&reorder=10&garbage=5&cut=30'
	exec 4<>"$container/exec"
	echo 'head -c 20000 /dev/urandom >x; sha256sum <x; cat x' >&4
	read -r sum _ <&4
	[ "$(head -c 20000 <&4 2>/dev/null | sha256sum | cut -d ' ' -f 1)" = "$sum" ]
	exec 4>&-
}
