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
	echo >"$mnt/.ecsfs/refresh"
	calls_reset
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

# The files of each service of AWS that may be denied, of a task ($T) or the service ($S).
denied_files() {
	case $1 in
	elb) echo "$S/target_health $S/url" ;;
	scaling) echo "$S/autoscaling/scalable_target.json $S/autoscaling/min_capacity
		$S/autoscaling/suspended $S/autoscaling/activities $S/autoscaling/policies/cpu.json
		$S/autoscaling/scheduled_actions/night.json" ;;
	metrics) echo "$S/metrics/cpu_utilization $S/metrics/memory_utilization" ;;
	ec2) echo "$T/public_ipv4_address" ;;
	esac
}

# Denies one service alone: its files say so, and all others are read.
deny() {
	local one=$1 other path
	shift
	faults "$(printf '%s:denied,' "$@" | sed 's/,$//')"
	echo >"$mnt/.ecsfs/refresh"
	for other in elb scaling metrics ec2; do
		for path in $(denied_files "$other"); do
			if [ "$other" = "$one" ]; then
				fails 'Permission denied' cat "$path"
			else
				cat "$path" >/dev/null
			fi
		done
	done
	grep -q '^task  ' "$S/overview"
	cat "$S/service.json" "$S/events" "$S/diagnosis" "$mnt/clusters/prod/overview" >/dev/null
	[ "$(cat "$S/desired_count")" = 4 ]
	ls "$S"/*/ >/dev/null || [ "$one" = scaling ]
}

@test "a denied service of AWS: its files alone say so" {
	T=$(echo "$S"/tasks/*)
	T=${T%% *}
	deny elb DescribeTargetGroups DescribeTargetHealth DescribeLoadBalancers DescribeListeners DescribeRules
	grep -q '^target  cannot be shown: ' "$S/overview"
	grep -q '^not looked at: targets: ' "$S/diagnosis"
	deny scaling DescribeScalableTargets DescribeScalingPolicies DescribeScheduledActions DescribeScalingActivities
	deny metrics GetMetricData
	deny ec2 DescribeNetworkInterfaces
}

# files_of ACTION: what cannot be read where that permission alone is missing, of the service or task ($T).
files_of() {
	case $1 in
	DescribeTargetHealth) echo target_health ;;
	DescribeTargetGroups | DescribeLoadBalancers | DescribeListeners | DescribeRules) echo url ;;
	DescribeScalableTargets) echo autoscaling/{scalable_target.json,min_capacity,max_capacity,suspended} ;;
	DescribeScalingPolicies) echo autoscaling/policies/cpu.json ;;
	DescribeScheduledActions) echo autoscaling/scheduled_actions/night.json ;;
	DescribeScalingActivities) echo autoscaling/activities ;;
	GetMetricData) echo metrics/{cpu_utilization,memory_utilization} ;;
	DescribeNetworkInterfaces) echo "$T/public_ipv4_address" ;;
	ListTasks | DescribeTasks | DescribeTaskDefinition | ListServiceDeployments | DescribeServiceDeployments | \
		DescribeImages | BatchGetImage | GetLogEvents) ;;
	esac
}

@test "each permission denied alone: its files say so, all else goes on, overview and diagnosis too" {
	local action path all denied
	local actions=(DescribeTargetHealth DescribeTargetGroups DescribeLoadBalancers DescribeListeners DescribeRules
		DescribeScalableTargets DescribeScalingPolicies DescribeScheduledActions DescribeScalingActivities
		GetMetricData DescribeNetworkInterfaces ListTasks DescribeTasks DescribeTaskDefinition
		ListServiceDeployments DescribeServiceDeployments DescribeImages BatchGetImage GetLogEvents)
	T=../../tasks/$(ls "$S/tasks" | head -n 1)
	cd "$S"
	all=$(for action in "${actions[@]}"; do files_of "$action"; done)
	for action in "${actions[@]}"; do
		faults "$action:denied"
		echo >"$mnt/.ecsfs/refresh"
		denied=" $(files_of "$action") "
		for path in $all; do
			case $denied$action in
			*" $path "*) fails 'Permission denied' cat "$path" ;;
			*DescribeTasks) [[ $path == "$T"/* ]] || cat "$path" >/dev/null ;;
			*) cat "$path" >/dev/null ;;
			esac
		done
		grep -q '^service  *web  *ACTIVE' overview
		for path in diagnosis ../../overview "$mnt/overview" service.json events; do
			grep -q . "$path"
		done
		[ "$(cat desired_count)" = 4 ]
	done
}

@test "target_health: a task that may not be looked at is unknown, not none" {
	local health
	health=$(cat "$S/target_health")
	[[ $health == *' -' ]]
	# The events name the tasks, too.
	faults ListTasks:denied
	echo >"$mnt/.ecsfs/refresh"
	[ "$(cat "$S/target_health")" = "$health" ]
	grep -q '^target ' "$S/overview"
	[ "$(grep -c '^target .* ?$' "$S/overview")" = 0 ]
	faults DescribeTasks:denied
	echo >"$mnt/.ecsfs/refresh"
	[ "$(awk '{ print $NF }' "$S/target_health" | sort -u)" = '?' ]
	grep -q '^target .* ?$' "$S/overview"
}

@test "public_ipv4_address: of tasks that have one" {
	local task
	for task in "$mnt/clusters/prod/services/worker/tasks"/*; do
		[[ $(cat "$task/public_ipv4_address") == 203.0.113.* ]]
	done
	[ "$(calls DescribeNetworkInterfaces)" -le 2 ]
	for task in "$S"/tasks/* "$mnt/clusters/prod/services/agent/tasks"/*; do
		[ -z "$(cat "$task/public_ipv4_address")" ]
	done
}

@test "what the endpoint does not know is empty, asked for once a minute, and cannot be written" {
	local A=$S/autoscaling action
	faults "DescribeScalableTargets:501,$(for action in DescribeTargetGroups DescribeTargetHealth DescribeNetworkInterfaces; do
		echo "$action:error=InvalidAction"
	done | paste -sd ,),$(for action in DescribeScalingPolicies DescribeScheduledActions DescribeScalingActivities \
		RegisterScalableTarget GetMetricData DescribeRepositories; do
		echo "$action:error=UnknownOperationException"
	done | paste -sd ,)"
	run find "$A" "$S/metrics" "$mnt/repositories"
	[ "$status" -eq 0 ]
	[[ $output != *": "* ]]
	[ -z "$(cat "$A"/* "$S"/metrics/* "$S/target_health" "$S/url" "$S"/tasks/*/public_ipv4_address 2>&1 | grep -v 'Is a directory')" ]
	[ -z "$(ls "$A/policies" "$A/scheduled_actions" "$mnt/repositories" | grep -v :)" ]
	run grep -r nothing-that-is-anywhere "$A" "$S/metrics" "$S/target_health" "$S/url" "$S/tasks"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	fails 'not supported' bash -c "echo 3 >'$A/min_capacity'"
	for action in DescribeScalableTargets DescribeScalingPolicies DescribeScheduledActions DescribeScalingActivities \
		GetMetricData DescribeTargetHealth DescribeRepositories; do
		[ "$(calls "$action")" -le 1 ] || {
			echo "$action was called $(calls "$action") times" >&2
			return 1
		}
	done
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

@test "a report has its true size while it is open: rsync stores it" {
	local file
	for file in "$S/overview" "$S/diagnosis" "$S/target_health" "$mnt/overview"; do
		exec 5<"$file"
		[ "$(stat -L -c %s /dev/fd/5)" = "$(wc -c <&5)" ]
		exec 5<&-
		[ "$(stat -c %s "$file")" = 0 ]
	done
	command -v rsync >/dev/null || skip "rsync is not installed"
	rsync "$S/target_health" "$S/overview" "$BATS_TEST_TMPDIR/"
	cmp "$BATS_TEST_TMPDIR/target_health" <(cat "$S/target_health")
	[ -s "$BATS_TEST_TMPDIR/overview" ]
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
	[ "${lines[0]}" = "a container used more memory than its limit" ]
	[[ ${lines[1]} == *OutOfMemoryError* ]]
	[[ ${lines[2]} == *"to do: "* ]]
	[[ $output != *"signal 15"* ]]
}

@test "diagnosis: it asks what the files of the service ask, once, and nothing while that is fresh" {
	local asked S
	# A mount of its own: what others read lately is read ahead.
	mount_up
	S=$mnt/clusters/prod/services/web
	calls_reset
	cat "$S/diagnosis" >/dev/null
	asked=$(curl -sf "$sim_url/_sim/calls" | jq -r '.actions | keys[]')
	curl -sf "$sim_url/_sim/calls"
	[ "$(calls)" -le 9 ]
	calls_reset
	cat "$S/diagnosis" >/dev/null
	[ "$(calls)" = 0 ]
	# The same actions as its tasks, deployments, targets and logs.
	echo >"$mnt/.ecsfs/refresh"
	cat "$S/service.json" "$S"/tasks/*/task.json "$S"/stopped_tasks/*/task.json "$S"/service_deployments/*/status \
		"$S/target_health" "$S"/stopped_tasks/*/logs/app.log >/dev/null
	[ -z "$(comm -23 <(printf '%s\n' "$asked" | sort) \
		<(curl -sf "$sim_url/_sim/calls" | jq -r '.actions | keys[]' | sort) | grep -v '^DescribeServiceDeployments$')" ]
	mount_down
}

@test "the check of the simulator's responses finds what breaks AWS's models" {
	has_botocore || skip "python3 has no botocore of today"
	PYTHONPATH=$top/tests/e2e python3 - <<'PY'
import botocore.loaders, botocore.model, check_answers
def check(service, action, kind, body):
    m = botocore.loaders.Loader().load_service_model(service, "service-2")
    return check_answers.problems(botocore.model.ServiceModel(m, service).operation_model(action), kind, body)
JSON = "application/x-amz-json-1.1"
assert not check("ecs", "ListClusters", JSON, b'{"clusterArns":["a"]}')
for body in b'{"clusterArns":"a"}', b'{"clusterArns":[1]}', b'{"clusters":[]}':
    assert len(check("ecs", "ListClusters", JSON, body)) == 1, body
assert check("application-autoscaling", "DescribeScalingPolicies", JSON, b'{"ScalingPolicies":[{"PolicyType":"X"}]}')
xml = (b"<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions><%s><Target><Id>a</Id>"
       b"<Port>%s</Port></Target></%s></TargetHealthDescriptions></DescribeTargetHealthResult><ResponseMetadata/>"
       b"</DescribeTargetHealthResponse>")
for name, port, lines in (b"member", b"80", 0), (b"item", b"80", 1), (b"member", b"x", 1):
    found = check("elbv2", "DescribeTargetHealth", "text/xml", xml % (name, port, name))
    assert len(found) == lines, found
ec2 = b"<DescribeNetworkInterfacesResponse><requestId>r</requestId><%s/></DescribeNetworkInterfacesResponse>"
assert not check("ec2", "DescribeNetworkInterfaces", "text/xml", ec2 % b"networkInterfaceSet")
assert check("ec2", "DescribeNetworkInterfaces", "text/xml", ec2 % b"NetworkInterfaces")
PY
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

# rescale MIN MAX: somebody else changes the target of prod's web.
rescale() {
	curl -sf --aws-sigv4 "aws:amz:$AWS_REGION:application-autoscaling" \
		--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
		-H 'X-Amz-Target: AnyScaleFrontendService.RegisterScalableTarget' \
		-H 'Content-Type: application/x-amz-json-1.1' "$sim_url/" -d "{\"ServiceNamespace\":\"ecs\",
		\"ResourceId\":\"service/prod/web\",\"ScalableDimension\":\"ecs:service:DesiredCount\",
		\"MinCapacity\":$1,\"MaxCapacity\":$2}" >/dev/null
}

@test "autoscaling: of two writes at once the second sees what the first has done" {
	local A=$S/autoscaling min max
	rescale 2 10
	echo >"$mnt/.ecsfs/refresh"
	calls_reset
	faults 'RegisterScalableTarget:latency=300'
	(echo 9 >"$A/min_capacity") 2>/dev/null &
	min=$!
	(echo 3 >"$A/max_capacity") 2>/dev/null &
	max=$!
	wait "$min" && min=0 || min=1
	wait "$max" && max=0 || max=1
	[ "$((min + max))" = 1 ]
	[ "$(calls RegisterScalableTarget)" = 1 ]
	said 'is above MaxCapacity'
}

@test "autoscaling: an edit leaves what somebody else has changed, or says that it cannot" {
	local A=$S/autoscaling doc=$BATS_TEST_TMPDIR/target
	rescale 2 10
	echo >"$mnt/.ecsfs/refresh"
	cat "$A/scalable_target.json" >"$doc"
	rescale 2 20
	sed 's/"MinCapacity": 2/"MinCapacity": 4/' "$doc" >"$doc.new"
	cat "$doc.new" >"$A/scalable_target.json"
	[ "$(cat "$A/min_capacity" "$A/max_capacity" | paste -sd ' ')" = "4 20" ]
	[ "$(last_request RegisterScalableTarget | jq -c '[.MinCapacity, .MaxCapacity]')" = '[4,null]' ]
	rescale 5 20
	refused bash -c "sed 's/\"MinCapacity\": 2/\"MinCapacity\": 3/' '$doc' >'$A/scalable_target.json'"
	said 'AWS has another value since it was read'
	fails 'Stale file handle' bash -c "cat '$doc' >'$A/scalable_target.json'"
	touch "$A/scalable_target.json"
	cat "$doc" >"$A/scalable_target.json"
	[ "$(cat "$A/min_capacity" "$A/max_capacity" | paste -sd ' ')" = "2 10" ]
}

@test "autoscaling: an editor saves twice, without reading again" {
	local A=$S/autoscaling
	rescale 2 20
	touch "$A/scalable_target.json"
	python3 - "$A/scalable_target.json" <<'PY'
import sys
text = open(sys.argv[1]).read()
for minimum in ("5", "6"):
    with open(sys.argv[1], "w") as f:
        f.write(text.replace('"MinCapacity": 2', '"MinCapacity": ' + minimum))
PY
	[ "$(cat "$A/min_capacity" "$A/max_capacity" | paste -sd ' ')" = "6 20" ]
}

@test "autoscaling: what AWS refuses is an error, and the file is as before" {
	local A=$S/autoscaling
	faults 'PutScheduledAction:error=ValidationException,DeleteScheduledAction:denied'
	fails 'Invalid argument' bash -c "sed 's/22/23/' '$A/scheduled_actions/night.json' >'$A/scheduled_actions/copy.json'"
	[ "$(ls "$A/scheduled_actions")" = night.json ]
	fails 'Permission denied' rm "$A/scheduled_actions/night.json"
	[ "$(ls "$A/scheduled_actions")" = night.json ]
	faults 'RegisterScalableTarget:error=LimitExceededException'
	fails 'Disk quota exceeded' bash -c "echo 3 >'$A/min_capacity'"
	faults 'RegisterScalableTarget:error=ConcurrentUpdateException'
	fails 'busy' bash -c "echo 3 >'$A/min_capacity'"
	faults ''
	fails 'Invalid argument' bash -c "echo '{\"MinCapacity\": 30}' >'$A/scalable_target.json'"
	fails 'Invalid argument' bash -c "echo '{\"Nonsense\": 30}' >'$A/scalable_target.json'"
}

@test "autoscaling: times are written as they are read" {
	local A=$S/autoscaling action=$S/autoscaling/scheduled_actions/night.json
	jq '.StartTime = "2031-01-01T00:00:00Z" | .EndTime = "2031-06-01T02:00:00+02:00"' "$action" >"$BATS_TEST_TMPDIR/night"
	cp "$BATS_TEST_TMPDIR/night" "$action"
	[ "$(jq -r '.StartTime + " " + .EndTime' "$action")" = '2031-01-01T00:00:00Z 2031-06-01T00:00:00Z' ]
	[ "$(jq -s -c 'map(select(.action == "PutScheduledAction").request) | last | [.StartTime, .EndTime]' "$mnt/.ecsfs/journal")" = '[1924992000,1938038400]' ]
	calls_reset
	cat "$action" >"$BATS_TEST_TMPDIR/night"
	cp "$BATS_TEST_TMPDIR/night" "$action"
	[ "$(changes)" = 0 ]
	jq 'del(.EndTime, .StartTime)' "$action" >"$BATS_TEST_TMPDIR/night"
	touch "$action"
	cp "$BATS_TEST_TMPDIR/night" "$action"
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
	# AWS's own members: no edit of them is dropped in silence.
	calls_reset
	for member in ResourceId PolicyARN PolicyName CreationTime; do
		jq ".$member = \"2031-01-01T00:00:00Z\"" "$A/policies/cpu.json" >"$BATS_TEST_TMPDIR/cpu"
		refused cp "$BATS_TEST_TMPDIR/cpu" "$A/policies/cpu.json"
		said "$member cannot be changed"
	done
	refused cp "$A/policies/other.json" "$A/policies/cpu.json"
	said 'PolicyName cannot be changed: it is "cpu" here, the document has "other"'
	[ "$(changes)" = 0 ]
	rm "$A/policies/other.json"
	[ "$(ls "$A/policies")" = cpu.json ]
	# What says nothing makes nothing.
	calls_reset
	refused bash -c "echo '{}' >'$A/policies/empty.json'"
	refused bash -c "echo '{}' >'$A/scheduled_actions/empty.json'"
	[ "$(changes)" = 0 ]
	refused bash -c "echo '{\"Schedule\":\"rate(1 hour)\",\"ScalableTargetAction\":{\"MinCapacity\":9,\"MaxCapacity\":3}}' >'$A/scheduled_actions/x.json'"
	[ "$(ls "$A/scheduled_actions")" = night.json ]
}
