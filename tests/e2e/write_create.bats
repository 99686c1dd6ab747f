#!/usr/bin/env bats
# Making and ending clusters, services and tasks; cloning.

load lib

setup_file() {
	sim_up --speed 20
	mount_up -o allow_delete
}

teardown_file() {
	all_down
}

setup() {
	prod=$mnt/clusters/prod
	work=$BATS_TEST_TMPDIR
	calls_reset
}

@test "mkdir and rmdir of a cluster" {
	mkdir "$mnt/clusters/fresh"
	[ "$(requests CreateCluster)" = '{"clusterName":"fresh"}' ]
	[ "$(cat "$mnt/clusters/fresh/status")" = ACTIVE ]
	ls "$mnt/clusters" | grep -qx fresh
	run mkdir "$mnt/clusters/fresh"
	[ "$status" -ne 0 ]
	rmdir "$mnt/clusters/fresh"
	[ ! -e "$mnt/clusters/fresh" ]
	fails 'not empty' rmdir "$mnt/clusters/prod"
}

@test "a draft is of this mount alone until it is written" {
	mkdir "$prod/services/draft"
	ls "$prod/services" | grep -qx draft
	fails 'not permitted' bash -c "echo 4 >'$prod/services/draft/desired_count'"
	said '"desired_count": a service has no such file before it exists: write its service.json first'
	[ "$(changes)" = 0 ]
	rmdir "$prod/services/draft"
	[ ! -e "$prod/services/draft" ]
	[ "$(changes)" = 0 ]
}

@test "a draft's service.json is CreateService, once, with a client token" {
	mkdir "$prod/services/new"
	jq -n '{taskDefinition: "web", desiredCount: 1, launchType: "FARGATE", networkConfiguration:
		{awsvpcConfiguration: {subnets: ["subnet-0a1b2c3d4e5f60001"], securityGroups: ["sg-0a1b2c3d4e5f60001"]}},
		tags: [{key: "a", value: "b"}]}' >"$work/new"
	refused bash -c "echo '{\"desiredCount\": 1}' > '$prod/services/new/service.json'"
	refused bash -c "echo '[]' > '$prod/services/new/service.json'"
	calls_reset
	cp "$work/new" "$prod/services/new/service.json"
	[ "$(calls CreateService)" = 1 ]
	request=$(requests CreateService)
	[ "$(jq -r .serviceName <<<"$request")" = new ]
	[ "$(jq -r .cluster <<<"$request")" = prod ]
	[ "$(jq -r '.clientToken | length' <<<"$request")" = 36 ]
	[ "$(cat "$prod/services/new/desired_count")" = 1 ]
	[ "$(cat "$prod/services/new/tags")" = a=b ]
	fails 'not empty' rmdir "$prod/services/new"
	echo 0 >"$prod/services/new/desired_count"
	run rmdir "$prod/services/new"
	[ "$status" -eq 0 ] || [[ $output == *'not empty'* ]]
	# Its task may still be stopping, and AWS keeps the name for a while.
	deleted() {
		rmdir "$prod/services/new" 2>/dev/null
		! ls "$prod/services" | grep -qx new
	}
	wait_for 60 deleted
}

@test "a draft's task_definition creates a service without tasks" {
	mkdir "$prod/services/small"
	run bash -c "echo nosuch:9 > '$prod/services/small/task_definition'"
	[ "$status" -ne 0 ]
	mkdir "$mnt/task_definitions/plain" 2>/dev/null || true
	jq -n '{containerDefinitions: [{name: "a", image: "b", memory: 64}]}' >"$mnt/task_definitions/plain/register"
	echo plain >"$prod/services/small/task_definition"
	[ "$(cat "$prod/services/small/desired_count")" = 0 ]
	rmdir "$prod/services/small"
}

@test "a clone: what DescribeServices adds is dropped, the name is the directory's" {
	mkdir "$prod/services/web2"
	cp "$prod/services/web/service.json" "$prod/services/web2/"
	request=$(requests CreateService)
	[ "$(jq -r .serviceName <<<"$request")" = web2 ]
	for member in serviceArn clusterArn status runningCount events deployments createdAt roleArn; do
		[ "$(jq "has(\"$member\")" <<<"$request")" = false ]
	done
	[ "$(jq -c .networkConfiguration "$prod/services/web2/service.json")" = "$(jq -c .networkConfiguration "$prod/services/web/service.json")" ]
	run diff "$prod/services/web/network_configuration.json" "$prod/services/web2/network_configuration.json"
	[ "$status" -eq 0 ]
	echo 0 >"$prod/services/web2/desired_count"
	timeout 60 cat "$prod/services/web2/rollout"
	rmdir "$prod/services/web2"
}

@test "a clone of a CODE_DEPLOY service is refused with a sentence" {
	mkdir "$prod/services/cd"
	jq '.deploymentController = {type: "CODE_DEPLOY"}' "$prod/services/web/service.json" >"$work/cd"
	refused cp "$work/cd" "$prod/services/cd/service.json"
	said CODE_DEPLOY
	[[ $output == *'not supported'* ]]
	rmdir "$prod/services/cd"
}

@test "a lost answer to CreateService makes one service" {
	mkdir "$prod/services/once"
	jq -n '{taskDefinition: "plain", desiredCount: 0}' >"$work/once"
	[ -e "$mnt/task_definitions/plain" ] || {
		mkdir "$mnt/task_definitions/plain"
		jq -n '{containerDefinitions: [{name: "a", image: "b", memory: 64}]}' >"$mnt/task_definitions/plain/register"
	}
	faults 'CreateService:1:lost'
	cp "$work/once" "$prod/services/once/service.json"
	faults ''
	[ "$(cat "$prod/services/once/status")" = ACTIVE ]
	[ "$(requests CreateService | jq -r .clientToken | sort -u | wc -l)" = 1 ]
	rmdir "$prod/services/once"
}

@test "a draft whose CreateService lost every answer is looked for before it is dropped" {
	mkdir "$prod/services/doubt"
	[ -e "$mnt/task_definitions/plain" ] || {
		mkdir "$mnt/task_definitions/plain"
		jq -n '{containerDefinitions: [{name: "a", image: "b", memory: 64}]}' >"$mnt/task_definitions/plain/register"
	}
	jq -n '{taskDefinition: "plain", desiredCount: 0}' >"$work/doubt"
	faults 'CreateService:lost'
	run cp "$work/doubt" "$prod/services/doubt/service.json"
	faults ''
	[ "$status" -ne 0 ]
	run rmdir "$prod/services/doubt"
	[ "$status" -ne 0 ]
	said 'has created it'
	[ "$(cat "$prod/services/doubt/status")" = ACTIVE ]
	rmdir "$prod/services/doubt"
	mkdir "$prod/services/doubt2"
	rmdir "$prod/services/doubt2"
}

@test "a lost answer to a deletion: what is gone is deleted" {
	mkdir "$prod/services/going" "$mnt/clusters/going"
	jq -n '{taskDefinition: "plain", desiredCount: 0}' >"$prod/services/going/service.json"
	faults 'DeleteService:1:lost,DeleteCluster:1:lost'
	rmdir "$prod/services/going" "$mnt/clusters/going"
	faults ''
	# A service that is still DRAINING can be looked up: until ECS calls it INACTIVE.
	gone() { [ ! -e "$1" ]; }
	wait_for 20 gone "$prod/services/going"
	wait_for 20 gone "$mnt/clusters/going"
	ls "$prod/services" "$mnt/clusters" >"$work/left"
	! grep -qx going "$work/left"
}

@test "a draft whose name somebody else took is EEXIST, and neither service is touched" {
	mkdir "$prod/services/taken"
	jq -n '{taskDefinition: "plain", desiredCount: 0}' >"$work/taken"
	(
		mount_up
		mkdir "$mnt/clusters/prod/services/taken"
		jq '.desiredCount = 1' "$work/taken" >"$mnt/clusters/prod/services/taken/service.json"
		mount_down
	)
	calls_reset
	fails 'File exists' cp "$work/taken" "$prod/services/taken/service.json"
	said 'rmdir drops this draft'
	[ "$(changes)" = 1 ]
	rmdir "$prod/services/taken"
	[ "$(changes)" = 1 ]
	[ "$(cat "$prod/services/taken/desired_count")" = 1 ]
}

@test "rm -rf takes no service down" {
	run rm -rf "$prod/services/worker"
	[ "$status" -ne 0 ]
	[ "$(changes)" = 0 ]
	run rm -rf "$prod"
	[ "$(changes)" = 0 ]
}

@test "run_task with a name, with a request, and what it started" {
	[ -e "$mnt/task_definitions/plain" ] || {
		mkdir "$mnt/task_definitions/plain"
		jq -n '{containerDefinitions: [{name: "a", image: "b", memory: 64}]}' >"$mnt/task_definitions/plain/register"
	}
	calls_reset
	exec 7<>"$prod/run_task"
	jq -nc '{taskDefinition: "web", count: 2, launchType: "FARGATE", networkConfiguration:
		{awsvpcConfiguration: {subnets: ["subnet-0a1b2c3d4e5f60001"]}},
		overrides: {containerOverrides: [{name: "app", command: ["true"]}]}}' >&7
	jq -r '.tasks[].taskArn' <&7 >"$work/started"
	exec 7>&-
	[ "$(wc -l <"$work/started")" = 2 ]
	[ "$(calls RunTask)" = 1 ]
	[ "$(requests RunTask | jq -r '.clientToken | length')" = 36 ]
	jq -r '.tasks[].taskArn' "$prod/run_task" | cmp - "$work/started"
	id=$(head -n 1 "$work/started")
	[ "$(cat "$prod/tasks/${id##*/}/desired_status")" = RUNNING ]
	rmdir "$prod/tasks/${id##*/}"
	[ "$(calls StopTask)" = 1 ]
}

@test "run_task: refusals, also those in an answer of status 200" {
	refused bash -c "echo '{}' > '$prod/run_task'"
	refused bash -c "echo '{\"taskDefinition\": \"web\", \"count\": 11}' > '$prod/run_task'"
	refused bash -c "echo '{\"taskDefinition\": \"web\", \"cluster\": \"staging\"}' > '$prod/run_task'"
	refused bash -c "echo '{\"taskDefinition\": \"web\", \"overrides\": 5}' > '$prod/run_task'"
	run bash -c "echo web > '$prod/run_task'"
	[ "$status" -ne 0 ]
	[ -e "$mnt/task_definitions/huge" ] || mkdir "$mnt/task_definitions/huge"
	jq -n '{containerDefinitions: [{name: "a", image: "b", memory: 999999, cpu: 99999}]}' >"$mnt/task_definitions/huge/register"
	fails 'busy' bash -c "echo '{\"taskDefinition\": \"huge\", \"launchType\": \"EC2\"}' > '$prod/run_task'"
	said RESOURCE
}

@test "stop, protection and DRAINING" {
	id=$(ls "$prod/services/worker/tasks" | head -n 1)
	task=$prod/tasks/$id
	echo 60 >"$task/protection"
	[ "$(requests UpdateTaskProtection | jq -c '[.protectionEnabled, .expiresInMinutes]')" = '[true,60]' ]
	grep -q 20 "$task/protection"
	echo off >"$task/protection"
	[ "$(cat "$task/protection")" = off ]
	for value in 0 2881 -1 on abc ''; do
		refused bash -c "echo '$value' > '$task/protection'"
	done
	fails 'Invalid argument' bash -c "printf '%01025d' 0 >'$task/stop'"
	calls_reset
	echo 'too old' >"$task/stop"
	[ "$(requests StopTask | jq -r .reason)" = 'too old' ]
	instance=$(ls "$prod/container_instances" | head -n 1)
	[ -n "$instance" ]
	echo DRAINING >"$prod/container_instances/$instance/status"
	[ "$(cat "$prod/container_instances/$instance/status")" = DRAINING ]
	echo ACTIVE >"$prod/container_instances/$instance/status"
	refused bash -c "echo GONE > '$prod/container_instances/$instance/status'"
}

@test "capacity_providers.json, settings.json and managed_scaling.json" {
	cp "$prod/capacity_providers.json" "$work/cp"
	cp "$work/cp" "$prod/capacity_providers.json"
	[ "$(changes)" = 0 ]
	refused bash -c "echo '{\"capacityProviders\": []}' > '$prod/capacity_providers.json'"
	said defaultCapacityProviderStrategy
	jq '.defaultCapacityProviderStrategy = [{capacityProvider: "FARGATE", weight: 2, base: 0}]' "$work/cp" >"$work/cp2"
	cp "$work/cp2" "$prod/capacity_providers.json"
	[ "$(calls PutClusterCapacityProviders)" = 1 ]
	cp "$work/cp" "$prod/capacity_providers.json"
	cmp "$prod/capacity_providers.json" "$work/cp"
	calls_reset
	echo '[{"name": "containerInsights", "value": "enhanced"}]' >"$prod/settings.json"
	[ "$(requests UpdateClusterSettings)" = '{"cluster":"prod","settings":[{"name":"containerInsights","value":"enhanced"}]}' ]
	[ "$(jq -r '.[0].value' "$prod/settings.json")" = enhanced ]
	refused bash -c "echo '[]' > '$prod/settings.json'"
	refused bash -c "echo '[5]' > '$prod/settings.json'"
	provider=$(ls "$mnt/capacity_providers" | grep -v FARGATE | head -n 1)
	[ -n "$provider" ]
	calls_reset
	jq '.targetCapacity = 77' "$mnt/capacity_providers/$provider/managed_scaling.json" >"$work/ms"
	cp "$work/ms" "$mnt/capacity_providers/$provider/managed_scaling.json"
	[ "$(calls UpdateCapacityProvider)" = 1 ]
	[ "$(jq .targetCapacity "$mnt/capacity_providers/$provider/managed_scaling.json")" = 77 ]
	refused bash -c "echo '{\"status\": \"ENABLED\"}' > '$mnt/capacity_providers/FARGATE/managed_scaling.json'"
}
