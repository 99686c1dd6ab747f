#!/usr/bin/env bats
# A compose project from its files to a running service.

load lib

setup_file() {
	sim_up --speed 50
	mount_up
}

teardown_file() {
	all_down
}

setup() {
	project=$mnt/compose/shop
	work=$BATS_TEST_TMPDIR
	[ -d "$project" ] || mkdir "$project"
}

teardown() {
	[ ! -d "$project" ] || rmdir "$project"
}

files() {
	cat >"$work/docker-compose.yml" <<'YML'
version: "3"
services:
  web:
    image: ${REGISTRY}/web:${TAG:-latest}
    ports: ["8080:8080"]
    env_file: [web.env]
    restart: always
    logging:
      driver: awslogs
      options: {awslogs-group: /shop/web, awslogs-region: us-east-1, awslogs-stream-prefix: shop}
  proxy:
    image: envoy:1.30
    logging:
      driver: awslogs
      options: {awslogs-group: /shop/proxy, awslogs-region: eu-west-1, awslogs-stream-prefix: shop}
YML
	cat >"$work/ecs-params.yml" <<'YML'
version: 1
task_definition:
  ecs_network_mode: awsvpc
  task_execution_role: ecsTaskExecutionRole
  task_size: {cpu_limit: 512, mem_limit: 1GB}
run_params:
  network_configuration:
    awsvpc_configuration:
      subnets: ["${SUBNET}"]
      security_groups: [sg-0a1b2c3d4e5f60001]
      assign_public_ip: ENABLED
YML
	printf 'REGISTRY=shop.example.com\nTAG=1.3\nSUBNET=subnet-0a1b2c3d4e5f60001\n' >"$work/.env"
	printf 'A=1\nB=two words\n' >"$work/web.env"
	cp "$work/docker-compose.yml" "$work/ecs-params.yml" "$work/.env" "$work/web.env" "$project/"
}

@test "from files to a service that runs" {
	files
	grep -q 'docker-compose.yml:7: services.web.restart: ignored' "$project/warnings"
	[ "$(cat "$project/log_groups")" = 'us-east-1 /shop/web
eu-west-1 /shop/proxy' ]
	calls_reset
	echo >"$project/log_groups"
	[ "$(calls CreateLogGroup)" = 2 ]
	calls_reset
	echo >"$project/log_groups"
	[ "$(changes)" = 0 ]
	calls_reset
	echo >"$project/register"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(cat "$project/register")" = shop:1 ]
	mkdir "$mnt/clusters/prod/services/shop"
	cp "$project/service.json" "$mnt/clusters/prod/services/shop/"
	service=$mnt/clusters/prod/services/shop
	echo 2 >"$service/desired_count"
	cat "$service/rollout" >/dev/null
	[ "$(cat "$service/running_count")" = 2 ]
	[ "$(cat "$service/task_definition")" = shop:1 ]
	[ "$(jq -r '.containerDefinitions[0].image' "$service/task_definition.json")" = shop.example.com/web:1.3 ]
	[ "$(jq -c '.awsvpcConfiguration.subnets' "$service/network_configuration.json")" = '["subnet-0a1b2c3d4e5f60001"]' ]
	echo 0 >"$service/desired_count"
}

@test "register sends nothing when the newest revision is the same, and a new one after a change" {
	files
	echo >"$project/register"
	calls_reset
	echo >"$project/register"
	echo x >"$project/register"
	[ "$(calls RegisterTaskDefinition)" = 0 ]
	sed -i s/TAG=1.3/TAG=1.4/ "$project/.env"
	jq -r '.containerDefinitions[0].image' "$project/task_definition.json" | grep -qx shop.example.com/web:1.4
	before=$(cat "$project/register")
	echo >"$project/register"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(cat "$project/register")" != "$before" ]
}

@test "reads follow the files at once, and the same files give the same bytes" {
	files
	cp "$project/task_definition.json" "$work/first"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		echo "TAG=$i" >"$project/.env"
		jq -r '.containerDefinitions[0].image' "$project/task_definition.json" | grep -qx "/web:$i"
	done
	cp "$work/.env" "$project/.env"
	cmp "$project/task_definition.json" "$work/first"
	[ "$(stat -c %s "$project/task_definition.json")" = "$(wc -c <"$work/first")" ]
}

@test "without a compose file nothing is made, and every file says so" {
	mkdir "$mnt/compose/empty"
	project=$mnt/compose/empty
	for name in task_definition.json service.json warnings log_groups; do
		fails 'Invalid argument' cat "$project/$name"
		said "compose/empty/$name: the project has no docker-compose.yml"
	done
	[ -z "$(cat "$project/register")" ]
	refused bash -c "echo >'$project/register'"
	said 'compose/empty/register: the project has no docker-compose.yml'
	refused bash -c "echo >'$project/log_groups'"
	echo 'services: {web: {image: i}}' >"$project/docker-compse.yml"
	fails 'Invalid argument' cat "$project/warnings"
	said 'did you mean "docker-compose.yml" by "docker-compse.yml"?'
	mv "$project/docker-compse.yml" "$project/docker-compose.yml"
	echo 'version: 1' >"$project/ecs-param.yml"
	grep -q 'ecs-param.yml: not read: did you mean "ecs-params.yml"?' "$project/warnings"
	jq -e .family "$project/task_definition.json"
}

@test "a copy of a project neither registers nor creates log groups" {
	files
	echo >"$project/register"
	mkdir "$mnt/compose/copy"
	calls_reset
	run cp -r "$project/." "$mnt/compose/copy/"
	[ "$status" -ne 0 ]
	cat "$mnt/compose/copy/docker-compose.yml" | cmp - "$project/docker-compose.yml"
	if command -v rsync >/dev/null; then
		run rsync -r --ignore-times "$project/" "$mnt/compose/copy/"
		[ "$status" -ne 0 ]
	fi
	[ "$(changes)" = 0 ]
	grep -q "copy/register: a copy of another project's file does nothing: echo > register" "$mnt/.ecsfs/errors"
	grep -q "copy/log_groups: a copy of another project's file does nothing" "$mnt/.ecsfs/errors"
	rmdir "$mnt/compose/copy"
}

@test "relative host paths do not depend on the mount" {
	printf 'services:\n  web: {image: i, volumes: ["./data:/data"]}\n' >"$project/docker-compose.yml"
	[ "$(jq -r '.volumes[0].host.sourcePath' "$project/task_definition.json")" = /compose/shop/data ]
	grep -q 'docker-compose.yml:2: .*./data is the path /compose/shop/data of the container instance' "$project/warnings"
}

@test "a second document of a file is refused" {
	printf 'services:\n  web: {image: i}\n---\nservices:\n  api: {image: j}\n' >"$project/docker-compose.yml"
	fails 'Invalid argument' cat "$project/task_definition.json"
	said 'docker-compose.yml:4: a second YAML document'
}

@test "a file that cannot be converted is an error with file and line, and the sources stay" {
	printf 'services:\n  web:\n    image: i\n    prots: ["80"]\n' >"$project/docker-compose.yml"
	fails 'Invalid argument' cat "$project/task_definition.json"
	said 'docker-compose.yml:4: services.web: "prots" is not a key of a service: did you mean "ports"?'
	refused bash -c "echo >'$project/register'"
	[ "$(wc -l <"$project/docker-compose.yml")" = 4 ]
	# The warnings are read all the same, behind the error, and reading ends with it.
	sed -i 's/image: i/image: i\n    container_name: c/' "$project/docker-compose.yml"
	printf "X='1'\n" >"$project/.env"
	run cat "$project/warnings"
	[ "$status" = 1 ]
	[ "${lines[0]}" = 'error: docker-compose.yml:5: services.web: "prots" is not a key of a service: did you mean "ports"?' ]
	[ "${lines[1]}" = '.env:1: X: the quotes are part of the value' ]
	[[ ${lines[-1]} == *'Invalid argument' ]]
	said 'compose/shop/warnings: docker-compose.yml:5'
	sed -i s/prots/ports/ "$project/docker-compose.yml"
	cat "$project/warnings" >"$work/warnings"
	grep -q container_name "$work/warnings"
	jq -e '.containerDefinitions[0].portMappings[0].containerPort == 80' "$project/task_definition.json"
}

@test "hostile YAML is refused" {
	{
		echo 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]'
		for i in 1 2 3 4 5 6 7 8 9; do
			echo "a$i: &a$i [*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1)),*a$((i - 1))]"
		done
	} >"$project/docker-compose.yml"
	fails 'File too large' cat "$project/task_definition.json"
	printf 'services:\n  web: {image: i, command: %s}\n' "$(printf '[%.0s' $(seq 500))" >"$project/docker-compose.yml"
	fails 'Invalid argument' cat "$project/task_definition.json"
	fails 'File too large' bash -c "head -c 10000000 /dev/zero | tr '\\0' a >'$project/docker-compose.yml'"
	said 'would exceed the limit of 1048576 bytes'
	[ -d "$mnt/clusters/prod" ]
}

@test "service.json needs subnets with awsvpc; the rest of the project does not" {
	files
	sed -i '/run_params/,$d' "$project/ecs-params.yml"
	fails 'Invalid argument' cat "$project/service.json"
	said 'awsvpc_configuration.subnets'
	cat "$project/warnings" | grep -q '^service.json: error: .*awsvpc_configuration.subnets'
	jq -e .family "$project/task_definition.json"
}

@test "a group that cannot be created is a failure" {
	files
	sed -i 's|/shop/proxy|/shop/other|' "$project/docker-compose.yml"
	faults 'CreateLogGroup:denied'
	fails 'Permission denied' bash -c "echo >'$project/log_groups'"
	faults ''
	said CreateLogGroup
	# Who may not look still creates.
	faults 'DescribeLogGroups:denied'
	calls_reset
	echo >"$project/log_groups"
	faults ''
	[ "$(calls CreateLogGroup)" = 2 ]
}

@test "reading and walking a project asks AWS nothing" {
	files
	calls_reset
	cat "$project"/* >/dev/null
	grep -r shop "$project" >/dev/null
	ls -lR "$project" >/dev/null
	[ "$(calls)" = 0 ]
}
