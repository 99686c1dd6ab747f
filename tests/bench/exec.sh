#!/usr/bin/env bash
# ECS Exec against an agent of another make (tests/e2e/agent_server.py): what a command costs beyond
# ExecuteCommand, bytes a second in each direction, fifty sessions, memory.
#
# Base64 makes four bytes of three, and AWS's agent takes or sends 1,024 bytes a millisecond, so
# 768,000 bytes a second is what the protocol allows in each direction (modes "pace": 1). Where the
# agent, one thread of Python, is itself busy all the time, it is the limit, and its row says so.
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

# Milliseconds, median of $runs runs.
runs=15
median() {
	local start _
	for _ in $(seq "$runs"); do
		start=$(now)
		"$@" >/dev/null
		echo $((($(now) - start) / 100000))
	done | sort -n | awk '{ a[NR] = $1 } END { printf "%.1f", a[int((NR + 1) / 2)] / 10 }'
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

# Hundredths of a second that the agent has used of a processor.
agent_busy() {
	awk '{ print $14 + $15 }' "/proc/$agent/stat"
}

# rate TEXT BYTES COMMAND...: bytes a second, less the time of a command that does nothing.
rate() {
	local text=$1 bytes=$2 start none busy took
	shift 2
	none=$(median run true)
	busy=$(agent_busy)
	start=$(now)
	"$@"
	took=$((($(now) - start) / 1000000))
	row "$text (bytes a second)" \
		"$(awk -v n="$bytes" -v t="$took" -v none="$none" 'BEGIN { printf "%d", n / ((t - none) / 1000) }')" \
		"$goal the agent was busy $(((($(agent_busy) - busy) * 1000) / took)) %"
}

# What the container does for a command that ends at once, as much of it as needs no terminal.
script_alone() {
	sh -c 'stty -a; (exec sh -c true) | dd bs=65536 count=1 | base64 | dd bs=65536' </dev/null 2>/dev/null
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

# Counted at 2 s, where the time of processes is small beside them.
declare -A call whole
for trip in 20 2000; do
	modes "{\"delay\": $((trip / 2))}"
	run true
	runs=$((trip == 20 ? 15 : 3))
	call[$trip]=$(median execute)
	whole[$trip]=$(median run true)
	row "ExecuteCommand alone at $trip ms (ms)" "${call[$trip]}" ""
	row "ecsfs exec -- true at $trip ms (ms)" "${whole[$trip]}" ""
done
runs=15
row "round trips more, with one for TCP that loopback does not show" \
	"$(awk -v a="${call[2000]}" -v b="${whole[2000]}" 'BEGIN { printf "%.1f", (b - a) / 2000 + 1 }')" "goal 3"
row "the start of ecsfs itself (ms)" "$(median "$build/ecsfs" --version)" ""
row "the script and true in a pipe, without a network (ms)" "$(median script_alone)" ""
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

head -c 200000 "$work/bytes" >"$work/part"
row "resident memory before (MiB)" "$(resident)" ""
start=$(now)
busy=$(agent_busy)
sessions=()
for _ in $(seq 50); do
	"$build/ecsfs" exec "$container" -- sh -c 'cat >/dev/null; sleep 1' <"$work/part" &
	sessions+=("$!")
done
most=0 failed=0
while [ -n "$(jobs -pr | grep -Fx "${sessions[49]}")" ]; do
	most=$(($(resident) > most ? $(resident) : most))
	sleep 0.5
done
for session in "${sessions[@]}"; do
	wait "$session" || failed=$((failed + 1))
done
took=$((($(now) - start) / 1000000))
row "resident memory, 50 sessions under way (MiB)" "$most" ""
row "50 sessions at once, 200 kB in each (ms)" "$took" \
	"the agent was busy $(((($(agent_busy) - busy) * 1000) / took)) %"
row "those of them that failed" "$failed" "goal 0"
modes '{"flood": 9999}'
run true >/dev/null 2>&1 || true
row "resident memory after 9,999 messages that waited for one (MiB)" "$(resident)" "goal bounded"
