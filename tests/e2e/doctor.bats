#!/usr/bin/env bats
# `ecsfs doctor`: it reports what works, names each kind of failure with what to do, changes nothing,
# and has an exit status for each outcome.

load lib

setup_file() {
	# Its probes are no calls of the tree.
	unset ECSFS_MADE
	sim_up --exec
}

teardown_file() {
	sim_down
}

setup() {
	export HOME=$BATS_TEST_TMPDIR PATH=$build:$PATH
	faults ''
	calls_reset
	fake=
}

teardown() {
	[ -z "$fake" ] || kill "$fake"
}

# fake_up RULES [CERTIFICATE KEY]: an AWS that follows the rules (fake_aws.py); sets $fake_port.
fake_up() {
	printf '%s' "$1" >"$HOME/rules"
	shift
	python3 "$top/tests/e2e/fake_aws.py" "$HOME/rules" "$HOME/log" "$@" >"$HOME/port" 2>"$HOME/fake.err" 3>&- &
	fake=$!
	wait_for 20 test -s "$HOME/port"
	fake_port=$(cat "$HOME/port")
}

# line CHECK: the only line of that check in $output.
line() {
	local found
	found=$(grep -E "^(ok|warn|FAIL|skip) +$1 " <<<"$output")
	[ "$(wc -l <<<"$found")" = 1 ] && printf '%s\n' "$found"
}

# The actions that change something, of all requests since calls_reset.
mutations() {
	curl -sf "$sim_url/_sim/calls" | jq -r '.actions | keys[]' |
		grep -vE '^(List|Describe|Get|Filter|BatchGet|StartLiveTail|UnknownOperation)' || true
}

failures() {
	grep -c '^FAIL' <<<"$output"
}

@test "where all is well every line says so, and every call of the policy has one" {
	run ecsfs doctor
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -cE '^(FAIL|warn)' <<<"$output")" = 0 ]
	local action
	for action in $(ecsfs policy --read-write | jq -r '[.Statement[].Action] | flatten | .[]'); do
		line "$action"
	done
	line credentials | grep -q environment
	line identity | grep -q 'arn:aws:iam::123456789012:user/demo'
	line region | grep -q 'us-east-1 (AWS_REGION)'
	line clock | grep -q ^ok
	[[ ${lines[-1]} == *" 0 to be looked at, 0 failed, "*" not known" ]]
}

@test "looking changes nothing: AWS refuses every call that could" {
	local before after unrefused
	everything() {
		local action
		for action in ListClusters ListTaskDefinitions ListTasks ListServices; do
			somebody_else $action "$([ $action = ListTasks ] || [ $action = ListServices ] && echo '{"cluster":"prod"}' || echo '{}')"
		done
		somebody_else DescribeServices '{"cluster":"prod","services":["web","api","worker","agent"],"include":["TAGS"]}' |
			jq '[.services[] | del(.events)]'
	}
	before=$(everything)
	calls_reset
	run ecsfs doctor
	[ "$status" -eq 0 ]
	# These two answer 200 with what they did not find among `failures`.
	unrefused=$(curl -sf "$sim_url/_sim/requests" | jq -r '.[] | select(.status < 400) | .action' |
		grep -vE '^(List|Describe|Get|Filter|BatchGet)' | sort -u)
	[ "$unrefused" = $'UpdateContainerInstancesState\nUpdateTaskProtection' ]
	after=$(everything)
	[ "$before" = "$after" ]
	[ "$(mutations | wc -l)" -ge 20 ]
}

@test "a denied call is a line that names its files and what to do" {
	faults 'ListTasks:denied,UpdateService:denied,DescribeRules:denied'
	run ecsfs doctor
	[ "$status" -eq 1 ]
	[ "$(failures)" = 3 ]
	line ecs:ListTasks | grep -q '^FAIL .* tasks: denied .*Do: allow it (ecsfs policy --read-only'
	line ecs:UpdateService | grep -q '^FAIL .* services: denied .*Do: allow it (ecsfs policy --read-write.*-o ro'
	line elasticloadbalancing:DescribeRules | grep -q '^FAIL .* url: denied'
	# A mount that changes nothing needs no permission to.
	run ecsfs doctor -o ro
	[ "$status" -eq 1 ]
	[ "$(failures)" = 2 ]
	[ "$(grep -c 'ecs:UpdateService' <<<"$output")" = 0 ]
	faults ''
	calls_reset
	run ecsfs doctor -o ro
	[ "$status" -eq 0 ]
	[ -z "$(mutations)" ]
}

@test "a response that does not tell is not called allowed" {
	faults 'ListServices:throttle,DescribeServices:5xx,UpdateService:error=UnknownOperationException'
	run ecsfs doctor --timeout 2
	[ "$status" -eq 0 ]
	line ecs:ListServices | grep -q '^skip .*unknown: ThrottlingException'
	line ecs:DescribeServices | grep -q '^skip .*unknown: ServerException'
	line ecs:UpdateService | grep -q '^skip .*unknown: UnknownOperationException'
}

@test "expired credentials: the identity is the failure, and nothing is probed" {
	faults '*:expired'
	run ecsfs doctor
	echo "$output"
	[ "$status" -eq 1 ]
	line identity | grep -q '^FAIL .*ExpiredToken.*Do: renew them'
	line permissions | grep -q '^skip'
	[ "$(grep -c ' ecs:' <<<"$output")" = 0 ]
	faults ''
	AWS_CREDENTIAL_EXPIRATION=2020-01-01T00:00:00Z AWS_SESSION_TOKEN=t run ecsfs doctor
	[ "$status" -eq 1 ]
	line credentials | grep -q '^FAIL .*expired'
	AWS_CREDENTIAL_EXPIRATION=$(date -u -d '+90 minutes' +%FT%TZ) run ecsfs doctor
	[ "$status" -eq 0 ]
	line credentials | grep -qE '^ok .*they expire at .*, in (89|90) minutes'
	AWS_ENDPOINT_URL=$sim_url AWS_ACCESS_KEY_ID=AKIDOTHER run ecsfs doctor
	[ "$status" -eq 1 ]
	line identity | grep -q '^FAIL .*InvalidClientTokenId.*Do: these keys are unknown to AWS'
	AWS_ENDPOINT_URL=$sim_url AWS_SECRET_ACCESS_KEY=wrong run ecsfs doctor
	line identity | grep -q '^FAIL .*SignatureDoesNotMatch.*Do: the secret key does not belong'
}

@test "no credentials and no region are one line each" {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	run ecsfs doctor
	[ "$status" -eq 1 ]
	[ "$(failures)" = 1 ]
	line credentials | grep -q '^FAIL'
	AWS_REGION='' run ecsfs doctor
	[ "$status" -eq 1 ]
	line settings | grep -q '^FAIL .*no region: give --region'
}

@test "a clock that is wrong, by how much and on which side" {
	fake_up '{"clock": 400}'
	AWS_ENDPOINT_URL=http://127.0.0.1:$fake_port run ecsfs doctor -o ro
	[ "$status" -eq 1 ]
	line clock | grep -qE '^FAIL .* (398|399|400) seconds behind AWS.*Do: timedatectl'
	# It is corrected for the calls themselves.
	line ecs:ListClusters | grep -q ^ok
	printf '{"clock": -60}' >"$HOME/rules"
	AWS_ENDPOINT_URL=http://127.0.0.1:$fake_port run ecsfs doctor -o ro
	[ "$status" -eq 0 ]
	line clock | grep -qE '^warn .* (59|60|61) seconds ahead of AWS'
}

@test "no network: each endpoint is named, no call is probed, and it ends soon" {
	SECONDS=0
	AWS_ENDPOINT_URL=http://127.0.0.1:1 run ecsfs doctor
	[ "$status" -eq 1 ]
	[ "$SECONDS" -lt 60 ]
	line 'endpoint ecs' | grep -q '^FAIL .*needed for clusters: .*Do: look at the endpoint'
	line 'endpoint logs' | grep -q '^FAIL .*needed for logs: '
	line clock | grep -q '^skip'
	line ecs:ListClusters | grep -q '^skip .*the endpoint does not answer'
	[ "$(grep -cE '^ok .* ecs:' <<<"$output")" = 0 ]
	# One service alone: the others are asked.
	AWS_ENDPOINT_URL_ECR=http://nosuch.invalid run ecsfs doctor
	[ "$status" -eq 1 ]
	line 'endpoint ecr' | grep -q '^FAIL .*needed for repositories: .*interface endpoint'
	line ecr:ListImages | grep -q ^skip
	line ecs:ListClusters | grep -q ^ok
}

@test "a certificate that is not trusted" {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
		-addext 'subjectAltName=DNS:localhost' -keyout "$HOME/key" -out "$HOME/cert" 2>/dev/null
	fake_up '{}' "$HOME/cert" "$HOME/key"
	AWS_ENDPOINT_URL=https://localhost:$fake_port run ecsfs doctor -o ro
	[ "$status" -eq 1 ]
	line 'endpoint ecs' | grep -q '^FAIL .*certificate.*Do: .*AWS_CA_BUNDLE'
	AWS_CA_BUNDLE=$HOME/cert AWS_ENDPOINT_URL=https://localhost:$fake_port run ecsfs doctor -o ro
	[ "$status" -eq 0 ]
	line 'endpoint ecs' | grep -q '^ok .*its certificate is trusted'
}

@test "the proxy is shown without its password" {
	HTTPS_PROXY=http://me:hush@proxy.example:3128 NO_PROXY=127.0.0.1 run ecsfs doctor
	[ "$status" -eq 0 ]
	line proxy | grep -q 'proxy.example:3128 (HTTPS_PROXY), not for 127.0.0.1'
	[[ $output != *hush* ]]
}

@test "JSON has the same, for each region and profile its subject" {
	ecsfs doctor --json -o region=us-east-1:eu-west-1 >"$HOME/json"
	jq -e 'all(.[]; (.state | IN("ok", "warn", "FAIL", "skip")) and .check and .means)' "$HOME/json"
	[ "$(jq '[.[] | select(.check == "endpoint ecs") | .subject] | join(" ")' "$HOME/json")" = '"us-east-1 eu-west-1"' ]
	[ "$(jq '[.[] | select(.check == "ecs:ListClusters")] | length' "$HOME/json")" = 1 ]
	[ "$(jq '.[] | select(.check == "ecs:PassRole" or .check == "iam:PassRole") | .state' "$HOME/json")" = '"skip"' ]
}

@test "options of a mount: its mount point, sharing, files" {
	mkdir "$HOME/empty" "$HOME/full"
	touch "$HOME/full/file"
	run ecsfs doctor "$HOME/empty"
	[ "$status" -eq 0 ]
	line 'mount point' | grep -q "^ok .*$HOME/empty can be mounted on"
	run ecsfs doctor "$HOME/full"
	[ "$status" -eq 1 ]
	line 'mount point' | grep -q '^FAIL .*not empty'
	run ecsfs doctor --journal /nonexistent/journal
	[ "$status" -eq 1 ]
	line journal | grep -q '^FAIL'
	run ecsfs doctor --journal "$HOME/journal"
	[ "$status" -eq 0 ]
	[ ! -e "$HOME/journal" ]
	run ecsfs doctor -o cluster=prod
	[ "$status" -eq 0 ]
	[ "$(last_request DescribeClusters | jq -r '.clusters[0]')" = arn:aws:ecs:us-east-1:123456789012:cluster/prod ]
}

@test "a machine without FUSE, without fusermount3, without user_allow_other" {
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "needs root and a mount namespace"
	run unshare -m sh -c 'mount -t tmpfs none /dev && exec "$0" doctor' "$build/ecsfs"
	[ "$status" -eq 1 ]
	line fuse | grep -q '^FAIL .*/dev/fuse: No such file.*Do: modprobe fuse.*--cap-add SYS_ADMIN'
	PATH=/nonexistent run "$build/ecsfs" doctor
	line fusermount3 | grep -q '^warn .*not in \$PATH'
	: >"$HOME/fuse.conf"
	chmod 755 "$HOME" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	cp "$build/ecsfs" "$HOME/ecsfs"
	as_user() {
		unshare -m sh -c 'mount --bind "$1" /etc/fuse.conf && shift && exec setpriv --reuid=65534 --clear-groups "$@"' - "$HOME/fuse.conf" "$HOME/ecsfs" doctor "$@"
	}
	run as_user -o allow_other
	[ "$status" -eq 1 ]
	line user_allow_other | grep -q '^FAIL .*Do: put user_allow_other on a line'
	run as_user
	line user_allow_other | grep -q '^ok .*yours alone'
	echo user_allow_other >"$HOME/fuse.conf"
	run as_user -o allow_other
	line user_allow_other | grep -q '^ok .*lets you share'
}

@test "words that are not understood: the nearest, status 2, nothing asked" {
	for line in "--jsn:--json" "--regoin=x:--region" "-o ttll=3:ttl"; do
		# shellcheck disable=SC2086
		run ecsfs doctor ${line%:*}
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == "ecsfs doctor: "*"did you mean ${line##*:}?"* ]]
	done
	run ecsfs doctor --demo a b
	[ "$status" -eq 2 ]
	[ "$output" = 'ecsfs doctor: expected at most one mount point, got "a" and "b"' ]
	[ "$(calls)" = 0 ]
}

@test "a read-only mount makes calls of policy --read-only, and no other" {
	local made
	sim_up
	mount_up -o ro
	find "$mnt" -path "$mnt/.ecsfs" -prune -o -type f -print0 >"$HOME/files"
	[ "$(tr -cd '\0' <"$HOME/files" | wc -c)" -gt 300 ]
	xargs -0 -n 20 timeout 60 head -qc 2000 <"$HOME/files" >"$HOME/out" 2>"$HOME/err" || true
	[ "$(wc -c <"$HOME/out")" -gt 100000 ]
	fails 'Read-only file system' sh -c "echo 5 >$mnt/clusters/prod/services/web/desired_count"
	made=$(curl -sf "$sim_url/_sim/made" | jq -r '.[]' | sed 's/^monitoring:/cloudwatch:/' | grep -v ^sts: | sort)
	[ "$(wc -l <<<"$made")" -ge 15 ]
	run comm -23 <(printf '%s\n' "$made") <(ecsfs policy --read-only | jq -r '[.Statement[].Action] | flatten | .[]' | sort)
	echo "not in the policy: $output"
	[ -z "$output" ]
	all_down
}
