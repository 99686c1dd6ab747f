#!/usr/bin/env bats
# Compose projects in mounts of several regions, that are read-only, and that only pretend.

load lib

setup() {
	sim_up
	work=$BATS_TEST_TMPDIR
	printf 'services:\n  web:\n    image: shop/web:1\n    logging: {driver: awslogs, options: {awslogs-group: /g, awslogs-region: eu-west-1, awslogs-stream-prefix: p}}\n' >"$work/docker-compose.yml"
}

teardown() {
	all_down
}

# regions_of ACTION: the regions that its requests were signed for.
regions_of() {
	curl -sf "$sim_url/_sim/requests" | jq -r ".[] | select(.action == \"$1\") | .region"
}

@test "each region's projects are its own, and register there" {
	mount_up --region us-east-1,eu-west-1
	east=$mnt/us-east-1/compose west=$mnt/eu-west-1/compose
	mkdir "$east/shop" "$west/shop"
	[ -z "$(ls "$west/shop" | grep yml)" ]
	cp "$work/docker-compose.yml" "$east/shop/"
	sed 's/web:1/web:2/' "$work/docker-compose.yml" >"$west/shop/docker-compose.yml"
	[ "$(jq -r '.containerDefinitions[0].image' "$east/shop/task_definition.json")" = shop/web:1 ]
	[ "$(jq -r '.containerDefinitions[0].image' "$west/shop/task_definition.json")" = shop/web:2 ]
	calls_reset
	echo >"$west/shop/register"
	[ "$(regions_of RegisterTaskDefinition)" = eu-west-1 ]
	[[ $(cat "$west/shop/register") == shop:* ]]
	[ -z "$(cat "$east/shop/register")" ]
	jq -e '.taskDefinitionArn | contains(":eu-west-1:")' "$mnt/eu-west-1/task_definitions/shop/latest/task_definition.json"
	[ ! -e "$mnt/us-east-1/task_definitions/shop" ]
	echo >"$east/shop/log_groups"
	[ "$(regions_of CreateLogGroup)" = eu-west-1 ]
	rmdir "$west/shop"
	[ -e "$east/shop/docker-compose.yml" ]
}

@test "read-only: no project can be made" {
	mount_up -o ro
	fails 'Read-only file system' mkdir "$mnt/compose/shop"
	[ -z "$(ls "$mnt/compose")" ]
	[ "$(changes)" = 0 ]
}

dry() { # COMPOSE STATUS_DIR
	mkdir "$1/shop"
	cp "$work/docker-compose.yml" "$1/shop/"
	[ "$(jq -r '.containerDefinitions[0].image' "$1/shop/task_definition.json")" = shop/web:1 ]
	grep -q 'nothing says how much memory' "$1/shop/warnings"
	echo >"$1/shop/log_groups"
	echo >"$1/shop/register"
	[ "$(changes)" = 0 ]
	[ -z "$(cat "$1/shop/register")" ]
	for action in CreateLogGroup RegisterTaskDefinition; do
		jq -s -e "any(.[]; .action == \"$action\" and .outcome == \"dry_run\")" "$mnt/.ecsfs/journal"
	done
	rm -rf "$1/shop"
	[ ! -e "$1/shop" ]
}

@test "dry run: all is made and journalled, nothing is sent" {
	mount_up -o dry_run
	dry "$mnt/compose"
}

@test "dry run of several regions" {
	mount_up -o dry_run --region us-east-1,eu-west-1
	dry "$mnt/eu-west-1/compose"
}

west() { # ACTION BODY: somebody else's call in eu-west-1
	AWS_REGION=eu-west-1 somebody_else "$1" "$2" >/dev/null
}

@test "a value in a second region, and of a dry run" {
	west CreateCluster '{"clusterName": "west"}'
	west RegisterTaskDefinition '{"family": "shop", "containerDefinitions": [{"name": "app", "image": "shop/web:1", "memory": 128}]}'
	west CreateService '{"cluster": "west", "serviceName": "shop", "taskDefinition": "shop:1", "desiredCount": 0}'
	mount_up --region us-east-1,eu-west-1 -o dry_run
	image=eu-west-1/clusters/west/services/shop/containers/app/image
	calls_reset
	echo shop/web:2 >"$mnt/$image"
	[ "$(changes)" = 0 ]
	jq -s -e 'any(.[]; .action == "RegisterTaskDefinition" and .outcome == "dry_run")' "$mnt/.ecsfs/journal"
	mount_down
	mount_up --region us-east-1,eu-west-1
	calls_reset
	echo shop/web:2 >"$mnt/$image"
	[ "$(regions_of RegisterTaskDefinition)" = eu-west-1 ]
	[ "$(regions_of UpdateService)" = eu-west-1 ]
	[ "$(changes)" = 2 ]
}
