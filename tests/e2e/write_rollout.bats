#!/usr/bin/env bats
# Following a deployment to its end, and going back.

load lib

setup() {
	sim_up --speed 20
	mount_up
	web=$mnt/clusters/prod/services/web
}

teardown() {
	all_down
}

deploy() {
	jq --arg v "$1" '.containerDefinitions[0].environment += [{name: "V", value: $v}]' \
		"$web/task_definition.json" >"$BATS_TEST_TMPDIR/new"
	cp "$BATS_TEST_TMPDIR/new" "$web/task_definition.json"
}

# follows COMMAND...: runs it, and reads the rollout that it begins from before anything came of it.
# Sets $status and $output, as run does.
follows() {
	local out=$BATS_TEST_TMPDIR/followed reader
	hold 1
	"$@"
	timeout 120 cat "$web/rollout" >"$out" 2>&1 3>&- &
	reader=$!
	wait_for 60 test -s "$out"
	hold 0
	status=0
	wait "$reader" || status=$?
	output=$(cat "$out")
}

runs() {
	echo "$1" >"$web/task_definition"
}

@test "a steady service: one line of state, end of file, one call" {
	cat "$web/status" >/dev/null
	calls_reset
	timeout 20 cat "$web/rollout" >"$BATS_TEST_TMPDIR/out"
	grep -q ' steady web:' "$BATS_TEST_TMPDIR/out"
	[ "$(calls DescribeServices)" = 1 ]
	[ "$(calls)" = 1 ]
}

@test "a deployment that succeeds streams lines and ends well" {
	follows deploy a
	[ "$status" -eq 0 ]
	[[ $output == *IN_PROGRESS* ]]
	tail -n 1 <<<"$output" | grep -q " steady $(cat "$web/task_definition")"
	[ "$(cat "$web/rollout_state")" = COMPLETED ]
}

@test "a deployment that is rolled back is a read error, with the reason" {
	before=$(cat "$web/task_definition")
	follows runs web-broken
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	[[ $output == *"rolled back to $before"* ]]
	[[ $output == *'Input/output error'* ]]
	# The last lines say what to mend: the words of the first task that failed.
	tail -n 4 <<<"$output" >"$BATS_TEST_TMPDIR/last"
	task=$(sed -nE 's/^[^ ]+ first failed task ([0-9a-f]+): CannotPullContainerError: .*/\1/p' "$BATS_TEST_TMPDIR/last")
	[ "$(readlink "$web/stopped_tasks/$task")" = "../../../stopped_tasks/$task" ]
	grep -q ^CannotPullContainerError "$web/stopped_tasks/$task/stopped_reason"
	wait_for 60 grep -q ROLLED_BACK "$web/rollout_state"
	[ "$(cat "$web/task_definition")" = "$before" ]
	run timeout 60 cat "$web/rollout"
	[ "$status" -eq 0 ]
}

@test "a deployment that was rolled back before anybody looked is a read error, once" {
	before=$(cat "$web/task_definition")
	runs web-broken
	wait_for 60 grep -q ROLLED_BACK "$web/rollout_state"
	run timeout 120 cat "$web/rollout"
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	[[ $output == *"rolled back to $before: "* ]]
	[[ $output == *"first failed task "* ]]
	timeout 120 cat "$web/rollout"
	runs web-broken
	wait_for 60 grep -q ROLLED_BACK "$web/rollout_state"
	# What ECS has rolled back is not rolled back once more.
	calls_reset
	refused bash -c "echo > '$web/rollback'"
	said "rolled back already and the service runs $before"
	[ "$(changes)" = 0 ]
	# A write after it is what the next reader asks about.
	echo 3 >"$web/desired_count"
	timeout 120 cat "$web/rollout" >"$BATS_TEST_TMPDIR/out"
	grep -q " steady $before: 3 running" "$BATS_TEST_TMPDIR/out"
}

@test "a deployment that is superseded is a read error" {
	hold 1
	deploy a
	timeout 60 cat "$web/rollout" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	reader=$!
	wait_for 60 grep -q IN_PROGRESS "$BATS_TEST_TMPDIR/out"
	deploy b
	hold 0
	status=0
	wait "$reader" || status=$?
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	tail -n 1 "$BATS_TEST_TMPDIR/out" | grep -qE 'superseded|stopped'
}

@test "many readers cost one DescribeServices in two seconds" {
	sim_down
	mount_down
	sim_up --speed 1
	mount_up
	web=$mnt/clusters/prod/services/web
	deploy a
	calls_reset
	start=$SECONDS
	readers=
	for n in 1 2 3 4 5 6 7 8; do
		cat "$web/rollout" >"$BATS_TEST_TMPDIR/out$n" 3>&- &
		readers="$readers $!"
	done
	for n in 1 2 3 4 5 6 7 8; do
		wait_for 20 test -s "$BATS_TEST_TMPDIR/out$n"
	done
	wait_for 60 has_made 3
	made=$(calls DescribeServices)
	seconds=$((SECONDS - start + 1))
	kill $readers 2>/dev/null || true
	wait $readers 2>/dev/null || true
	[ "$made" -le $((seconds / 2 + 2)) ]
}

has_made() {
	[ "$(calls DescribeServices)" -ge "$1" ]
}

@test "Ctrl-C ends a reader at once" {
	sim_down
	mount_down
	sim_up --speed 1
	mount_up
	web=$mnt/clusters/prod/services/web
	deploy a
	cat "$web/rollout" >"$BATS_TEST_TMPDIR/out" 3>&- &
	reader=$!
	wait_for 10 test -s "$BATS_TEST_TMPDIR/out"
	kill -INT "$reader" || kill "$reader"
	wait_for 3 not_running "$reader" || {
		kill "$reader"
		wait_for 3 not_running "$reader"
	}
}

@test "rollback goes back to the revision that ran before, and back again" {
	before=$(cat "$web/task_definition")
	deploy a
	after=$(cat "$web/task_definition")
	timeout 60 cat "$web/rollout" >/dev/null
	calls_reset
	echo >"$web/rollback"
	[ "$(calls UpdateService)" = 1 ]
	[ "$(changes)" = 1 ]
	[ "$(cat "$web/task_definition")" = "$before" ]
	timeout 60 cat "$web/rollout" >/dev/null
	echo now >"$web/rollback"
	[ "$(cat "$web/task_definition")" = "$after" ]
}

@test "rollback restores all that differs" {
	cat "$web/network_configuration.json" >"$BATS_TEST_TMPDIR/network"
	jq '.networkConfiguration.awsvpcConfiguration.assignPublicIp = "ENABLED" | .taskDefinition = "web:2"' \
		"$web/service.json" >"$BATS_TEST_TMPDIR/edited"
	cp "$BATS_TEST_TMPDIR/edited" "$web/service.json"
	timeout 60 cat "$web/rollout" >/dev/null
	calls_reset
	echo >"$web/rollback"
	[ "$(requests UpdateService | jq -r .networkConfiguration.awsvpcConfiguration.assignPublicIp)" = DISABLED ]
	[ "$(cat "$web/network_configuration.json")" = "$(cat "$BATS_TEST_TMPDIR/network")" ]
}

@test "rollback of a deployment in progress stops it" {
	sim_down
	mount_down
	sim_up --speed 3
	mount_up
	web=$mnt/clusters/prod/services/web
	before=$(cat "$web/task_definition")
	hold 1
	deploy a
	calls_reset
	echo >"$web/rollback"
	hold 0
	[ "$(calls StopServiceDeployment)" = 1 ]
	[ "$(requests StopServiceDeployment | jq -r .stopType)" = ROLLBACK ]
	[ "$(calls UpdateService)" = 0 ]
	wait_for 60 grep -qxF "$before" "$web/task_definition"
}

# call ACTION REQUEST: through .ecsfs/api.
call() {
	exec 7<>"$mnt/.ecsfs/api/ecs/$1"
	echo "$2" >&7
	cat <&7
	exec 7>&-
}

@test "blue/green: decided by the service deployment, success and rollback" {
	jq '.deploymentConfiguration.strategy = "BLUE_GREEN" | .deploymentConfiguration.bakeTimeInMinutes = 1' \
		"$web/service.json" >"$BATS_TEST_TMPDIR/edited"
	cp "$BATS_TEST_TMPDIR/edited" "$web/service.json"
	follows runs web:2
	[ "$status" -eq 0 ]
	[[ $output == *BAKE_TIME* ]]
	tail -n 1 <<<"$output" | grep -q 'steady web:2'
	follows runs web-broken
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	[[ $output == *'rolled back to web:2'* ]]
}

# Blue/green with a PAUSE hook before the traffic moves.
pause_before_traffic() {
	jq '.deploymentConfiguration += {strategy: "BLUE_GREEN", bakeTimeInMinutes: 0, lifecycleHooks: [
		{targetType: "PAUSE", lifecycleStages: ["POST_SCALE_UP"],
		timeoutConfiguration: {timeoutInMinutes: 600, action: "ROLLBACK"}}]}' \
		"$web/service.json" >"$BATS_TEST_TMPDIR/edited"
	cp "$BATS_TEST_TMPDIR/edited" "$web/service.json"
}

# The directory of the deployment that a PAUSE hook holds.
held_deployment() {
	local d
	for d in "$web"/service_deployments/*; do
		if [ "$(cat "$d/lifecycle_stage")" = POST_SCALE_UP ] && [ "$(cat "$d/status")" = IN_PROGRESS ]; then
			echo "$d"
			return 0
		fi
	done
	return 1
}

@test "a PAUSE hook: rollout names stage, hook and file; continue lets it go on, once" {
	pause_before_traffic
	echo web:2 >"$web/task_definition"
	timeout 200 cat "$web/rollout" >"$BATS_TEST_TMPDIR/out" 3>&- &
	reader=$!
	wait_for 60 held_deployment
	held=$(held_deployment)
	wait_for 60 grep -qE "IN_PROGRESS POST_SCALE_UP, the PAUSE hook [^ ]+ waits until [^ ]+Z, then ROLLBACK: write to service_deployments/${held##*/}/continue\$" \
		"$BATS_TEST_TMPDIR/out"
	grep -A 1 -x 'the deployment waits for a PAUSE hook to be answered' "$web/diagnosis" |
		grep -q "service deployment ${held##*/}, stage POST_SCALE_UP"
	refused bash -c "echo perhaps >'$held/continue'"
	said 'neither "continue" nor "rollback"'
	calls_reset
	echo >"$held/continue"
	[ "$(calls ContinueServiceDeployment)" = 1 ]
	[ "$(last_request ContinueServiceDeployment | jq -r .action)" = CONTINUE ]
	wait "$reader"
	tail -n 1 "$BATS_TEST_TMPDIR/out" | grep -q 'steady web:2'
	[ "$(cat "$held/status")" = SUCCESSFUL ]
	refused bash -c "echo >'$held/continue'"
	said 'no hook of this deployment waits'
}

@test "a PAUSE hook: rollback undoes the deployment" {
	before=$(cat "$web/task_definition")
	pause_before_traffic
	echo web:2 >"$web/task_definition"
	wait_for 60 held_deployment
	held=$(held_deployment)
	faults 'ContinueServiceDeployment:1:lost'
	run bash -c "echo rollback >'$held/continue'"
	# A lost answer is never sent again: the next hook would take it.
	[ "$(calls ContinueServiceDeployment)" = 1 ]
	wait_for 100 grep -qxF "$before" "$web/task_definition"
	wait_for 60 grep -q ROLLBACK "$held/status"
}

@test "a CODE_DEPLOY service: what UpdateService does not offer is EOPNOTSUPP, by name, unsent" {
	call CreateService '{"cluster": "prod", "serviceName": "cd", "taskDefinition": "web", "desiredCount": 1,
		"launchType": "FARGATE", "deploymentController": {"type": "CODE_DEPLOY"},
		"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d4e5f60001"]}},
		"loadBalancers": [{"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/50dc6c495c0c9188",
		"containerName": "app", "containerPort": 8080}]}' >/dev/null
	cd=$mnt/clusters/prod/services/cd
	timeout 30 cat "$cd/rollout" | grep -q 'steady web:'
	[ -z "$(cat "$cd/rollout_state")" ]
	for file in task_definition force_new_deployment rollback; do
		calls_reset
		fails 'not supported' bash -c "echo web:2 > '$cd/$file'"
		[ "$(changes)" = 0 ]
	done
	jq '.taskDefinition = "web:2"' "$cd/service.json" >"$BATS_TEST_TMPDIR/edited"
	refused cp "$BATS_TEST_TMPDIR/edited" "$cd/service.json"
	said CodeDeploy
	jq '.containerDefinitions[0].image = "other:1"' "$cd/task_definition.json" >"$BATS_TEST_TMPDIR/td"
	refused cp "$BATS_TEST_TMPDIR/td" "$cd/task_definition.json"
	said CodeDeploy
	jq '.desiredCount = 2' "$cd/service.json" >"$BATS_TEST_TMPDIR/edited"
	cp "$BATS_TEST_TMPDIR/edited" "$cd/service.json"
	[ "$(cat "$cd/desired_count")" = 2 ]
}

@test "rollout_timeout ends a reader, whose last line says so" {
	sim_down
	mount_down
	sim_up --speed 1
	mount_up -o rollout_timeout=3
	web=$mnt/clusters/prod/services/web
	timeout 20 cat "$web/rollout" >/dev/null
	deploy a
	start=$SECONDS
	run timeout 60 cat "$web/rollout"
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	[ $((SECONDS - start)) -ge 2 ]
	[ $((SECONDS - start)) -le 10 ]
	[[ $output == *'timed out'* ]]
}

@test "aws ecs wait services-stable agrees, but takes a rollback for success" {
	command -v aws >/dev/null && aws --version >/dev/null 2>&1 || skip "no AWS CLI"
	deploy a
	timeout 100 aws --region us-east-1 ecs wait services-stable --cluster prod --services web 3>&- &
	waiter=$!
	timeout 60 cat "$web/rollout" >/dev/null
	wait "$waiter"
	before=$(cat "$web/task_definition")
	follows runs web-broken
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	wait_for 60 grep -q ROLLED_BACK "$web/rollout_state"
	timeout 100 aws --region us-east-1 ecs wait services-stable --cluster prod --services web
	[ "$(cat "$web/task_definition")" = "$before" ]
}
