#!/usr/bin/env bats
# Names that are not of the tree: what an editor may make, and what was mistyped.

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
	calls_reset
}

@test "a mistyped name is refused, and the sentence names the one that was meant" {
	refused bash -c "echo web:2 >'$web/task_defintion'"
	[[ $output == *'not permitted'* ]]
	said 'did you mean task_definition?'
	refused bash -c "echo 5 >'$web/desiredcount'"
	said 'did you mean desired_count?'
	refused bash -c "echo 5 >'$mnt/clusters/prod/services/desired_count'"
	said 'did you mean NAME/desired_count?'
	refused bash -c "echo a=b >>'$mnt/task_definitions/web/1/tag'"
	said 'did you mean tags?'
	# Names that begin or end as another one does, or hold it.
	for name in desired_counts 'tags ' xdesired_count desired_count2; do
		refused bash -c "echo 5 >'$web/$name'"
		said "\"$name\" is not a file of a service, nothing was sent: did you mean"
	done
	refused bash -c "cat '$web/task_definition.json' >'$web/task_definition.jsn'"
	said 'did you mean task_definition.json?'
	refused bash -c "echo 5 >'$web/what-is-this'"
	said 'nothing was sent'
	refused bash -c "echo x >'$mnt/clusters/prod/services/x'"
	# cp makes new files with O_EXCL, as editors do.
	echo web:2 >"$work/x"
	refused cp "$work/x" "$web/task_defintion"
	said 'did you mean task_definition?'
	refused cp "$work/x" "$web/desired"
	refused touch "$web/desired_cuont"
	[ ! -e "$web/desired_cuont" ]
}

@test "editors' files: made exclusively, or with the whole name of a writable file" {
	for name in desired_count.tmp .service.json.swp service.json~ '#desired_count#' .desired_count.AbCd12; do
		echo 3 >"$web/$name"
		[ "$(cat "$web/$name")" = 3 ]
		rm "$web/$name"
	done
	name=$(mktemp -p "$web")
	echo 3 >"$name"
	refused mv "$name" "$web/task_defintion"
	mv "$name" "$web/desired_count.new"
	mv "$web/desired_count.new" "$web/desired_count"
	[ "$(cat "$web/desired_count")" = 3 ]
	[ "$(changes)" = 1 ]
	refused mktemp -p "$mnt/clusters/prod/services"
	refused mktemp -p "$mnt/clusters/prod/tasks"
}

@test "cp -r of a service, a cluster, a family is refused at once" {
	services=$mnt/clusters/prod/services
	refused cp -r "$web" "$services/web9"
	said 'mkdir web9, then cp OTHER/service.json web9/'
	[ ! -e "$services/web9" ]
	refused cp -r "$mnt/clusters/prod" "$mnt/clusters/copy"
	[ ! -e "$mnt/clusters/copy" ]
	refused cp -r "$mnt/task_definitions/web" "$mnt/task_definitions/copy"
	said 'mkdir copy, then cp OTHER/REVISION/task_definition.json copy/register'
}

@test "a draft that a program fills file by file makes no service" {
	services=$mnt/clusters/prod/services
	mkdir "$services/half"
	refused mkdir "$services/half/tasks"
	said 'mkdir half, then cp OTHER/service.json half/'
	refused python3 - "$web" "$services/half" <<-'END'
		import os, shutil, sys
		bad = 0
		for name in ("arn", "desired_count", "service.json"):
		    try:
		        shutil.copyfile(sys.argv[1] + "/" + name, sys.argv[2] + "/" + name)
		    except OSError as e:
		        bad += 1
		assert bad == 3, bad
		sys.exit(1)
	END
	# A person goes on.
	run bash -c "cd '$services/half' && ! echo 3 >desired_count && jq 'del(.serviceArn)' '$web/service.json' >service.json"
	[ "$status" = 0 ]
	[ "$(calls CreateService)" = 1 ]
}

@test "mv to or from another file system is refused, and the sentence says cp" {
	echo 3 >"$BATS_TEST_TMPDIR/desired_count"
	refused mv -f "$BATS_TEST_TMPDIR/desired_count" "$web/desired_count"
	said 'use cp'
	refused mv "$web/desired_count" "$BATS_TEST_TMPDIR/taken"
	said 'use cp'
	refused install "$BATS_TEST_TMPDIR/desired_count" "$web/desired_count"
	said 'use cp'
	refused mv "$web/desired_count" "$web/desired_count.old"
	said 'cannot be renamed: use cp'
	cp "$BATS_TEST_TMPDIR/desired_count" "$web/desired_count"
	[ "$(cat "$web/desired_count")" = 3 ]
}
