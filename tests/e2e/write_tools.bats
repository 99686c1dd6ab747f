#!/usr/bin/env bats
# Editors and tools, dry run, the journal, .ecsfs/api.

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
	cat "$web/service.json" >"$work/read"
	calls_reset
}

@test "sed -i, sponge, mv, tee, heredocs and Python's write-then-rename" {
	n=$(cat "$web/desired_count")
	sed -i "s/\"desiredCount\": $n,\$/\"desiredCount\": 3,/" "$web/network_configuration.json"
	[ "$(changes)" = 0 ]
	jq '.desiredCount = 5' "$web/service.json" | sponge "$web/service.json"
	[ "$(cat "$web/desired_count")" = 5 ]
	jq '.desiredCount = 6' "$web/service.json" >"$web/service.json.new"
	mv "$web/service.json.new" "$web/service.json"
	[ "$(cat "$web/desired_count")" = 6 ]
	[ ! -e "$web/service.json.new" ]
	jq '.desiredCount = 2' "$web/service.json" >"$work/x"
	tee "$web/service.json" <"$work/x" >/dev/null
	[ "$(cat "$web/desired_count")" = 2 ]
	cat >"$web/desired_count" <<-END
		4
	END
	python3 - "$web" <<-'END'
		import json, os, sys, tempfile
		d = sys.argv[1]
		doc = json.load(open(d + "/service.json"))
		doc["desiredCount"] = 3
		fd, name = tempfile.mkstemp(dir=d)
		with os.fdopen(fd, "w") as f:
		    json.dump(doc, f)
		os.replace(name, d + "/service.json")
	END
	[ "$(cat "$web/desired_count")" = 3 ]
	[ "$(changes)" = 5 ]
}

# Every way to put bytes into a file: each is one call with the whole value, or is refused and none.
@test "sendfile, splice, writev, dup2, fork, r+ and mmap" {
	python3 - "$web/desired_count" "$work/src" <<-'END'
		import errno, mmap, os, sys
		path, src = sys.argv[1:]
		def truncated():
		    return os.open(path, os.O_WRONLY | os.O_TRUNC)
		def source(text):
		    open(src, "w").write(text)
		    return os.open(src, os.O_RDONLY)
		fd = truncated(); assert os.sendfile(fd, source("11\n"), 0, 3) == 3; os.close(fd)
		r, w = os.pipe(); os.write(w, b"12\n")
		fd = truncated(); assert os.splice(r, fd, 3) == 3; os.close(fd)
		fd = truncated(); assert os.writev(fd, [b"1", b"3", b"\n"]) == 3; os.close(fd)
		fd = truncated(); os.dup2(fd, 50); os.write(fd, b"1"); os.write(50, b"4\n"); os.close(fd); os.close(50)
		fd = truncated(); os.write(fd, b"1")
		pid = os.fork()
		if pid == 0:                            # a child ends the text that its parent began
		    os.write(fd, b"5"); os.close(fd); os._exit(0)
		os.waitpid(pid, 0); os.close(fd)
		with open(path, "r+") as f:             # a shorter text over a longer one, cut behind it
		    assert f.read() == "15\n"; f.seek(0); f.write("7\n"); f.truncate()
		fd = os.open(path, os.O_RDWR)           # what was written is read back
		os.write(fd, b"8\n"); os.lseek(fd, 0, 0); assert os.read(fd, 10) == b"8\n"; os.close(fd)
		def refuses(e, call):
		    try:
		        call()
		    except OSError as got:
		        assert got.errno in e, got
		    else:
		        sys.exit("was taken")
		fd = truncated(); refuses([errno.EINVAL], lambda: os.sendfile(fd, source("x\n"), 0, 2)); refuses([errno.EINVAL], lambda: os.close(fd))
		fd = os.open(path, os.O_RDWR); refuses([errno.ENODEV], lambda: mmap.mmap(fd, 2)); os.close(fd)
	END
	[ "$(requests UpdateService | jq -s -c 'map(.desiredCount)')" = '[11,12,13,14,15,7,8]' ]
	[ "$(cat "$web/desired_count")" = 8 ]
}

# Where a writer was stopped, nothing of its text is sent; where it was stopped and went on, all of it.
@test "Ctrl-C, SIGKILL and SIGSTOP in the middle of a value and of a document" {
	mkfifo "$work/pipe"
	jq '.desiredCount = 9' "$web/service.json" >"$work/doc"
	head -c 300 "$work/doc" >"$work/half"
	printf 9 >"$work/digit"
	for signal in INT KILL; do
		for pair in "digit $web/desired_count" "half $web/service.json"; do
			# The other end stays open, so that cat waits for more; timeout(1) gives it a signal it takes.
			exec {hold}<>"$work/pipe"
			cat "$work/${pair%% *}" >"$work/pipe"
			env --default-signal=INT sh -c 'exec cat "$0" >"$1"' "$work/pipe" "${pair#* }" 2>/dev/null {hold}>&- &
			writer=$!
			wait_for 20 has_written "$writer" "$(wc -c <"$work/${pair%% *}")"
			kill -$signal "$writer"
			wait "$writer" && status=0 || status=$?
			exec {hold}>&-
			[ "$status" -gt 128 ] || { echo "$signal $pair: $status" >&2; return 1; }
			[ "$(changes)" = 0 ] || { echo "$signal $pair was sent" >&2; return 1; }
		done
	done
	exec {hold}<>"$work/pipe"
	printf 1 >"$work/pipe"
	cat "$work/pipe" >"$web/desired_count" {hold}>&- &
	writer=$!
	wait_for 20 has_written "$writer" 1
	kill -STOP "$writer"
	printf '6\n' >"$work/pipe"
	exec {hold}>&-
	[ "$(changes)" = 0 ]
	kill -CONT "$writer"
	wait "$writer"
	[ "$(requests UpdateService | jq -c .desiredCount)" = 16 ]
}

# has_written PID BYTES: in all, by its own count.
has_written() {
	[ "$(sed -n 's/^wchar: //p' "/proc/$1/io")" = "$2" ]
}

@test "a document that is appended in pieces, while others look at the file" {
	python3 - "$web/service.json" <<-'END'
		import json, os, sys
		doc = json.load(open(sys.argv[1]))
		doc["desiredCount"] = 7
		text = json.dumps(doc).encode()
		fd = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
		for i in range(0, len(text), 100):
		    os.write(fd, text[i : i + 100])
		    os.stat(sys.argv[1])
		os.close(fd)
	END
	[ "$(requests UpdateService)" = '{"cluster":"prod","desiredCount":7,"service":"web"}' ]
}

@test "sed -i over a whole document: what a deployment repeats is no edit of it" {
	n=$(cat "$web/desired_count")
	sed -i "s/\"desiredCount\": $n,/\"desiredCount\": $((n + 1)),/" "$web/service.json"
	[ "$(requests UpdateService)" = '{"cluster":"prod","desiredCount":'$((n + 1))',"service":"web"}' ]
	calls_reset
	fails 'Invalid argument' sed -i 's/"launchType": "FARGATE"/"launchType": "EC2"/' "$web/service.json"
	said launchType
	said ' clusters/prod/services/web/service.json: '
	[ "$(changes)" = 0 ]
}

@test "vim edits and tells the truth" {
	command -v vim >/dev/null || skip "no vim"
	n=$(cat "$web/desired_count")
	vim -es -u /dev/null --not-a-term -c "%s/\"desiredCount\": $n,\n  \"enableE/\"desiredCount\": 7,\r  \"enableE/" -c wq "$web/service.json" </dev/null >/dev/null 2>&1
	[ "$(cat "$web/desired_count")" = 7 ]
	[ "$(changes)" = 1 ]
}

@test "dry run: parsed, checked, journalled, answered, not sent" {
	dry() {
		mount_up -o dry_run,allow_delete
		web=$mnt/clusters/prod/services/web
		before=$(cat "$web/desired_count")
		calls_reset
		echo 9 >"$web/desired_count"
		jq '.desiredCount = 8' "$web/service.json" >"$work/edited"
		cp "$work/edited" "$web/service.json"
		jq '.containerDefinitions[0].image = "x:1"' "$web/task_definition.json" >"$work/td"
		cp "$work/td" "$web/task_definition.json"
		echo a=b >>"$web/tags"
		echo >"$web/rollback"
		mkdir "$mnt/clusters/prod/services/drafty"
		cp "$web/service.json" "$mnt/clusters/prod/services/drafty/"
		rmdir "$mnt/clusters/prod/services/drafty" || true
		echo web:1 >"$web/task_definition"
		refused bash -c "echo abc > '$web/desired_count'"
		refused bash -c "head -c 20 '$work/edited' > '$web/service.json'"
		[ "$(changes)" = 0 ]
		[ "$(cat "$web/desired_count")" = "$before" ]
		jq -es 'map(select(.action == "UpdateService" and .request.desiredCount == 9)) | length == 1' "$mnt/.ecsfs/journal"
		jq -es 'map(select(.action == "RegisterTaskDefinition")) | length == 1' "$mnt/.ecsfs/journal"
		mount_down
	}
	(dry)
}

@test "the journal has a line for every attempt, refused ones too" {
	echo 3 >"$web/desired_count"
	run bash -c "echo nosuch:1 > '$web/task_definition'"
	[ "$status" -ne 0 ]
	tail -n 2 "$mnt/.ecsfs/journal" >"$work/lines"
	[ "$(jq -s 'map(.action) == ["UpdateService", "UpdateService"]' "$work/lines")" = true ]
	jq -es '.[0] | has("time") and has("uid") and has("gid") and has("pid") and has("path") and has("request") and has("outcome")' "$work/lines"
	[ "$(jq -s '.[0].outcome == .[1].outcome' "$work/lines")" = false ]
}

@test "-o journal=FILE is appended to by several mounts at once" {
	file=$work/journal
	(
		mount_up -o "journal=$file"
		echo 3 >"$mnt/clusters/prod/services/web/desired_count"
		mount_down
	)
	(
		mount_up -o "journal=$file"
		echo 2 >"$mnt/clusters/prod/services/web/desired_count"
		mount_down
	)
	[ "$(jq -s 'map(.request.desiredCount)' -c "$file")" = '[3,2]' ]
}

@test ".ecsfs/api: a request and its answer on one open file" {
	api=$mnt/.ecsfs/api/ecs
	ls "$api" | grep -qx DescribeServices
	ls "$mnt/.ecsfs/api/logs" | grep -qx FilterLogEvents
	exec 7<>"$api/ListClusters"
	echo '{"maxResults": 1}' >&7
	[ "$(jq '.clusterArns | length' <&7)" = 1 ]
	exec 7>&-
	exec 7<>"$api/UpdateService"
	echo '{"cluster": "prod", "service": "web", "desiredCount": 5}' >&7
	[ "$(jq .service.desiredCount <&7)" = 5 ]
	exec 7>&-
	[ "$(cat "$web/desired_count")" = 5 ]
	tail -n 1 "$mnt/.ecsfs/journal" | jq -e '.action == "UpdateService"'
	refused bash -c "head -c 20 '$work/read' > '$api/UpdateService'"
	run bash -c "echo '{\"service\": \"nosuch\", \"cluster\": \"prod\"}' > '$api/UpdateService'"
	[ "$status" -ne 0 ]
	[ ! -e "$api/not-an-action" ]
}

@test "-o ro refuses all of it" {
	ro() {
		mount_up -o ro
		p=$mnt/clusters/prod
		for file in services/web/service.json services/web/rollback services/web/tags run_task settings.json; do
			fails 'Read-only' bash -c "echo '{}' > '$p/$file'"
		done
		fails 'Read-only' bash -c "echo '{}' > '$mnt/.ecsfs/api/ecs/ListClusters'"
		fails 'Read-only' mkdir "$p/services/x"
		fails 'Read-only' mkdir "$mnt/clusters/x"
		mount_down
	}
	(ro)
	[ "$(changes)" = 0 ]
}

@test "concurrent writers are each sent whole, and the reader sees the last accepted" {
	for n in 1 2 3 4; do
		jq ".desiredCount = $n" "$web/service.json" >"$work/doc$n"
	done
	for n in 1 2 3 4; do
		cp "$work/doc$n" "$web/service.json" 2>/dev/null &
	done
	wait
	last=$(requests UpdateService | tail -n 1 | jq .desiredCount)
	[ "$(cat "$web/desired_count")" = "$last" ]
}

@test "posix_fallocate is refused and is no value; a scratch file takes it" {
	python3 - "$web" <<-'END'
		import errno, os, sys
		for name in ("desired_count", "service.json", "tags"):
		    fd = os.open(sys.argv[1] + "/" + name, os.O_RDWR)
		    try:
		        os.posix_fallocate(fd, 0, os.fstat(fd).st_size + 10)
		        sys.exit("was taken")
		    except OSError as e:
		        assert e.errno == errno.EOPNOTSUPP, e
		    if name == "desired_count":
		        os.write(fd, b"3\n")
		    os.close(fd)
		fd = os.open(sys.argv[1] + "/x", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
		os.posix_fallocate(fd, 0, 10)
		assert os.fstat(fd).st_size == 10
		os.unlink(sys.argv[1] + "/x")
	END
	[ "$(changes)" = 1 ]
	refused bash -c "printf '\\0' >'$web/desired_count'"
}

@test ".ecsfs/api: requests one after the other, and the last answer read later" {
	api=$mnt/.ecsfs/api/ecs
	[ -z "$(cat "$api/DescribeClusters")" ]
	exec 7<>"$api/ListClusters"
	for n in 1 2 3; do
		echo "{\"maxResults\": $n}" >&7
		[ "$(jq '.clusterArns | length' <&7)" -le "$n" ]
	done
	exec 7>&-
	[ "$(requests ListClusters | jq -c .maxResults | tr '\n' ' ')" = '1 2 3 ' ]
	echo '{"clusters": ["prod"]}' >"$api/DescribeClusters"
	[ "$(jq -r '.clusters[].clusterName' "$api/DescribeClusters")" = prod ]
}

@test "-o journal=FILE: what it may be" {
	refuses_file() {
		! timeout 20 "$build/ecsfs" -f -o "journal=$1" "$work/nowhere" 2>"$work/said"
		grep -qF -- "$2" "$work/said" || {
			cat "$work/said" >&2
			return 1
		}
	}
	mkdir "$work/nowhere"
	: >"$work/real"
	ln -s real "$work/link"
	refuses_file "$work/link" 'symbolic link'
	mkfifo "$work/fifo"
	refuses_file "$work/fifo" 'not a regular file'
	refuses_file /dev/null 'not a regular file'
	refuses_file "$work" directory
	chmod 644 "$work/real"
	refuses_file "$work/real" 'chmod 600'
}

@test "-o journal=FILE: whole lines, and a full disk is reported" {
	[ "$(id -u)" = 0 ] || skip "needs to mount a small disk"
	mkdir "$work/disk"
	mount -t tmpfs -o size=8k tmpfs "$work/disk" || skip "no tmpfs"
	full() {
		printf '{"torn":' >"$work/disk/journal"
		chmod 600 "$work/disk/journal"
		mount_up -o "journal=$work/disk/journal"
		for n in $(seq 40); do
			echo $((n % 3 + 1)) >"$mnt/clusters/prod/services/web/desired_count"
		done
		grep -q "cannot append to the journal file: No space left" "$mnt/.ecsfs/errors"
		[ "$(sed -n 1p "$work/disk/journal")" = '{"torn":' ]
		tail -n +2 "$work/disk/journal" | jq -es 'length > 3'
		[ "$(tail -c 1 "$work/disk/journal" | od -An -c | tr -d ' ')" = '\n' ]
		lost=$(sed -n 's/^journal_lines_lost: //p' "$mnt/.ecsfs/status")
		[ "$lost" -gt 0 ]
		[ "$((lost + $(tail -n +2 "$work/disk/journal" | wc -l)))" = 40 ]
		grep -qx "ecsfs_journal_lost_total $lost" "$mnt/.ecsfs/metrics"
		: >"$work/disk/journal"
		echo 5 >"$mnt/clusters/prod/services/web/desired_count"
		grep -q "ENODATA .ecsfs/journal: the journal file is written again: $lost of its lines were lost" "$mnt/.ecsfs/errors"
		[ "$(wc -l <"$work/disk/journal")" = 1 ]
		mount_down
	}
	(full) && bad=0 || bad=1
	umount "$work/disk"
	[ "$bad" = 0 ]
}

@test "started with closed descriptors, as by a daemon" {
	closed() {
		mnt_dir=$(mktemp -d "$BATS_FILE_TMPDIR/mount.XXXXXX")
		mnt=$mnt_dir/mnt
		mkdir "$mnt"
		"$build/ecsfs" -o "journal=$mnt_dir/journal" "$mnt" <&- >&- 2>&- 3>&-
		mountpoint -q "$mnt"
		echo 3 >"$mnt/clusters/prod/services/web/desired_count"
		jq -es 'length == 1' "$mnt_dir/journal"
		fusermount3 -u "$mnt"
	}
	(closed)
}
