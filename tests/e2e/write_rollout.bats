#!/usr/bin/env bats
# Following a deployment to its end, and going back.

load lib

setup() {
	sim_up --speed 20
	mount_up
	web=$mnt/clusters/prod/services/web
}

teardown() {
	mount_down
	sim_down
}

deploy() {
	jq --arg v "$1" '.containerDefinitions[0].environment += [{name: "V", value: $v}]' \
		"$web/task_definition.json" >"$BATS_TEST_TMPDIR/new"
	cp "$BATS_TEST_TMPDIR/new" "$web/task_definition.json"
}

@test "a steady service: one line of state, end of file, one call" {
	cat "$web/status" >/dev/null
	calls_reset
	timeout 20 cat "$web/rollout" >"$BATS_TEST_TMPDIR/out"
	grep -q ' steady web:' "$BATS_TEST_TMPDIR/out"
	[ "$(calls DescribeServices)" = 1 ]
	[ "$(calls)" = 1 ]
}

@test "a deployment that succeeds streams lines and ends well" {
	deploy a
	timeout 60 cat "$web/rollout" >"$BATS_TEST_TMPDIR/out"
	grep -q IN_PROGRESS "$BATS_TEST_TMPDIR/out"
	tail -n 1 "$BATS_TEST_TMPDIR/out" | grep -q " steady $(cat "$web/task_definition")"
	[ "$(cat "$web/rollout_state")" = COMPLETED ]
}

@test "a deployment that is rolled back is a read error, with the reason" {
	before=$(cat "$web/task_definition")
	echo web-broken >"$web/task_definition"
	run timeout 120 cat "$web/rollout"
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	[[ $output == *"rolled back to $before"* ]]
	[[ $output == *'Input/output error'* ]]
	wait_for 60 grep -q ROLLED_BACK "$web/rollout_state"
	[ "$(cat "$web/task_definition")" = "$before" ]
	run timeout 60 cat "$web/rollout"
	[ "$status" -eq 0 ]
}

@test "a deployment that is superseded is a read error" {
	deploy a
	timeout 60 cat "$web/rollout" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &
	reader=$!
	wait_for 10 grep -q IN_PROGRESS "$BATS_TEST_TMPDIR/out"
	deploy b
	status=0
	wait "$reader" || status=$?
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	tail -n 1 "$BATS_TEST_TMPDIR/out" | grep -qE 'superseded|stopped'
}

@test "many readers cost one DescribeServices in two seconds" {
	sim_down
	mount_down
	sim_up --speed 2
	mount_up
	web=$mnt/clusters/prod/services/web
	deploy a
	calls_reset
	start=$SECONDS
	for n in 1 2 3 4 5 6 7 8; do
		timeout 200 cat "$web/rollout" >"$BATS_TEST_TMPDIR/out$n" &
		sleep 0.3
	done
	sleep 6
	seconds=$((SECONDS - start))
	[ "$(calls DescribeServices)" -le $((seconds / 2 + 2)) ]
	kill %1 %2 %3 %4 %5 %6 %7 %8 2>/dev/null || true
	wait || true
}

@test "Ctrl-C ends a reader at once" {
	sim_down
	mount_down
	sim_up --speed 1
	mount_up
	web=$mnt/clusters/prod/services/web
	deploy a
	cat "$web/rollout" >"$BATS_TEST_TMPDIR/out" &
	reader=$!
	wait_for 10 test -s "$BATS_TEST_TMPDIR/out"
	kill -INT "$reader" || kill "$reader"
	wait_for 3 not_running "$reader" || {
		kill "$reader"
		wait_for 3 not_running "$reader"
	}
}

@test "rollback goes back to the revision that ran before, and back again" {
	before=$(cat "$web/task_definition")
	deploy a
	after=$(cat "$web/task_definition")
	timeout 60 cat "$web/rollout" >/dev/null
	calls_reset
	echo >"$web/rollback"
	[ "$(calls UpdateService)" = 1 ]
	[ "$(changes)" = 1 ]
	[ "$(cat "$web/task_definition")" = "$before" ]
	timeout 60 cat "$web/rollout" >/dev/null
	echo now >"$web/rollback"
	[ "$(cat "$web/task_definition")" = "$after" ]
}

@test "rollback restores all that differs" {
	cat "$web/network_configuration.json" >"$BATS_TEST_TMPDIR/network"
	jq '.networkConfiguration.awsvpcConfiguration.assignPublicIp = "ENABLED" | .taskDefinition = "web:2"' \
		"$web/service.json" >"$BATS_TEST_TMPDIR/edited"
	cp "$BATS_TEST_TMPDIR/edited" "$web/service.json"
	timeout 60 cat "$web/rollout" >/dev/null
	calls_reset
	echo >"$web/rollback"
	[ "$(requests UpdateService | jq -r .networkConfiguration.awsvpcConfiguration.assignPublicIp)" = DISABLED ]
	[ "$(cat "$web/network_configuration.json")" = "$(cat "$BATS_TEST_TMPDIR/network")" ]
}

@test "rollback of a deployment in progress stops it" {
	sim_down
	mount_down
	sim_up --speed 3
	mount_up
	web=$mnt/clusters/prod/services/web
	before=$(cat "$web/task_definition")
	deploy a
	calls_reset
	echo >"$web/rollback"
	[ "$(calls StopServiceDeployment)" = 1 ]
	[ "$(requests StopServiceDeployment | jq -r .stopType)" = ROLLBACK ]
	[ "$(calls UpdateService)" = 0 ]
	wait_for 60 grep -qxF "$before" "$web/task_definition"
}
