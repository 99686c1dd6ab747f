#!/usr/bin/env bats
# Tags of every kind of resource.

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
	echo base=1 >"$web/tags"
	calls_reset
}

@test "appended lines add and change, and remove nothing" {
	echo 'owner=ops' >>"$web/tags"
	[ "$(calls TagResource)" = 1 ]
	[ "$(calls UntagResource)" = 0 ]
	echo 'owner=dev' >>"$web/tags"
	[ "$(cat "$web/tags")" = "$(printf 'base=1\nowner=dev')" ]
	[ "$(requests TagResource | tail -n 1 | jq -c .tags)" = '[{"key":"owner","value":"dev"}]' ]
}

@test "written whole: the difference, by TagResource and UntagResource" {
	printf 'a=1\nb=2\n' >"$BATS_TEST_TMPDIR/two"
	cp "$BATS_TEST_TMPDIR/two" "$web/tags"
	[ "$(changes)" = 2 ]
	[ "$(cat "$web/tags")" = "$(printf 'a=1\nb=2')" ]
	calls_reset
	printf 'a=1\nb=3\n' >"$BATS_TEST_TMPDIR/two"
	cp "$BATS_TEST_TMPDIR/two" "$web/tags"
	[ "$(changes)" = 1 ]
	[ "$(requests TagResource | jq -c .tags)" = '[{"key":"b","value":"3"}]' ]
	calls_reset
	cp "$web/tags" "$BATS_TEST_TMPDIR/tags"
	cp "$BATS_TEST_TMPDIR/tags" "$web/tags"
	[ "$(changes)" = 0 ]
}

@test "written whole removes the key that somebody added since the last look" {
	cat "$web/tags" >/dev/null
	somebody_else TagResource "{\"resourceArn\": \"$(cat "$web/arn")\", \"tags\": [{\"key\": \"theirs\", \"value\": \"1\"}]}"
	echo base=2 >"$web/tags"
	[ "$(requests UntagResource | jq -c .tagKeys)" = '["theirs"]' ]
	echo >"$mnt/.ecsfs/refresh"
	[ "$(cat "$web/tags")" = base=2 ]
	somebody_else TagResource "{\"resourceArn\": \"$(cat "$web/arn")\", \"tags\": [{\"key\": \"theirs\", \"value\": \"1\"}]}"
	echo base=2 >"$BATS_TEST_TMPDIR/tags"
	cp "$BATS_TEST_TMPDIR/tags" "$web/.tags.new"
	mv "$web/.tags.new" "$web/tags"
	echo >"$mnt/.ecsfs/refresh"
	[ "$(cat "$web/tags")" = base=2 ]
}

@test "a line that looks unchanged is sent where somebody changed the tag" {
	cat "$web/tags" >/dev/null
	somebody_else TagResource "{\"resourceArn\": \"$(cat "$web/arn")\", \"tags\": [{\"key\": \"base\", \"value\": \"theirs\"}]}"
	printf 'base=1\nnew=1\n' >"$BATS_TEST_TMPDIR/two"
	cat "$BATS_TEST_TMPDIR/two" >>"$web/tags"
	[ "$(requests TagResource | jq -c '[.tags[].key]' | tail -n 1)" = '["base","new"]' ]
}

@test "truncation alone removes nothing" {
	: >"$web/tags"
	truncate -s 0 "$web/tags"
	[ "$(changes)" = 0 ]
	[ "$(cat "$web/tags")" = base=1 ]
}

@test "a writer interrupted between two lines has removed nothing" {
	faults 'TagResource+1:stall=2000'
	run timeout -s INT 1 env --default-signal=INT bash -c "{ echo a=1; echo b=2; } >'$web/tags'"
	[ "$status" -ne 0 ]
	[ "$(calls UntagResource)" = 0 ]
	faults ''
	grep -qx base=1 "$web/tags"
	# What was under way takes effect later: not in the next test.
	wait_for 10 grep -qx b=2 "$web/tags"
}

@test "keys with =, spaces and UTF-8 come back as they were written" {
	printf 'a\\=b=c=d\nзаметка=für äöü\nwith space= two \n' >"$web/tags"
	[ "$(grep -c . "$web/tags")" = 3 ]
	grep -qxF 'a\=b=c=d' "$web/tags"
	grep -qxF 'заметка=für äöü' "$web/tags"
	grep -qxF 'with space= two ' "$web/tags"
	[ "$(requests TagResource | jq -cs 'map(.tags[].key) | sort')" = '["a=b","with space","заметка"]' ]
}

@test "editors: sed -i and a rename are the whole file" {
	printf 'a=1\nb=2\n' >"$web/tags"
	calls_reset
	sed -i 's/b=2/b=9/' "$web/tags"
	[ "$(cat "$web/tags")" = "$(printf 'a=1\nb=9')" ]
	sed -i '/^a=/d' "$web/tags"
	[ "$(cat "$web/tags")" = b=9 ]
	[ "$(requests UntagResource | jq -c .tagKeys)" = '["a"]' ]
}

@test "a line that is no tag is refused, nothing is sent" {
	refused bash -c "echo nonsense > '$web/tags'"
	refused bash -c "echo =v >> '$web/tags'"
	refused bash -c "echo 'aws:x=y' >> '$web/tags'"
	said aws:
	refused bash -c "echo 'bad!=y' >> '$web/tags'"
	refused bash -c "printf '%0129d=v\\n' 0 >> '$web/tags'"
	refused bash -c "printf 'k=%0257d\\n' 0 >> '$web/tags'"
	refused bash -c "seq -f 'k%g=v' 60 >> '$web/tags'"
	[ "$(cat "$web/tags")" = base=1 ]
}

@test "tags on clusters, tasks, revisions, instances and providers" {
	task=$(ls "$mnt/clusters/prod/tasks" | head -n 1)
	instance=$(ls "$mnt/clusters/prod/container_instances" | head -n 1)
	provider=$(ls "$mnt/capacity_providers" | grep -v FARGATE | head -n 1)
	for where in clusters/prod "clusters/prod/tasks/$task" task_definitions/web/1 \
		${instance:+"clusters/prod/container_instances/$instance"} ${provider:+"capacity_providers/$provider"}; do
		calls_reset
		echo "marked=yes" >>"$mnt/$where/tags"
		grep -qx marked=yes "$mnt/$where/tags"
		[ "$(calls TagResource)" = 1 ]
		arn=$(cat "$mnt/$where/arn")
		[ "$(requests TagResource | jq -r .resourceArn)" = "$arn" ]
		grep -vx marked=yes "$mnt/$where/tags" >"$BATS_TEST_TMPDIR/less" || true
		[ -s "$BATS_TEST_TMPDIR/less" ] || echo other=1 >"$BATS_TEST_TMPDIR/less"
		cp "$BATS_TEST_TMPDIR/less" "$mnt/$where/tags"
		run grep -x marked=yes "$mnt/$where/tags"
		[ "$status" -ne 0 ]
	done
}

@test "lines that a program's buffer cuts are put together" {
	seq -f 'key%g=a value that is not short at all' 40 >"$BATS_TEST_TMPDIR/long"
	calls_reset
	dd if="$BATS_TEST_TMPDIR/long" of="$web/tags" bs=1024 2>/dev/null
	[ "$(cat "$web/tags" | sort)" = "$(sort "$BATS_TEST_TMPDIR/long")" ]
	[ "$(calls UntagResource)" = 1 ]
}

@test "fifty tags make room for fifty others" {
	for by in cp 'dd bs=1024 status=none' mv; do
		seq -f 'old%g=a value that fills a buffer or two' 50 >"$web/tags"
		seq -f 'new%g=a value that fills a buffer or two' 50 >"$BATS_TEST_TMPDIR/new"
		calls_reset
		case $by in
		cp) cp "$BATS_TEST_TMPDIR/new" "$web/tags" ;;
		dd*) $by if="$BATS_TEST_TMPDIR/new" of="$web/tags" ;;
		mv)
			cp "$BATS_TEST_TMPDIR/new" "$web/new"
			mv "$web/new" "$web/tags"
			;;
		esac
		[ "$(sort "$web/tags")" = "$(sort "$BATS_TEST_TMPDIR/new")" ]
		echo >"$mnt/.ecsfs/refresh"
		[ "$(sort "$web/tags")" = "$(sort "$BATS_TEST_TMPDIR/new")" ]
		[ "$(calls UntagResource)" = 1 ]
		refused bash -c "echo more=1 >>'$web/tags'"
	done
	seq -f 'new%g=a value that fills a buffer or two' 51 >"$BATS_TEST_TMPDIR/new"
	refused cp "$BATS_TEST_TMPDIR/new" "$web/tags"
}
