#!/usr/bin/env bats
# Deploying by value: one thing of one container of what a service runs.

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
	app=$web/containers/app
	registry=123456789012.dkr.ecr.us-east-1.amazonaws.com
	work=$BATS_TEST_TMPDIR
	cat "$web/task_definition.json" >"$work/before"
	calls_reset
}

@test "an image is RegisterTaskDefinition and UpdateService, and nothing else" {
	echo nginx:1.27 >"$app/image"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(calls UpdateService)" = 1 ]
	[ "$(calls)" = 2 ]
	[ "$(cat "$app/image")" = nginx:1.27 ]
	# All else is as it was: other containers, tags, and what no table knows.
	diff <(jq -S 'del(.taskDefinitionArn, .revision, .registeredAt, .registeredBy) | .containerDefinitions |= map(if .name == "app" then del(.image) else . end)' "$work/before") \
		<(jq -S 'del(.taskDefinitionArn, .revision, .registeredAt, .registeredBy) | .containerDefinitions |= map(if .name == "app" then del(.image) else . end)' "$web/task_definition.json")
}

@test "the image that runs already sends nothing, and AWS was asked" {
	cat "$app/image" >"$work/image"
	calls_reset
	cp "$work/image" "$app/image"
	[ "$(changes)" = 0 ]
	[ "$(calls DescribeServices)" = 1 ]
}

@test "an image that an ACTIVE revision has is UpdateService alone" {
	echo nginx:1.27 >"$app/image"
	first=$(cat "$web/task_definition")
	echo nginx:1.28 >"$app/image"
	calls_reset
	echo nginx:1.27 >"$app/image"
	[ "$(calls)" = 1 ]
	[ "$(calls UpdateService)" = 1 ]
	[ "$(cat "$web/task_definition")" = "$first" ]
	# Deregistered behind the mount's back: the same image is registered again.
	echo nginx:1.28 >"$app/image"
	somebody_else DeregisterTaskDefinition "{\"taskDefinition\": \"$first\"}"
	calls_reset
	echo nginx:1.27 >"$app/image"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(cat "$app/image")" = nginx:1.27 ]
}

@test "what somebody deployed meanwhile is not undone by a write that looks unchanged" {
	cat "$app/image" >"$work/image"
	mine=$(cat "$web/task_definition")
	echo nginx:1.29 >"$app/image"
	theirs=$(cat "$web/task_definition")
	echo >"$mnt/.ecsfs/refresh"
	cat "$app/image" >/dev/null
	somebody_else UpdateService "{\"cluster\": \"prod\", \"service\": \"web\", \"taskDefinition\": \"$mine\"}" >/dev/null
	calls_reset
	echo nginx:1.29 >"$app/image"
	[ "$(calls UpdateService)" = 1 ]
	[ "$(cat "$web/task_definition")" = "$theirs" ]
}

@test "what somebody deployed since the last look is not undone" {
	cat "$app/image" >/dev/null
	jq '{family, containerDefinitions, requiresCompatibilities, networkMode, cpu, memory, executionRoleArn} | del(..|nulls)
		| .containerDefinitions[0].environment += [{name: "THEIRS", value: "1"}]' "$web/task_definition.json" >"$work/theirs"
	cat "$web/service.json" >/dev/null
	theirs=$(somebody_else RegisterTaskDefinition "@$work/theirs" | jq -r .taskDefinition.taskDefinitionArn)
	somebody_else UpdateService "{\"cluster\": \"prod\", \"service\": \"web\", \"taskDefinition\": \"$theirs\"}" >/dev/null
	calls_reset
	echo nginx:1.33 >"$app/image"
	[ "$(calls UpdateService)" = 2 ]
	[ "$(cat "$app/image")" = nginx:1.33 ]
	grep -qx THEIRS=1 "$app/environment"
}

@test "an image of ECR is looked up first" {
	refused bash -c "echo $registry/web:nonsense >'$app/image'"
	said 'has no image "nonsense"'
	said 'newest tags'
	echo "$registry/web:1.2" >"$app/image"
	# Of another service: ECS rolls it back some time later.
	api=$mnt/clusters/prod/services/api/containers/api
	faults 'BatchGetImage:denied,DescribeImages:denied'
	echo "$registry/shop/api:nonsense" >"$api/image"
	faults ''
	[ "$(cat "$api/image")" = "$registry/shop/api:nonsense" ]
}

@test "environment: appended lines, and a whole file in one deployment" {
	echo 'A=1' >>"$app/environment"
	[ "$(calls)" = 2 ]
	grep -qx A=1 "$app/environment"
	grep -q LOG_LEVEL "$app/environment"
	calls_reset
	printf 'B=two words\nC=a\\nb\n' >"$work/env"
	cp "$work/env" "$app/environment"
	[ "$(changes)" = 2 ]
	[ "$(cat "$app/environment")" = "$(cat "$work/env")" ]
	[ "$(jq -r '.environment[] | select(.name == "C").value' "$app/container_definition.json")" = $'a\nb' ]
	calls_reset
	cp "$work/env" "$app/environment"
	[ "$(changes)" = 0 ]
	python3 -u -c 'import sys; [sys.stdout.write(c) for c in "D=4\n"]' >>"$app/environment"
	[ "$(changes)" = 2 ]
	[ "$(cat "$app/environment")" = "$(printf 'B=two words\nC=a\\nb\nD=4')" ]
	echo >"$app/environment"
	[ -z "$(cat "$app/environment")" ]
}

@test "secrets, sizes, command and entry point" {
	echo 'TOKEN=arn:aws:secretsmanager:us-east-1:123456789012:secret:t' >>"$app/secrets"
	echo 'PLAIN=/shop/plain' >>"$app/secrets"
	[ "$(wc -l <"$app/secrets")" -ge 2 ]
	echo 128 >"$app/cpu"
	echo 256 >"$app/memory_reservation"
	echo '["sh", "-c", "exit 0"]' >"$app/command"
	echo '["/bin/tini"]' >"$app/entry_point"
	[ "$(jq -c '[.cpu, .memoryReservation, .command, .entryPoint]' "$app/container_definition.json")" = '[128,256,["sh","-c","exit 0"],["/bin/tini"]]' ]
	echo '[]' >"$app/command"
	[ -z "$(cat "$app/command")" ]
}

@test "what is malformed is refused before anything is sent" {
	for write in "echo > '$app/image'" "echo 'a b' > '$app/image'" "echo KEY >> '$app/environment'" \
		"echo =x >> '$app/environment'" "echo 'S=not a secret' >> '$app/secrets'" "echo 1.5 > '$app/cpu'" \
		"echo -1 > '$app/memory'" "echo '{}' > '$app/command'" "echo '[1]' > '$app/command'" \
		"echo x > '$web/containers/nobody/image'" "echo x > '$app/container_definition.json'"; do
		refused bash -c "$write"
	done
	echo 'BOTH=arn:aws:secretsmanager:us-east-1:123456789012:secret:t' >>"$app/secrets"
	refused bash -c "echo BOTH=1 >> '$app/environment'"
	said "in the container's secrets already"
	pay=$(grep -l CODE_DEPLOY "$mnt"/clusters/prod/services/*/service.json | head -n 1)
	[ -z "$pay" ] || refused bash -c "echo x > '${pay%/*}'/containers/*/image"
}

@test "an error of the second call says that the revision exists, and the next write uses it" {
	faults 'UpdateService:1:denied'
	run bash -c "echo nginx:1.30 >'$app/image'"
	[ "$status" -ne 0 ]
	said 'was registered'
	faults ''
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	echo nginx:1.30 >"$app/image"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(cat "$app/image")" = nginx:1.30 ]
}

@test "several writes at once to different things: none is lost" {
	for i in 1 2 3 4; do
		echo "P$i=$i" >>"$app/environment" &
		echo "Q$i=$i" >>"$web/containers/proxy/environment" &
	done
	echo nginx:1.31 >"$app/image" &
	wait
	[ "$(cat "$app/image")" = nginx:1.31 ]
	[ "$(grep -c '^P' "$app/environment")" = 4 ]
	[ "$(grep -c '^Q' "$web/containers/proxy/environment")" = 4 ]
}

@test "a revision has the same names, read only" {
	revision=$mnt/task_definitions/$(cat "$web/task_definition" | tr : /)
	diff -r "$revision/containers" "$web/containers"
	refused bash -c "echo x > '$revision/containers/app/image'"
	[ "$(stat -c %a "$revision/containers/app/image")" = 400 ]
}

@test "images: what runs, and what ECR's tag leads to" {
	echo "$registry/web:1.2" >"$app/image"
	running() { grep -q "^app $registry/web:1.2 sha256:" "$web/images"; }
	wait_for 20 running
	[ "$(wc -l <"$web/images")" = "$(ls "$web/containers" | wc -l)" ]
}
