#!/usr/bin/env bats
# Logs of services whose tasks come, go and write as they do so.

load lib

setup_file() {
	sim_up --speed 20
}

teardown_file() {
	sim_down
}

setup() {
	mount_up
	prod=$mnt/clusters/prod
	web=$prod/services/web
	out=$BATS_TEST_TMPDIR/out
	reader=
}

teardown() {
	[ -z "$reader" ] || kill "$reader" 2>/dev/null || true
	mount_down
}

follow() {
	tail -s 0.1 -n +1 -f "$1" >"$out" 3>&- &
	reader=$!
}

# of_task SHORT_ID WORDS: such a line of that task has come.
of_task() {
	grep -q "^$1 .*$2" "$out"
}

new_tasks() {
	comm -13 <(sort "$BATS_TEST_TMPDIR/old") <(ls "$web/tasks" | cut -c 1-8 | sort)
}

replaced() {
	[ "$(new_tasks | wc -l)" -ge 4 ]
}

@test "a service's log goes on over a deployment: new tasks' first lines, old tasks' last ones" {
	ls "$web/tasks" | cut -c 1-8 >"$BATS_TEST_TMPDIR/old"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/old")" = 4 ]
	follow "$web/logs/app.log"
	for id in $(cat "$BATS_TEST_TMPDIR/old"); do
		wait_for 15 of_task "$id" 'HTTP'
	done
	echo web:2 >"$web/task_definition"
	timeout 60 cat "$web/rollout" >/dev/null
	wait_for 20 replaced
	for id in $(new_tasks | head -n 4); do
		wait_for 20 of_task "$id" 'INFO app: started, web:2'
		wait_for 20 of_task "$id" 'HTTP'
	done
	for id in $(cat "$BATS_TEST_TMPDIR/old"); do
		wait_for 20 of_task "$id" 'INFO app: stopped after'
		[ "$(grep -c "^$id INFO app: stopped after" "$out")" = 1 ]
	done
	for id in $(cat "$BATS_TEST_TMPDIR/old"); do
		wait_for 10 test -e "$prod/stopped_tasks/$id"* && break
	done
	grep -q 'INFO app: stopped after' "$prod"/stopped_tasks/"$id"*/logs/app.log
}

# polled_in REGION: its log groups are being followed.
polled_in() {
	curl -sf "$sim_url/_sim/requests" |
		jq -e --arg r "$1" '[.[] | select(.region == $r) | .action] | index("FilterLogEvents")' >/dev/null
}

@test "a log group in another region" {
	echo web:3 >"$web/task_definition"
	timeout 60 cat "$web/rollout" >/dev/null
	follow "$web/logs/proxy.log"
	wait_for 20 grep -q 'INFO proxy: started' "$out"
	wait_for 20 polled_in eu-west-1
	grep -q HTTP "$web/logs/since/1h/proxy.log"
}

@test "a stopped task whose container never logged has an empty file" {
	found=
	for log in "$prod"/stopped_tasks/*/logs/migrate.log; do
		[ -f "$log" ]
		[ -z "$(cat "$log")" ]
		found=1
	done
	[ -n "$found" ]
}

@test "a driver that names no stream prefix: the log of each task on its own" {
	log=$(ls -d "$prod"/services/agent/tasks/*/logs/agent.log | head -n 1)
	wait_for 15 grep -q HTTP "$log"
}

@test "all the files followed by one tail cost a poller a group" {
	tail -s 0.1 -f "$mnt"/clusters/*/services/*/logs/*.log "$mnt"/clusters/*/services/*/tasks/*/logs/*.log >"$out" 2>/dev/null 3>&- &
	reader=$!
	wait_for 20 grep -q HTTP "$out"
	groups=$(jq -rs '[.[].containerDefinitions[].logConfiguration.options["awslogs-group"]] | unique | length' \
		"$mnt"/clusters/*/services/*/task_definition.json)
	pollers=$(sed -n 's/^ecsfs_logs_pollers //p' "$mnt/.ecsfs/metrics")
	[ "$pollers" -le "$groups" ]
}
