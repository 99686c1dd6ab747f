#!/usr/bin/env bats
# The front page stays true: its recipes are taken from the text and run (examples.bats runs the rest).

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

# recipe N: the Nth of the README's recipes, made ready to run: a task's container for ID.
recipe() {
	example README.md Recipes "$1" | sed "s|~/ecs/clusters/prod/tasks/ID/containers/app|$container|" >r.sh
}

@test "there are four recipes" {
	recipe 4
	[ -s r.sh ]
	recipe 5
	[ ! -s r.sh ]
}

@test "deploy an image, wait, roll back" {
	calls_reset
	recipe 1 # README.md, Recipes
	bash -e r.sh </dev/null
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(cat "$mnt/clusters/prod/services/web/containers/app/image")" = shop/web:1.3 ]
}

@test "find errors of the last hour" {
	recipe 2 # README.md, Recipes
	bash r.sh </dev/null || [ $? -eq 1 ]
}

@test "run a task, and a shell in a container" {
	wait_for 20 find_container
	recipe 3 # README.md, Recipes
	PATH=$build:$PATH bash -e r.sh <<<'echo in the container'
}

@test "deploy a compose project" {
	calls_reset
	recipe 4 # README.md, Recipes
	bash -e r.sh </dev/null
	[ "$(calls RegisterTaskDefinition)" = 1 ]
}

@test "the picture is of a session: the commands of scripts/picture.py, with what they print today" {
	has_screen() {
		sed -n 's/.*xml:space="preserve">\(.*\)<\/text>/\1/p' "$1" | grep '^\$ ' | sed 's/&gt;/>/g; s/&lt;/</g; s/&amp;/\&/g'
	}
	grep -q '(scripts/session.svg)' "$top/README.md"
	# The demo brings its own region.
	env -u AWS_ENDPOINT_URL timeout 200 "$top/scripts/picture.py" "$build/ecsfs" "$BATS_TEST_TMPDIR/new.svg"
	python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$BATS_TEST_TMPDIR/new.svg"
	[ "$(has_screen "$BATS_TEST_TMPDIR/new.svg")" = "$(has_screen "$top/scripts/session.svg")" ]
	# What does not depend on the moment is the same too.
	for line in 'web-broken &gt; web/task_definition' 'Input/output error' 'Operation not permitted' 'CannotPullContainerError' '>web:3<'; do
		grep -qF "$line" "$BATS_TEST_TMPDIR/new.svg"
		grep -qF "$line" "$top/scripts/session.svg"
	done
}

@test "the front page fits on two screens, and names the pages there are" {
	local lines
	lines=$(fold -s -w 100 "$top/README.md" | wc -l)
	[ "$lines" -ge 120 ]
	[ "$lines" -le 150 ]
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
