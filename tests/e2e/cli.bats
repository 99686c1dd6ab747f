#!/usr/bin/env bats
# The commands beside mounting, and completion in each shell.

load lib

setup_file() {
	sim_up
	mount_up
}

teardown_file() {
	all_down
}

setup() {
	export PATH=$build:$PATH HOME=$BATS_TEST_TMPDIR
	mkdir -p "$HOME/.aws" "$HOME/.ecs"
	printf '[default]\nregion=us-east-1\n[profile ops]\nregion=eu-west-1\n[profile dev]\n' >"$HOME/.aws/config"
	printf '[keys]\naws_access_key_id=A\n' >"$HOME/.aws/credentials"
	printf 'version: v1\ndefault: shop\nclusters:\n  shop:\n    cluster: shop\n    region: us-east-1\n' >"$HOME/.ecs/config"
	unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
}

@test "list shows the mounts of this machine" {
	# On a busy machine one may not answer in time, and is said not to.
	answers() { ecsfs list | grep -qE "^$mnt +mounted "; }
	wait_for 60 answers
	run ecsfs list
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == 'MOUNT POINT '*'LAST FAILURE' ]]
	grep -E "^$mnt +mounted +[0-9]{12} +us-east-1 +" <<<"$output"
	ecsfs list --json | jq -e --arg at "$mnt" --arg pid "$(cat "$mnt_dir/pid")" \
		'.[] | select(.mount_point == $at) | .state == "mounted" and .pid == ($pid | tonumber) and .simulated == false and (.uptime_seconds | type) == "number" and .last_failure == "none"'
}

@test "list: mounts whose program has ended or stopped hold up none of the others" {
	local point pid
	for point in dead stopped; do
		mkdir "$HOME/$point"
		ecsfs "$HOME/$point"
	done
	kill -9 "$(sed -n 's/^pid: //p' "$HOME/dead/.ecsfs/status")"
	wait_for 20 bash -c "! ls '$HOME/dead' 2>/dev/null"
	pid=$(sed -n 's/^pid: //p' "$HOME/stopped/.ecsfs/status")
	kill -STOP "$pid"
	# LeakSanitizer would stop every thread first, and one waits in the kernel for the stopped program.
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 run timeout -k 1 40 ecsfs list
	kill -CONT "$pid"
	fusermount3 -u "$HOME/stopped"
	fusermount3 -u "$HOME/dead"
	[ "$status" -eq 0 ]
	grep -E "^$HOME/dead +dead +- +- +- +its program has ended: fusermount3 -u $HOME/dead$" <<<"$output"
	grep -E "^$HOME/stopped +does not answer +- " <<<"$output"
	grep -E "^$mnt +mounted +[0-9]{12} " <<<"$output"
}

@test "policy is JSON of IAM, without writes where none are wanted" {
	ecsfs policy --read-only >"$HOME/read"
	ecsfs policy --read-write >"$HOME/write"
	jq -e '.Version == "2012-10-17" and (.Statement | length) == 1' "$HOME/read"
	! grep -qE ':(Create|Update|Delete|Put|Register|Run|Stop|Tag|Pass)' "$HOME/read"
	jq -e '[.Statement[].Action] | flatten | index("ecs:UpdateService") and index("iam:PassRole")' "$HOME/write"
	has_botocore || skip "python3 has no botocore of today"
	python3 - "$HOME/write" <<'PY'
import json, sys, botocore.session
s = botocore.session.get_session()
model = {"elasticloadbalancing": "elbv2"}
for statement in json.load(open(sys.argv[1]))["Statement"]:
    actions = statement["Action"]
    for action in [actions] if isinstance(actions, str) else actions:
        service, name = action.split(":")
        if service != "iam":
            assert name in s.get_service_model(model.get(service, service)).operation_names, action
PY
}

@test "unknown words name the nearest, with status 2" {
	mkdir "$HOME/half"
	for line in "lsit:list" "lst --json:list" "dctor $HOME/half:doctor" "help:ecsfs --help" "umount $HOME/half:fusermount3 -u MOUNTPOINT" \
		"demo $HOME/half:ecsfs --demo MOUNTPOINT" "cp --hlep:--help" "polcy:policy" "doctro:doctor" "list --jsn:--json" "policy --readonly:--read-only" \
		"run --cpus=1:--cpu" "exec -x:" "cp --recursive x:"; do
		# shellcheck disable=SC2086
		run ecsfs ${line%:*}
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ -z ${line##*:} || $output == *"did you mean "*"${line##*:}?"* ]]
		! mountpoint -q "$HOME/half"
	done
	[ -z "$(ls -A "$HOME/half")" ]
	# What is spelt well is not "meant" otherwise.
	while IFS='|' read -r line words; do
		# shellcheck disable=SC2086
		run ecsfs $line
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"$words"* && $output != *"did you mean"* ]] || { echo "$line: $output" >&2; return 1; }
	done <<-'LINES'
		policy --read-only --read-write|--read-only and --read-write exclude each other: leave one out
		policy --read-write --read-write --read-only|exclude each other
		policy extra --read-only|unknown argument 'extra' (usage: ecsfs policy --read-only | --read-write)
		policy --read-only=yes|unknown argument '--read-only=yes' (usage:
		list extra --json|unknown argument 'extra' (usage: ecsfs list [--json])
		list --json=1|unknown argument '--json=1' (usage:
		exec -t -T dir|-t and -T exclude each other
	LINES
	[ "$(ecsfs list --json --json | jq -r type)" = array ]
	[ "$(ecsfs policy --read-only --read-only)" = "$(ecsfs policy --read-only)" ]
	run ecsfs run --cpu=x cluster td
	[[ $output == *'--cpu: "x" is not a size'* ]]
	local command
	for command in run exec cp list doctor policy; do
		run ecsfs "$command" --help
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == "usage: ecsfs $command "* ]]
		[ "$(wc -L <<<"$output")" -le 79 ]
		[ "${#lines[@]}" -le 24 ]
	done
	for command in policy run exec cp; do
		run ecsfs "$command"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -le 2 ]
	done
	# Nothing is mounted half.
	for line in "--regoin=x" "-o tll=3" "--ttl=soon" "@nosuch" "-Z"; do
		# shellcheck disable=SC2086
		run ecsfs $line "$HOME/half"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		! mountpoint -q "$HOME/half"
	done
}

@test "completion knows options and their values" {
	[ "$(ecsfs complete --reg)" = $'--region=\tregion; several, or all, get a directory each' ]
	[ "$(ecsfs complete --region=us-east-1,eu-central-)" = $'--region=us-east-1,eu-central-1\n--region=us-east-1,eu-central-2' ]
	[ "$(ecsfs complete --profile "" | sort | xargs)" = "default dev keys ops" ]
	[ "$(ecsfs complete -o ro,profile=dev:o)" = ro,profile=dev:ops ]
	[ "$(ecsfs complete --cluster-config=)" = --cluster-config=shop ]
	# As YAML, whatever its layout.
	mkdir -p "$HOME/flow/.ecs"
	echo '{version: v1, clusters: {shop: {cluster: a}, "the other": {cluster: b}}}' >"$HOME/flow/.ecs/config"
	printf 'ecs_profiles:\n    deep: {aws_access_key_id: x}\n    wide:   # a comment\n        aws_access_key_id: y\n' >"$HOME/flow/.ecs/credentials"
	[ "$(HOME=$HOME/flow ecsfs complete --cluster-config=)" = $'--cluster-config=shop\n--cluster-config=the other' ]
	[ "$(HOME=$HOME/flow ecsfs complete --ecs-profile=)" = $'--ecs-profile=deep\n--ecs-profile=wide' ]
	[ -z "$(HOME=$HOME/none ecsfs complete --cluster-config= 2>&1)" ]
	[ "$(ecsfs complete --journal=)" = ":files --journal=" ]
	[ "$(ecsfs complete pol)" = $'policy\tprint the IAM policy that ecsfs needs\n:directories ' ]
	[ "$(ecsfs complete policy --read-o)" = --read-only ]
	[ "$(ecsfs complete policy "" | xargs)" = "--read-only --read-write" ]
	[ "$(ecsfs complete run --net)" = --network-from ]
	[ "$(ecsfs complete exec "")" = $'-t\n-T\n:files ' ]
	[ "$(ecsfs complete doctor --js)" = --json ]
	[ "$(ecsfs complete doctor --profile o)" = ops ]
	[ "$(ecsfs complete doctor -o region=us-west-1:us-west-)" = $'region=us-west-1:us-west-1\nregion=us-west-1:us-west-2' ]
	# Every option has a completion.
	for option in $(ecsfs --help-all | grep -oE -- '--[a-z-]+' | sort -u); do
		ecsfs complete "$option" | grep -qE "^($option|$option=)($|$(printf '\t'))" || grep -q -- "$option" <<<"--json --read-only --read-write"
	done
}

@test "a preset gives options and a mount point, which the command line overrides" {
	mkdir -p "$HOME/.config/ecsfs" "$HOME/ecs" "$HOME/other"
	cat >"$HOME/.config/ecsfs/config" <<-TEXT
		[sim]
		ttl = 7
		ro = true
		region = us-east-1
		mountpoint = ~/ecs

		[bad]
		tll = 3

		[worse]
		ttl = soon
	TEXT
	ecsfs @sim
	grep -q '^options: .*,ro,.*ttl=7,' "$HOME/ecs/.ecsfs/status"
	grep -q "^@sim $HOME/ecs fuse.ecsfs ro," /proc/mounts
	fusermount3 -u "$HOME/ecs"
	ecsfs --ttl 3 @sim "$HOME/other"
	grep -q '^options: .*,ro,.*ttl=3,' "$HOME/other/.ecsfs/status"
	fusermount3 -u "$HOME/other"
	[ "$(ecsfs complete @s)" = @sim ]
	for pair in "@sin:did you mean @sim?" "@bad $HOME/other:[bad]: unknown option tll (did you mean ttl?)" \
		"@worse $HOME/other:[worse]: ttl = soon: expected a number of seconds" "@none-of-that:no such preset"; do
		# shellcheck disable=SC2086
		run ecsfs ${pair%%:*}
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"${pair#*:}"* ]]
	done
}

@test "one cluster as the root" {
	mkdir "$HOME/one"
	ecsfs -o cluster=prod "$HOME/one"
	cd "$HOME/one"
	[ "$(cat services/web/desired_count)" = 4 ]
	[ "$(cat status)" = ACTIVE ]
	task=$(ls tasks | head -n 1)
	[ "$(cat "tasks/$task/task_definition/status")" = ACTIVE ]
	[ "$(cat services/web/tasks/*/last_status | sort -u)" = RUNNING ]
	echo 5 >services/web/desired_count
	echo 4 >services/web/desired_count
	grep -q 'cluster=prod' .ecsfs/status
	cd /
	fusermount3 -u "$HOME/one"
	run ecsfs -o cluster=prd "$HOME/one"
	[ "$status" -eq 1 ]
	[ "$output" = "ecsfs: no cluster 'prd' in us-east-1 (did you mean prod?)" ]
	run ecsfs -o cluster=prod,region=us-east-1:eu-west-1 "$HOME/one"
	[ "$status" -eq 2 ]
}

@test "SIGUSR1 switches the debug log, and a log file takes it" {
	mkdir "$HOME/logged"
	ecsfs --log-file "$HOME/log" "$HOME/logged"
	pid=$(sed -n 's/^pid: //p' "$HOME/logged/.ecsfs/status")
	[ "$(stat -c %a "$HOME/log")" = 600 ]
	cat "$HOME/logged/clusters/prod/services/web/arn" >/dev/null
	[ ! -s "$HOME/log" ]
	kill -USR1 "$pid"
	echo now >"$HOME/logged/.ecsfs/refresh"
	cat "$HOME/logged/clusters/prod/services/web/arn" >/dev/null
	wait_for 10 grep -qE '^20[0-9T:-]+Z ecsfs\['"$pid"'\]: .*DescribeServices' "$HOME/log"
	kill -USR1 "$pid"
	echo now >"$HOME/logged/.ecsfs/refresh"
	lines=$(wc -l <"$HOME/log")
	cat "$HOME/logged/clusters/prod/services/web/arn" >/dev/null
	[ "$(wc -l <"$HOME/log")" = "$lines" ]
	fusermount3 -u "$HOME/logged"
	run ecsfs --log-file /nonexistent/log "$HOME/logged"
	[ "$status" -eq 1 ]
	run ecsfs --log-level warm "$HOME/logged"
	[ "$status" -eq 2 ]
	[[ $output == *"expected error|warn|info|debug"* ]]
}

@test "a service manager learns when it is mounted, and that it ends" {
	mkdir "$HOME/watched"
	python3 - "$build/ecsfs" "$HOME/watched" <<'PY'
import os, signal, socket, subprocess, sys
path = os.path.join(os.environ["HOME"], "notify")
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(path)
s.settimeout(20)
p = subprocess.Popen([sys.argv[1], "-f", sys.argv[2]], env=dict(os.environ, NOTIFY_SOCKET=path))
assert s.recv(4096).decode() == f"READY=1\nSTATUS=mounted on {sys.argv[2]}\n"
assert os.path.isdir(sys.argv[2] + "/clusters")
p.send_signal(signal.SIGTERM)
assert s.recv(4096) == b"STOPPING=1\n"
assert p.wait(20) == 0
PY
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	mkdir "$HOME/units"
	for unit in system user; do
		sed "s#$(sed -n 's#^ExecStart=\(.*\)/ecsfs .*#\1#p' "$build/systemd/$unit/ecsfs@.service")#$build#" \
			"$build/systemd/$unit/ecsfs@.service" >"$HOME/units/ecsfs@$unit.service"
		systemd-analyze verify --man=no "$HOME/units/ecsfs@$unit.service"
	done
}

# completes SHELL: what each shell must make of the same lines, when Tab is pressed at their ends.
completes() {
	command -v "$1" >/dev/null || skip "no $1"
	mkdir -p "$HOME/.config/ecsfs" "$HOME/mountpoint"
	printf '[sim]\nttl = 7\n[my own]\nttl = 8\n[my other $one]\nttl = 9\n' >"$HOME/.config/ecsfs/config"
	cd "$HOME"
	cat >lines <<-'LINES'
		ecsfs --allow-d|<ecsfs><--allow-delete>
		ecsfs --region=sa|<ecsfs><--region=sa-east-1>
		ecsfs --region=us-east-1,sa|<ecsfs><--region=us-east-1,sa-east-1>
		ecsfs --profile o|<ecsfs><--profile><ops>
		ecsfs --profile=k|<ecsfs><--profile=keys>
		ecsfs -o ro,profile=dev:o|<ecsfs><-o><ro,profile=dev:ops>
		ecsfs --cluster-config=s|<ecsfs><--cluster-config=shop>
		ecsfs @s|<ecsfs><@sim>
		ecsfs @my\ ow|<ecsfs><@my own>
		ecsfs "@my ow|<ecsfs><@my own>
		ecsfs @my\ ot|<ecsfs><@my other $one>
		ecsfs --ttl 3 @my\ ow|<ecsfs><--ttl><3><@my own>
		ecsfs doc|<ecsfs><doctor>
		ecsfs run --net|<ecsfs><run><--network-from>
		ecsfs list --|<ecsfs><list><--json>
		ecsfs doctor --profile o|<ecsfs><doctor><--profile><ops>
		ecsfs --log-level=wa|<ecsfs><--log-level=warn>
		ecsfs mountp|<ecsfs><mountpoint>
		ecsfs --spool-dir=mountp|<ecsfs><--spool-dir=mountpoint>
	LINES
	cut -d'|' -f1 lines | python3 "$top/tests/e2e/press_tab.py" "$1" "$top/fs/completion" | sed 's|/>|>|g' >words
	diff <(cut -d'|' -f2 lines) words
}

@test "bash" {
	completes bash
}

@test "zsh" {
	completes zsh
}

@test "fish" {
	completes fish
}
