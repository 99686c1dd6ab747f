#!/usr/bin/env bash
# What memory does a mount take whose tasks come and go, while values are read and written?
#
# CHURN_S: seconds of churn (600); CHURN_PAUSE: between two rounds of it (0).
. "$(dirname "$0")/lib.sh"

row() {
	printf '%-58s %10s   %s\n' "$1" "$2" "$3"
}

# What the daemon says that it holds.
held() {
	awk '/^ecsfs_fuse_nodes / { nodes = $2 } /^ecsfs_memory_bytes/ { split($1, of, "\""); text = text ", " of[2] " " int($2 / 1024) " KiB" }
		END { print nodes " nodes" text }' "$mnt/.ecsfs/metrics"
}

# Tasks come and go, values are written and read: resident memory every half minute.
churn() {
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

churn
