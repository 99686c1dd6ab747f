#!/usr/bin/env bash
# Logs: reading 16 MB beside the AWS CLI and boto3, following fifty logs, memory while 1 GB passes,
# and what quiet logs cost. `logs.sh [read|follow|memory|quiet ...]`; all of it takes some minutes.
. "$(dirname "$0")/lib.sh"

python3 -c 'import boto3' 2>/dev/null || {
	echo "logs.sh: python3 has no boto3; skipped" >&2
	exit 0
}
[ $# -gt 0 ] || set -- read follow memory quiet
for what; do
	[ "$what" != read ] || "$build/tests/bench/scan_cost"
	sim_up --fleet 1x50x1 --latency 20
	mount_up
	DAEMON=$daemon python3 "$top/tests/bench/logs.py" "$what" "$mnt"
	mount_down
	sim_down
done
