#!/usr/bin/env bats
# ecsfs exec, cp and run: commands that stand on the files of a mount.

load lib

setup_file() {
	sim_up --speed 20 --exec
	mount_up
	find_containers
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

# ecsfs exec shows a status by its own: it is no failure of the mount's.
@test "exec, cp: a status of the command leaves no line in errors" {
	cat "$mnt/.ecsfs/errors" >"$BATS_TEST_TMPDIR/before"
	run ecsfs exec "$container" -- sh -c 'exit 7'
	[ "$status" -eq 7 ]
	run ecsfs cp "$container:/nowhere/at/all" "$BATS_TEST_TMPDIR/copy"
	[ "$status" -eq 1 ]
	[ "$output" = "ecsfs cp: /nowhere/at/all: no such file or directory in the container" ]
	run ecsfs cp "$BATS_TEST_TMPDIR/before" "$container:/dev/null/x"
	[ "$status" -eq 1 ]
	diff "$BATS_TEST_TMPDIR/before" "$mnt/.ecsfs/errors"
	# A reader of the file itself gets it.
	run bash -c "exec 3<>'$container/exec'; echo 'exit 7' >&3; cat <&3"
	[ "$status" -ne 0 ]
	tail -n 1 "$mnt/.ecsfs/errors" | grep -q 'exit status 7'
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

@test "exec: a call that AWS does not answer is told in full" {
	local before=$mnt before_dir=$mnt_dir
	mount_up -o timeout=2
	faults 'ExecuteCommand:1:stall'
	run ecsfs exec "$mnt${container#"$before"}" -- true
	faults ''
	mount_down
	mnt=$before mnt_dir=$before_dir
	[ "$status" -eq 255 ]
	# The mount's clock, or that of the call, which runs out in the same moment.
	[[ $output == *'did not answer in time'*'may have taken effect'* || $output == *'may have taken effect'*'timed out'* ]]
}

@test "exec -t: a terminal with its size, its status, and Ctrl-C for the container" {
	run in_terminal "$build/ecsfs" exec "$container" -- sh -c 'tty >/dev/null && until [ "$(stty size)" = "20 70" ]; do sleep 0.05; done; stty size; exit 6'
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

@test "cp: a file that is there keeps its mode, a new one gets the source's, a link leads to its file" {
	cd "$BATS_TEST_TMPDIR"
	echo new >"$inside/m"
	chmod 751 "$inside/m"
	echo old >kept
	chmod 600 kept
	ln -s kept link
	echo mine >kept.part
	ecsfs cp "$container:$inside/m" link
	[ -L link ]
	[ "$(cat kept)" = new ]
	[ "$(stat -c %a kept)" = 600 ]
	[ "$(cat kept.part)" = mine ]
	ecsfs cp "$container:$inside/m" fresh
	[ "$(stat -c %a fresh)" = 751 ]
	echo old >"$inside/kept"
	chmod 604 "$inside/kept"
	ecsfs cp kept "$container:$inside/kept"
	[ "$(cat "$inside/kept")" = new ]
	[ "$(stat -c %a "$inside/kept")" = 604 ]
	[ "$(ls -A)" = $'fresh\nkept\nkept.part\nlink' ]
	[ "$(ls -A "$inside" | grep -c part)" = 0 ]
}

@test "cp: pipes, devices and standard output are written, not replaced" {
	cd "$BATS_TEST_TMPDIR"
	head -c 70000 /dev/urandom >"$inside/bytes"
	mkfifo pipe
	ecsfs cp "$container:$inside/bytes" pipe &
	cmp pipe "$inside/bytes"
	wait $!
	[ -p pipe ]
	ecsfs cp "$container:$inside/bytes" - | cmp - "$inside/bytes"
	ecsfs cp - "$container:$inside/in" <"$inside/bytes"
	cmp "$inside/in" "$inside/bytes"
	ecsfs cp "$container:$inside/bytes" /dev/null
	[ -c /dev/null ]
	run ecsfs cp "$container:$inside/bytes" /dev/full
	[ "$status" -eq 1 ]
	[[ $output == *'/dev/full: writing the copy: No space left on device'* ]]
	[ "$(wc -l <<<"$output")" = 1 ]
}

@test "cp: every end removes the unfinished copy, signals too, and the file stays as it was" {
	cd "$BATS_TEST_TMPDIR"
	mkfifo "$inside/slow"
	echo old >target
	for signal in INT TERM HUP; do
		env --default-signal "$build/ecsfs" cp "$container:$inside/slow" target 3>&- &
		exec 5<>"$inside/slow"
		head -c 5000 /dev/zero >&5
		wait_for 20 sh -c 'ls -A | grep -q "^\.target\."'
		kill -"$signal" $!
		run wait $!
		exec 5>&-
		[ "$(ls -A)" = target ]
		[ "$(cat target)" = old ]
	done
	mkdir locked
	chmod 555 locked
	[ "$(id -u)" = 0 ] || {
		run ecsfs cp "$container:$inside/m" locked/x
		[ "$status" -eq 1 ]
		[[ $output == *'Permission denied'* ]]
	}
	ln -s nowhere dangling
	run ecsfs cp "$container:$inside/m" dangling
	[ "$status" -eq 1 ]
	[[ $output == *'symbolic link to a file that does not exist'* ]]
}

# begun: whether what was sent has come into the unfinished file.
begun() {
	[ "$(stat -c %s "$inside"/target.*.part 2>/dev/null)" = 5000 ]
}

@test "cp: a copy into a container that is killed leaves nothing behind, and the file as it was" {
	cd "$BATS_TEST_TMPDIR"
	mkfifo slow
	local signal
	for signal in INT KILL TERM; do
		env --default-signal "$build/ecsfs" cp - "$container:$inside/target" <slow 3>&- &
		exec 5<>slow
		head -c 5000 /dev/zero >&5
		wait_for 20 begun
		[ "$signal" = INT ] || echo old >"$inside/target"
		kill -"$signal" $!
		run wait $!
		exec 5>&-
		wait_for 20 sh -c "! ls '$inside' | grep -q part"
		if [ "$signal" = INT ]; then
			[ ! -e "$inside/target" ]
		else
			[ "$(cat "$inside/target")" = old ]
		fi
	done
	rm "$inside/target"
}

@test "exec: a command whose client is killed does not take a part of its input for all" {
	cd "$BATS_TEST_TMPDIR"
	mkfifo slow
	env --default-signal "$build/ecsfs" exec "$container" -- \
		sh -c "echo \$\$ >'$inside/pid'; cat >'$inside/part' && touch '$inside/complete'" <slow 3>&- &
	exec 5<>slow
	head -c 100000 /dev/zero >&5
	wait_for 20 sh -c "[ \"\$(stat -c %s '$inside/part')\" = 100000 ]"
	kill -KILL $!
	run wait $!
	exec 5>&-
	wait_for 20 not_running "$(cat "$inside/pid")"
	[ ! -e "$inside/complete" ]
	# One that has closed its input goes on, whatever still comes.
	run ecsfs exec "$container" -- sh -c 'exec <&-; sleep 0.5; echo to the end; exit 3' < <(head -c 3000000 /dev/zero)
	[ "$status" -eq 3 ]
	[ "$output" = 'to the end' ]
}

@test "cp: names with spaces, dashes, newlines, quotes and slashes at the end" {
	cd "$BATS_TEST_TMPDIR"
	local name
	for name in 'a b' '-n' $'two\nlines' "it's" '$HOME' 'x:y'; do
		echo "$name" >"$inside/$name"
		ecsfs cp -- "$container:$inside/$name" "./$name"
		cmp "$inside/$name" "./$name"
		ecsfs cp -- "$name" "$container:$inside/again"
		cmp "$inside/$name" "$inside/again"
		rm -- "$name"
	done
	mkdir here
	ecsfs cp "$container:$inside/a b" here/
	[ "$(cat 'here/a b')" = 'a b' ]
	ecsfs cp "$container:$inside/cp/dir/" here
	diff -r here/dir "$inside/cp/dir"
	(cd here && ecsfs cp . "$container:$inside/dot" && diff -r . "$inside/dot")
	run ecsfs cp "$container:$inside/a b" absent/
	[ "$status" -eq 1 ]
	[[ $output == *'absent/: Not a directory'* ]]
	run ecsfs cp here "$container:$inside/again"
	[ "$status" -eq 1 ]
	run ecsfs cp 'here/a b' "$container:$inside/absent/"
	[ "$status" -eq 1 ]
	[[ $output == *'not a directory in the container'* ]]
	mkdir 'a b'
	run ecsfs cp "$container:$inside/a b" .
	[ "$status" -eq 1 ]
	[[ $output == *'./a b: Is a directory'* ]]
}

@test "cp: what fails in the container is shown in its words, the file's bytes are not" {
	cd "$BATS_TEST_TMPDIR"
	run ecsfs cp "$container:/proc/self/mem" x
	[ "$status" -eq 1 ]
	[[ $output == *'in the container: cat: '*'rror'* ]]
	[ "$(wc -l <<<"$output")" = 1 ]
	[ -z "$(ls -A)" ]
	echo x >file
	run ecsfs cp file "$container:/proc/no/such"
	[ "$status" -eq 1 ]
	[[ $output == *'in the container: '*'/proc/no/such'* ]]
	run ecsfs cp "$container:$inside/a b" "$container:$inside/c"
	[ "$status" -eq 2 ]
	[[ $output == *'ecsfs cp FROM - | ecsfs cp - TO'* ]]
	run ecsfs cp --recursive a b
	[ "$status" -eq 2 ]
}

@test "--help of a command is its usage, and is an argument behind --" {
	local name
	for name in exec run cp list policy; do
		run ecsfs "$name" --help
		[ "$status" -eq 0 ]
		[[ $output == "usage: ecsfs $name"* ]]
	done
	run ecsfs exec "$container" -- sh -c 'printf "%s" "$1"' sh --help
	[ "$output" = --help ]
}

@test "output that cannot be written is a failure of every command" {
	run sh -c "'$build/ecsfs' list >/dev/full"
	[ "$status" -eq 1 ]
	[[ $output == *'No space left on device'* ]]
	run sh -c "'$build/ecsfs' policy --read-only >/dev/full"
	[ "$status" -eq 1 ]
	run sh -c "'$build/ecsfs' --help >/dev/full"
	[ "$status" -eq 1 ]
	run sh -c "'$build/ecsfs' exec '$container' -- echo x >/dev/full"
	[ "$status" -eq 255 ]
	[[ $output == *'No space left on device'* ]]
	run sh -c "'$build/ecsfs' run '$mnt/clusters/prod' migrate --network-from '$mnt/clusters/prod/services/web' >/dev/full"
	[ "$status" -eq 125 ]
	[[ $output == *'No space left on device'* ]]
}

@test "a pipe takes the bytes and the status from every shell" {
	head -c 50000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	local shell
	for shell in bash dash zsh fish; do
		command -v "$shell" >/dev/null || continue
		"$shell" -c "cat '$BATS_TEST_TMPDIR/bytes' | '$build/ecsfs' exec '$container' -- cat | cat >'$BATS_TEST_TMPDIR/$shell'"
		cmp "$BATS_TEST_TMPDIR/bytes" "$BATS_TEST_TMPDIR/$shell"
		run "$shell" -c "echo x | '$build/ecsfs' exec '$container' -- sh -c 'cat; exit 9'"
		[ "$status" -eq 9 ]
		run "$shell" -c "tar -C '$top/scripts' -cf - . | '$build/ecsfs' exec '$container' -- sh -c 'tar -tf - | grep -c sh'"
		[ "$status" -eq 0 ]
		[ "$output" = "$(tar -C "$top/scripts" -cf - . | tar -tf - | grep -c sh)" ]
		run "$shell" -c "'$build/ecsfs' exec '$without' -- true"
		[ "$status" -eq 255 ]
	done
}

@test "exec: input that cannot be read does not look like its end" {
	run sh -c "'$build/ecsfs' exec '$container' -- sh -c 'cat && echo complete >$inside/end' </"
	[ "$status" -eq 255 ]
	[[ $output == *'reading the input: Is a directory'* ]]
	[ ! -e "$inside/end" ]
}

@test "exec: the sentence is this session's, not an older one's" {
	run ecsfs exec "$without" -- true
	[[ $output == *'ECS Exec is not enabled'* ]]
	run ecsfs exec "$without" -- true
	[[ $output != *'times since'* ]]
	faults 'ExecuteCommand:1:error=AccessDeniedException'
	run ecsfs exec "$container" -- true
	[ "$status" -eq 255 ]
	run ecsfs exec "$container" -- sh -c 'kill -9 0'
	[ "$status" -eq 255 ]
	[[ $output != *AccessDenied* ]]
	faults ''
}

@test "cp: what is not there is an error, and leaves nothing behind" {
	run ecsfs cp "$container:/no/such/file" "$BATS_TEST_TMPDIR/x"
	[ "$status" -eq 1 ]
	[[ $output == *'/no/such/file: no such file'* ]]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR")" ]
	run ecsfs cp a b
	[ "$status" -eq 2 ]
}

@test "files that are called exec or run_task elsewhere are not written" {
	cd "$BATS_TEST_TMPDIR"
	mkdir box
	echo precious | tee box/exec box/run_task >'box:file'
	run ecsfs exec box -- true
	[ "$status" -eq 255 ]
	[[ $output == *'box is not the directory of a container'* ]]
	run ecsfs exec -t box -- true
	[ "$status" -eq 255 ]
	run ecsfs run box migrate
	[ "$status" -eq 125 ]
	[[ $output == *'box is not the directory of a cluster'* ]]
	# Its name has a colon, behind which no container stands.
	ecsfs cp box:file "$container:$inside/colon"
	[ "$(cat box/exec box/run_task "$inside/colon")" = $'precious\nprecious\nprecious' ]
	ecsfs cp "$container:$inside/colon" box:other
	cmp box:file box:other
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

@test "run: each wrong word is a line that names it and what is accepted" {
	local words
	while IFS='|' read -r words wanted; do
		# shellcheck disable=SC2086
		run ecsfs run "$mnt/clusters/prod" migrate $words
		[ "$status" -eq 2 ]
		[[ $output == *"$wanted"* ]]
		[ "$(wc -l <<<"$output")" = 1 ]
	done <<-'EOF'
		--cpu abc|--cpu: "abc"
		--cpu 1vCPUs|vCPU
		--memory lots|--memory: "lots"
		--memory .GB|--memory
		-e X|-e: expected KEY=VALUE, got "X"
		-e|-e needs a value
		--nothing|--container
	EOF
	run ecsfs run "$mnt/clusters" migrate
	[ "$status" -eq 125 ]
	[[ $output == *'is not the directory of a cluster'* ]]
	run ecsfs run "$mnt/clusters/prod" 'no-such:7'
	[ "$status" -eq 125 ]
	[[ $output == *'no task definition "no-such:7"'*'FAMILY:REVISION'* ]]
	run ecsfs run "$mnt/clusters/prod" migrate --network-from "$mnt/clusters/prod"
	[ "$status" -eq 125 ]
	[[ $output == *'--network-from: '*'is not the directory of a service'* ]]
}

# migrate_task: runs the family to its end.
migrate_task() {
	run ecsfs run "$mnt/clusters/prod" migrate --network-from "$mnt/clusters/prod/services/web"
}

@test "run: a log that can never be read is told with AWS's reason, and is no success" {
	faults 'GetLogEvents:error=AccessDeniedException,FilterLogEvents:error=AccessDeniedException'
	migrate_task
	[ "$status" -eq 125 ]
	[[ $output == *'the log of migrate cannot be read: '*'A fault of the simulated region'* ]]
	[[ $output != *'migrate: started'* ]]
	# A stream or group that does not exist cannot be told from a container that prints nothing.
	faults 'GetLogEvents:error=ResourceNotFoundException,FilterLogEvents:error=ResourceNotFoundException'
	migrate_task
	[ "$status" -eq 0 ]
	[[ $output == *'the log of migrate has no line'* ]]
	faults ''
	migrate_task
	[ "$status" -eq 0 ]
	[[ $output != *'cannot be read'* && $output != *'no line'* ]]
}

@test "run: a while without the logs does not shorten them" {
	local task
	faults 'GetLogEvents:error=InvalidParameterException,FilterLogEvents:error=InvalidParameterException'
	"$build/ecsfs" run "$mnt/clusters/prod" migrate --network-from "$mnt/clusters/prod/services/web" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	wait_for 20 grep -q tasks/ "$BATS_TEST_TMPDIR/err"
	task=$(sed -n 's/^ecsfs run: //p' "$BATS_TEST_TMPDIR/err" | head -n 1)
	wait_for 40 grep -q STOPPED "$task/last_status"
	faults ''
	wait $!
	grep -q 'migrate: stopped' "$BATS_TEST_TMPDIR/out"
}

@test "run: a refusal is told in AWS's words, whatever the path looks like" {
	local cluster
	for cluster in "$mnt/clusters/prod" "$mnt/clusters/prod/services/.." "$mnt/clusters/../clusters/prod/services/web/../../"; do
		faults 'RunTask:error=AccessDeniedException'
		run ecsfs run "$cluster" migrate
		[ "$status" -eq 125 ]
		[[ $output == *'A fault of the simulated region'* ]]
		faults 'DescribeTaskDefinition:error=AccessDeniedException'
		run ecsfs run "$cluster" worker
		[ "$status" -eq 125 ]
		[[ $output == *'A fault of the simulated region'* ]]
		faults ''
		run ecsfs run "$cluster" migrate --network-from "$cluster/services/web"
		[ "$status" -eq 0 ]
		[[ $output == *'migrate: stopped'* ]]
	done
	faults 'DescribeClusters:error=AccessDeniedException'
	run ecsfs run "$mnt/clusters/absent/../other" migrate
	faults ''
	[ "$status" -eq 125 ]
	[[ $output == *'A fault of the simulated region'* ]]
}

@test "run: a while without AWS is not the task's end" {
	"$build/ecsfs" run "$mnt/clusters/prod" web --network-from "$mnt/clusters/prod/services/web" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	local pid=$! task
	wait_for 20 grep -q tasks/ "$BATS_TEST_TMPDIR/err"
	task=$(sed -n 's/^ecsfs run: //p' "$BATS_TEST_TMPDIR/err" | head -n 1)
	wait_for 20 grep -q RUNNING "$task/last_status"
	faults 'DescribeTasks:error=InvalidParameterException'
	touch "$task"
	wait_for 20 sh -c "! cat '$task/last_status'"
	kill -0 "$pid"
	faults ''
	echo enough >"$task/stop"
	wait "$pid" || status=$?
	[ "$status" -ne 0 ]
	grep -q '' "$task/exit_code"
	[ "$status" = "$(cat "$task/exit_code")" ]
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
	cat "$task/last_status"
	calls_reset
	# What was cached is not AWS's word as of the open.
	timeout 10 head -n 1 "$task/outcome"
	[ "$(calls DescribeTasks)" = 1 ]
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

@test "run: a mount with dry_run says that nothing was started" {
	mount_again() {
		mount_up -o dry_run
		run ecsfs run "$mnt/clusters/prod" migrate --network-from "$mnt/clusters/prod/services/web"
		[ "$status" -eq 125 ]
		[[ $output == *'run_task: the mount has dry_run: '*'no task was started'* ]]
		[ "$(calls RunTask)" = 0 ]
		mount_down
	}
	(mount_again)
}
