#!/usr/bin/env bats
# A text that arrives in several writes: of values, of actions, of lines, of documents.

load lib

setup_file() {
	sim_up --speed 20
	mount_up
}

teardown_file() {
	all_down
}

setup() {
	web=$mnt/clusters/prod/services/web
	work=$BATS_TEST_TMPDIR
	echo 2 >"$web/desired_count"
	calls_reset
}

# pieces FILE PIECE...: writes them with one write(2) each; ends with 1 if a write or close(2) failed.
pieces() {
	python3 - "$@" <<-'END'
		import os, sys
		fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
		status = 0
		for piece in sys.argv[2:]:
		    try:
		        os.write(fd, piece.replace("\\n", "\n").encode())
		    except OSError as e:
		        print("write:", e.strerror); status = 1
		try:
		    os.close(fd)
		except OSError as e:
		    print("close:", e.strerror); status = 1
		sys.exit(status)
	END
}

# counts: what desired_count was set to, in order.
counts() {
	requests UpdateService | jq -s -c 'map(.desiredCount)'
}

# writing COMMAND: the child of the last job has written a byte.
writing() {
	grep -q '^wchar: 1$' "/proc/$(pgrep -P $! -x "$1")/io"
}

@test "a value in pieces is one value, with a newline and without" {
	pieces "$web/desired_count" 1 2 '\n'
	[ "$(counts)" = '[12]' ]
	pieces "$web/desired_count" 1 3
	[ "$(counts)" = '[12,13]' ]
	pieces "$web/desired_count" 1 '4\n' '\n'
	[ "$(counts)" = '[12,13,14]' ]
	[ "$(cat "$web/desired_count")" = 14 ]
	other=true
	[ "$(cat "$web/enable_execute_command")" = false ] || other=false
	pieces "$web/enable_execute_command" "${other:0:2}" "${other:2}" '\n'
	[ "$(requests UpdateService | tail -n 1 | jq .enableExecuteCommand)" = "$other" ]
}

@test "a refusal is reported by the write of the newline, or by close" {
	run pieces "$web/desired_count" 1 x '\n'
	[ "$status" = 1 ]
	[[ $output == *"write: Invalid argument"*"close: Invalid argument"* ]]
	said '"1x'
	run pieces "$web/task_definition" nosuch :1
	[ "$status" = 1 ]
	[ "$output" = "close: Invalid argument" ] || [ "$output" = "close: No such file or directory" ]
	[ "$(counts)" = '[null]' ]
}

# bash writes line by line, so that the first one is sent before the second is known.
@test "a second line of a value is refused, and the sentence says what was sent" {
	app=$web/containers/app
	calls_reset
	run bash -c "printf 'nginx:1.41\nnginx:1.42\n' >'$app/image'"
	[ "$status" -ne 0 ]
	said 'after "nginx:1.41", which took effect: expected one line'
	[ "$(cat "$app/image")" = nginx:1.41 ]
	[ "$(calls UpdateService)" = 1 ]
	run bash -c "printf '3\n4\n' >'$web/desired_count'"
	[ "$status" -ne 0 ]
	said 'after "3", which took effect: '
	[ "$(counts)" = '[null,3]' ]
	# A shell that writes all at once sends nothing.
	for shell in dash zsh fish 'busybox sh'; do
		command -v "${shell%% *}" >/dev/null || continue
		refused $shell -c "printf 'nginx:1.43\nnginx:1.44\n' >'$app/image'"
		said 'expected one line'
	done
}

@test "a refused line of several: the sentence says which took effect before it" {
	app=$web/containers/app
	run bash -c "printf 'FIRST=s3cret\nBAD\n' >>'$app/environment'"
	[ "$status" -ne 0 ]
	said 'after the line "FIRST", which took effect: expected KEY=VALUE, got "BAD"'
	! tail -n 1 "$mnt/.ecsfs/errors" | grep s3cret
	grep -q '^FIRST=s3cret' "$app/environment"
	run bash -c "printf 'DB=/prod/db\nDB_TOKEN=/prod/token\nX=https://no\n' >>'$app/secrets'"
	[ "$status" -ne 0 ]
	said 'after 2 lines, "DB" to "DB_TOKEN", which took effect: X=https://no: expected the ARN'
	run bash -c "printf 'one=1\ntwo=2\nthree\n' >>'$web/tags'"
	[ "$status" -ne 0 ]
	said 'after 2 lines, "one" to "two", which took effect: '
	# What lines removed or did not: another refusal, at the end of the file.
	faults 'UntagResource:denied'
	run bash -c "echo four=4 >'$web/tags'"
	said 'after the line "four", which took effect: '
	faults ''
	cat "$web/deployment_configuration.json" >"$work/document"
	run bash -c "{ cat '$work/document'; echo x; } >'$web/deployment_configuration.json'"
	said 'after the document before it, which took effect: unexpected text'
	# A program's lines are one write: nothing of them took effect.
	run python3 -c "import os; os.write(os.open('$app/environment', os.O_WRONLY | os.O_APPEND), b'SECOND=2\nBAD\n')"
	[ "$status" -ne 0 ]
	said 'expected KEY=VALUE, got "BAD"'
	! tail -n 1 "$mnt/.ecsfs/errors" | grep 'took effect'
}

@test "an action is done once" {
	pieces "$web/force_new_deployment" dep loy '\n' 'again\n'
	[ "$(requests UpdateService)" = '{"cluster":"prod","forceNewDeployment":true,"service":"web"}' ]
	pieces "$web/force_new_deployment" x
	[ "$(calls UpdateService)" = 2 ]
	printf 'a\nb\nc\n' >"$web/force_new_deployment"
	[ "$(calls UpdateService)" = 3 ]
	wait_for 30 test -n "$(ls "$mnt/clusters/prod/tasks")"
	task=$(ls "$mnt/clusters/prod/tasks" | head -n 1)
	pieces "$mnt/clusters/prod/tasks/$task/stop" 'too' ' old\n' 'and more\n'
	[ "$(requests StopTask | jq -c .reason)" = '"too old"' ]
}

@test "tags in pieces: whole lines, each once" {
	echo base=1 >"$web/tags"
	calls_reset
	pieces "$web/tags" 'own' 'er=ops\nst' 'age=pr' 'od\n' last=1
	[ "$(cat "$web/tags")" = "$(printf 'last=1\nowner=ops\nstage=prod')" ]
	[ "$(requests TagResource | jq -c '[.tags[] | .key + "=" + .value]')" = "$(printf '["owner=ops"]\n["stage=prod"]\n["last=1"]')" ]
	[ "$(requests UntagResource | jq -c .tagKeys)" = '["base"]' ]
	calls_reset
	printf 'a=1' >>"$web/tags"
	grep -qx a=1 "$web/tags"
	[ "$(calls TagResource)" = 1 ]
}

@test "shells: each tells the truth about printf without a newline" {
	for shell in bash dash zsh 'busybox sh' mksh fish; do
		command -v ${shell%% *} >/dev/null || continue
		calls_reset
		$shell -c "printf 5 >'$web/desired_count'"
		[ "$(counts)" = '[5]' ]
		refused $shell -c "printf 5x >'$web/desired_count'"
		calls_reset
		$shell -c "echo 6 >'$web/desired_count'"
		[ "$(counts)" = '[6]' ]
		calls_reset
		$shell -c "printf '7\\n' >'$web/desired_count'"
		[ "$(counts)" = '[7]' ]
		refused $shell -c "echo nosuch >'$web/desired_count'"
		calls_reset
		$shell -c "printf 'k=%s' '$shell' >>'$web/tags'"
		[ "$(requests TagResource | jq -r '.tags[].value')" = "$shell" ]
		calls_reset
		$shell -c "printf now >'$web/force_new_deployment'"
		[ "$(calls UpdateService)" = 1 ]
	done
}

# How many write(2) the mount has seen, and whether there were more since $before.
writes() {
	sed -n 's/^ecsfs_fuse_requests_total{kind="write"} //p' "$mnt/.ecsfs/metrics"
}

have_written() {
	[ "$(writes)" -gt "$before" ]
}

@test "dd byte by byte, cat of a slow pipe, tee, python3 -u" {
	printf '12\n' >"$work/text"
	dd bs=1 if="$work/text" of="$web/desired_count" 2>/dev/null
	printf '13' | dd bs=1 of="$web/desired_count" conv=notrunc 2>/dev/null
	before=$(writes)
	{
		printf 1
		wait_for 20 have_written
		printf '4\n'
	} | cat >"$web/desired_count"
	before=$(writes)
	{
		printf 1
		wait_for 20 have_written
		printf 5
	} | tee "$web/desired_count" >/dev/null
	python3 -u -c 'print(16)' >"$web/desired_count"
	python3 -u -c 'import sys; [sys.stdout.write(c) for c in "17"]' >"$web/desired_count"
	[ "$(counts)" = '[12,13,14,15,16,17]' ]
	refused bash -c "printf 1x | dd bs=1 of='$web/desired_count'"
	refused bash -c "printf 1x | cat >'$web/desired_count'"
}

@test "busybox dd" {
	command -v busybox >/dev/null || skip "no busybox"
	printf '12\n' | busybox dd bs=1 of="$web/desired_count" 2>/dev/null
	[ "$(counts)" = '[12]' ]
	refused bash -c "printf 1x | busybox dd bs=1 of='$web/desired_count'"
}

@test "Emacs writes the text before and after its gap" {
	command -v emacs >/dev/null || skip "no emacs"
	edit='(progn (setq make-backup-files nil create-lockfiles nil)
		(find-file (getenv "FILE")) (goto-char 2) (insert "3") (set-buffer-modified-p t) (save-buffer))'
	echo 12 >"$web/desired_count"
	calls_reset
	FILE=$web/desired_count emacs -Q --batch --eval "$edit" 2>/dev/null
	[ "$(counts)" = '[132]' ]
	echo 2 >"$web/desired_count"
	refused env FILE="$web/desired_count" emacs -Q --batch --eval "${edit/\"3\"/\"x\"}"
}

@test "Go's Fprint and Fprintln" {
	command -v go >/dev/null || skip "no go"
	cat >"$work/w.go" <<-'END'
		package main

		import (
			"fmt"
			"os"
		)

		func main() {
			f, err := os.OpenFile(os.Args[1], os.O_WRONLY|os.O_TRUNC, 0)
			if err != nil {
				os.Exit(3)
			}
			for _, s := range os.Args[2:] {
				fmt.Fprint(f, s)
			}
			fmt.Fprintln(f)
			if f.Close() != nil {
				os.Exit(1)
			}
		}
	END
	env HOME="$work" GOFLAGS=-mod=mod GO111MODULE=off GOCACHE="${GOCACHE:-$BATS_FILE_TMPDIR/go}" go build -o "$work/w" "$work/w.go" || skip "go builds nothing here"
	"$work/w" "$web/desired_count" 1 2
	[ "$(counts)" = '[12]' ]
	refused "$work/w" "$web/desired_count" 1 x
}

@test "Node's streams and writeFileSync" {
	command -v node >/dev/null || skip "no node"
	node -e 'const s = require("fs").createWriteStream(process.argv[1]); s.write("1"); s.write("2"); s.end("\n")' "$web/desired_count"
	node -e 'require("fs").writeFileSync(process.argv[1], "13")' "$web/desired_count"
	[ "$(counts)" = '[12,13]' ]
	refused node -e 'require("fs").writeFileSync(process.argv[1], "1x")' "$web/desired_count"
}

@test "offsets: pwrite, lseek back, ftruncate, O_APPEND" {
	python3 - "$web/desired_count" <<-'END'
		import errno, os, sys
		def opened(flags=0):
		    return os.open(sys.argv[1], os.O_WRONLY | flags)
		fd = opened(os.O_TRUNC)                 # the first offset counts as 0
		os.pwrite(fd, b"1", 5); os.pwrite(fd, b"2", 6); os.close(fd)
		fd = opened()                           # back, over what was written
		os.write(fd, b"99"); os.lseek(fd, 0, 0); os.write(fd, b"13\n"); os.close(fd)
		fd = opened()                           # a shorter file
		os.write(fd, b"145"); os.ftruncate(fd, 2); os.close(fd)
		fd = opened()                           # a new start, wherever the descriptor stands
		os.write(fd, b"99"); os.ftruncate(fd, 0); os.write(fd, b"15\n"); os.close(fd)
		fd = opened(os.O_APPEND)
		os.write(fd, b"1"); os.stat(sys.argv[1]); os.write(fd, b"6"); os.write(fd, b"\n"); os.close(fd)
		fd = opened()                           # the same text is not sent again, another one is
		os.write(fd, b"17\n"); os.pwrite(fd, b"17\n", 0); os.pwrite(fd, b"18\n", 0); os.close(fd)
		fd = opened()                           # a gap
		os.write(fd, b"1")
		try:
		    os.pwrite(fd, b"9\n", 3); sys.exit("a gap was taken")
		except OSError as e:
		    assert e.errno == errno.EINVAL
		try:
		    os.close(fd); sys.exit("close did not tell")
		except OSError as e:
		    assert e.errno == errno.EINVAL
		fd = opened()                           # nothing is left of it
		os.write(fd, b"1"); os.ftruncate(fd, 0); os.close(fd)
	END
	[ "$(counts)" = '[12,13,14,15,16,17,18]' ]
}

@test "descriptors that are copied, and children that close what they inherited" {
	python3 - "$web/desired_count" <<-'END'
		import os, subprocess, sys
		fd = os.open(sys.argv[1], os.O_WRONLY)
		copy = os.dup(fd)
		os.close(fd)
		os.write(copy, b"1")
		subprocess.run(["true"])                # closes it without having written
		pid = os.fork()
		if pid == 0:
		    os.close(copy)
		    os._exit(0)
		os.waitpid(pid, 0)
		os.write(copy, b"2")
		os.close(copy)
	END
	[ "$(counts)" = '[12]' ]
	# A child that writes ends its text by its own close.
	{ /usr/bin/printf 13; } >"$web/desired_count"
	[ "$(counts)" = '[12,13]' ]
}

@test "a writer that is killed has sent nothing unfinished" {
	mkfifo "$work/pipe"
	sleep 60 >"$work/pipe" &
	holder=$!
	# Who writes to the same open file next does not go on with the killed one's text.
	bash -c "{ cat '$work/pipe'; echo 5; } >'$web/desired_count'" 2>/dev/null &
	printf 9 >"$work/pipe"
	wait_for 10 writing cat
	pkill -P $! -TERM -x cat
	wait $! && status=0 || status=$?
	kill "$holder"
	[ "$status" -ne 0 ]
	[ "$(changes)" = 0 ]
	said 'was killed'
}

@test "documents in pieces: by dd, by pwrite, by Emacs" {
	jq '.desiredCount = 5' "$web/service.json" >"$work/doc"
	dd bs=7 if="$work/doc" of="$web/service.json" 2>/dev/null
	[ "$(counts)" = '[5]' ]
	jq '.desiredCount = 6' "$web/service.json" >"$work/doc"
	dd bs=1 if="$work/doc" of="$web/service.json" 2>/dev/null
	[ "$(counts)" = '[5,6]' ]
	command -v emacs >/dev/null || return 0
	FILE=$web/service.json emacs -Q --batch --eval '(progn (setq make-backup-files nil create-lockfiles nil)
		(find-file (getenv "FILE")) (re-search-forward "^  \"desiredCount\": 6") (replace-match "  \"desiredCount\": 7") (save-buffer))' 2>/dev/null
	[ "$(counts)" = '[5,6,7]' ]
}

@test "run_task takes a name in pieces" {
	mkdir "$mnt/task_definitions/plain"
	jq -n '{containerDefinitions: [{name: "a", image: "b", memory: 64}]}' >"$mnt/task_definitions/plain/register"
	run pieces "$mnt/clusters/prod/run_task" pla in '\n'
	[ "$(requests RunTask | jq -c .taskDefinition)" = '"plain"' ]
}
