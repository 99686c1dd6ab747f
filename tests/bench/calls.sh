#!/usr/bin/env bash
# What commands cost in calls to AWS, what warm ones cost in requests to the daemon, memory, and the
# time from start to mounted.
. "$(dirname "$0")/lib.sh"

row() {
	printf '%-64s %12s   %s\n' "$1" "$2" "$3"
}

# Requests that a caller waits for (RELEASE and FORGET are asynchronous) while COMMAND runs warm,
# less what reading the counters costs.
fuse_requests() {
	awk '/^ecsfs_fuse_requests_total/ && !/"(release|forget)"/ { n += $NF } END { print n + 0 }' "$mnt/.ecsfs/metrics"
}

requests_of() {
	local a b c
	"$@" >/dev/null
	"$@" >/dev/null
	a=$(fuse_requests)
	b=$(fuse_requests)
	"$@" >/dev/null
	c=$(fuse_requests)
	echo $((c - b - (b - a)))
}

sim_up --fleet 10x250x4
start=$(date +%s%N)
mount_up -o ttl=3600
row "start to mounted (ms)" $((($(date +%s%N) - start) / 1000000)) "includes one ListClusters"
calls_reset
cat "$mnt/clusters/cluster-01/services/service-007/desired_count" >/dev/null
row "cold cat services/S/desired_count (calls)" "$(calls)" "goal 1"
calls_reset
ls "$mnt/clusters/cluster-02/services" >/dev/null
row "ls of 250 services (calls)" "$(calls)" "goal 3"
calls_reset
for name in $(ls "$mnt/clusters/cluster-02/services"); do
	read -r _ <"$mnt/clusters/cluster-02/services/$name/desired_count"
done
row "cat services/*/desired_count of 250 after ls (calls)" "$(calls)" "goal 25"
calls_reset
readers=()
for _ in $(seq 100); do
	cat "$mnt/clusters/cluster-03/services/service-009/desired_count" >/dev/null &
	readers+=("$!")
done
wait "${readers[@]}"
row "a hundred concurrent readers of one file (calls)" "$(calls)" "goal 1"
calls_reset
echo 4 >"$mnt/clusters/cluster-03/services/service-009/desired_count"
row "echo 4 > desired_count (calls)" "$(calls)" "goal 1"
file=$mnt/clusters/cluster-03/services/service-009/running_count
row "warm stat (requests to the daemon)" "$(requests_of stat "$file")" "goal 0"
row "warm cat (requests to the daemon)" "$(requests_of cat "$file")" "goal at most 1"
mount_down
sim_down

sim_up --fleet 10x100x10
mount_up -o ttl=3600
calls_reset
start=$(date +%s%N)
cat "$mnt"/clusters/*/services/*/desired_count >/dev/null
cat "$mnt"/clusters/*/tasks/*/last_status >/dev/null
row "1,000 services and 10,000 tasks read (calls)" "$(calls)" "$((($(date +%s%N) - start) / 1000000)) ms"
row "resident memory then (MiB)" "$(($(awk '/VmRSS/ { print $2 }' "/proc/$daemon/status") / 1024))" ""
mount_down
sim_down
