#!/usr/bin/env bats
# Tools that read a whole tree: they end well, say nothing, and store what is there.

load lib

setup_file() {
	sim_up
}

teardown_file() {
	sim_down
}

teardown() {
	faults ''
	mount_down
}

# silent COMMAND...: it must end with 0 and say nothing on stderr.
silent() {
	"$@" >/dev/null 2>"$BATS_TEST_TMPDIR/said" || {
		echo "status $? of: $*" >&2
		head -n 5 "$BATS_TEST_TMPDIR/said" >&2
		return 1
	}
	[ ! -s "$BATS_TEST_TMPDIR/said" ] || {
		echo "said by: $*" >&2
		head -n 5 "$BATS_TEST_TMPDIR/said" >&2
		return 1
	}
}

steady() {
	touch "$mnt/clusters/prod/services/web"
	[ "$(cat "$mnt/clusters/prod/services/web/running_count")" = 4 ]
}

# The files whose size is known before they are read: no streams, no control files.
plain_files() {
	find "$1" -type f -not -path '*/.ecsfs/*' -not -path '*/logs/*' -not -path '*/metrics/*' -not -name events \
		-not -name overview -not -name diagnosis -not -name target_health -not -name url -not -name activities
}

@test "grep, rsync, cp, tar, diff and git read a service, a cluster and the whole tree without a word" {
	mount_up
	for part in clusters/prod/services/web clusters/prod .; do
		copy=$BATS_TEST_TMPDIR/copy
		rm -rf "$copy" "$copy.git"
		silent cp -a "$mnt/$part" "$copy"
		silent rsync -a "$mnt/$part/" "$copy.rsync"
		silent tar cf "$copy.tar" -C "$mnt" "$part"
		silent find "$mnt/$part" -type f -newer /dev/null -size -1000000
		run grep -r 'found nowhere' "$mnt/$part"
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		silent git init -q "$copy.git"
		silent git --git-dir="$copy.git/.git" --work-tree="$mnt/$part" add -A .
		chmod -R u+w "$copy" "$copy.rsync"
		rm -rf "$copy.rsync"
	done
	# A service does not differ from its own copy a moment later, but for what moves.
	wait_for 60 steady
	cp -a "$mnt/clusters/prod/services/web" "$BATS_TEST_TMPDIR/web"
	silent diff -r -x logs -x events -x tasks "$BATS_TEST_TMPDIR/web" "$mnt/clusters/prod/services/web"
	! grep -q . "$mnt/.ecsfs/errors"
}

@test "a crawler's refusals do not wipe out the failure of a deployment" {
	mount_up
	web=$mnt/clusters/prod/services/web
	run bash -c "echo nosuch:9 >'$web/task_definition'"
	[ "$status" -ne 0 ]
	for _ in 1 2 3; do
		rm -rf "$mnt/clusters" 2>/dev/null || true
		bash -c "echo abc >'$web/desired_count'" 2>/dev/null || true
	done
	[ "$(grep -c 'UpdateService ClientException' "$mnt/.ecsfs/errors")" = 1 ]
	grep -q 'not a whole number (3 times since ' "$mnt/.ecsfs/errors"
	[ "$(wc -l <"$mnt/.ecsfs/errors")" -le 8 ]
	! LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f-\x9f]' "$mnt/.ecsfs/errors"
}

@test "every file of fixed text has its true size when it is looked up" {
	mount_up
	plain_files "$mnt" >"$BATS_TEST_TMPDIR/files"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/files")" -ge 200 ]
	python3 - "$BATS_TEST_TMPDIR/files" <<'PY'
import os, sys
for path in open(sys.argv[1]).read().splitlines():
    size = os.stat(path).st_size
    with open(path, "rb") as f:
        assert size == len(f.read()), f"{size} bytes by stat: {path}"
PY
}

@test "programs that trust stat store the true contents: tarfile and git" {
	mount_up
	python3 - "$mnt/clusters/prod" "$BATS_TEST_TMPDIR/t.tar" <<'PY'
import sys, tarfile
with tarfile.open(sys.argv[2], "w") as t:
    t.add(sys.argv[1], arcname="prod")
PY
	mkdir "$BATS_TEST_TMPDIR/tree"
	tar xf "$BATS_TEST_TMPDIR/t.tar" -C "$BATS_TEST_TMPDIR/tree"
	git init -q "$BATS_TEST_TMPDIR/repo"
	git="git --git-dir=$BATS_TEST_TMPDIR/repo/.git --work-tree=$mnt/clusters/prod"
	$git add -A .
	for path in "$mnt"/clusters/prod/services/*/{task_definition.json,rollout_state,arn} "$mnt"/clusters/prod/tasks/*/protection; do
		file=${path#"$mnt/clusters/prod/"}
		cmp "$path" "$BATS_TEST_TMPDIR/tree/prod/$file"
		$git cat-file blob ":$file" | cmp - "$path"
	done
}

@test "a look-up of one file asks for that file alone" {
	mount_up -o ttl=60
	ls "$mnt/clusters/prod/services/web" >/dev/null
	calls_reset
	stat "$mnt/clusters/prod/services/web/desired_count" >/dev/null
	[ "$(calls)" = 0 ]
	stat "$mnt/clusters/prod/services/web/task_definition.json" >/dev/null
	[ "$(calls DescribeTaskDefinition)" = 1 ]
	[ "$(calls)" = 1 ]
	# Names and kinds are known from the listing: a walk that trusts them asks for no file.
	find "$mnt/clusters/prod/tasks" -type f >/dev/null
	[ "$(calls GetTaskProtection)" = 0 ]
	ls -l "$mnt"/clusters/prod/tasks/*/ >/dev/null
	[ "$(calls GetTaskProtection)" -le 2 ]
}

@test "a look-up that AWS refuses shows the file, one that AWS does not answer fails" {
	mount_up -o timeout=3
	task=$(ls -d "$mnt"/clusters/prod/tasks/* | head -n 1)
	faults 'GetTaskProtection:denied'
	silent ls -l "$task"
	fails 'Permission denied' cat "$task/protection"
	faults ''
	task=$(ls -d "$mnt"/clusters/prod/services/*/tasks/* | tail -n 1)
	ls "$task/" >/dev/null
	faults 'DescribeTaskDefinition:stall=20000'
	fails 'timed out' stat "$(dirname "$(dirname "$task")")/task_definition.json"
	faults ''
}

@test "a change is seen at once while a look-up of that directory waits" {
	mount_up -o ttl=60
	web=$mnt/clusters/prod/services/web
	ls "$web" >/dev/null
	[ "$(cat "$web/desired_count")" = 4 ]
	faults 'DescribeTaskDefinition:stall=30000'
	calls_reset
	stat "$web/task_definition.json" >/dev/null 2>&1 3>&- &
	reader=$!
	asked() { [ "$(calls DescribeTaskDefinition)" -ge 1 ]; }
	wait_for 10 asked
	echo 5 >"$web/desired_count"
	[ "$(timeout 5 cat "$web/desired_count")" = 5 ]
	timeout 5 cat "$web/arn" "$web/created_at" >/dev/null
	kill -INT "$reader"
	kill -TERM "$reader" 2>/dev/null || true
	wait "$reader" || true
	faults ''
	echo 4 >"$web/desired_count"
	[ "$(timeout 5 cat "$web/desired_count")" = 4 ]
}
