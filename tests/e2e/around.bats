#!/usr/bin/env bats
# What stands around a service, on the simulated region: what it shows, and what it costs.

load lib

setup_file() {
	sim_up
	mount_up -o allow_delete
	export S=$mnt/clusters/prod/services/web
}

teardown_file() { all_down; }

setup() {
	faults ''
	calls_reset
	echo >"$mnt/.ecsfs/refresh"
}

@test "target_health: a target a task, and one that is draining" {
	run cat "$S/target_health"
	[ "${#lines[@]}" = 5 ]
	for task in "$S"/tasks/*; do
		grep -q "^web  *$(cat "$task/private_ipv4_address")  *8080  *healthy  *-  *${task##*/}\$" \
			"$S/target_health"
	done
	grep -q '^web  *10.0.7.19  *8080  *draining  *Target.DeregistrationInProgress  *-$' "$S/target_health"
	[ -z "$(cat "$mnt/clusters/prod/services/api/target_health")" ]
}

@test "target_health: three calls from nothing, and none while it is fresh" {
	cat "$S/target_health"
	[ "$(calls DescribeTargetHealth)" = 1 ]
	[ "$(calls)" -le 3 ]
	calls_reset
	cat "$S/target_health"
	[ "$(calls)" = 0 ]
}

@test "url: the load balancer's address and the rule" {
	run cat "$S/url"
	[ "$output" = "https://shop-1234567890.us-east-1.elb.amazonaws.com:443/
https://shop-1234567890.us-east-1.elb.amazonaws.com:443/api/*" ]
}

@test "metrics: the last hour, a line a minute, one call for both" {
	[ "$(wc -l <"$S/metrics/cpu_utilization")" = 60 ]
	awk 'NF != 3 || $2 > $3 { exit 1 }' "$S/metrics/cpu_utilization" "$S/metrics/memory_utilization"
	[ "$(calls GetMetricData)" = 1 ]
}

@test "a denied service of AWS leaves the rest" {
	faults 'DescribeTargetHealth:denied,GetMetricData:denied,DescribeNetworkInterfaces:denied'
	fails 'Permission denied' cat "$S/target_health"
	fails 'Permission denied' cat "$S/metrics/cpu_utilization"
	local task
	task=$(ls "$S/tasks" | head -n 1)
	fails 'Permission denied' cat "$mnt/clusters/prod/tasks/$task/public_ipv4_address"
	grep -q '^task  ' "$S/overview"
	grep -q '^target  cannot be shown: ' "$S/overview"
	[ "$(cat "$S/desired_count")" = 4 ]
}

@test "a task's service, its container instance, its ports" {
	local task
	task=$(ls "$S/tasks" | head -n 1)
	[ "$(cat "$mnt/clusters/prod/tasks/$task/service/desired_count")" = 4 ]
	[ ! -e "$mnt/clusters/prod/tasks/$task/container_instance" ]
	grep -q "^8080  8080  tcp  $(cat "$mnt/clusters/prod/tasks/$task/private_ipv4_address")\$" \
		"$mnt/clusters/prod/tasks/$task/containers/app/ports"
	task=$(ls "$mnt/clusters/prod/services/agent/tasks" | head -n 1)
	[ "$(cat "$mnt/clusters/prod/tasks/$task/container_instance/agent_version")" = 1.89.2 ]
}

@test "a stat of the reports asks nothing" {
	stat "$S/target_health" "$S/url" "$S/overview" "$S/metrics/cpu_utilization" >/dev/null
	[ "$(calls DescribeTargetHealth)" = 0 ]
	[ "$(calls GetMetricData)" = 0 ]
}

@test "overview: a head, columns for awk, a terminal wide" {
	[ "$(head -n 1 "$mnt/clusters/prod/overview" | tr -s ' ')" = \
		"SERVICE DESIRED RUNNING PENDING TASK_DEFINITION ROLLOUT AGE" ]
	awk 'NF != 7 { exit 1 }' "$mnt/clusters/prod/overview"
	[ "$(awk 'length > 100' "$mnt/overview" "$mnt/clusters/prod/overview" "$S/overview" | wc -l)" = 0 ]
	[ "$(awk '{ print $1 }' "$mnt/overview" | paste -sd ' ')" = "CLUSTER prod staging" ]
	[ "$(awk '{ print $1 }' "$S/overview" | uniq | paste -sd ' ')" = \
		"SERVICE service DEPLOYMENT deployment TASK task TARGET target" ]
	mkdir "$mnt/clusters/bare"
	[ "$(wc -l <"$mnt/clusters/bare/overview")" = 1 ]
}

@test "overview: a deployment under way stands first, a failed one says so" {
	jq -n '{taskDefinition: "web-broken", desiredCount: 1, launchType: "FARGATE",
		networkConfiguration: {awsvpcConfiguration: {subnets: ["subnet-1"]}},
		deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: false}}}' \
		>"$BATS_TEST_TMPDIR/new"
	mkdir "$mnt/clusters/prod/services/zz-late"
	cat "$BATS_TEST_TMPDIR/new" >"$mnt/clusters/prod/services/zz-late/service.json"
	[ "$(sed -n 2p "$mnt/clusters/prod/overview" | awk '{ print $1, $6 }')" = "zz-late IN_PROGRESS" ]
	wait_for 60 grep -qE '^zz-late .* FAILED ' "$mnt/clusters/prod/overview"
	grep -qE '^deployment .* FAILED ' "$mnt/clusters/prod/services/zz-late/overview"
	run cat "$mnt/clusters/prod/services/zz-late/diagnosis"
	[[ $output == *"the image cannot be pulled"* ]]
	[[ $output == *"the deployment failed"* ]]
	echo 0 >"$mnt/clusters/prod/services/zz-late/desired_count"
	rmdir "$mnt/clusters/prod/services/zz-late"
}

@test "overview: what AWS cannot be asked for is shown, and marked" {
	cat "$mnt/clusters/prod/overview" >/dev/null
	faults 'DescribeServices:5xx,ListServices:5xx'
	[ "$(head -n 1 "$mnt/clusters/prod/overview" | cut -c 1-7)" = SERVICE ]
	wait_for 20 grep -q '^stale: AWS cannot be asked' "$mnt/clusters/prod/overview"
	grep -q '^web  *4  *4  ' "$mnt/clusters/prod/overview"
}

@test "diagnosis: steady alone, or what is wrong with its evidence" {
	[ "$(cat "$mnt/clusters/prod/services/api/diagnosis")" = steady ]
	run cat "$S/diagnosis"
	[ "${lines[0]}" = "a container used more memory than it may" ]
	[[ ${lines[1]} == *OutOfMemoryError* ]]
	[[ ${lines[2]} == *"to do: "* ]]
	[[ $output != *"signal 15"* ]]
	faults 'DescribeTargetHealth:denied'
	echo >"$mnt/.ecsfs/refresh"
	grep -q '^not looked at: targets: ' "$S/diagnosis"
}

@test "autoscaling: the whole region is asked once for all services" {
	cat "$mnt"/clusters/*/services/*/autoscaling/{scalable_target.json,min_capacity,suspended} \
		"$mnt"/clusters/*/services/*/autoscaling/activities >/dev/null
	[ "$(calls DescribeScalableTargets)" = 1 ]
	[ "$(calls DescribeScalingActivities)" = 1 ]
	[ -z "$(cat "$mnt/clusters/prod/services/api/autoscaling/scalable_target.json")" ]
}

@test "autoscaling: values are written, and refused before anything is sent" {
	local A=$S/autoscaling
	echo 3 >"$A/min_capacity"
	[ "$(cat "$A/min_capacity")" = 3 ]
	[ "$(calls RegisterScalableTarget)" = 1 ]
	refused bash -c "echo 12 >'$A/min_capacity'"
	said 'MinCapacity 12 is above MaxCapacity 10'
	refused bash -c "echo everything >'$A/suspended'"
	refused bash -c "echo 3 >'$mnt/clusters/prod/services/api/autoscaling/min_capacity'"
	said 'no scalable target'
	echo dynamic_scaling_in >"$A/suspended"
	[ "$(cat "$A/suspended")" = dynamic_scaling_in ]
	echo >"$A/suspended"
	[ -z "$(cat "$A/suspended")" ]
}

@test "autoscaling: policies are edited, made by name, and removed" {
	local A=$S/autoscaling
	sed -i 's/"TargetValue": 50.0/"TargetValue": 70.0/' "$A/policies/cpu.json"
	grep -q '"TargetValue": 70.0' "$A/policies/cpu.json"
	calls_reset
	cat "$A/policies/cpu.json" >"$BATS_TEST_TMPDIR/cpu"
	cat "$BATS_TEST_TMPDIR/cpu" >"$A/policies/cpu.json"
	[ "$(calls PutScalingPolicy)" = 0 ]
	cp "$A/policies/cpu.json" "$A/policies/other.json"
	[ "$(ls "$A/policies" | paste -sd ' ')" = "cpu.json other.json" ]
	rm "$A/policies/other.json"
	[ "$(ls "$A/policies")" = cpu.json ]
	refused bash -c "echo '{\"Schedule\":\"rate(1 hour)\",\"ScalableTargetAction\":{\"MinCapacity\":9,\"MaxCapacity\":3}}' >'$A/scheduled_actions/x.json'"
	[ "$(ls "$A/scheduled_actions")" = night.json ]
}
