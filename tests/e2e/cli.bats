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
	run ecsfs list
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == 'MOUNT POINT '*'LAST FAILURE' ]]
	grep -E "^$mnt +mounted +[0-9]{12} +us-east-1 +" <<<"$output"
	ecsfs list --json | jq -e --arg at "$mnt" --arg pid "$(cat "$mnt_dir/pid")" \
		'.[] | select(.mount_point == $at) | .state == "mounted" and .pid == $pid and .simulated == "false" and .last_failure == "none"'
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
	for line in "lsit:list" "polcy:policy" "list --jsn:--json" "policy --readonly:--read-only"; do
		# shellcheck disable=SC2086
		run ecsfs ${line%:*}
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"did you mean "*"${line##*:}?"* ]]
	done
	run ecsfs policy
	[ "$status" -eq 2 ]
}

@test "completion knows options and their values" {
	[ "$(ecsfs complete --reg)" = $'--region=\tregion; several, or all, get a directory each' ]
	[ "$(ecsfs complete --region=us-east-1,eu-central-)" = $'--region=us-east-1,eu-central-1\n--region=us-east-1,eu-central-2' ]
	[ "$(ecsfs complete --profile "" | sort | xargs)" = "default dev keys ops" ]
	[ "$(ecsfs complete -o ro,profile=dev:o)" = ro,profile=dev:ops ]
	[ "$(ecsfs complete --cluster-config=)" = --cluster-config=shop ]
	[ "$(ecsfs complete --journal=)" = ":files --journal=" ]
	[ "$(ecsfs complete pol)" = $'policy\tprint the IAM policy that ecsfs needs\n:directories ' ]
	[ "$(ecsfs complete policy --read-o)" = --read-only ]
	# Every option has a completion.
	for option in $(ecsfs --help-all | grep -oE -- '--[a-z-]+' | sort -u); do
		ecsfs complete "$option" | grep -qE "^($option|$option=)($|$(printf '\t'))" || grep -q -- "$option" <<<"--json --read-only --read-write"
	done
}

# Completes a line in bash: the words that come back.
in_bash() {
	bash -c '
		source "$1"
		compopt() { :; }
		COMP_LINE=$2 COMP_POINT=${#2}
		read -ra COMP_WORDS <<<"$(sed "s/\([=:]\)/ \1 /g" <<<"$2")"
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_ecsfs
		printf "%s\n" "${COMPREPLY[@]}"' - "$top/fs/completion/ecsfs.bash" "$1"
}

@test "bash" {
	[ "$(in_bash 'ecsfs --reg')" = --region= ]
	[ "$(in_bash 'ecsfs --region=us-east-')" = $'us-east-1\nus-east-2' ]
	[ "$(in_bash 'ecsfs --region=')" != "" ]
	[ "$(in_bash 'ecsfs --profile o')" = ops ]
	[ "$(in_bash 'ecsfs -o ttl')" = ttl= ]
	mkdir "$HOME/mountpoint"
	cd "$HOME"
	[ "$(in_bash 'ecsfs mountp')" = mountpoint ]
	[ "$(in_bash 'ecsfs --spool-dir=mountp')" = mountpoint ]
	[ "$(in_bash 'ecsfs list --')" = --json ]
}

@test "zsh" {
	command -v zsh >/dev/null || skip "no zsh"
	in_zsh() {
		zsh -f -c '
			compadd() { local a; for a in open plain; do print -rl -- ${(P)a}; done }
			compset() { : }
			_files() { print files "$@" }
			words=("${(@)argv[2,-1]}") CURRENT=$(($# - 1)) PREFIX=${argv[-1]}
			source "$1"' - "$top/fs/completion/_ecsfs" "$@" | grep . | sort -u
	}
	[ "$(in_zsh ecsfs --reg)" = --region= ]
	[ "$(in_zsh ecsfs --profile o)" = ops ]
	[ "$(in_zsh ecsfs --journal=x)" = files ]
	zsh -n "$top/fs/completion/_ecsfs"
}

@test "fish" {
	command -v fish >/dev/null || skip "no fish"
	in_fish() {
		fish --no-config -c "source '$top/fs/completion/ecsfs.fish'; complete -C '$1'" | cut -f1
	}
	[ "$(in_fish 'ecsfs --reg')" = --region= ]
	[ "$(in_fish 'ecsfs --region=us-east-')" = $'--region=us-east-1\n--region=us-east-2' ]
	[ "$(in_fish 'ecsfs --profile o')" = ops ]
	mkdir "$HOME/mountpoint"
	cd "$HOME"
	[ "$(in_fish 'ecsfs mountp')" = mountpoint/ ]
}
