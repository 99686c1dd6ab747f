# Shared by the benchmarks; sourced. Prints figures, asserts nothing.
# shellcheck shell=bash
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${ECSFS_BUILD:-$top/build}
work=$(mktemp -d)
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_ECS AWS_ENDPOINT_URL_CLOUDWATCH_LOGS
sim= daemon=

finish() {
	[ -z "$daemon" ] || mount_down || true
	[ -z "$sim" ] || sim_down || true
	rm -rf "$work"
}
trap finish EXIT

wait_until() {
	local n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 600 ] || {
			echo "waited in vain for: $*" >&2
			exit 1
		}
		sleep 0.05
	done
}

sim_up() {
	: >"$work/sim"
	"$build/ecsfs-sim" --port 0 "$@" >"$work/sim" 2>&1 &
	sim=$!
	wait_until grep -q 'listening on' "$work/sim"
	sim_url=$(grep -o 'http://[0-9.:]*' "$work/sim" | head -n 1)
	export AWS_ENDPOINT_URL=$sim_url
}

sim_down() {
	kill "$sim"
	wait "$sim" || true
	sim=
}

mount_up() {
	mnt=$(mktemp -d "$work/mnt.XXXXXX")
	"$build/ecsfs" -f "$@" "$mnt" &
	daemon=$!
	wait_until mountpoint -q "$mnt"
}

mount_down() {
	kill -TERM "$daemon"
	wait "$daemon" || true
	daemon=
}

calls() {
	local filter='.total // 0'
	[ $# -eq 0 ] || filter=".actions[\"$1\"] // 0"
	curl -sf "$sim_url/_sim/calls" | jq -r "$filter"
}

calls_reset() {
	curl -sf -X POST "$sim_url/_sim/reset" >/dev/null
}
