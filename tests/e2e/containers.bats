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

# The look at the service travels beside RegisterTaskDefinition.
@test "an image is RegisterTaskDefinition and UpdateService, and one look at what is in use" {
	echo nginx:1.27 >"$app/image"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(calls UpdateService)" = 1 ]
	[ "$(calls DescribeServices)" = 1 ]
	[ "$(calls)" = 3 ]
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
	[ "$(changes)" = 1 ]
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

@test "a write that looks unchanged does not undo what somebody deployed meanwhile" {
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

@test "a write does not undo what somebody deployed since the last look" {
	cat "$app/image" >/dev/null
	jq '{family, containerDefinitions, requiresCompatibilities, networkMode, cpu, memory, executionRoleArn} | del(..|nulls)
		| .containerDefinitions[0].environment += [{name: "THEIRS", value: "1"}]' "$web/task_definition.json" >"$work/theirs"
	cat "$web/service.json" >/dev/null
	theirs=$(somebody_else RegisterTaskDefinition "@$work/theirs" | jq -r .taskDefinition.taskDefinitionArn)
	somebody_else UpdateService "{\"cluster\": \"prod\", \"service\": \"web\", \"taskDefinition\": \"$theirs\"}" >/dev/null
	calls_reset
	echo nginx:1.33 >"$app/image"
	# No deployment of the old definition, not for a moment.
	[ "$(calls UpdateService)" = 1 ]
	[ "$(cat "$app/image")" = nginx:1.33 ]
	grep -qx THEIRS=1 "$app/environment"
}

@test "a revision that is there already is not deployed over what somebody deployed" {
	echo nginx:1.34 >"$app/image"
	echo nginx:1.35 >"$app/image"
	echo MINE=1 >>"$app/environment"
	mine=$(cat "$web/task_definition")
	echo nginx:1.36 >"$app/image"
	jq '{family, containerDefinitions, requiresCompatibilities, networkMode, cpu, memory, executionRoleArn} | del(..|nulls)
		| .containerDefinitions[0].environment += [{name: "THEIRS", value: "2"}]' "$web/task_definition.json" >"$work/theirs"
	theirs=$(somebody_else RegisterTaskDefinition "@$work/theirs" | jq -r .taskDefinition.taskDefinitionArn)
	somebody_else UpdateService "{\"cluster\": \"prod\", \"service\": \"web\", \"taskDefinition\": \"$theirs\"}" >/dev/null
	calls_reset
	echo nginx:1.35 >"$app/image"
	[ "$(calls UpdateService)" = 1 ]
	[ "$(cat "$web/task_definition")" != "$mine" ]
	grep -qx THEIRS=2 "$app/environment"
	grep -qx MINE=1 "$app/environment"
	[ "$(cat "$app/image")" = nginx:1.35 ]
}

@test "a look that fails sends no deployment" {
	faults 'DescribeServices:denied'
	run bash -c "echo nginx:1.37 >'$app/image'"
	faults ''
	[ "$status" -ne 0 ]
	[ "$(calls UpdateService)" = 0 ]
	# A refusal is remembered for some seconds.
	readable() { cat "$app/image" >"$work/image" 2>/dev/null; }
	wait_for 20 readable
	[ "$(cat "$work/image")" != nginx:1.37 ]
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
	[ "$(changes)" = 2 ]
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
	calls_reset
	printf 'E=1\nF=2\nD=5\n' >"$work/lines"
	cat "$work/lines" >>"$app/environment"
	[ "$(changes)" = 2 ]
	[ "$(cat "$app/environment")" = "$(printf 'B=two words\nC=a\\nb\nD=5\nE=1\nF=2')" ]
}

# Each line is a write of its own, and nothing says that it is not the last.
@test "lines of bash's printf: no deployment lacks what the file keeps" {
	printf 'KEEP=1\nALSO=1\n' >"$work/env"
	cp "$work/env" "$app/environment"
	calls_reset
	bash -c "printf 'KEEP=2\nALSO=2\nNEW=2\n' >'$app/environment'"
	[ "$(cat "$app/environment")" = "$(printf 'ALSO=2\nKEEP=2\nNEW=2')" ]
	curl -sf "$sim_url/_sim/requests" | jq -e '[.[] | select(.action == "RegisterTaskDefinition") | .body | (if type == "string" then fromjson else . end)
		| .containerDefinitions[] | select(.name == "app") | [.environment[].name] | contains(["KEEP", "ALSO"])] | length > 0 and all'
	# What is left out goes when the file is closed.
	calls_reset
	bash -c "echo ONLY=1 >'$app/environment'"
	[ "$(cat "$app/environment")" = ONLY=1 ]
	calls_reset
	bash -c "echo ONLY=2 >'$app/environment'"
	[ "$(changes)" = 2 ]
}

@test "a file without a line removes nothing" {
	cp "$app/environment" "$work/env"
	refused bash -c "echo >'$app/environment'"
	said 'no KEY=VALUE line (to remove all, take "environment" out of the container in task_definition.json)'
	refused bash -c "printf '\n\n' >'$app/environment'"
	refused bash -c "echo >'$app/secrets'"
	refused bash -c "echo >>'$app/environment'"
	: >"$work/empty"
	refused bash -c "cp '$work/empty' '$app/.environment.tmp' && mv '$app/.environment.tmp' '$app/environment'"
	rm -f "$app/.environment.tmp"
	cp "$work/empty" "$app/environment"
	cmp "$work/env" "$app/environment"
	bash -c "printf 'A=1\n\nZ=1\n' >>'$app/environment'"
	grep -qx Z=1 "$app/environment"
	jq 'del(.containerDefinitions[0].environment)' "$web/task_definition.json" >"$work/none"
	cp "$work/none" "$web/task_definition.json"
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

@test "a malformed value is refused before anything is sent" {
	for write in "echo > '$app/image'" "echo 'a b' > '$app/image'" "echo KEY >> '$app/environment'" \
		"echo =x >> '$app/environment'" "echo 'S=not a secret' >> '$app/secrets'" "echo 'S=notarn/ok' >> '$app/secrets'" \
		"echo 'a b=1' >> '$app/environment'" "echo '#c=1' >> '$app/environment'" "echo 'a b=/p' >> '$app/secrets'" "echo 1.5 > '$app/cpu'" \
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
