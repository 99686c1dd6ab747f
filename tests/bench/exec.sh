#!/usr/bin/env bash
# ECS Exec against an agent of another make (tests/e2e/agent_server.py): what a command costs beyond
# ExecuteCommand, bytes a second in each direction, fifty sessions, memory.
#
# Base64 makes four bytes of three, and AWS's agent takes or sends 1,024 bytes a millisecond, so
# 768,000 bytes a second is what the protocol allows in each direction (modes "pace": 1).
. "$(dirname "$0")/lib.sh"
agent=

finish_agent() {
	[ -z "$agent" ] || kill "$agent" 2>/dev/null || true
	finish
}
trap finish_agent EXIT

row() {
	printf '%-72s %12s   %s\n' "$1" "$2" "$3"
}

now() {
	date +%s%N
}

modes() {
	curl -sf -d "$1" "$AWS_ENDPOINT_URL/_agent"
}

# Milliseconds, median of 15 runs.
median() {
	local start i
	for i in $(seq 15); do
		start=$(now)
		"$@" >/dev/null
		echo $((($(now) - start) / 100000))
	done | sort -n | awk '{ a[NR] = $1 } END { printf "%.1f", a[8] / 10 }'
}

execute() {
	exec 5<>"$mnt/.ecsfs/api/ecs/ExecuteCommand"
	printf '%s\n' "$request" >&5
	cat <&5 >/dev/null
	exec 5>&-
}

run() {
	"$build/ecsfs" exec "$container" -- "$@" </dev/null
}

# rate TEXT BYTES COMMAND...: bytes a second, less the time of a command that does nothing.
rate() {
	local text=$1 bytes=$2 start none
	shift 2
	none=$(median run true)
	start=$(now)
	"$@"
	row "$text (bytes a second)" \
		"$(awk -v n="$bytes" -v t="$((($(now) - start) / 1000000))" -v none="$none" 'BEGIN { printf "%d", n / ((t - none) / 1000) }')" "$goal"
}

into() {
	"$build/ecsfs" exec "$container" -- sh -c 'cat >/dev/null' <"$work/bytes"
}

out_of() {
	run head -c 3000000 /dev/zero >/dev/null
}

resident() {
	awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$daemon/status"
}

sim_up --speed 20 --exec
python3 "$top/tests/e2e/agent_server.py" "${sim_url##*:}" >"$work/agent" &
agent=$!
wait_until test -s "$work/agent"
AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$work/agent")
mount_up -o ttl=3600
container=
for c in "$mnt"/clusters/*/tasks/*/containers/*; do
	jq -e '.managedAgents[0].lastStatus == "RUNNING"' "$c/container.json" >/dev/null && container=$c
done
task=${container%/containers/*}
request=$(jq -nc --arg t "${task##*/}" --arg c "${container##*/}" \
	'{cluster: "prod", task: $t, container: $c, command: "true", interactive: true}')
head -c 3000000 /dev/urandom >"$work/bytes"

modes '{"delay": 10}'
run true
call=$(median execute)
whole=$(median run true)
row "ExecuteCommand alone at 20 ms (ms)" "$call" ""
row "ecsfs exec -- true at 20 ms (ms)" "$whole" ""
row "round trips more, with one for TCP that loopback does not show" \
	"$(awk -v a="$call" -v b="$whole" 'BEGIN { printf "%.1f", (b - a) / 20 + 1 }')" "goal 3"
calls_reset
run true
row "other calls to AWS meanwhile" "$(calls)" "goal 0"

goal="goal 0.9 of 768,000: 691,200"
modes '{"pace": 1}'
rate "3 MB out, the agent at its pace" 3000000 out_of
modes '{"pace": 1, "delay": 10}'
rate "3 MB out, the agent at its pace, 20 ms" 3000000 out_of
rate "3 MB in, 20 ms" 3000000 into
goal=
modes '{}'
rate "3 MB out, as fast as the agent goes" 3000000 out_of
rate "3 MB in, as fast as the agent goes" 3000000 into

row "resident memory before (MiB)" "$(resident)" ""
start=$(now)
sessions=()
for _ in $(seq 50); do
	"$build/ecsfs" exec "$container" -- sh -c 'cat >/dev/null; sleep 1' <"$work/bytes" &
	sessions+=("$!")
done
sleep 1
row "resident memory, 50 sessions under way (MiB)" "$(resident)" ""
wait "${sessions[@]}"
row "50 sessions at once, 3 MB in each (ms)" "$((($(now) - start) / 1000000))" ""
modes '{"flood": 9999}'
run true >/dev/null 2>&1 || true
row "resident memory after 9,999 messages that waited for one (MiB)" "$(resident)" "goal bounded"
