#!/usr/bin/env bats
# The recipes of ecsfs-recipes(7) are taken from the page and run, as they stand there: only the id of
# an instance is put in, and waiting is shorter.

load lib

setup_file() {
	sim_up --speed 20
	mount_up --allow-delete
	export HOME=$BATS_FILE_TMPDIR/home
	mkdir -p "$HOME"
	ln -s "$mnt" "$HOME/ecs"
	export GIT_CONFIG_GLOBAL=$HOME/gitconfig
	printf '[user]\nname = e\nemail = e@example.org\n' >"$GIT_CONFIG_GLOBAL"
}

teardown_file() {
	all_down
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	web=$mnt/clusters/prod/services/web
	PATH=$build:$PATH
}

# recipe TITLE: the recipe of that section in the file `recipe`.
recipe() {
	example ecsfs-recipes.7 "$1" | sed 's/sleep 5/sleep 0.1/' >recipe
	[ -s recipe ]
}

@test "every recipe is run here" {
	local title
	grep '^\.SS' "$top/fs/man/ecsfs-recipes.7" | cut -c 5- >titles
	[ "$(wc -l <titles)" -ge 9 ]
	while read -r title; do
		grep -qF "recipe '$title'" "$top/tests/e2e/recipes.bats" || {
			echo "not run: $title" >&2
			return 1
		}
	done <titles
}

@test "deploy and wait" {
	recipe 'Deploy, wait, roll back'
	timeout 120 sh recipe
	[ "$(cat "$web/containers/app/image")" = shop/web:1.3 ]
	# A service without a circuit breaker, and an image that cannot be pulled.
	local before
	before=$(cat "$web/task_definition")
	sed -i 's#shop/web:1.3#shop/web:missing#' recipe
	run timeout 200 sh recipe
	echo "status $status: $output"
	[ "$status" -eq 1 ]
	[[ $output == *CannotPullContainerError* ]]
	touch "$web"
	wait_for 60 sh -c 'touch "$0/task_definition"; test "$(cat "$0/task_definition")" = "$1"' "$web" "$before"
	timeout 60 cat "$web/rollout"
}

@test "blue/green by hand" {
	recipe 'Blue/green by hand'
	local count
	count=$(cat "$web/desired_count")
	timeout 120 sh recipe
	[ "$(cat "$web/desired_count")" = 0 ]
	[ "$(cat "$web-green/desired_count")" = "$count" ]
	[ "$(cat "$web-green/containers/app/image")" = shop/web:1.3 ]
	echo "$count" >"$web/desired_count"
	echo 0 >"$web-green/desired_count"
	timeout 60 cat "$web-green/rollout" # until its tasks have stopped
	rmdir "$web-green"
	timeout 60 cat "$web/rollout"
}

@test "drain an instance" {
	local id
	recipe 'Drain an instance'
	for id in "$mnt"/clusters/prod/container_instances/*; do
		[ "$(ls "$id/tasks" | wc -l)" = 0 ] || break
	done
	[ "$(ls "$id/tasks" | wc -l)" -gt 0 ]
	sed -i "s/ID/${id##*/}/" recipe
	timeout 120 sh recipe
	[ "$(cat "$id/status")" = DRAINING ]
	echo ACTIVE >"$id/status"
}

@test "tail everything" {
	recipe 'Tail everything'
	timeout 100 sh recipe >out 2>err 3>&- &
	wait_for 60 sh -c 'test "$(grep -c "^==> .*/services/" out)" -ge 3'
	kill $!
}

@test "promote staging to production" {
	recipe 'Promote staging to production'
	local staging=$mnt/clusters/staging/services/web
	echo shop/web:2.0 >"$staging/containers/app/image"
	timeout 60 cat "$staging/rollout"
	timeout 300 sh recipe
	[ "$(cat "$web/containers/app/image")" = shop/web:2.0 ]
	# Once more sends nothing.
	calls_reset
	timeout 60 sh recipe
	[ "$(changes)" = 0 ]
}

@test "compare two environments" {
	recipe 'Compare two environments'
	cp "$mnt/clusters/staging/services/web/task_definition.json" "$web/task_definition.json"
	echo 3 >"$mnt/clusters/staging/services/web/desired_count"
	echo 4 >"$web/desired_count"
	run sh recipe
	[ "$status" -eq 1 ]
	[[ $output == *"diff -r compare/staging/web/desired_count compare/prod/web/desired_count"*"< 3"*"> 4"* ]]
	[[ $output != *web/task_definition.json* ]]
}

@test "a Makefile" {
	command -v make >/dev/null || skip "no make"
	recipe 'A Makefile'
	timeout 60 make -f recipe deploy IMAGE=shop/web:1.4
	[ "$(cat "$web/containers/app/image")" = shop/web:1.4 ]
	make -f recipe scale COUNT=5
	[ "$(cat "$web/desired_count")" = 5 ]
	run make -f recipe scale COUNT=many
	[ "$status" -eq 2 ]
	run make -f recipe status
	[ "$status" -eq 0 ]
	echo 4 >"$web/desired_count"
}

@test "a CI job" {
	recipe 'A CI job'
	IMAGE=shop/web:1.5 timeout 120 sh recipe
	! mountpoint -q ecs
	touch "$web/task_definition.json"
	[ "$(cat "$web/containers/app/image")" = shop/web:1.5 ]
	# It fails while the rollout is read: at this speed it could be rolled back before.
	hold 1
	IMAGE=shop/web:missing timeout 120 sh recipe >out 2>&1 3>&- &
	wait_for 60 grep -q IN_PROGRESS out
	hold 0
	! wait $!
	! mountpoint -q ecs
	AWS_ENDPOINT_URL=http://127.0.0.1:1 run timeout 120 sh recipe
	[ "$status" -eq 1 ]
	[[ $output == *'FAIL  endpoint ecs'* ]]
	touch "$web"
	wait_for 60 sh -c 'touch "$0/rollout_state"; grep -qE "ROLLED_BACK|COMPLETED" "$0/rollout_state"' "$web"
}

@test "all documents into git and back" {
	command -v git >/dev/null || skip "no git"
	echo 6 >"$web/desired_count"
	recipe 'Back up all documents into git'
	timeout 60 sh recipe
	[ "$(git -C ~/backup rev-list --count HEAD)" = 1 ]
	[ "$(git -C ~/backup ls-files | grep -c '/service\.json$')" -ge 5 ]
	[ "$(git -C ~/backup show HEAD:clusters/prod/services/web/service.json | jq .desiredCount)" = 6 ]
	echo 2 >"$web/desired_count"
	recipe 'Bring a document back from git'
	calls_reset
	sh recipe
	[ "$(cat "$web/desired_count")" = 6 ]
	[ "$(calls UpdateService)" = 1 ]
	[ "$(last_request UpdateService | jq -c 'keys - ["cluster", "service"]')" = '["desiredCount"]' ]
}
