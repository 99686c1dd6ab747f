#!/usr/bin/env bats
# The examples of README.md and of the man pages stay true: they are taken from the text and run.

load lib

setup_file() {
	sim_up --speed 20 --exec
	mount_up --allow-delete
	export HOME=$BATS_FILE_TMPDIR/home
	mkdir -p "$HOME"
	ln -s "$mnt" "$HOME/ecs"
}

teardown_file() {
	all_down
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	printf 'version: "3"\nservices:\n  app:\n    image: nginx\n    mem_limit: 64m\n' >docker-compose.yml
	printf 'version: 1\ntask_definition:\n  ecs_network_mode: awsvpc\n' >ecs-params.yml
	: >.env
}

# Whether there is a container with an agent; sets $container to one.
find_container() {
	local c
	for c in "$mnt"/clusters/prod/tasks/*/containers/*; do
		jq -e '.lastStatus == "RUNNING" and .managedAgents[0].lastStatus == "RUNNING"' \
			"$c/container.json" >/dev/null || continue
		container=$c
		return 0
	done
	return 1
}

# recipe N: the Nth ```sh block of the README's recipes, made ready to run: a task's id for ID.
recipe() {
	awk -v n="$1" '
		/^## / { in_recipes = $0 == "## Recipes" }
		in_recipes && /^```sh/ { count++; take = count == n; next }
		/^```/ { take = 0 }
		take' "$top/README.md" | sed "s|~/ecs/clusters/prod/tasks/ID/containers/app|$container|"
}

@test "there are five recipes" {
	[ -n "$(recipe 5)" ]
	[ -z "$(recipe 6)" ]
}

@test "deploy an image, wait, roll back" {
	calls_reset
	recipe 1 >r.sh
	bash -e r.sh </dev/null
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(cat "$mnt/clusters/prod/services/web/containers/app/image")" = shop/web:1.3 ]
}

@test "promote what staging runs" {
	recipe 2 >r.sh
	bash -e r.sh </dev/null
}

@test "find errors of the last hour" {
	recipe 3 >r.sh
	bash r.sh </dev/null || [ $? -eq 1 ]
}

@test "run a task, and a shell in a container" {
	wait_for 20 find_container
	recipe 4 >r.sh
	PATH=$build:$PATH bash -e r.sh <<<'echo in the container'
}

@test "deploy a compose project" {
	calls_reset
	recipe 5 >r.sh
	bash -e r.sh </dev/null
	[ "$(calls RegisterTaskDefinition)" = 1 ]
}

@test "the front page fits on two screens, and names the pages there are" {
	[ "$(wc -l <"$top/README.md")" -le 150 ]
	local page
	for page in $(grep -o '`man ecsfs[a-z-]*`' "$top/README.md" | tr -d '`' | cut -d ' ' -f 2); do
		ls "$top"/fs/man/"$page".[157]* >/dev/null
	done
}

@test "every file of the tree stands in ecsfs-files(5)" {
	local name
	while read -r name; do
		grep -qF "\\fB$name" "$build/ecsfs-files.5" || {
			echo "$name is missing" >&2
			return 1
		}
	done < <(awk '/^  rw?  / { print $2 }' "$mnt/.ecsfs/help" | grep -v '^NAME\|^TASK\|^CONTAINER\|^METRIC' |
		grep -vxF -e status -e errors -e journal -e metrics -e help -e refresh)
}
