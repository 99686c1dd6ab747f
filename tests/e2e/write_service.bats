#!/usr/bin/env bats
# Editing a service: its document and the documents and values beside it.

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

# edit FILTER: the document read at the start, edited, written back with cp.
edit() {
	jq "$1" "$work/read" >"$work/edited"
	cp "$work/edited" "$web/service.json"
}

@test "an edited document is one UpdateService with just the fields that differ" {
	edit '.desiredCount = 3 | .enableExecuteCommand |= not'
	now=$(jq '.enableExecuteCommand | not' "$work/read")
	[ "$(requests UpdateService)" = '{"cluster":"prod","desiredCount":3,"enableExecuteCommand":'"$now"',"service":"web"}' ]
	[ "$(changes)" = 1 ]
	[ "$(cat "$web/desired_count")" = 3 ]
	[ "$(cat "$web/enable_execute_command")" = "$now" ]
}

@test "a document written back unchanged sends nothing, in whatever order" {
	cp "$work/read" "$web/service.json"
	jq -S . "$work/read" | tee "$web/service.json" >/dev/null
	jq -c 'to_entries | reverse | from_entries' "$work/read" >"$web/service.json"
	jq '.networkConfiguration.awsvpcConfiguration.subnets |= reverse' "$work/read" >"$web/service.json"
	[ "$(changes)" = 0 ]
}

@test "objects go out whole" {
	edit '.deploymentConfiguration.maximumPercent = 150'
	run requests UpdateService
	[ "$(jq -c .deploymentConfiguration.maximumPercent <<<"$output")" = 150 ]
	[ "$(jq -c .deploymentConfiguration.minimumHealthyPercent <<<"$output")" = 100 ]
	[ "$(jq -c 'keys' <<<"$output")" = '["cluster","deploymentConfiguration","service"]' ]
}

@test "a member that UpdateService cannot change is refused by name, and nothing is sent" {
	for change in '.launchType = "EC2"' '.serviceName = "other"' '.schedulingStrategy = "DAEMON"' \
		'.roleArn = "arn:aws:iam::1:role/x"' '.createdAt = "2020-01-01T00:00:00Z"' \
		'.serviceArn = "x"' '.clusterArn = "x"' '.createdBy = "x"' '.runningCount = 99' \
		'.pendingCount = 99' '.status = "GONE"' '.deployments[0].desiredCount = 99' '.events = [{"id": "x"}]' \
		'.tags = [{"key": "a", "value": "b"}]'; do
		refused edit "$change | .desiredCount = 5"
		name=${change#.}
		name=${name%%[ .[]*}
		said "$name"
	done
	[ "$(cat "$web/desired_count")" != 5 ]
}

@test "a removed member is refused by name, but for the lists that [] removes" {
	for member in networkConfiguration desiredCount taskDefinition launchType deploymentConfiguration; do
		refused edit "del(.$member)"
		said "$member"
	done
	edit 'del(.loadBalancers)'
	[ "$(requests UpdateService)" = '{"cluster":"prod","loadBalancers":[],"service":"web"}' ]
	cat "$web/service.json" >"$work/read"
	edit '.loadBalancers = [{"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/50dc6c495c0c9188", "containerName": "app", "containerPort": 8080}]'
}

@test "bad documents are refused before anything is sent" {
	refused bash -c "echo '[1]' > '$web/service.json'"
	refused bash -c "echo 7 > '$web/service.json'"
	refused bash -c "head -c 100 '$work/read' > '$web/service.json'"
	refused bash -c "printf '{\"desiredCount\": 3\\0}' > '$web/service.json'"
	refused bash -c "echo '{\"desiredCount\": 3, \"desiredCount\": 4}' > '$web/service.json'"
	refused bash -c "(head -c 1100000 /dev/zero | tr '\\0' ' '; echo '{}') > '$web/service.json'"
	refused edit '.networkConfiguration = 5'
	said 'networkConfiguration must be an object'
	refused edit '.desiredCount = "3"'
	said 'desiredCount must be a whole number'
	refused edit '.loadBalancers = {}'
	said 'loadBalancers must be a list'
}

@test "a member that ECS does not have is refused by name, and nothing is sent" {
	refused edit '.desiredcount = 5'
	said 'desiredcount is not a member of this document: did you mean desiredCount?'
	refused edit '{Services: [.]}'
	said 'Services is not a member'
	refused edit '.networkConfiguration.awsvpcConfiguration.asignPublicIp = "ENABLED"'
	said networkConfiguration.awsvpcConfiguration.asignPublicIp
	refused bash -c "jq '{networkConfiguration}' '$work/read' >'$web/network_configuration.json'"
	said networkConfiguration.networkConfiguration
	refused bash -c "echo '[{\"capacityProvider\": \"FARGATE\", \"wait\": 1}]' >'$web/capacity_provider_strategy.json'"
	said 'capacityProviderStrategy[0].wait'
	refused bash -c "jq '.containerDefinitions[0].images = \"x\"' '$web/task_definition.json' >'$work/td' && cp '$work/td' '$web/task_definition.json'"
	said 'containerDefinitions[0].images'
	refused cp "$work/td" "$mnt/task_definitions/web/register"
	refused bash -c "echo '{\"taskDefinition\": \"web\", \"Count\": 2}' >'$mnt/clusters/prod/run_task'"
	said Count
	refused bash -c "echo '{\"settings\": [{\"name\": \"containerInsights\", \"val\": \"enabled\"}]}' >'$mnt/clusters/prod/settings.json'"
	said 'settings[0].val'
	mkdir "$mnt/clusters/prod/services/typo"
	refused bash -c "jq '.desiredcount = 1' '$work/read' >'$mnt/clusters/prod/services/typo/service.json'"
	said 'desiredcount is not a member of this document: did you mean desiredCount?'
	rmdir "$mnt/clusters/prod/services/typo"
}

@test "AWS's refusal of a subnet fails the script, with AWS's words in errors" {
	before=$(jq -c .networkConfiguration "$web/service.json")
	run bash -c "set -e; jq '.networkConfiguration.awsvpcConfiguration.subnets = [\"nonsense\"]' '$work/read' > '$work/edited'; cp '$work/edited' '$web/service.json'; echo unreached"
	[ "$status" -ne 0 ]
	[[ $output != *unreached* ]]
	said UpdateService
	[ "$(jq -c .networkConfiguration "$web/service.json")" = "$before" ]
}

@test "a three-way edit sends what the user changed, not what the world changed since" {
	aws_scales 7
	edit '.healthCheckGracePeriodSeconds = 77'
	[ "$(requests UpdateService | tail -n 1)" = '{"cluster":"prod","healthCheckGracePeriodSeconds":77,"service":"web"}' ]
	[ "$(cat "$web/desired_count")" = 7 ]
}

# Somebody else scales the service: a second mount, whose answers this one has not seen.
aws_scales() {
	(
		mount_up
		echo "$1" >"$mnt/clusters/prod/services/web/desired_count"
		mount_down
	)
	calls_reset
}

@test "a field changed on both sides is ESTALE, by name" {
	aws_scales 6
	calls_reset
	fails 'Stale file handle' edit '.desiredCount = 9'
	said desiredCount
	[ "$(changes)" = 0 ]
}

@test "a document of a repository is compared with what AWS has now" {
	jq 'del(.serviceArn, .clusterArn, .status, .runningCount, .pendingCount, .deployments, .events,
		.createdAt, .createdBy, .currentServiceDeployment, .currentServiceRevisions, .roleArn, .tags,
		.platformFamily, .taskSets) | .desiredCount = 2' "$work/read" >"$work/git"
	cp "$work/git" "$web/service.json"
	[ "$(jq -c .desiredCount <<<"$(requests UpdateService)")" = 2 ]
	calls_reset
	cp "$work/git" "$web/service.json"
	[ "$(changes)" = 0 ]
}

@test "the documents beside it are one UpdateService each" {
	for file in network_configuration deployment_configuration load_balancers; do
		calls_reset
		cat "$web/$file.json" >"$work/$file"
		cp "$work/$file" "$web/$file.json"
		[ "$(changes)" = 0 ]
	done
	jq '.awsvpcConfiguration.assignPublicIp = "ENABLED"' "$web/network_configuration.json" >"$work/n"
	cp "$work/n" "$web/network_configuration.json"
	[ "$(jq -cr .networkConfiguration.awsvpcConfiguration.assignPublicIp <<<"$(requests UpdateService)")" = ENABLED ]
	[ "$(changes)" = 1 ]
	refused bash -c "echo 5 > '$web/network_configuration.json'"
	refused bash -c "echo '[]' > '$web/network_configuration.json'"
	refused bash -c "echo '{}' > '$web/load_balancers.json'"
}

@test "a capacity provider strategy goes with forceNewDeployment, as one call" {
	api=$mnt/clusters/prod/services/api
	echo '[{"capacityProvider": "FARGATE_SPOT", "weight": 3}]' >"$api/capacity_provider_strategy.json"
	[ "$(requests UpdateService)" = '{"capacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT","weight":3}],"cluster":"prod","forceNewDeployment":true,"service":"api"}' ]
	calls_reset
	echo '[{"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0}]' >"$api/capacity_provider_strategy.json"
	[ "$(changes)" = 0 ]
}

@test "a lost answer to a forced deployment is looked up, not repeated" {
	api=$mnt/clusters/prod/services/api
	cat "$api/desired_count" >/dev/null
	faults 'UpdateService:1:lost'
	echo '[{"capacityProvider": "FARGATE", "weight": 1}]' >"$api/capacity_provider_strategy.json"
	faults ''
	[ "$(calls UpdateService)" = 1 ]
	[ "$(jq -r '.[0].capacityProvider' "$api/capacity_provider_strategy.json")" = FARGATE ]
}

@test "values: enable_execute_command and health_check_grace_period_seconds" {
	other=$(jq '.enableExecuteCommand | not' "$work/read")
	echo "$other" >"$web/enable_execute_command"
	[ "$(requests UpdateService)" = '{"cluster":"prod","enableExecuteCommand":'"$other"',"service":"web"}' ]
	calls_reset
	printf 45 >"$web/health_check_grace_period_seconds"
	[ "$(requests UpdateService)" = '{"cluster":"prod","healthCheckGracePeriodSeconds":45,"service":"web"}' ]
	for value in maybe 1 '' 'true false'; do
		refused bash -c "echo '$value' > '$web/enable_execute_command'"
	done
	for value in -1 1.5 abc 99999999999; do
		refused bash -c "echo '$value' > '$web/health_check_grace_period_seconds'"
	done
}

@test "a member is a row: each is read, written, and sent once" {
	for row in platform_version:platformVersion:1.4.0:1.3.0 propagate_tags:propagateTags:TASK_DEFINITION:NONE \
		enable_ecs_managed_tags:enableECSManagedTags:true:false \
		availability_zone_rebalancing:availabilityZoneRebalancing:DISABLED:ENABLED \
		enable_execute_command:enableExecuteCommand:true:false \
		health_check_grace_period_seconds:healthCheckGracePeriodSeconds:7:8; do
		IFS=: read -r file member value other <<<"$row"
		[ "$(cat "$web/$file")" != "$value" ] || value=$other
		calls_reset
		echo "$value" >"$web/$file"
		[ "$(calls UpdateService)" = 1 ]
		[ "$(requests UpdateService | jq -r ".$member")" = "$value" ]
		[ "$(cat "$web/$file")" = "$value" ]
		echo "$value" >"$web/$file"
		[ "$(changes)" = 1 ]
	done
	refused bash -c "echo maybe > '$web/enable_ecs_managed_tags'"
}

@test "documents of other tools are taken for the service they describe" {
	jq '{services: [.]}' "$web/service.json" >"$work/cli2"
	cp "$work/cli2" "$web/service.json"
	jq 'walk(if type == "object" then with_entries(if (.key | endswith("At")) then .value |= (sub("\\.[0-9]+Z"; "Z") | fromdate) else . end) else . end)
		| .createdAt |= . | del(.tags)' "$web/service.json" >"$work/cli1"
	[ "$(changes)" = 0 ]
	command -v aws >/dev/null || skip 'no AWS CLI'
	AWS_DEFAULT_REGION=us-east-1 AWS_PAGER='' aws ecs describe-services --cluster prod --services web >"$work/aws"
	calls_reset
	cp "$work/aws" "$web/service.json"
	[ "$(changes)" = 0 ]
	jq '.services[0].desiredCount += 1' "$work/aws" >"$work/aws.more"
	cp "$work/aws.more" "$web/service.json"
	[ "$(requests UpdateService | jq -c 'keys')" = '["cluster","desiredCount","service"]' ]
}

@test "a document without taskDefinition is refused with what to add" {
	refused bash -c "jq '{desiredCount, networkConfiguration}' '$work/read' >'$web/service.json'"
	said 'add "taskDefinition": "web:'
}

@test "a DAEMON service has no desired count" {
	agent=$mnt/clusters/prod/services/agent
	jq '.desiredCount = 9' "$agent/service.json" >"$work/daemon"
	refused cp "$work/daemon" "$agent/service.json"
	said desiredCount
}

@test "serviceConnectConfiguration is taken at the top level" {
	edit '.serviceConnectConfiguration = {"enabled": true, "namespace": "shop"}'
	[ "$(jq -c .serviceConnectConfiguration <<<"$(requests UpdateService)")" = '{"enabled":true,"namespace":"shop"}' ]
	calls_reset
	jq '.serviceConnectConfiguration = {"enabled": true, "namespace": "shop"}' "$web/service.json" >"$work/again"
	cp "$work/again" "$web/service.json"
	[ "$(changes)" = 0 ]
}

@test "a copy read before a change that moves nothing else does not set it back" {
	echo 88 >"$web/health_check_grace_period_seconds"
	cat "$web/service.json" >/dev/null
	calls_reset
	edit '.enableExecuteCommand |= not'
	[ "$(requests UpdateService | jq -c 'keys')" = '["cluster","enableExecuteCommand","service"]' ]
	[ "$(cat "$web/health_check_grace_period_seconds")" = 88 ]
}

@test "an editor that saves twice without reading again sends each change" {
	python3 - "$web/service.json" <<-'END'
		import json, sys
		doc = json.load(open(sys.argv[1]))
		for count in (8, 9):
		    doc["desiredCount"] = count
		    with open(sys.argv[1], "w") as f:
		        json.dump(doc, f)
	END
	[ "$(requests UpdateService | jq -cs 'map(.desiredCount)')" = '[8,9]' ]
	[ "$(changes)" = 2 ]
	calls_reset
	python3 - "$web/service.json" <<-'END'
		import json, sys
		doc = json.load(open(sys.argv[1]))
		doc["forceNewDeployment"] = True
		for _ in range(2):
		    with open(sys.argv[1], "w") as f:
		        json.dump(doc, f)
	END
	[ "$(requests UpdateService | jq -cs 'map(.forceNewDeployment)')" = '[true,true]' ]
}

@test "an older copy written back is refused, and restores the service after touch" {
	echo 4 >"$web/desired_count"
	cat "$web/service.json" >"$work/copy"
	echo 2 >"$web/desired_count"
	fails 'Stale file handle' cp "$work/copy" "$web/service.json"
	said 'desiredCount'
	said 'touch service.json first'
	# By a rename too.
	cp "$work/copy" "$web/service.json.new"
	fails 'Stale file handle' mv "$web/service.json.new" "$web/service.json"
	[ "$(cat "$web/desired_count")" = 2 ]
	calls_reset
	# An edit of it sends what was edited, as ever.
	jq '.enableExecuteCommand |= not' "$work/copy" >"$web/service.json"
	[ "$(requests UpdateService | jq -c 'del(.cluster, .service) | keys')" = '["enableExecuteCommand"]' ]
	jq '.enableExecuteCommand |= not' "$web/service.json" >"$work/now"
	cp "$work/now" "$web/service.json"
	calls_reset
	touch "$web/service.json"
	cp "$work/copy" "$web/service.json"
	[ "$(requests UpdateService)" = '{"cluster":"prod","desiredCount":4,"service":"web"}' ]
	[ "$(cat "$web/desired_count")" = 4 ]
	# The current one is no older copy.
	cat "$web/service.json" >"$work/copy"
	cp "$work/copy" "$web/service.json"
	[ "$(calls UpdateService)" = 1 ]
}
