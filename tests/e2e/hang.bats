#!/usr/bin/env bats
# AWS is slow, unreachable or faulty: nothing hangs, nothing lies.

load lib

setup_file() {
	sim_up
}

teardown_file() {
	sim_down
}

teardown() {
	cd /
	faults ''
	mount_down
}

# A reader waits in the daemon.
parked() {
	[ "$(awk '/^ecsfs_fuse_parked / { print $2 }' "$mnt/.ecsfs/metrics")" -ge 1 ]
}

stalled() {
	[ "$(calls DescribeServices)" -ge 1 ]
}

@test "Ctrl-C ends a reader that waits for AWS, at once" {
	mount_up -o timeout=60
	ls "$mnt/clusters/prod/services" >/dev/null
	calls_reset
	faults 'DescribeServices:stall=30000'
	for shell in bash dash; do
		calls_reset
		# A child of Python: a shell that has no job control starts its background jobs deaf to SIGINT.
		python3 - "$shell" "$mnt/clusters/prod/services/web/desired_count" <<'PY' &
import os, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
subprocess.run([sys.argv[1], "-c", f"echo $$ >'{os.environ['mnt_dir']}/reader'; exec cat '{sys.argv[2]}'"])
PY
		wait_for 10 parked
		kill -INT "$(cat "$mnt_dir/reader")"
		wait_for 3 not_running "$(cat "$mnt_dir/reader")"
	done
}

# Connections between the mount and the region that neither has closed.
connections() {
	awk -v end="$(printf ':%04X$' "${AWS_ENDPOINT_URL##*:}")" \
		'$2 ~ end && $4 == "01" { n++ } END { print n + 0 }' /proc/net/tcp
}

fewer_connections_than() {
	[ "$(connections)" -lt "$1" ]
}

waiting() {
	awk '/^ecsfs_fuse_parked / { print $2 }' "$mnt/.ecsfs/metrics"
}

as_many_wait_as() {
	[ "$(waiting)" -ge "$1" ]
}

@test "killed readers of a hung call leave nothing: it is cut, and the next reader is answered at once" {
	local readers=() reader before begin
	mount_up -o timeout=60,ttl=0
	cd "$mnt/clusters/prod/services/web"
	cat desired_count >/dev/null
	calls_reset
	faults 'DescribeServices:stall=30000'
	for _ in $(seq 50); do
		cat desired_count 2>/dev/null 3>&- &
		readers+=($!)
	done
	wait_for 30 as_many_wait_as 50
	# Those who come while it has hung for two seconds begin another one, up to four.
	[ "$(calls DescribeServices)" -le 4 ]
	faults ''
	before=$(connections)
	kill -KILL "${readers[@]}"
	for reader in "${readers[@]}"; do
		wait_for 10 not_running "$reader"
	done
	wait_for 10 fewer_connections_than "$before"
	# The call that hung would have been given up after 12 s.
	begin=${EPOCHREALTIME/./}
	[ -n "$(cat desired_count)" ]
	[ $((${EPOCHREALTIME/./} - begin)) -lt 2000000 ]
	cd /
}

@test "a killed opener of rollout or outcome leaves nothing" {
	local file task before waiting
	mount_up -o timeout=60
	cat "$mnt/clusters/prod/services/web/arn"
	task=$(ls -d "$mnt"/clusters/prod/tasks/* | head -n 1)
	cat "$task/arn"
	for file in "$mnt/clusters/prod/services/web/rollout" "$task/outcome"; do
		faults 'DescribeServices:stall=30000,DescribeTasks:stall=30000'
		waiting=$(waiting)
		cat "$file" >/dev/null 2>&1 3>&- &
		wait_for 20 as_many_wait_as "$((waiting + 1))"
		before=$(connections)
		kill -KILL $!
		wait_for 10 fewer_connections_than "$before"
		faults ''
		timeout 4 cat "${file%/*}/arn"
	done
}

@test "a call that hangs once is cut, and asked again on another connection, long before the time limit" {
	local begin
	mount_up -o timeout=60
	ls "$mnt/clusters/prod/services" >/dev/null
	calls_reset
	faults 'DescribeServices:1:stall=120000'
	begin=$SECONDS
	[ -n "$(cat "$mnt/clusters/prod/services/web/desired_count")" ]
	[ $((SECONDS - begin)) -lt 30 ]
	# Once more where the open finds the answer older than its TTL: an age counts from the first attempt.
	[ "$(calls DescribeServices)" -ge 2 ]
	[ "$(calls DescribeServices)" -le 3 ]
}

called() {
	[ "$(calls "$1")" -ge 1 ]
}

@test "a killed reader of a log leaves nothing: neither of its first window nor of a poll" {
	local log before waiting
	mount_up -o timeout=60
	log=$mnt/clusters/prod/services/web/logs/app.log
	[ -n "$(cat "$log")" ]
	calls_reset
	faults 'GetLogEvents:stall=30000'
	cat "$log" >/dev/null 2>&1 3>&- &
	wait_for 20 called GetLogEvents
	before=$(connections)
	kill -KILL $!
	wait_for 10 fewer_connections_than "$before"
	faults ''
	tail -n 1 -f "$log" >"$mnt_dir/tail" 2>&1 3>&- &
	wait_for 20 test -s "$mnt_dir/tail"
	calls_reset
	faults 'FilterLogEvents:stall=30000'
	wait_for 20 called FilterLogEvents
	before=$(connections)
	kill -KILL $!
	wait_for 10 fewer_connections_than "$before"
	# Who follows next does not wait for the poll of before.
	faults ''
	tail -n 1 -f "$log" >"$mnt_dir/tail" 2>&1 3>&- &
	wait_for 20 grown "$mnt_dir/tail" 2
	kill $!
}

grown() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

@test "a killed reader of rollout leaves nothing of what its lines are made from" {
	local before definition
	mount_up -o timeout=60
	cd "$mnt/clusters/prod/services/web"
	hold 1
	echo yes >force_new_deployment
	calls_reset
	faults 'DescribeServiceDeployments:stall=30000'
	cat rollout >/dev/null 2>&1 3>&- &
	wait_for 20 called DescribeServiceDeployments
	before=$(connections)
	kill -KILL $!
	wait_for 10 fewer_connections_than "$before"
	hold 0
	cd /
}

@test "while one service stalls, the rest of the mount answers" {
	mount_up -o timeout=60
	ls "$mnt/clusters/prod/services" "$mnt/clusters" >/dev/null
	cat "$mnt/clusters/prod/status" >/dev/null
	calls_reset
	faults 'DescribeServices:stall=30000'
	cat "$mnt/clusters/prod/services/web/desired_count" 2>/dev/null &
	reader=$!
	wait_for 10 stalled
	timeout 5 cat "$mnt/clusters/prod/status"
	timeout 5 ls "$mnt/clusters/prod/services"
	timeout 5 ls "$mnt/clusters/prod/tasks"
	timeout 5 cat "$mnt/.ecsfs/status"
	kill "$reader"
	wait "$reader" || true
}

@test "no answer in time is ETIMEDOUT" {
	mount_up -o timeout=1
	ls "$mnt/clusters/prod/services" >/dev/null
	faults 'DescribeServices:stall=30000'
	fails 'timed out' timeout 20 cat "$mnt/clusters/prod/services/web/desired_count"
	grep -q 'web.*DescribeServices' "$mnt/.ecsfs/errors"
}

@test "a throttle and a 5xx are repeated, then reported" {
	mount_up -o timeout=20
	ls "$mnt/clusters/prod/services" >/dev/null
	faults 'DescribeServices:1:throttle'
	[ -n "$(cat "$mnt/clusters/prod/services/web/desired_count")" ]
	faults 'DescribeServices:1:5xx'
	[ -n "$(cat "$mnt/clusters/prod/services/api/desired_count")" ]
	faults 'DescribeServices:1:reset'
	[ -n "$(cat "$mnt/clusters/staging/services/web/desired_count")" ]
	faults 'DescribeServices:1:truncate'
	[ -n "$(cat "$mnt/clusters/staging/services/api/desired_count")" ]
}

@test "throttled after all tries is EBUSY, a broken answer EIO, a refusal EACCES" {
	export AWS_MAX_ATTEMPTS=2
	mount_up -o ttl=0,timeout=20
	web=$mnt/clusters/prod/services/web
	faults 'DescribeServices:throttle'
	fails 'busy' cat "$web/desired_count"
	faults 'DescribeServices:garbage'
	fails 'nput/output error' cat "$web/desired_count"
	faults 'DescribeServices:denied'
	fails 'ermission denied' cat "$web/desired_count"
	faults ''
	[ -n "$(cat "$web/desired_count")" ]
}

@test "cached values are served past their TTL while AWS is unreachable, and a write never pretends" {
	mount_up -o ttl=1,timeout=5
	web=$mnt/clusters/prod/services/web
	before=$(cat "$web/desired_count")
	faults '*:5xx'
	touch "$web"
	[ "$(cat "$web/desired_count")" = "$before" ]
	said 'service prod/web DescribeServices ServerException: showing an older response: '
	run bash -c "echo 9 > '$web/desired_count'"
	[ "$status" -ne 0 ]
	faults ''
}

reports() {
	printf '%s\n' "$mnt/overview" "$mnt/clusters/prod/overview" "$web/overview" "$web/diagnosis"
}

# all_stale: each report shows what is known, below a line that says so, long before the time limit.
all_stale() {
	local file begin
	for file in $(reports); do
		begin=$SECONDS
		timeout 40 cat "$file" >"$BATS_TEST_TMPDIR/report" || { echo "$file: status $?" >&2; return 1; }
		[[ $(head -n 1 "$BATS_TEST_TMPDIR/report") == 'stale: AWS cannot be asked'* ]] || {
			echo "$file is not marked: $(head -n 1 "$BATS_TEST_TMPDIR/report")" >&2
			return 1
		}
		[ "$(wc -l <"$BATS_TEST_TMPDIR/report")" -ge 2 ]
		[ $((SECONDS - begin)) -lt 15 ]
	done
}

none_stale() {
	! cat $(reports) | grep -q '^stale:'
}

@test "reports show what is known in an outage of any kind, marked, and no other mark stays" {
	mount_up -o ttl=1,stale=600
	web=$mnt/clusters/prod/services/web
	cat $(reports) >/dev/null
	for fault in stall=60000 5xx reset; do
		faults "*:$fault"
		wait_for 10 all_stale 2>/dev/null || all_stale
		grep -q 'showing an older response' "$mnt/.ecsfs/errors"
		! grep -q ' : ' "$mnt/.ecsfs/errors"
		faults ''
		wait_for 60 none_stale
	done
}

@test "a report of which a part was never read names it, and does not wait for it" {
	local begin
	mount_up -o ttl=1
	web=$mnt/clusters/prod/services/web
	cat "$web/desired_count" >/dev/null
	ls "$mnt/clusters/prod/services" >/dev/null
	faults '*:stall=60000'
	wait_for 10 is_marked "$web/diagnosis"
	begin=$SECONDS
	grep -q '^task  cannot be shown: AWS does not answer now' "$web/overview"
	grep -q '^not looked at: tasks: AWS does not answer now' "$web/diagnosis"
	[ "$(awk '$1 == "api" { print $2, $6 }' "$mnt/clusters/prod/overview")" = '? unknown' ]
	[ $((SECONDS - begin)) -lt 15 ]
}

is_marked() {
	[[ $(head -n 1 "$1") == stale:* ]]
}

@test "with stale=0 a read in an outage fails" {
	mount_up -o ttl=1,stale=0,timeout=4
	web=$mnt/clusters/prod/services/web
	cat "$web/desired_count" >/dev/null
	faults '*:5xx'
	wait_for 10 fails_to_read "$web/desired_count"
	wait_for 10 fails_to_read "$mnt/clusters/prod/overview"
}

fails_to_read() {
	! cat "$1" >/dev/null 2>&1
}

@test "cached values are served also while AWS is silent" {
	mount_up -o ttl=1,timeout=2
	web=$mnt/clusters/prod/services/web
	before=$(cat "$web/desired_count")
	faults 'DescribeServices:stall=30000'
	touch "$web"
	[ "$(timeout 20 cat "$web/desired_count")" = "$before" ]
}

# An open costs one call, and never none. Its look-up serves it for 50 ms only, so that on a busy
# machine one may cost two: then the next is tried.
asks_once() {
	calls_reset
	cat "$1" >/dev/null
	made=$(calls DescribeServices)
	[ "$made" -ge 1 ] || touch "$BATS_TEST_TMPDIR/unasked"
	[ "$made" -eq 1 ]
}

@test "with ttl=0 every open asks AWS" {
	mount_up -o ttl=0
	web=$mnt/clusters/prod/services/web
	for n in 1 2 3; do
		wait_for 60 asks_once "$web/desired_count"
	done
	cd "$web"
	for n in 1 2 3; do
		wait_for 60 asks_once desired_count
	done
	cd /
	[ ! -e "$BATS_TEST_TMPDIR/unasked" ]
}

@test "kill -9 of the daemon ends its readers" {
	mount_up -o timeout=60
	ls "$mnt/clusters/prod/services" >/dev/null
	calls_reset
	faults 'DescribeServices:stall=30000'
	cat "$mnt/clusters/prod/services/web/desired_count" 2>/dev/null &
	reader=$!
	wait_for 10 stalled
	kill -KILL "$(cat "$mnt_dir/pid")"
	wait_for 5 not_running "$reader"
	fusermount3 -u -z "$mnt" || umount -l "$mnt"
	mnt=
}

@test "a command waits no longer than the time limit, and says that a change may have taken effect" {
	mount_up -o timeout=4
	web=$mnt/clusters/prod/services/web
	cat "$web/desired_count" >/dev/null
	faults 'UpdateService:stall=60000'
	begin=${EPOCHREALTIME/./}
	fails 'timed out' bash -c "echo 9 >'$web/desired_count'"
	took=$((${EPOCHREALTIME/./} - begin))
	[ "$took" -lt 4700000 ]
	said 'may have taken effect'
	tail -n 1 "$mnt/.ecsfs/journal" | jq -e '.outcome == "ETIMEDOUT" and (.message | test("may have taken effect"))'
}

@test "a look-up and what follows it share one time limit" {
	mount_up -o timeout=4
	ls "$mnt/clusters/prod/services" >/dev/null
	faults 'DescribeServices:1:stall=3000,UpdateService:stall=60000'
	begin=${EPOCHREALTIME/./}
	fails 'timed out' bash -c "echo 9 >'$mnt/clusters/prod/services/web/desired_count'"
	[ $((${EPOCHREALTIME/./} - begin)) -lt 4900000 ]
}

# One thread reads the kernel's requests: what it asks of the mount itself is never answered.
@test "a program that stands on the mount writes a value without a newline" {
	mount_up
	web=$mnt/clusters/prod/services/web
	cp --preserve=mode /usr/bin/tee "$web/desired_count.tmp"
	printf 3 | timeout -k 1 10 "$web/desired_count.tmp" "$web/desired_count" >/dev/null
	[ "$(timeout 10 cat "$web/desired_count")" = 3 ]
	rm "$web/desired_count.tmp"
}
