#!/usr/bin/env bats
# The readable tree on the simulated region.

load lib

setup_file() {
	sim_up
	mount_up -o ttl=60
}

teardown_file() {
	all_down
}

setup() {
	web=$mnt/clusters/prod/services/web
}

steady() {
	[ "$(cat "$web/running_count")" = "$(cat "$web/desired_count")" ] || {
		touch "$web"
		return 1
	}
}

@test "the root has the directories of a region, and .ecsfs with ls -a" {
	run ls "$mnt"
	[ "$output" = "capacity_providers
clusters
compose
overview
repositories
task_definitions" ]
	ls -a "$mnt" | grep -qx .ecsfs
}

@test "every regular file that is readable can be read, and read-only ones refuse to be opened for writing" {
	run bash -c "find '$mnt/clusters/prod' '$mnt/task_definitions' '$mnt/capacity_providers' -type f -perm -400 \
		-not -path '*/logs/*' -exec cat {} + >/dev/null"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	while read -r file; do
		run bash -c "echo x 1<>'$file' >&1"
		[ "$status" -ne 0 ]
		[[ $output == *'ermission denied'* ]]
	done < <(find "$mnt/clusters/prod/services/web" -type f -perm 400 | head -n 60)
}

@test "files that are only written read as empty, so that reading a tree goes on" {
	for file in "$web"/{force_new_deployment,rollback} "$mnt/.ecsfs/refresh" "$mnt"/clusters/prod/tasks/*/stop; do
		[ "$(stat -c %a "$file")" = 600 ]
		[ "$(cat "$file" | wc -c)" = 0 ]
	done
	calls_reset
	# What is copied back sends nothing, by any way; an empty file says so, as it may have been meant.
	cp "$web/rollback" "$BATS_TEST_TMPDIR/copy"
	refused cp "$BATS_TEST_TMPDIR/copy" "$web/rollback"
	touch "$web/rollback.tmp"
	mv -f "$web/rollback.tmp" "$web/rollback"
	[ "$(changes)" = 0 ]
}

@test "modes" {
	[ "$(stat -c %a "$web/desired_count")" = 600 ]
	[ "$(stat -c %a "$web/arn")" = 400 ]
	[ "$(stat -c %a "$web")" = 700 ]
	[ "$(stat -c %h "$web")" = 1 ]
}

@test "scalars are one line, documents are JSON, sizes are true" {
	[ "$(wc -l <"$web/desired_count")" = 1 ]
	jq -e .serviceArn "$web/service.json" >/dev/null
	jq -e .networkConfiguration "$web/service.json" >/dev/null
	jq -e .awsvpcConfiguration "$web/network_configuration.json" >/dev/null
	jq -e .containerDefinitions "$web/task_definition.json" >/dev/null
	for file in "$web"/*.json "$web"/*_count; do
		[ "$(stat -c %s "$file")" = "$(cat "$file" | wc -c)" ]
	done
	[[ $(jq -r .createdAt "$web/service.json") == 20??-??-??T* ]]
	[[ $(cat "$web/created_at") == 20??-??-??T*Z ]]
}

@test "the task definition is FAMILY:REVISION and its symlinks resolve" {
	definition=$(cat "$web/task_definition")
	[[ $definition =~ ^[a-z-]+:[0-9]+$ ]]
	family=${definition%:*}
	[ "$(jq -r .family "$web/task_definition.json")" = "$family" ]
	[ "$(cat "$mnt/task_definitions/$family/latest/status")" = ACTIVE ]
	wait_for 60 steady
	touch "$web/tasks"
	for task in "$web"/tasks/*; do
		[ -L "$task" ]
		[ -s "$task/arn" ]
		[ "$(jq -r .family "$task/task_definition/task_definition.json")" = "$family" ]
		[ -d "$task/containers" ]
	done
	[ "$(ls "$web/tasks" | wc -l)" -ge 1 ]
}

@test "tasks, containers and stopped tasks" {
	wait_for 60 steady
	task=$(ls "$mnt/clusters/prod/tasks" | head -n 1)
	dir=$mnt/clusters/prod/tasks/$task
	[ "$(cat "$dir/desired_status")" = RUNNING ]
	for container in "$dir"/containers/*; do
		[ -s "$container/image" ]
		jq -e .name "$container/container.json" >/dev/null
	done
	[ "$(ls "$mnt/clusters/prod/stopped_tasks" | wc -l)" -ge 1 ]
	for stopped in "$mnt"/clusters/prod/stopped_tasks/*; do
		[ -s "$stopped/stopped_reason" ]
	done
}

@test "container instances and capacity providers" {
	[ "$(ls "$mnt/clusters/prod/container_instances" | wc -l)" -ge 1 ]
	for instance in "$mnt"/clusters/prod/container_instances/*; do
		[ "$(cat "$instance/status")" = ACTIVE ]
		[ "$(cat "$instance/agent_connected")" = true ]
	done
	ls "$mnt/capacity_providers" | grep -qx FARGATE
}

@test "a missing name is ENOENT, and an impossible one costs no call" {
	fails 'No such file' cat "$mnt/clusters/nope/status"
	fails 'No such file' cat "$mnt/clusters/prod/services/nope/status"
	fails 'No such file' cat "$mnt/clusters/prod/tasks/0123456789abcdef0123456789abcdef/arn"
	fails 'No such file' cat "$web/nope"
	calls_reset
	for name in .git .DS_Store HEAD. 'a b' "$(printf 'x%.0s' {1..250})y,"; do
		fails 'No such file' cat "$mnt/clusters/prod/services/$name/status"
	done
	fails 'No such file' cat "$mnt/clusters/prod/tasks/not-a-task/arn"
	[ "$(calls)" = 0 ]
}

@test "a name that came since is there after a refresh" {
	fails 'No such file' cat "$mnt/clusters/late/status"
	somebody_else CreateCluster '{"clusterName": "late"}'
	fails 'No such file' cat "$mnt/clusters/late/status"
	echo >"$mnt/.ecsfs/refresh"
	[ "$(cat "$mnt/clusters/late/status")" = ACTIVE ]
	somebody_else DeleteCluster '{"cluster": "late"}'
}

@test "a working directory reads again once its object is back" {
	somebody_else CreateCluster '{"clusterName": "back"}'
	echo >"$mnt/.ecsfs/refresh"
	cd "$mnt/clusters/back"
	[ "$(cat status)" = ACTIVE ]
	somebody_else DeleteCluster '{"cluster": "back"}'
	echo >"$mnt/.ecsfs/refresh"
	fails 'No such file' cat status
	somebody_else CreateCluster '{"clusterName": "back"}'
	fails 'No such file' cat status
	echo >"$mnt/.ecsfs/refresh"
	[ "$(cat status)" = ACTIVE ]
	cd /
	somebody_else DeleteCluster '{"cluster": "back"}'
}

@test "directories carry AWS's time" {
	created=$(jq -r '[.deployments[] | select(.status == "PRIMARY")][0].createdAt' "$web/service.json")
	[ "$(stat -c %Y "$web")" = "$(date -d "$created" +%s)" ]
}

@test ".ecsfs/metrics is what Prometheus takes, and has the fleet's counts" {
	python3 - "$mnt/.ecsfs/metrics" <<'PY'
import re, sys
described, typed, seen, samples = {}, {}, [], set()
for line in open(sys.argv[1]).read().splitlines():
    if line.startswith("# HELP "):
        _, _, name, text = line.split(" ", 3)
        assert name not in described, f"HELP twice: {name}"
        assert text != "Not described.", f"{name} has no row in fs/tree/control/metrics.c"
        described[name] = text
    elif line.startswith("# TYPE "):
        _, _, name, kind = line.split()
        assert name in described and name not in typed, line
        assert (kind == "counter") == name.endswith("_total"), line
        typed[name] = kind
    else:
        m = re.fullmatch(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\})? -?[0-9.]+(e[+-]?[0-9]+)?', line)
        assert m, f"no sample: {line}"
        name = m.group(1)
        assert name in typed, f"no TYPE before: {line}"
        if not seen or seen[-1] != name:
            assert name not in seen, f"not in one group: {name}"
            seen.append(name)
        key = line.rsplit(" ", 1)[0]
        assert key not in samples, f"twice: {key}"
        samples.add(key)
PY
	services=$(cat "$mnt/clusters/prod/active_services_count")
	grep -qx "ecsfs_cluster_active_services{region=\"us-east-1\",cluster=\"prod\"} $services" "$mnt/.ecsfs/metrics"
	grep -qx "ecsfs_clusters{region=\"us-east-1\"} $(ls "$mnt/clusters" | wc -l)" "$mnt/.ecsfs/metrics"
	grep -qx 'ecsfs_up{region="us-east-1"} 1' "$mnt/.ecsfs/metrics"
}

@test ".ecsfs/status says what is in force and what failed last" {
	grep -qx 'simulated: false' "$mnt/.ecsfs/status"
	grep -q '^options: .*ttl=[0-9.]*,timeout=[0-9]*,.*log_window=1M' "$mnt/.ecsfs/status"
	grep -qx "pid: $(cat "$mnt_dir/pid")" "$mnt/.ecsfs/status"
	fails 'Invalid argument' bash -c "echo abc >'$web/desired_count'"
	grep -q '^last_failure: .*desired_count: "abc" is not a whole number' "$mnt/.ecsfs/status"
}

@test ".ecsfs: status, metrics, help, errors" {
	grep -q us-east-1 "$mnt/.ecsfs/status"
	grep -q 123456789012 "$mnt/.ecsfs/status"
	! grep -qi wJalrXUtn "$mnt/.ecsfs/status"
	grep -q '^ecsfs_' "$mnt/.ecsfs/metrics"
	grep -q desired_count "$mnt/.ecsfs/help"
	cat "$mnt/.ecsfs/errors" >/dev/null
}

@test "events is a file of lines, oldest first" {
	wait_for 60 grep -q 'has reached a steady state' "$web/events"
}

@test "unlink, rename and rmdir can take nothing down" {
	calls_reset
	fails 'not permitted' rm "$web/desired_count"
	fails 'not permitted' mv "$web/desired_count" "$web/x"
	fails 'not permitted' rmdir "$web"
	run rm -rf "$mnt/clusters/prod"
	[ "$status" -ne 0 ]
	[ "$(calls UpdateService)$(calls DeleteService)$(calls StopTask)$(calls DeleteCluster)" = 0000 ]
}

@test "the tree can be walked with find, du, ls -R and tar" {
	find "$mnt/clusters" >/dev/null
	ls -lR "$mnt/clusters/prod/services" >/dev/null
	tar cf - -C "$web" service.json desired_count | tar xf - -C "$BATS_TEST_TMPDIR"
	cmp "$web/service.json" "$BATS_TEST_TMPDIR/service.json"
}
