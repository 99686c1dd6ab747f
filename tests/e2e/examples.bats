#!/usr/bin/env bats
# The examples of the man pages and of README.md are taken from the text and run, as they stand there.
# recipes.bats runs those of ecsfs-recipes(7), readme.bats the recipes of README.md.

load lib

# What no test can run, with the reason; everything else of every block runs in one of the three files.
not_run() {
	cat <<-'END'
		README.md:scripts/demo.sh:installs packages; its session is run by readme.bats (the picture)
		README.md:scripts/test.sh:runs this file
		README.md:cmake:builds what is tested here, and installs it as root
		README.md:fs/:a list of folders
		README.md:cache/:a list of folders
		README.md:backend/:a list of folders
		README.md:tests/:a list of folders
		README.md:scripts/:a list of folders
	END
}

# What stands for something of the reader's own, and what is put there.
fill_in() {
	sed 's|{\.\.\.}|{"awsvpcConfiguration": {"subnets": ["subnet-1"]}}|'
}

setup_file() {
	sim_up --speed 20
	mount_up --allow-delete
	export HOME=$BATS_FILE_TMPDIR/home
	mkdir -p "$HOME/bin" "$HOME/.aws"
	ln -s "$mnt" "$HOME/ecs"
	# There is no S3 here: what is copied is counted. sponge(1) is not everywhere.
	printf '#!/bin/sh\n[ "$1 $2 $3" = "s3 cp -" ] && wc -c >"$HOME/${4##*/}.size"\n' >"$HOME/bin/aws"
	printf '#!/bin/sh\ntext=$(cat) && printf "%%s\\n" "$text" >"$1"\n' >"$HOME/bin/sponge"
	chmod +x "$HOME/bin/aws" "$HOME/bin/sponge"
}

teardown_file() {
	all_down
}

setup() {
	PATH=$HOME/bin:$build:$PATH
	web=$mnt/clusters/prod/services/web
	text=$BATS_TEST_TMPDIR/example
	cd "$mnt"
}

# take PAGE SECTION [N]: the block in the file $text, what is not run left out.
take() {
	local page lead
	example "$@" | fill_in >"$text"
	while IFS=: read -r page lead _; do
		[ "$page" != "$1" ] || sed -i "\\|^$lead|d" "$text"
	done < <(not_run)
	[ -s "$text" ]
}

# dialogue: runs the lines behind "$ " of $text; each must print what stands below it, but for times.
dialogue() {
	grep '^\$ ' "$text" | cut -c 3- >"$BATS_TEST_TMPDIR/commands"
	bash -e "$BATS_TEST_TMPDIR/commands" | tr -s ' ' '\n' | shape >"$BATS_TEST_TMPDIR/printed"
	grep -v '^\$ ' "$text" | tr -s ' ' '\n' | shape >"$BATS_TEST_TMPDIR/expected"
	diff "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/printed"
}

shape() {
	sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g'
}

# Two homes: a mount of its own is made in this one.
home_alone() {
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME/ecs" "$HOME/.aws" "$HOME/.config/ecsfs"
	export AWS_CONFIG_FILE=$HOME/.aws/config
	printf '[profile %s]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = %s\nregion = us-east-1\n' \
		ops "$AWS_SECRET_ACCESS_KEY" dev "$AWS_SECRET_ACCESS_KEY" >"$AWS_CONFIG_FILE"
	cd "$BATS_TEST_TMPDIR"
}

# unmounted DIR: the mount ends, and its daemon with it.
unmounted() {
	local pid
	pid=$(jq -r .pid <"$1/.ecsfs/status" 2>/dev/null || sed -n 's/^pid[=: ]*//p' "$1/.ecsfs/status")
	fusermount3 -u "$1"
	[ -z "$pid" ] || wait_gone "$pid"
}

teardown() {
	cd "$BATS_TEST_TMPDIR"
	! mountpoint -q "$BATS_TEST_TMPDIR/home/ecs" || fusermount3 -u -z "$BATS_TEST_TMPDIR/home/ecs"
}

# left PAGE SECTION N: the lines of a block that are to be run.
left() {
	example "$@" | grep . | grep -vf <(not_run | sed -n "s|^$1:\([^:]*\):.*|^\1|p"; echo '^$')
}

@test "every block is run by a test, or is named with the reason" {
	local page section n
	for page in README.md ecsfs.1.in ecsfs-files.5.in ecsfs-deploy.7 ecsfs-logs.7 ecsfs-credentials.7; do
		while IFS='|' read -r section n; do
			! left "$page" "$section" "$n" >/dev/null || grep -q \
				-e "take $page '$section' $n\$" -e "recipe $n # $page, $section" "$top"/tests/e2e/{examples,readme}.bats || {
				echo "not run: $page, $section, block $n" >&2
				return 1
			}
		done < <(examples "$page")
	done
	# A reason is there for lines that are there.
	while IFS=: read -r page section _; do
		grep -q "^$section" "$(page_file "$page")"
	done < <(not_run)
}

@test "README: mount and unmount" {
	home_alone
	take README.md 'Install and mount' 1
	bash -e "$text"
	[ "$(cat "$HOME/ecs/clusters/prod/services/web/desired_count")" -gt 0 ]
	unmounted "$HOME/ecs"
}

@test "README: other ways to mount" {
	home_alone
	take README.md 'Install and mount' 2
	while read -r line; do
		bash -ec "$line"
		case $line in
		*region*) ls "$HOME/ecs/us-east-1/clusters" "$HOME/ecs/eu-west-1/clusters" ;;
		*profile*) ls "$HOME/ecs/ops/clusters" "$HOME/ecs/dev/clusters" ;;
		*ro*) fails 'Read-only' sh -c 'echo 3 >~/ecs/clusters/prod/services/web/desired_count' ;;
		*dry_run*) calls_reset && echo 3 >~/ecs/clusters/prod/services/web/desired_count && [ "$(changes)" = 0 ] ;;
		*) false ;;
		esac
		unmounted "$HOME/ecs"
	done <"$text"
}

@test "README: the simulator has the options that it names" {
	local option
	for option in $(grep -o '`ecsfs-sim.*(see' "$top/README.md" | grep -o -- '--[a-z]*'); do
		"$build/ecsfs-sim" --help | grep -qF -- "$option"
	done
}

@test "ecsfs(1): a preset" {
	home_alone
	take ecsfs.1.in 'PRESETS' 1
	cp "$text" "$HOME/.config/ecsfs/config"
	ecsfs @prod
	ls "$HOME/ecs/us-east-1/clusters" "$HOME/ecs/eu-west-1/clusters"
	fails 'Read-only' sh -c 'echo 3 >~/ecs/us-east-1/clusters/prod/services/web/desired_count'
	unmounted "$HOME/ecs"
}

@test "ecsfs(1): a pipe for what trusts the size" {
	take ecsfs.1.in 'Sizes' 1
	bash -e "$text"
	[ "$(cat "$HOME/app.log.size")" -gt 0 ]
	[ -e "$HOME/journal.copy" ]
}

@test "ecsfs(1): examples" {
	home_alone
	take ecsfs.1.in 'EXAMPLES' 1
	timeout 100 bash -ec "$(sed '$d' "$text")"
	[ "$(cat "$HOME/ecs/clusters/prod/services/web/desired_count")" = 4 ]
	follows "$(tail -n 1 "$text")" .
	unmounted "$HOME/ecs"
}

# follows COMMAND PATTERN: it goes on, and prints a line like this.
follows() {
	bash -c "exec $1" >"$BATS_TEST_TMPDIR/followed" 3>&- &
	wait_for 60 grep -q -- "$2" "$BATS_TEST_TMPDIR/followed"
	kill $!
}

@test "ecsfs(1): a line of /etc/fstab" {
	local source dir type options
	home_alone
	take ecsfs.1.in 'EXAMPLES' 2
	read -r source dir type options _ <"$text"
	[ "$dir $type" = '/mnt/ecs fuse.ecsfs' ]
	ecsfs "$source" "$HOME/ecs" -o "$options"
	ls "$HOME/ecs/clusters"
	[ "$(stat -c %a "$HOME/ecs")" = 555 ]
	unmounted "$HOME/ecs"
}

@test "ecsfs-deploy(7): images" {
	take ecsfs-deploy.7 'IMAGES' 1
	dialogue
}

@test "ecsfs-deploy(7): one thing of one container" {
	take ecsfs-deploy.7 'ONE THING OF ONE CONTAINER' 1
	cd "$web"
	bash -e "$text"
	[ "$(cat containers/app/image)" = "$(cat ~/ecs/repositories/web/images/1.3/uri)" ]
	grep -qx LOG_LEVEL=debug containers/app/environment
	[ "$(jq -c . containers/app/command)" = '["npm","start"]' ]
}

@test "ecsfs-deploy(7): service.json" {
	take ecsfs-deploy.7 'EDITING SERVICE.JSON' 1
	cd "$web"
	calls_reset
	bash -e "$text"
	[ "$(cat desired_count) $(cat enable_execute_command)" = '6 true' ]
	[ "$(calls UpdateService)" = 1 ]
}

@test "ecsfs-deploy(7): task definitions" {
	take ecsfs-deploy.7 'TASK DEFINITIONS' 1
	echo shop/web:1.2 >"$web/containers/app/image"
	cd "$web"
	bash -ec "$(sed -n 1p "$text")"
	[ "$(cat containers/app/image)" = shop/web:1.3 ]
	bash -ec "$(sed -n 2p "$text")"
	[ "$(cat containers/app/image)" = "$(cat ../../../staging/services/web/containers/app/image)" ]
	cd "$BATS_TEST_TMPDIR"
	jq '.containerDefinitions[0].image = "shop/web:9"' "$web/task_definition.json" >td.json
	bash -ec "$(sed -n 3p "$text")"
	[[ $(cat "$mnt/task_definitions/web/register") == web:* ]]
	[ "$(wc -l <"$text")" = 3 ]
}

@test "ecsfs-deploy(7): the lines of a rollout that fails" {
	take ecsfs-deploy.7 'ROLLOUT' 1
	local line
	timeout 100 cat "$web/rollout" || true # what the tests before this one deployed
	echo web-broken >"$web/task_definition"
	run timeout 100 cat "$web/rollout"
	echo "$output"
	[ "$status" -eq 1 ]
	shapes <<<"$output" >"$BATS_TEST_TMPDIR/printed"
	shapes <"$text" >"$BATS_TEST_TMPDIR/expected"
	while read -r line; do
		grep -qxF -- "$line" "$BATS_TEST_TMPDIR/printed" || {
			echo "no line like: $line in: $output" >&2
			return 1
		}
	done <"$BATS_TEST_TMPDIR/expected"
}

shapes() {
	sed -E 's/^[0-9T:Z-]+ //; s/^(cat: ).*\/(rollout)/\1\2/; s/[0-9]+/N/g; s/web-broken/web/g'
}

@test "ecsfs-deploy(7): auto scaling" {
	take ecsfs-deploy.7 'AUTO SCALING' 1
	cd "$web"
	bash -e "$text"
	[ "$(cat autoscaling/min_capacity)" = 4 ]
	[ -s autoscaling/policies/memory.json ]
}

@test "ecsfs-deploy(7): creating and cloning" {
	take ecsfs-deploy.7 'CREATING, CLONING, ENDING' 1
	jq '{taskDefinition: "web", desiredCount: 1, launchType: "FARGATE", networkConfiguration}' "$web/service.json" >"$HOME/create.json"
	bash -e "$text"
	[ "$(cat clusters/dev/services/web/desired_count)" = 1 ]
	[ "$(cat clusters/prod/services/web2/task_definition)" = "$(cat "$web/task_definition")" ]
}

@test "ecsfs-deploy(7): run_task" {
	take ecsfs-deploy.7 'CREATING, CLONING, ENDING' 2
	cd "$mnt/clusters/prod"
	[[ $(bash -e "$text") == arn:aws:ecs:*:task/prod/* ]]
}

@test "ecsfs-deploy(7): any call" {
	take ecsfs-deploy.7 'DRY RUN, JOURNAL AND API' 1
	bash -e "$text" | jq -e '.ScalableTargets | type == "array"'
}

@test "ecsfs-deploy(7): from ecs-cli to files" {
	take ecsfs-deploy.7 'From ecs-cli to files' 1
	mkdir -p "$HOME/shop"
	cat >"$HOME/shop/docker-compose.yml" <<-'END'
		version: "3"
		services:
		  app:
		    image: shop/web:${TAG}
		    mem_limit: 64m
		    logging:
		      driver: awslogs
		      options:
		        awslogs-group: /shop/compose
		        awslogs-region: us-east-1
		        awslogs-stream-prefix: shop
	END
	printf 'version: 1\ntask_definition:\n  ecs_network_mode: awsvpc\nrun_params:\n  network_configuration:\n    awsvpc_configuration:\n      subnets: [subnet-1]\n' \
		>"$HOME/shop/ecs-params.yml"
	echo TAG=1.2 >"$HOME/shop/.env"
	calls_reset
	timeout 200 bash -e "$text"
	[ "$(requests RegisterTaskDefinition | jq -r '.containerDefinitions[0].image' | paste -sd ' ')" = 'shop/web:1.2 shop/web:1.3' ]
	[ "$(calls CreateService) $(calls DeleteService)" = '1 1' ]
}

@test "ecsfs-deploy(7): a launch type on the way" {
	take ecsfs-deploy.7 'Launch type' 1
	mkdir compose/shop
	printf 'services:\n  app:\n    image: shop/web:1.2\n' >compose/shop/docker-compose.yml
	cat >compose/shop/ecs-params.yml <<-'END'
		version: 1
		task_definition:
		  ecs_network_mode: awsvpc
		  task_size: {cpu_limit: 256, mem_limit: 0.5GB}
		run_params:
		  network_configuration:
		    awsvpc_configuration:
		      subnets: [subnet-1]
	END
	echo >compose/shop/register
	wait_for 60 mkdir clusters/prod/services/shop
	calls_reset
	bash -e "$text"
	[ "$(requests CreateService | jq -r .launchType)" = FARGATE ]
	echo 0 >clusters/prod/services/shop/desired_count
	gone() { rmdir clusters/prod/services/shop; }
	wait_for 60 gone
	rm compose/shop/docker-compose.yml compose/shop/ecs-params.yml
	rmdir compose/shop
}

@test "ecsfs-logs(7): reading and following" {
	take ecsfs-logs.7 'DESCRIPTION' 1
	[ "$(bash -ec "$(sed -n 1p "$text")" | wc -l)" = 5 ]
	follows "$(sed -n 2p "$text")" '^==> .*/web/logs/app.log'
	bash -c "$(sed -n 3p "$text")" || [ $? -eq 1 ]
	[ "$(wc -l <"$text")" = 3 ]
}

@test "ecsfs-logs(7): a pipe for what trusts the size" {
	take ecsfs-logs.7 'HOW MUCH THE FIRST READ RETURNS' 1
	rm -f "$HOME/app.log.size"
	cd "$web"
	bash -e "$text"
	[ "$(cat "$HOME/app.log.size")" -gt 0 ]
}

@test "ecsfs-credentials(7): where credentials come from" {
	home_alone
	take ecsfs-credentials.7 'DESCRIPTION' 1
	cat >"$AWS_CONFIG_FILE" <<-'END'
		[profile ops]
		sso_session = corp
		sso_account_id = 123456789012
		sso_role_name = Ops
		region = eu-west-1
		[sso-session corp]
		sso_start_url = https://corp.example.com/start
		sso_region = eu-west-1
	END
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_ENDPOINT_URL
	dialogue
}
