#!/usr/bin/env bats
# A name that is not there: ENOENT for programs, and a sentence in .ecsfs/errors where a person mistyped it.

load lib

setup_file() {
	sim_up --exec
	mount_up
	export prod=$mnt/clusters/prod
	export web=$prod/services/web
	find_containers
}

teardown_file() {
	all_down
}

# misses PATH...: each is ENOENT.
misses() {
	local path
	for path; do
		fails 'No such file' cat "$path"
	done
}

lines() {
	wc -l <"$mnt/.ecsfs/errors"
}

@test "a slip in a path is told, with what was meant" {
	ls "$mnt/clusters" "$prod/services" "$mnt/task_definitions" "$container/.." "$prod/tasks" >/dev/null
	misses "$prod/services/wbe/desired_count"
	said '"wbe" is not a service: did you mean web?'
	said 'clusters/prod/services/wbe'
	misses "$mnt/clusters/prd/status"
	said '"prd" is not a cluster: did you mean prod?'
	misses "${container%/*}/ap/image"
	said 'did you mean app?'
	misses "$prod/tasks/x/last_status"
	said '"x" is not a task: expected an ID of 32 hexadecimal digits'
	misses "$web/logs/since/abc/app.log"
	said '"abc" is not a time: expected 15m, 2h, 3d or an ISO 8601 time'
	misses "$web/desired_cuont"
	said '"desired_cuont" is not a file of a service: did you mean desired_count?'
	misses "$web/logs/ap.log"
	said 'did you mean app.log?'
	misses "$mnt/task_definitions/wbe/latest"
	said 'did you mean web?'
	misses "$prod/container_instances/abc/arn"
	said 'expected an ID of 32 hexadecimal digits'
}

# misses_task WORDS PATH...: each is ENOENT, and the sentence is about the task, not about its ID's form.
misses_task() {
	local words=$1 path
	shift
	for path; do
		misses "$path"
		said "$words"
		! tail -n 1 "$mnt/.ecsfs/errors" | grep -q expected
	done
}

@test "a well-formed ID that is not there: why" {
	local forgotten=0123456789abcdef0123456789abcdef instance running
	misses_task "\"$forgotten\": ECS knows no such task: it forgets one about an hour after it has stopped" \
		"$prod/tasks/$forgotten/outcome" "$prod/tasks/$forgotten/last_status"
	misses_task 'ECS has forgotten it' "$prod/stopped_tasks/$forgotten/stopped_reason"
	running=$(ls "$web/tasks" | head -n 1)
	misses_task 'it still runs' "$prod/stopped_tasks/$running/stopped_reason"
	misses_task 'not a running task of the service' "$web/tasks/$forgotten/last_status"
	misses_task 'not a stopped task of the service' "$web/stopped_tasks/$running/stopped_reason"
	instance=$(ls "$prod/container_instances" | head -n 1)
	misses_task 'not a running task of the container instance' "$prod/container_instances/$instance/tasks/$forgotten/last_status"
	misses_task 'the cluster has no such container instance' "$prod/container_instances/$forgotten/arn"
	# One digit away from a task that runs.
	misses "$prod/tasks/${running%?}$(tr 0-9a-f 1-9a-f0 <<<"${running: -1}")/last_status"
	said "did you mean $running?"
}

@test "where nothing can be made, every missing name is told, with what is there" {
	misses "$mnt/repositories/web/images/8/uri"
	said '"8" is not an image: list the directory to see what there is'
	ls "$mnt/repositories" "$mnt/repositories/web/images" "$web/deployments" "${container%/*}" >/dev/null
	misses "$web/containers/nope/image"
	said '"nope" is not a container of the service: there are app and proxy'
	misses "$mnt/task_definitions/web/latest/containers/nope/image"
	said '"nope" is not a container of the revision: there are app and proxy'
	misses "$mnt/repositories/web/images/9/uri"
	said '"9" is not an image: there are 1.0, 1.1, 1.2, 1.3, latest and 1 more'
	misses "$mnt/repositories/nope/uri"
	said '"nope" is not a repository: there are '
	misses "$web/deployments/17/status"
	said '"17" is not a deployment: there is '
	misses "${container%/*}/nope/image"
	said '"nope" is not a container: there are app and proxy'
}

@test "names that programs look for leave no line, and cost no call" {
	ls "$prod/services" "$web" >/dev/null
	before=$(lines)
	for name in .git .hidden .web.swp web~ '#web#' 4913 .editorconfig .svn Makefile package.json 'web (copy)' sedA1b2C3 s.web s.service.json; do
		[ ! -e "$prod/services/$name" ]
		[ ! -e "$web/$name" ]
	done
	for name in .git .hidden .web.swp web~ '#web#' 'web (copy)' package.json; do
		[ ! -e "$prod/tasks/$name" ]
	done
	[ "$(lines)" = "$before" ]
	git -C "$web" status >/dev/null 2>&1 || true
	[ "$(lines)" = "$before" ]
}

@test "a hundred slips take no failure's place, and are not the last failure; a directory that is made forgets its own" {
	ls "$prod/services" >/dev/null
	faults 'UpdateService:denied'
	fails 'ermission denied' bash -c "echo 3 >'$web/desired_count'"
	faults ''
	for n in $(seq 100); do
		[ ! -e "$prod/services/wbe$((n % 10))" ]
		[ ! -e "$web/logs/since/no$n" ]
	done
	grep -q 'desired_count UpdateService' "$mnt/.ecsfs/errors"
	grep '^last_failure' "$mnt/.ecsfs/status" | grep -q 'desired_count UpdateService'
	[ ! -e "$prod/services/webb" ]
	said '"webb" is not a service: did you mean web?'
	mkdir "$prod/services/webb"
	! grep -q '"webb"' "$mnt/.ecsfs/errors"
	rmdir "$prod/services/webb"
}

@test "the exit status of a command is in errors, and is no failure of the mount" {
	faults 'UpdateService:denied'
	fails 'ermission denied' bash -c "echo 3 >'$web/desired_count'"
	faults ''
	fails 'Input/output error' bash -c "echo 'exit 3' >'$container/exec'"
	said 'the command ended with exit status 3'
	grep '^last_failure' "$mnt/.ecsfs/status" | grep -q 'desired_count UpdateService'
	# A session that cannot be had is one.
	faults 'ExecuteCommand:denied'
	fails 'ermission denied' bash -c "echo 'true' >'$container/exec'"
	faults ''
	grep '^last_failure' "$mnt/.ecsfs/status" | grep -q ExecuteCommand
}
