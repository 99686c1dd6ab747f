#!/usr/bin/env bats
# The first writes, and the write contract.

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
	cat "$web/desired_count" >/dev/null
	calls_reset
}

@test "echo N > desired_count is one UpdateService, and every reader sees it at once" {
	for shell in bash dash; do
		for n in 3 4 2; do
			calls_reset
			"$shell" -c "echo $n > '$web/desired_count'"
			[ "$(calls UpdateService)" = 1 ]
			[ "$(cat "$web/desired_count")" = "$n" ]
			[ "$(jq .desiredCount "$web/service.json")" = "$n" ]
			[ "$(calls UpdateService)" = 1 ]
		done
	done
	run last_request UpdateService
	[ "$output" = '{"cluster":"prod","service":"web","desiredCount":2}' ] ||
		[ "$(jq -S -c . <<<"$output")" = '{"cluster":"prod","desiredCount":2,"service":"web"}' ]
}

@test "printf without a newline, >>, tee and cp write a value too" {
	printf 5 >"$web/desired_count"
	[ "$(cat "$web/desired_count")" = 5 ]
	echo 6 >>"$web/desired_count"
	[ "$(cat "$web/desired_count")" = 6 ]
	echo 7 | tee "$web/desired_count" >/dev/null
	[ "$(cat "$web/desired_count")" = 7 ]
	echo 2 >"$BATS_TEST_TMPDIR/two"
	cp "$BATS_TEST_TMPDIR/two" "$web/desired_count"
	[ "$(cat "$web/desired_count")" = 2 ]
	[ "$(calls UpdateService)" = 4 ]
}

@test "text that cannot be parsed is EINVAL, with nothing sent and nothing lost" {
	before=$(cat "$web/desired_count")
	for value in abc -1 1.5 99999999999 '3 4' 0x10 '' ' '; do
		fails 'Invalid argument' bash -c "echo '$value' > '$web/desired_count'"
		fails 'I' dash -c "echo '$value' > '$web/desired_count'"
	done
	run bash -c "printf '4\\0' > '$web/desired_count'"
	[ "$status" -ne 0 ]
	run bash -c "head -c 1048576 /dev/zero | tr '\\0' 7 > '$web/desired_count'"
	[ "$status" -ne 0 ]
	[ "$(calls UpdateService)" = 0 ]
	[ "$(cat "$web/desired_count")" = "$before" ]
	grep -q desired_count "$mnt/.ecsfs/errors"
}

@test "truncation and a close without a write send nothing" {
	: >"$web/desired_count"
	truncate -s 0 "$web/desired_count"
	bash -c "exec 3>'$web/desired_count'; exec 3>&-"
	[ "$(calls UpdateService)" = 0 ]
	[ -s "$web/desired_count" ]
}

@test "AWS's refusal fails the shell, with AWS's words in .ecsfs/errors" {
	before=$(cat "$web/task_definition")
	run bash -c "echo nosuch:9 > '$web/task_definition'"
	[ "$status" -ne 0 ]
	run dash -c "echo nosuch:9 > '$web/task_definition'"
	[ "$status" -ne 0 ]
	run dash -c "set -e; echo nosuch:9 > '$web/task_definition'; echo unreached"
	[[ $output != *unreached* ]]
	[ "$(cat "$web/task_definition")" = "$before" ]
	grep -q 'task_definition.*ClientException' "$mnt/.ecsfs/errors"
}

@test "task_definition takes FAMILY:REVISION, FAMILY and an ARN" {
	definition=$(cat "$web/task_definition")
	family=${definition%:*}
	for target in "$family:2" "$family" "$(jq -r .taskDefinitionArn "$mnt/task_definitions/$family/2/task_definition.json")"; do
		calls_reset
		echo "$target" >"$web/task_definition"
		[ "$(calls UpdateService)" = 1 ]
		[[ $(cat "$web/task_definition") == "$family":* ]]
	done
	[ "$(cat "$web/task_definition")" = "$family:2" ]
}

@test "a text that names no task definition is refused, nothing is sent" {
	for name in 'a b' web: web:0 web:x "$(cat "$web/arn")" "$(cat "$web/arn"):3"; do
		refused bash -c "echo '$name' > '$web/task_definition'"
		refused bash -c "echo '$name' > '$mnt/clusters/prod/run_task'"
	done
}

@test "an answer that says nothing is no success" {
	for kind in empty garbage; do
		faults "UpdateService:$kind"
		fails 'Input/output error' bash -c "echo 3 > '$web/desired_count'"
		faults "RunTask:$kind"
		fails 'Input/output error' bash -c "echo web > '$mnt/clusters/prod/run_task'"
		faults ''
	done
}

@test "force_new_deployment makes one deployment, however it is written" {
	ids() { jq -r '.deployments[] | select(.status == "PRIMARY") | .id' "$web/service.json"; }
	old=$(ids)
	echo >"$web/force_new_deployment"
	[ "$(calls UpdateService)" = 1 ]
	[ "$(ids)" != "$old" ]
}

@test "a lost answer to force_new_deployment is looked up, not repeated" {
	faults 'UpdateService:1:lost'
	echo now >"$web/force_new_deployment"
	[ "$(calls UpdateService)" = 1 ]
	faults ''
}

@test "a DAEMON service has no desired count to set" {
	daemon=
	for service in "$mnt"/clusters/prod/services/*; do
		[ "$(cat "$service/scheduling_strategy")" = DAEMON ] && daemon=$service
	done
	[ -n "$daemon" ]
	calls_reset
	fails 'Invalid argument' bash -c "echo 3 > '$daemon/desired_count'"
	[ "$(calls UpdateService)" = 0 ]
}

@test "read-only rows and read-only mounts" {
	fails 'ermission denied' bash -c "echo x > '$web/arn'"
	run bash -c "echo 1 > '$web/running_count'"
	[ "$status" -ne 0 ]
	(
		mount_up -o ro
		fails 'Read-only' bash -c "echo 3 > '$mnt/clusters/prod/services/web/desired_count'"
		mount_down
	)
	[ "$(calls UpdateService)" = 0 ]
}

@test "touch asks AWS again" {
	mount_again() {
		mount_up -o ttl=3600
		cat "$mnt/clusters/prod/services/web/desired_count" >/dev/null
		calls_reset
		cat "$mnt/clusters/prod/services/web/desired_count" >/dev/null
		[ "$(calls)" = 0 ]
		touch "$mnt/clusters/prod/services/web/desired_count"
		cat "$mnt/clusters/prod/services/web/desired_count" >/dev/null
		[ "$(calls DescribeServices)" = 1 ]
		touch "$mnt/clusters/prod/services/web"
		cat "$mnt/clusters/prod/services/web/desired_count" >/dev/null
		[ "$(calls DescribeServices)" = 2 ]
		echo >"$mnt/.ecsfs/refresh"
		cat "$mnt/clusters/prod/services/web/desired_count" >/dev/null
		[ "$(calls DescribeServices)" = 3 ]
		mount_down
	}
	(mount_again)
}

@test "concurrent writers of one file are each sent whole" {
	for n in 1 2 3 4 5; do
		echo "$n" >"$web/desired_count" &
	done
	wait
	[ "$(calls UpdateService)" = 5 ]
	seen=$(cat "$web/desired_count")
	echo >"$mnt/.ecsfs/refresh"
	[ "$(cat "$web/desired_count")" = "$seen" ]
}
