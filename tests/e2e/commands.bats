#!/usr/bin/env bats
# ecsfs exec, cp and run: commands that stand on the files of a mount.

load lib

setup_file() {
	sim_up --speed 20 --exec
	mount_up
	local c
	for c in "$mnt"/clusters/*/tasks/*/containers/*; do
		if jq -e '.managedAgents[0].lastStatus == "RUNNING"' "$c/container.json" >/dev/null; then
			export container=$c
		elif jq -e '.managedAgents == null' "$c/container.json" >/dev/null; then
			export without=$c
		fi
	done
	export inside=$BATS_FILE_TMPDIR/inside
	mkdir "$inside"
}

teardown_file() {
	all_down
}

setup() {
	calls_reset
}

ecsfs() {
	"$build/ecsfs" "$@"
}

# in_terminal COMMAND...: runs it in a pseudo terminal of 70 x 20, typing standard input.
in_terminal() {
	python3 - "$@" <<-'EOF'
		import fcntl, os, pty, signal, struct, sys, termios
		signal.alarm(60)
		pid, fd = pty.fork()
		if pid == 0:
		    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 70, 0, 0))
		    os.execvp(sys.argv[1], sys.argv[1:])
		out, typed = b"", os.environ.get("TYPED", "").encode().decode("unicode_escape").encode()
		while True:
		    try:
		        piece = os.read(fd, 65536)
		    except OSError:
		        break
		    if not piece:
		        break
		    out += piece
		    if typed and b"ready" in out:
		        os.write(fd, typed)
		        typed = b""
		status = os.waitpid(pid, 0)[1]
		sys.stdout.buffer.write(out)
		sys.exit(os.waitstatus_to_exitcode(status) & 0xff)
	EOF
}

@test "exec: the exit status is the command's, its words arrive as they are" {
	run ecsfs exec "$container" -- sh -c 'echo "$1"; exit 3' sh 'a  b $HOME'
	[ "$status" -eq 3 ]
	[ "$output" = 'a  b $HOME' ]
	run ecsfs exec "$container" -- printf '%s' $'two\nlines'
	[ "$status" -eq 0 ]
	[ "$output" = $'two\nlines' ]
	run ecsfs exec "$container" -- sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
}

@test "exec: output that shows the session's own processes is output" {
	run ecsfs exec "$container" -- sh -c 'tr "\\0" " " </proc/$PPID/cmdline; echo; ps -ef | wc -l'
	[ "$status" -eq 0 ]
	[[ $output == *'exec sh'* ]]
}

@test "exec: bytes are exact in both directions, and the input ends" {
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	ecsfs exec "$container" -- cat <"$BATS_TEST_TMPDIR/bytes" | cmp - "$BATS_TEST_TMPDIR/bytes"
	[ "$(ecsfs exec "$container" -- wc -c </dev/null)" = 0 ]
	tar -C "$top/scripts" -cf - . | ecsfs exec "$container" -- tar -C "$inside" -xf -
	diff -r "$top/scripts" "$inside"
	ecsfs exec "$container" -- tar -C "$inside" -cf - . | tar -tf - | grep -q demo.sh
}

@test "exec: without a command standard input is a script" {
	run ecsfs exec "$container" <<<'echo from the script; exit 4'
	[ "$status" -eq 4 ]
	[ "$output" = 'from the script' ]
}

@test "exec: what cannot be is a sentence and status 255, a wrong word is status 2" {
	run ecsfs exec "$without" -- true
	[ "$status" -eq 255 ]
	[[ $output == *'ECS Exec is not enabled'* ]]
	run ecsfs exec "$mnt/clusters" -- true
	[ "$status" -eq 255 ]
	[[ $output == *'is not the directory of a container'* ]]
	run ecsfs exec
	[ "$status" -eq 2 ]
	run ecsfs exec "$container" --tty -- true
	[ "$status" -eq 2 ]
	[[ $output == *--tty* ]]
}

@test "exec: an agent that refuses the connection does not hang" {
	faults 'ExecuteCommand:1:error=TargetNotConnectedException'
	run ecsfs exec "$container" -- true
	[ "$status" -eq 255 ]
	faults ''
}

@test "exec -t: a terminal with its size, its status, and Ctrl-C for the container" {
	run in_terminal "$build/ecsfs" exec "$container" -- sh -c 'tty >/dev/null && sleep 0.3; stty size; exit 6'
	[ "$status" -eq 6 ]
	[[ $output == *'20 70'* ]]
	TYPED='\x03' run in_terminal "$build/ecsfs" exec "$container" -- sh -c 'trap "echo caught; exit 9" INT; echo ready; sleep 1000 & wait'
	[ "$status" -eq 9 ]
	[[ $output == *caught* ]]
}

@test "exec -t: ~. ends a session that hangs" {
	TYPED='\r~.' run in_terminal "$build/ecsfs" exec "$container" -- sh -c 'echo ready; exec sleep 4711'
	[ "$status" -ne 0 ]
}

@test "cp: files and directories in both directions" {
	mkdir -p "$BATS_TEST_TMPDIR/dir/sub" "$inside/cp"
	head -c 50000 /dev/urandom >"$BATS_TEST_TMPDIR/dir/sub/bytes"
	echo text >"$BATS_TEST_TMPDIR/dir/f"
	chmod 640 "$BATS_TEST_TMPDIR/dir/f"
	ecsfs cp "$BATS_TEST_TMPDIR/dir" "$container:$inside/cp"
	diff -r "$BATS_TEST_TMPDIR/dir" "$inside/cp/dir"
	ecsfs cp "$container:$inside/cp/dir" "$BATS_TEST_TMPDIR/back"
	diff -r "$BATS_TEST_TMPDIR/dir" "$BATS_TEST_TMPDIR/back"
	ecsfs cp "$BATS_TEST_TMPDIR/dir/f" "$container:$inside/cp/g"
	[ "$(stat -c %a "$inside/cp/g")" = 640 ]
	ecsfs cp "$container:$inside/cp/g" "$BATS_TEST_TMPDIR"
	[ "$(cat "$BATS_TEST_TMPDIR/g")" = text ]
}

@test "cp: what is not there is an error, and leaves nothing behind" {
	run ecsfs cp "$container:/no/such/file" "$BATS_TEST_TMPDIR/x"
	[ "$status" -eq 1 ]
	[[ $output == *'/no/such/file: no such file'* ]]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR")" ]
	run ecsfs cp a b
	[ "$status" -eq 2 ]
}

@test "run: the log is shown, the exit code is the container's" {
	run ecsfs run "$mnt/clusters/prod" migrate --network-from "$mnt/clusters/prod/services/web" \
		-e LEVEL=debug --cpu 256 -- ./migrate --now
	[ "$status" -eq 0 ]
	[[ $output == *'migrate: started'*'migrate: stopped'* ]]
	[ "$(last_request RunTask | jq -c '.overrides.containerOverrides[0].environment')" = \
		'[{"name":"LEVEL","value":"debug"}]' ]
	[ "$(last_request RunTask | jq -c '.overrides.containerOverrides[0].command')" = '["./migrate","--now"]' ]
	[ "$(last_request RunTask | jq -r .overrides.cpu)" = 256 ]
	[ "$(last_request RunTask | jq -c .networkConfiguration)" = \
		"$(jq -c . "$mnt/clusters/prod/services/web/network_configuration.json")" ]
}

@test "run: a task that ECS cannot start ends with 125 and the reason" {
	run ecsfs run "$mnt/clusters/prod" web-broken --network-from "$mnt/clusters/prod/services/web"
	[ "$status" -eq 125 ]
	[[ $output == *CannotPullContainerError* ]]
	run ecsfs run "$mnt/clusters/prod" no-such-family
	[ "$status" -eq 125 ]
	run ecsfs run "$mnt/clusters/prod" web --container nobody
	[ "$status" -eq 125 ]
	[[ $output == *'no container "nobody"'* ]]
	run ecsfs run "$mnt/clusters/prod"
	[ "$status" -eq 2 ]
}

@test "run: the first Ctrl-C says how to stop the task, the second stops it" {
	(
		trap - INT
		exec env --default-signal=INT "$build/ecsfs" run "$mnt/clusters/prod" web \
			--network-from "$mnt/clusters/prod/services/web"
	) >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	wait_for 20 grep -q tasks/ "$BATS_TEST_TMPDIR/err"
	kill -INT $!
	wait_for 10 grep -q 'Ctrl-C again' "$BATS_TEST_TMPDIR/err"
	kill -0 $!
	kill -INT $!
	wait_for 10 grep -q 'stopping the task' "$BATS_TEST_TMPDIR/err"
	wait_for 60 not_running $!
	[ "$(calls StopTask)" = 1 ]
}

@test "outcome: ends well or not as the task does; a hundred readers cost what one costs" {
	local task
	task=$(ls -d "$mnt"/clusters/prod/tasks/* | head -n 1)
	for _ in $(seq 100); do
		cat "$task/outcome" >/dev/null 2>&1 &
	done
	wait_for 20 sh -c "grep -q 'ecsfs_fuse_parked' '$mnt/.ecsfs/metrics' || true"
	echo 'test is over' >"$task/stop"
	wait
	run cat "$task/outcome"
	[ "$status" -ne 0 ]
	[[ $output == *STOPPED*'exit code'* ]]
	[ "$(cat "$task/exit_code")" != '' ]
	[ "$(calls DescribeTasks)" -lt 60 ]
	fails 'No such file' cat "$mnt/clusters/prod/tasks/00000000000000000000000000000000/outcome"
}
