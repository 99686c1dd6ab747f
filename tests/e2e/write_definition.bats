#!/usr/bin/env bats
# Task definitions: written, registered, deployed, promoted, deregistered.

load lib

setup_file() {
	sim_up --speed 20
	mount_up -o allow_delete
}

teardown_file() {
	all_down
}

setup() {
	web=$mnt/clusters/prod/services/web
	work=$BATS_TEST_TMPDIR
	cat "$web/task_definition.json" >"$work/read"
	calls_reset
}

with_env() {
	jq --arg v "$1" '.containerDefinitions[0].environment += [{name: "V", value: $v}]' "$work/read"
}

@test "the output of cat can be written back edited: RegisterTaskDefinition and UpdateService, nothing else" {
	with_env one >"$work/new"
	cat "$web/desired_count" >/dev/null
	calls_reset
	cp "$work/new" "$web/task_definition.json"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(calls UpdateService)" = 1 ]
	[ "$(calls)" = 2 ]
	for member in taskDefinitionArn revision status requiresAttributes compatibilities registeredAt registeredBy; do
		[ "$(requests RegisterTaskDefinition | jq "has(\"$member\")")" = false ]
	done
	[ "$(requests RegisterTaskDefinition | jq -c .tags)" = '[{"key":"team","value":"shop"}]' ]
	jq -e '.containerDefinitions[0].environment[] | select(.name == "V")' "$web/task_definition.json"
	[ "$(cat "$web/task_definition")" = "web:$(jq .revision "$web/task_definition.json")" ]
}

@test "an equal document registers nothing: order, defaults, wrapping" {
	cp "$work/read" "$web/task_definition.json"
	jq '.containerDefinitions |= reverse | .containerDefinitions[].environment |= (. // [] | reverse)' "$work/read" >"$web/task_definition.json"
	jq 'del(.volumes, .placementConstraints) | .containerDefinitions[] |= del(.cpu, .essential, .mountPoints)
		| .cpu = (.cpu | tonumber)' "$work/read" >"$work/bare"
	jq '{taskDefinition: del(.tags), tags: .tags}' "$work/read" >"$web/task_definition.json"
	jq 'del(.tags)' "$work/read" >"$web/task_definition.json"
	[ "$(changes)" = 0 ]
}

@test "bad documents are refused, nothing is sent" {
	file=$web/task_definition.json
	refused bash -c "head -c 200 '$work/read' > '$file'"
	refused bash -c "echo '[]' > '$file'"
	refused bash -c "echo '{\"family\": \"web\"}' > '$file'"
	refused bash -c "echo '{\"family\": \"web\", \"containerDefinitions\": 7}' > '$file'"
	said 'containerDefinitions must be a list'
	refused bash -c "echo '{\"containerDefinitions\": [{\"name\": \"a\", \"image\": \"b\"}]}' > '$file'"
	refused cp "$web/service.json" "$file"
}

@test "an image that nobody can pull is refused in a whole document too, unless AWS has it" {
	for image in 'Shop/web:1' 'web:' 'a b' 'https://registry/web:1' 'web@sha256:12'; do
		jq --arg image "$image" '.containerDefinitions[-1].image = $image' "$work/read" >"$work/new"
		refused cp "$work/new" "$web/task_definition.json"
		said 'is not an image'
		refused cp "$work/new" "$mnt/task_definitions/web/register"
		said 'is not an image'
		# By value it is the same sentence.
		sentence=$(tail -n 1 "$mnt/.ecsfs/errors" | sed 's/.*: \("[^"]*" is not an image.*\)/\1/')
		name=$(jq -r '.containerDefinitions[-1].name' "$work/read")
		refused bash -c "printf '%s\n' '$image' > '$web/containers/$name/image'"
		said ": $sentence"
	done
	# Registered by somebody else: what AWS took is edited on.
	jq '{family, containerDefinitions, requiresCompatibilities, networkMode, cpu, memory, executionRoleArn} | del(..|nulls)
		| .containerDefinitions[0].image = "Odd/web:1"' "$work/read" >"$work/odd"
	odd=$(somebody_else RegisterTaskDefinition "@$work/odd" | jq -r .taskDefinition.taskDefinitionArn)
	echo "$odd" >"$web/task_definition"
	sed -i 's/"Odd.web:1",/&\n"stopTimeout": 7,/' "$web/task_definition.json"
	[ "$(jq -c '.containerDefinitions[0] | [.image, .stopTimeout]' "$web/task_definition.json")" = '["Odd/web:1",7]' ]
	cp "$work/read" "$web/task_definition.json"
}

@test "a registration that succeeded before an update that failed is not made again" {
	with_env two >"$work/new"
	faults 'UpdateService:1:denied'
	run cp "$work/new" "$web/task_definition.json"
	[ "$status" -ne 0 ]
	said 'was registered'
	said 'AccessDenied'
	faults ''
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	cp "$work/new" "$web/task_definition.json"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(calls UpdateService)" = 2 ]
	jq -e '.containerDefinitions[0].environment[] | select(.value == "two")' "$web/task_definition.json"
}

@test "a revision that is left behind and deregistered since is registered again" {
	with_env 'two and a half' >"$work/new"
	faults 'UpdateService:1:denied'
	run cp "$work/new" "$web/task_definition.json"
	[ "$status" -ne 0 ]
	faults ''
	rmdir "$mnt/task_definitions/web/$(readlink "$mnt/task_definitions/web/latest")"
	cp "$work/new" "$web/task_definition.json"
	[ "$(calls RegisterTaskDefinition)" = 2 ]
	jq -e '.containerDefinitions[0].environment[] | select(.value == "two and a half")' "$web/task_definition.json"
}

@test "a lost answer to a registration is looked for, not repeated" {
	with_env three >"$work/new"
	faults 'RegisterTaskDefinition:1:lost'
	cp "$work/new" "$web/task_definition.json"
	faults ''
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	jq -e '.containerDefinitions[0].environment[] | select(.value == "three")' "$web/task_definition.json"
}

@test "a registration that never arrived is made once" {
	with_env four >"$work/new"
	faults 'RegisterTaskDefinition:1:reset'
	cp "$work/new" "$web/task_definition.json"
	faults ''
	jq -e '.containerDefinitions[0].environment[] | select(.value == "four")' "$web/task_definition.json"
	family=$(jq -r .family "$work/read")
	[ "$(grep -l '"four"' "$mnt/task_definitions/$family"/[0-9]*/task_definition.json | wc -l)" = 1 ]
}

@test "cp between clusters promotes" {
	staging=$mnt/clusters/staging/services/web
	with_env 'to be promoted' >"$work/new"
	cp "$work/new" "$web/task_definition.json"
	calls_reset
	cp "$web/task_definition.json" "$staging/task_definition.json"
	[ "$(calls RegisterTaskDefinition)" = 0 ]
	[ "$(calls UpdateService)" = 1 ]
	[ "$(cat "$staging/task_definition")" = "$(cat "$web/task_definition")" ]
	family=$(jq -r .family "$web/task_definition.json")
	[[ $(cat "$staging/task_definition") == "$family":* ]]
	[ "$(jq -S .containerDefinitions "$staging/task_definition.json")" = "$(jq -S .containerDefinitions "$web/task_definition.json")" ]
}

@test "the same definition under another number: an older revision is that revision, not a new one" {
	before=$(cat "$web/task_definition")
	with_env 'to be restored' >"$work/new"
	cp "$work/new" "$web/task_definition.json"
	[ "$(cat "$web/task_definition")" != "$before" ]
	calls_reset
	cp "$work/read" "$web/task_definition.json"
	[ "$(cat "$web/task_definition")" = "$before" ]
	[ "$(changes)" = 1 ]
	[ "$(requests UpdateService | jq -r .taskDefinition | sed 's|.*/||')" = "$before" ]
	# Without its ARN, from a file in git, it is the newest of the family; registering it is none.
	calls_reset
	echo >"$mnt/.ecsfs/refresh"
	jq 'del(.taskDefinitionArn, .revision, .status, .registeredAt, .registeredBy, .compatibilities, .requiresAttributes)' "$work/new" >"$work/git"
	cp "$work/git" "$web/task_definition.json"
	cp "$work/read" "$mnt/task_definitions/${before%:*}/register"
	[ "$(cat "$mnt/task_definitions/${before%:*}/register")" = "$before" ]
	[ "$(calls RegisterTaskDefinition)" = 0 ]
	[ "$(calls UpdateService)" = 1 ]
}

@test "a revision that somebody deregistered is not the same definition" {
	with_env 'deregistered behind its back' >"$work/new"
	cp "$work/new" "$web/task_definition.json"
	gone=$(cat "$web/task_definition")
	cp "$work/read" "$web/task_definition.json"
	somebody_else DeregisterTaskDefinition "{\"taskDefinition\": \"$gone\"}"
	calls_reset
	cp "$work/new" "$web/task_definition.json"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(cat "$web/task_definition")" != "$gone" ]
}

@test "tags that somebody changed count: the write is not dropped" {
	somebody_else TagResource "{\"resourceArn\": $(jq .taskDefinitionArn "$work/read"), \"tags\": [{\"key\": \"team\", \"value\": \"other\"}]}"
	calls_reset
	cp "$work/read" "$web/task_definition.json"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
}

@test "register: a new revision, whose name can be read and deployed" {
	with_env five >"$work/new"
	cp "$work/new" "$mnt/task_definitions/web/register"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(calls UpdateService)" = 0 ]
	made=$(cat "$mnt/task_definitions/web/register")
	[ "$made" = "web:$(readlink "$mnt/task_definitions/web/latest")" ]
	cp "$work/new" "$mnt/task_definitions/web/register"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	refused bash -c "jq '.family = \"other\"' '$work/new' > '$mnt/task_definitions/web/register'"
	said other
}

@test "mkdir of a family makes an empty one to register into" {
	mkdir "$mnt/task_definitions/fresh"
	[ "$(calls)" -le 3 ]
	[ "$(changes)" = 0 ]
	jq 'del(.family)' "$work/read" >"$mnt/task_definitions/fresh/register"
	[ "$(readlink "$mnt/task_definitions/fresh/latest")" = 1 ]
	[ "$(cat "$mnt/task_definitions/fresh/register")" = fresh:1 ]
	mkdir "$mnt/task_definitions/empty"
	rmdir "$mnt/task_definitions/empty"
	[ ! -e "$mnt/task_definitions/empty" ]
}

@test "rmdir of a revision deregisters it" {
	mkdir "$mnt/task_definitions/gone"
	jq 'del(.family)' "$work/read" >"$mnt/task_definitions/gone/register"
	rmdir "$mnt/task_definitions/gone/1"
	[ "$(requests DeregisterTaskDefinition)" = '{"taskDefinition":"gone:1"}' ]
	[ "$(cat "$mnt/task_definitions/gone/1/status")" = INACTIVE ]
	run rmdir "$mnt/task_definitions/web"
	[ "$status" -ne 0 ]
}

@test "an INACTIVE revision is refused by AWS, and says so" {
	mkdir "$mnt/task_definitions/old"
	jq 'del(.family)' "$work/read" >"$mnt/task_definitions/old/register"
	rmdir "$mnt/task_definitions/old/1"
	before=$(cat "$web/task_definition")
	run bash -c "echo old:1 > '$web/task_definition'"
	[ "$status" -ne 0 ]
	[ "$(cat "$web/task_definition")" = "$before" ]
}
