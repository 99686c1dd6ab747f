#!/usr/bin/env bats
# Several regions and accounts in one mount; credentials that end while it stands; where requests go.

load lib

setup() {
	dir=$BATS_TEST_TMPDIR
	export HOME=$dir/home
	mkdir -p "$HOME/.aws"
	unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
	export AWS_ACCESS_KEY_ID=AKIDA AWS_SECRET_ACCESS_KEY=hushhush
	export NO_PROXY=127.0.0.1
}

teardown() {
	! mountpoint -q "$dir/mnt" || fusermount3 -u -z "$dir/mnt"
	for pid in ${servers:-}; do
		kill "$pid" 2>/dev/null || true
	done
	mount_down
}

# fake RULES [CERTIFICATE KEY]: starts fake_aws.py; sets $port and AWS_ENDPOINT_URL.
fake() {
	rules=$dir/rules log=$dir/log
	rules "$1"
	: >"$log"
	rm -f "$dir/port"
	python3 "$top/tests/e2e/fake_aws.py" "$rules" "$log" "${@:2}" >"$dir/port" 2>"$dir/fake.err" 3>&- &
	servers="${servers:-} $!"
	wait_for 10 test -s "$dir/port"
	port=$(cat "$dir/port")
	export AWS_ENDPOINT_URL=http://127.0.0.1:$port
}

# At once, as the server reads them for each request.
rules() {
	echo "$1" >"$rules.new"
	mv "$rules.new" "$rules"
}

# asked WORDS: how many requests the log has with them.
asked() {
	grep -c -- "$1" "$log" || true
}

# profile NAME LINE...: adds a profile to the configuration file.
profile() {
	printf '%s\n' "[profile $1]" "${@:2}" >>"$HOME/.aws/config"
}

# keys PROFILE KEY: its keys, in the credentials file; a secret is made of them.
keys() {
	printf '%s\n' "[$1]" "aws_access_key_id=$2" "aws_secret_access_key=hush-$2" \
		>>"$HOME/.aws/credentials"
}

@test "several regions get a directory each, with what is there" {
	fake '{}'
	for way in --region=us-east-1,eu-west-1 -oregion=us-east-1:eu-west-1; do
		mount_up "$way"
		[ "$(ls "$mnt" | xargs)" = "eu-west-1 us-east-1" ]
		[ "$(ls "$mnt/us-east-1/clusters")" = AKIDA-us-east-1 ]
		[ "$(ls "$mnt/eu-west-1/clusters")" = AKIDA-eu-west-1 ]
		[ "$(cat "$mnt/eu-west-1/clusters/AKIDA-eu-west-1/running_tasks_count")" = 7 ]
		[ ! -e "$mnt/eu-west-1/clusters/AKIDA-us-east-1" ]
		[ ! -e "$mnt/us-east-1/.ecsfs" ]
		[ -e "$mnt/.ecsfs/status" ]
		mount_down
		mnt=
	done
}

@test "one that is down, stalls or is forbidden holds up neither the others nor the start" {
	fake '{"regions": {"eu-west-1": "stall", "eu-west-2": "drop", "eu-west-3": "AccessDeniedException"}}'
	start=$SECONDS
	mount_up --region us-east-1,eu-west-1,eu-west-2,eu-west-3 -o timeout=20
	[ $((SECONDS - start)) -lt 8 ]
	[ "$(timeout 2 ls "$mnt/us-east-1/clusters")" = AKIDA-us-east-1 ]
	fails 'Permission denied' timeout 2 ls "$mnt/eu-west-3/clusters"
	fails 'Input/output error' timeout 10 ls "$mnt/eu-west-2/clusters"
	[ "$(timeout 2 ls "$mnt/us-east-1/clusters/AKIDA-us-east-1" | grep -c '^services$')" = 1 ]
	grep -A1 'region: eu-west-1' "$mnt/.ecsfs/status" | grep 'has not answered yet'
}

@test "a region that failed at the start and has come back answers in status too" {
	fake '{"regions": {"eu-west-1": "ServerException"}}'
	AWS_MAX_ATTEMPTS=1 mount_up --region us-east-1,eu-west-1 -o ttl=0
	grep -A1 'region: eu-west-1' "$mnt/.ecsfs/status" | grep 'did not answer at the start'
	rules '{}'
	wait_for 10 sh -c "ls '$mnt/eu-west-1/clusters' 2>/dev/null | grep -qx AKIDA-eu-west-1"
	grep -A1 'region: eu-west-1' "$mnt/.ecsfs/status" | grep 'state: answers'
}

@test "FIPS spellings of regions: the region's own directory, by FIPS endpoints" {
	mkdir "$dir/mnt"
	run "$build/ecsfs" --print-credential-source --region fips-us-east-1
	[[ $output == *region=us-east-1*endpoint_ecs=https://ecs-fips.us-east-1.amazonaws.com* ]]
	run "$build/ecsfs" --region fips-us-east-1,us-east-1 "$dir/mnt"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"--region=us-east-1: expected names, each once"* ]]
	fake '{}'
	mount_up --region us-west-2,us-east-1-fips
	[ "$(ls "$mnt" | xargs)" = "us-east-1 us-west-2" ]
	[ "$(ls "$mnt/us-east-1/clusters")" = AKIDA-us-east-1 ]
	mount_down
	mnt=
	mount_up --region fips-us-east-1
	[ "$(ls "$mnt/clusters")" = AKIDA-us-east-1 ]
}

@test "no region answers: one line, status 1" {
	fake '{"regions": {"us-east-1": "UnrecognizedClientException", "eu-west-1": "UnrecognizedClientException"}}'
	mkdir "$dir/mnt"
	run timeout 20 "$build/ecsfs" --region us-east-1,eu-west-1 "$dir/mnt"
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(grep -c '^ecsfs: UnrecognizedClientException' <<<"$output")" = 1 ]
	! mountpoint -q "$dir/mnt"
}

@test "a region that does not exist is said once, with the one that was meant" {
	mkdir "$dir/mnt"
	for regions in us-east-9 us-east-9,eu-west-99; do
		run env -u AWS_ENDPOINT_URL timeout 40 "$build/ecsfs" --region "$regions" "$dir/mnt"
		echo "$output"
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == "ecsfs: unknown region 'us-east-9': ecs.us-east-9.amazonaws.com has no address (did you mean us-east-1?)" ]]
	done
	! mountpoint -q "$dir/mnt"
}

@test "all regions: those that are not enabled are not listed, and say so when looked up" {
	fake '{"regions": {"af-south-1": "UnrecognizedClientException", "me-south-1": "UnrecognizedClientException"}}'
	unset AWS_REGION
	mount_up --region all
	[ "$(ls "$mnt" | wc -l)" -ge 30 ]
	! ls "$mnt" | grep -E 'af-south-1|me-south-1|-(gov|iso)|^cn-'
	fails 'Permission denied' ls "$mnt/af-south-1/"
	said 'the region af-south-1 is not enabled for this account'
	grep -A1 'region: me-south-1' "$mnt/.ecsfs/status" | grep 'not enabled'
	[ "$(asked 'ListClusters us-east-1 AKIDA')" = 1 ]
	rules '{}'
	echo now >"$mnt/.ecsfs/refresh"
	[ "$(ls "$mnt/af-south-1/clusters")" = AKIDA-af-south-1 ]
	ls "$mnt" | grep -x af-south-1
}

@test "regions that are not enabled do not fetch credentials again and again" {
	fake '{"regions": {"af-south-1": "UnrecognizedClientException", "me-south-1": "UnrecognizedClientException"}}'
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	printf '%s\n' '#!/bin/sh' "echo run >>$dir/runs" \
		'echo "{\"Version\":1,\"AccessKeyId\":\"AKIDP\",\"SecretAccessKey\":\"hush\"}"' >"$dir/give"
	chmod +x "$dir/give"
	profile p "credential_process=$dir/give" region=us-east-1
	mount_up --profile p --region us-east-1,af-south-1,me-south-1
	for i in 1 2 3 4 5; do
		! ls "$mnt/af-south-1/" "$mnt/me-south-1/" 2>/dev/null
	done
	[ "$(wc -l <"$dir/runs")" -le 2 ]
}

@test "a name that is no region's is refused" {
	mkdir "$dir/mnt"
	for names in us-east-1,../x us-east-1,all us-east-1,a.b; do
		run "$build/ecsfs" --region "$names" "$dir/mnt"
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *"--region"* ]]
	done
}

@test "each profile has a directory, with its own region, and nothing of another" {
	fake '{"keys": {"AKIDBAD": "UnrecognizedClientException"}}'
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
	profile a region=us-west-2
	profile b region=eu-west-1
	profile bad region=us-east-1
	keys a AKIDA
	keys b AKIDB
	keys bad AKIDBAD
	mount_up --profile a,b,bad
	[ "$(ls "$mnt" | xargs)" = "a b bad" ]
	[ "$(ls "$mnt/a/clusters")" = AKIDA-us-west-2 ]
	[ "$(ls "$mnt/b/clusters")" = AKIDB-eu-west-1 ]
	[ ! -e "$mnt/b/clusters/AKIDA-us-west-2" ]
	fails 'Permission denied' ls "$mnt/bad/clusters"
	grep -q 'caller: arn:aws:iam::123456789012:user/AKIDA' "$mnt/.ecsfs/status"
	grep -q 'caller: arn:aws:iam::123456789012:user/AKIDB' "$mnt/.ecsfs/status"
	grep -q 'account: unknown' "$mnt/.ecsfs/status"
	mount_down
	mnt=
	mount_up -o profile=a:b,region=us-east-1:eu-west-1
	[ "$(ls "$mnt/b/" | xargs)" = "eu-west-1 us-east-1" ]
	[ "$(ls "$mnt/b/us-east-1/clusters")" = AKIDB-us-east-1 ]
	[ "$(ls "$mnt/a/eu-west-1/clusters")" = AKIDA-eu-west-1 ]
	grep "$mnt" /proc/mounts | grep -F 'a,b@us-east-1,eu-west-1'
	run "$build/ecsfs" --print-credential-source --profile a,b
	[ "$(grep -c '^provider=credentials-file' <<<"$output")" = 2 ]
	[ "$(grep '^region=' <<<"$output" | xargs)" = "region=us-west-2 region=eu-west-1" ]
}

@test "status is there when STS stalls or refuses" {
	fake '{"actions": {"GetCallerIdentity": "stall"}}'
	mount_up
	run timeout 8 cat "$mnt/.ecsfs/status"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"account: unknown"*"credentials: environment"*"region: us-east-1 (AWS_REGION)"* ]]
	[[ $output == *"endpoint: http://127.0.0.1:$port"* ]]
	mount_down
	rules '{"actions": {"GetCallerIdentity": "AccessDenied"}}'
	mount_up
	timeout 8 cat "$mnt/.ecsfs/status" | grep 'account: unknown: .*the rules say so'
}

@test "no secret leaves the process" {
	fake '{"keys": {"AKIDX": "ExpiredTokenException"}, "actions": {"UpdateCluster": "AccessDenied"}}'
	export AWS_SESSION_TOKEN=token-hush
	mount_up -d --region us-east-1,eu-west-1
	ls "$mnt"/*/clusters/* >/dev/null
	! echo '{}' 2>/dev/null >"$mnt/us-east-1/clusters/AKIDA-us-east-1/settings.json"
	! ls "$mnt/us-east-1/clusters/no-such" 2>/dev/null
	pid=$(cat "$mnt_dir/pid")
	cat "$mnt"/.ecsfs/{status,errors,journal,metrics,help} "$mnt_dir/err" "$mnt_dir/out" >"$dir/all"
	tr '\0' '\n' <"/proc/$pid/cmdline" >>"$dir/all"
	[ "$(wc -l <"$dir/all")" -gt 30 ]
	! grep -n hush "$dir/all"
	grep -q 'Max core file size *0 *0' "/proc/$pid/limits"
	# What cannot be dumped is root's in /proc.
	[ "$(stat -c %U "/proc/$pid/environ")" = root ]
}

@test "the token of a container endpoint is nowhere either" {
	fake '{}'
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	cat >"$dir/container.py" <<'PY'
import http.server, json
class H(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        ok = self.headers.get("Authorization") == "hush-container"
        data = json.dumps({"AccessKeyId": "AKIDC", "SecretAccessKey": "hush-c", "Token": "hush-t",
                           "Expiration": "2099-01-01T00:00:00Z"}).encode()
        self.send_response(200 if ok else 403)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
s = http.server.HTTPServer(("127.0.0.1", 0), H)
print(s.server_port, flush=True)
s.serve_forever()
PY
	python3 "$dir/container.py" >"$dir/cport" 3>&- &
	servers="$servers $!"
	wait_for 10 test -s "$dir/cport"
	export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:$(cat "$dir/cport")/get
	export AWS_CONTAINER_AUTHORIZATION_TOKEN=hush-container
	mount_up -d
	[ "$(ls "$mnt/clusters")" = AKIDC-us-east-1 ]
	grep -q '^credentials: container' "$mnt/.ecsfs/status"
	grep -q '^credentials_expire: 2099-01-01T00:00:00' "$mnt/.ecsfs/status"
	[ "$(asked 'AKIDC hush-t')" -ge 1 ]
	cat "$mnt"/.ecsfs/{status,errors,journal,metrics} "$mnt_dir/err" >"$dir/all"
	! grep -n hush "$dir/all"
}

@test "keys that are about to expire or were rotated are fetched anew" {
	fake '{}'
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	printf '%s\n' '#!/bin/sh' "cat $dir/keys.json" >"$dir/give"
	chmod +x "$dir/give"
	profile p "credential_process=$dir/give" region=us-east-1
	give() {
		printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"hush","SessionToken":"t-%s","Expiration":"%s"}' \
			"$1" "$1" "$(date -u -d "$2" +%FT%TZ)" >"$dir/keys.new"
		mv "$dir/keys.new" "$dir/keys.json"
	}
	give AKID1 '+3 seconds'
	mount_up --profile p -o ttl=0
	[ "$(ls "$mnt/clusters")" = AKID1-us-east-1 ]
	give AKID2 '+1 hour'
	wait_for 10 sh -c "ls '$mnt/clusters' | grep -q AKID2"
	# AWS says that they have expired, the process gives others: one refresh, one repeat.
	give AKID3 '+1 hour'
	rules '{"keys": {"AKID2": "ExpiredTokenException"}}'
	[ "$(ls "$mnt/clusters")" = AKID3-us-east-1 ]
	[ "$(asked 'ListClusters us-east-1 AKID2 t-AKID2')" -ge 1 ]
	# Nothing helps: it is said what to do.
	rules '{"keys": {"AKID3": "ExpiredTokenException"}}'
	fails 'Permission denied' ls "$mnt/clusters"
	said 'have expired: log in again'
}

@test "a changed credentials file is used without a remount" {
	fake '{}'
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	keys default AKID1
	mount_up -o ttl=0
	[ "$(ls "$mnt/clusters")" = AKID1-us-east-1 ]
	rm "$HOME/.aws/credentials"
	keys default AKID22
	wait_for 10 sh -c "ls '$mnt/clusters' | grep -q AKID22"
}

@test "a clock that is off is corrected once, and that is remembered" {
	fake '{"clock": 600}'
	mount_up -o ttl=0
	[ "$(ls "$mnt/clusters")" = AKIDA-us-east-1 ]
	[ "$(asked ListClusters)" -le 3 ]
	before=$(asked ListClusters)
	ls "$mnt/clusters" >/dev/null
	[ "$(asked ListClusters)" -le $((before + 1)) ]
}

@test "files that are /dev/null are empty without a word, and a pipe holds up nothing" {
	fake '{}'
	export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
	run timeout 10 "$build/ecsfs" --print-credential-source
	[ "$status" -eq 0 ]
	[[ $output == *provider=environment* && $output != *"cannot be read"* ]]
	mkfifo "$dir/pipe"
	AWS_CONFIG_FILE=$dir/pipe run timeout 10 "$build/ecsfs" --print-credential-source
	[ "$status" -eq 0 ]
	[[ $output == *"$dir/pipe cannot be read and is taken as empty: it is not a regular file"* ]]
	# A token file may be a pipe; without a writer it is empty.
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	mkdir "$dir/mnt"
	AWS_WEB_IDENTITY_TOKEN_FILE=$dir/pipe AWS_ROLE_ARN=arn:aws:iam::123456789012:role/r \
		run timeout 20 "$build/ecsfs" "$dir/mnt"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"the web identity token $dir/pipe is empty"* ]]
}

@test "endpoints come from the environment, the profile and its services, or are ignored" {
	unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	fake '{}'
	unset AWS_ENDPOINT_URL
	keys p AKIDP
	profile p region=us-east-1 services=local endpoint_url=http://127.0.0.1:1
	printf '%s\n' '[services local]' 'ecs =' "  endpoint_url = http://127.0.0.1:$port" \
		>>"$HOME/.aws/config"
	mount_up --profile p
	[ "$(ls "$mnt/clusters")" = AKIDP-us-east-1 ]
	mount_down
	mnt=
	endpoint() {
		"$build/ecsfs" --print-credential-source --profile p | sed -n 's/^endpoint_ecs=//p'
	}
	[ "$(endpoint)" = "http://127.0.0.1:$port" ]
	[ "$(AWS_ENDPOINT_URL=http://127.0.0.1:2 endpoint)" = http://127.0.0.1:2 ]
	[ "$(AWS_ENDPOINT_URL=http://127.0.0.1:2 AWS_ENDPOINT_URL_ECS=http://127.0.0.1:3 endpoint)" = http://127.0.0.1:3 ]
	[ "$(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true endpoint)" = https://ecs.us-east-1.amazonaws.com ]
}

@test "https goes through the proxy but for NO_PROXY, and trusts AWS_CA_BUNDLE alone" {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ecs.example.test \
		-addext 'subjectAltName=DNS:ecs.example.test,DNS:localhost' \
		-keyout "$dir/key" -out "$dir/cert" 2>/dev/null
	fake '{}' "$dir/cert" "$dir/key"
	tls=$port
	mkdir "$dir/mnt"
	export AWS_ENDPOINT_URL=https://localhost:$tls
	run timeout 20 "$build/ecsfs" "$dir/mnt"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *certificate* ]]
	export AWS_CA_BUNDLE=$dir/cert
	mount_up
	[ "$(ls "$mnt/clusters")" = AKIDA-us-east-1 ]
	mount_down
	mnt=
	fake "{\"tunnel\": $tls}"
	export HTTPS_PROXY=http://127.0.0.1:$port AWS_ENDPOINT_URL=https://ecs.example.test:$tls
	mount_up
	[ "$(ls "$mnt/clusters")" = AKIDA-us-east-1 ]
	[ "$(asked "CONNECT ecs.example.test:$tls")" -ge 1 ]
	mount_down
	mnt=
	: >"$log"
	NO_PROXY=localhost AWS_ENDPOINT_URL=https://localhost:$tls mount_up
	[ "$(ls "$mnt/clusters")" = AKIDA-us-east-1 ]
	[ "$(asked CONNECT)" = 0 ]
}

@test "the ECS CLI's files: a cluster configuration, a profile, and what there is instead" {
	fake '{}'
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
	mkdir "$HOME/.ecs"
	printf '%s\n' 'version: v1' 'default: main' 'clusters:' '  main:' \
		'    cluster: AKIDE-eu-west-2' '    region: eu-west-2' >"$HOME/.ecs/config"
	printf '%s\n' 'version: v1' 'default: me' 'ecs_profiles:' '  me:' \
		'    aws_access_key_id: AKIDE' '    aws_secret_access_key: hush' >"$HOME/.ecs/credentials"
	mount_up --cluster-config main --ecs-profile me
	[ "$(readlink "$mnt/cluster")" = clusters/AKIDE-eu-west-2 ]
	[ "$(cat "$mnt/cluster/running_tasks_count")" = 7 ]
	mount_down
	mnt=
	run "$build/ecsfs" --print-credential-source --cluster-config none
	[ "$status" -eq 1 ]
	[[ $output == *none*main* ]]
	run "$build/ecsfs" --print-credential-source --cluster-config main --ecs-profile nobody
	[ "$status" -eq 1 ]
	[[ $output == *nobody*me* ]]
}

@test "a code is asked for on the terminal before the mount goes into the background" {
	fake '{}'
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	keys base AKIDBASE
	keys plain AKIDPLAIN
	profile base region=us-east-1
	profile plain region=us-east-1
	profile ops role_arn=arn:aws:iam::123456789012:role/ops source_profile=base \
		mfa_serial=arn:aws:iam::123456789012:mfa/me region=us-east-1
	mkdir "$dir/mnt"
	cat >"$dir/type.py" <<'PY'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
while True:
    try:
        data = os.read(fd, 1024)
    except OSError:
        break
    if not data:
        break
    seen += data
    if b"mfa/me" in seen and b":" in data:
        # Only when the mount has waited longer for the code than for a region that does not answer.
        while "waits for the code" not in open(sys.argv[1]).read():
            time.sleep(0.05)
        os.write(fd, b"654987\n")
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
	: >"$dir/daemon.log"
	run timeout 30 python3 "$dir/type.py" "$dir/daemon.log" "$build/ecsfs" --log-level info \
		--log-file "$dir/daemon.log" --profile ops,plain "$dir/mnt"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output != *654987* ]]
	[ "$(ls "$dir/mnt/ops/clusters")" = AKIDROLE-us-east-1 ]
	[ "$(asked 'AssumeRole .*code=654987')" = 1 ]
	fusermount3 -u "$dir/mnt"
	run timeout 10 setsid -w "$build/ecsfs" --profile ops "$dir/mnt"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"there is no terminal"* ]]
}

@test "it starts as /etc/fstab starts it: without HOME and with little else" {
	fake '{}'
	mkdir "$dir/mnt"
	run env -i PATH="$PATH" AWS_ACCESS_KEY_ID=AKIDF AWS_SECRET_ACCESS_KEY=hush \
		AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
		AWS_ENDPOINT_URL="$AWS_ENDPOINT_URL" "$build/ecsfs" ECS "$dir/mnt" -o rw,region=us-east-1:us-west-2,nodev
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(ls "$dir/mnt/us-west-2/clusters")" = AKIDF-us-west-2 ]
	grep -q "^ECS $dir/mnt fuse.ecsfs" /proc/mounts
	fusermount3 -u "$dir/mnt"
}

@test "the help and the man page know every option" {
	man=$build/ecsfs.1
	"$build/ecsfs" --help-all | grep -oE -- '--[a-z-]+' | sed 's/^--//' | sort -u >"$dir/options"
	[ "$(wc -l <"$dir/options")" -ge 30 ]
	while read -r option; do
		sed 's/\\f.//g; s/\\//g' "$man" | grep -qE -- "(^|[^a-z])(--)?${option//-/[-_]}([^a-z_-]|\$)" || {
			echo "not in the man page: $option" >&2
			false
		}
	done <"$dir/options"
}
