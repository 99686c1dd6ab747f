#!/usr/bin/env bats
# Does a cache ever show what AWS does not have? Two mounts of one region that stands still: one keeps its
# answers for an hour, the other keeps nothing. Both must show the same tree, byte for byte.

load lib

setup_file() {
	sim_up
}

teardown_file() {
	sim_down
}

setup() {
	hold 1
	# Without a cache: no answer is used twice, and the kernel keeps no name, attribute or page.
	mount_up -o ttl=0
	bare=$mnt bare_dir=$mnt_dir
	mount_up -o ttl=3600
	prod=$mnt/clusters/prod
}

teardown() {
	mount_down
	mnt=$bare mnt_dir=$bare_dir mount_down
	hold 0
}

# Reads everything, twice: what the second reading shows comes from the caches.
warm() {
	cp -r "$mnt/clusters" "$mnt/task_definitions" "$BATS_TEST_TMPDIR/"
	calls_reset
	cp -r "$prod/services" "$BATS_TEST_TMPDIR/again"
}

# same PATH: both mounts show it alike. What moves by itself (logs, metrics, ages, which stopped task a
# draining target was) has no twin; a list of tags has no order.
same() {
	local file documents
	diff -r --no-dereference -x logs -x metrics -x overview -x diagnosis -x exec -x target_health -x service.json -x tags \
		"$bare/$1" "$mnt/$1"
	diff <(names "$bare/$1") <(names "$mnt/$1")
	documents=$(cd "$mnt/$1" && find . -name service.json -o -name tags -type f)
	for file in $documents; do
		diff <(unordered "$bare/$1/$file") <(unordered "$mnt/$1/$file")
	done
}

names() {
	(cd "$1" && find . -name logs -prune -o -printf '%p %y %m %l\n' | sort)
}

unordered() {
	case $1 in
	*.json) jq -S '.tags |= sort_by(.key)' "$1" ;;
	*) sort "$1" ;;
	esac
}

@test "a warm mount shows what a mount without caches shows" {
	warm
	same clusters/prod/services
	same clusters/prod/tasks
	same task_definitions
}

@test "after an own write, of a value and of a document, the cached tree is AWS's again" {
	warm
	echo 3 >"$prod/services/web/desired_count"
	jq '.deploymentConfiguration.minimumHealthyPercent = 50' "$prod/services/web/service.json" >"$BATS_TEST_TMPDIR/new.json"
	cp "$BATS_TEST_TMPDIR/new.json" "$prod/services/web/service.json"
	echo team=twins >>"$prod/services/web/tags"
	[ "$(cat "$bare/clusters/prod/services/web/desired_count")" = 3 ]
	same clusters/prod/services/web
}

@test "after somebody else's change, a touch makes the cached tree AWS's again" {
	warm
	somebody_else UpdateService '{"cluster": "prod", "service": "web", "desiredCount": 5}' >/dev/null
	[ "$(cat "$bare/clusters/prod/services/web/desired_count")" = 5 ]
	[ "$(cat "$prod/services/web/desired_count")" != 5 ]
	touch "$prod/services/web"
	same clusters/prod/services/web
}

@test "a task that is stopped is gone from the cached lists as well" {
	warm
	task=$(ls "$prod/services/web/tasks" | head -n 1)
	hold 0
	echo twins >"$prod/tasks/$task/stop"
	stopped() { ! ls "$bare/clusters/prod/tasks" | grep -q "$task"; }
	wait_for 60 stopped
	hold 1
	touch "$prod"
	wait_for 60 diff <(ls "$bare/clusters/prod/tasks") <(touch "$prod"; ls "$prod/tasks")
}
