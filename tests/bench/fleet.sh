#!/usr/bin/env bash
# How fast a whole region is read, and what memory it takes: cold and warm walks over fleets of
# several shapes, beside boto3 with a pool of threads, in one run. And the memory of a region whose
# tasks come and go.
#
#   tests/bench/fleet.sh [walk|memory|churn]...     all, where none is named
#
# CHURN_S: seconds of churn (600); CHURN_PAUSE: between two rounds of it (0).
. "$(dirname "$0")/lib.sh"

row() {
	printf '%-58s %10s   %s\n' "$1" "$2" "$3"
}

ms_of() {
	local start
	start=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - start) / 1000000))
}

canned_up() {
	port=$((20000 + RANDOM % 20000))
	"$build/tests/bench/cannedd" -p "$port" "$@" &
	canned=$!
	wait_until curl -sf "http://127.0.0.1:$port/_stats" -o /dev/null
	export AWS_ENDPOINT_URL=http://127.0.0.1:$port
}

canned_down() {
	kill "$canned"
	wait "$canned" 2>/dev/null || true
}

stats() {
	curl -sf "http://127.0.0.1:$port/_stats" | jq -r ".$1 // 0"
}

walk() {
	cat "$mnt"/clusters/*/services/*/running_count
	cat "$mnt"/clusters/*/tasks/*/last_status
}

# The least that boto3 can do: the same calls, sixteen at a time.
boto3_walk() {
	python3 - <<'PY'
import boto3, concurrent.futures as f, botocore.config
ecs = boto3.client("ecs", config=botocore.config.Config(max_pool_connections=16))
pool = f.ThreadPoolExecutor(16)

def pages(call, member, **arguments):
    token = {}
    while True:
        page = call(**arguments, **token)
        yield page[member]
        if "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}

def of_cluster(cluster):
    jobs = []
    for names in pages(ecs.list_services, "serviceArns", cluster=cluster, maxResults=100):
        jobs += [pool.submit(ecs.describe_services, cluster=cluster, services=names[i:i + 10]) for i in range(0, len(names), 10)]
    for names in pages(ecs.list_tasks, "taskArns", cluster=cluster, maxResults=100):
        jobs.append(pool.submit(ecs.describe_tasks, cluster=cluster, tasks=names))
    return jobs

clusters = [arn.rsplit("/", 1)[1] for names in pages(ecs.list_clusters, "clusterArns") for arn in names]
with f.ThreadPoolExecutor(16) as listers:
    for jobs in listers.map(of_cluster, clusters):
        for job in jobs:
            job.result()
PY
}

one_walk() { # CLUSTERS SERVICES TASKS LATENCY [CANNEDD OPTION...]
	local shape="$1 x $2 x $3, $4 ms${5:+, token buckets}" cold
	canned_up -c "$1" -s "$2" -t "$3" -l "$4" "${@:5}"
	mount_up -o ttl=3600,cache_limit=1G
	curl -sf "http://127.0.0.1:$port/_reset" -o /dev/null
	cold=$(ms_of walk)
	row "$shape: cold (ms)" "$cold" "$(stats total) calls, $(stats connections) connections, $(stats throttled) throttled"
	row "$shape: warm (ms)" "$(ms_of walk)" ""
	row "$shape: read ahead for nothing (calls)" "$(awk '/^ecsfs_read_ahead_unused_calls/ { print $NF }' "$mnt/.ecsfs/metrics")" "of $(awk '/^ecsfs_read_ahead_calls_total/ { print $NF }' "$mnt/.ecsfs/metrics") made ahead"
	row "$shape: resident memory (MiB)" "$(($(awk '/VmRSS/ { print $2 }' "/proc/$daemon/status") / 1024))" ""
	mount_down
	[ $# -gt 4 ] || row "$shape: boto3, 16 threads (ms)" "$(ms_of boto3_walk)" ""
	canned_down
}

bench_walk() {
	one_walk 10 100 10 20
	one_walk 10 100 10 0
	one_walk 10 100 10 20 -T
	one_walk 1 1000 3 20
	one_walk 40 20 5 20
}

bench_memory() {
	canned_up -c 10 -s 1000 -t 10 -l 0
	mount_up -o ttl=3600,cache_limit=2G
	find "$mnt"/clusters/*/services "$mnt"/clusters/*/tasks -name last_status -o -name running_count | wc -l >/dev/null
	row "100,000 tasks and 10,000 services: resident memory (MiB)" "$(($(awk '/VmRSS/ { print $2 }' "/proc/$daemon/status") / 1024))" "goal 400"
	mount_down
	canned_down
}

# What the daemon says that it holds.
held() {
	awk '/^ecsfs_fuse_nodes / { nodes = $2 } /^ecsfs_memory_bytes/ { split($1, of, "\""); text = text ", " of[2] " " int($2 / 1024) " KiB" }
		END { print nodes " nodes" text }' "$mnt/.ecsfs/metrics"
}

# Tasks come and go, values are written and read: resident memory every half minute.
bench_churn() {
	local end=$((SECONDS + ${CHURN_S:-600})) next=0 rss first='' middle='' half=$((SECONDS + ${CHURN_S:-600} / 2)) n=0
	local -a services
	sim_up --fleet 2x20x5
	mount_up -o ttl=1
	services=("$mnt"/clusters/*/services/*)
	while [ $SECONDS -lt $end ]; do
		n=$((n + 1))
		for task in "$mnt"/clusters/*/tasks/*; do
			read -r _ <"$task/last_status" || true
			[ $((RANDOM % 10)) != 0 ] || echo churn >"$task/stop" || true
		done 2>/dev/null
		cat "$mnt"/clusters/*/services/*/service.json >/dev/null
		echo $((2 + n % 5)) >"${services[0]}/desired_count" || true
		sleep "${CHURN_PAUSE:-0}"
		[ $SECONDS -ge $next ] || continue
		next=$((SECONDS + 30))
		rss=$(awk '/VmRSS/ { print $2 }' "/proc/$daemon/status")
		first=${first:-$rss}
		[ -n "$middle" ] || [ $SECONDS -lt $half ] || middle=$rss
		row "churn, resident memory (KiB)" "$rss" "round $n, $(held)"
	done
	row "slope of the second half (% a minute)" \
		"$(awk -v a="${middle:-$first}" -v b="$rss" -v s="${CHURN_S:-600}" 'BEGIN { printf "%.2f", (b - a) / a * 100 / (s / 120) }')" "goal under 1"
	mount_down
	sim_down
}

[ $# -gt 0 ] || set -- walk memory churn
for part in "$@"; do
	"bench_$part"
done
