#!/usr/bin/env bats
# ECS Exec against a server and an agent of another make (agent_server.py), on bad lines and good ones.

load lib

setup_file() {
	sim_up --speed 20 --exec
	python3 "$top/tests/e2e/agent_server.py" "${AWS_ENDPOINT_URL##*:}" >"$sim_dir/agent" 2>"$sim_dir/agent.err" 3>&- &
	export agent_pid=$!
	wait_for 20 test -s "$sim_dir/agent"
	export AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$sim_dir/agent")
	agent_url=$AWS_ENDPOINT_URL
	export agent_url
	# An agent that never answers costs its whole time, a silent one twice that.
	mount_up -o timeout=15
	find_containers
	export place=$BATS_FILE_TMPDIR/place
	mkdir "$place"
	head -c 60000 /dev/urandom >"$place/bytes"
	lose_a_task
}

# A command in a task that stops, of which its agent never hears: the last test looks at its end.
lose_a_task() {
	local one other=
	for one in "$mnt"/clusters/*/tasks/*/containers/*; do
		[ "${one%/containers/*}" = "${container%/containers/*}" ] ||
			! jq -e '.managedAgents[0].lastStatus == "RUNNING"' "$one/container.json" >/dev/null || other=$one
	done
	"$build/ecsfs" exec "$other" -- sh -c 'echo ready; exec sleep 1000' >"$place/lost" 2>&1 3>&- &
	export lost_pid=$!
	wait_for 20 grep -q ready "$place/lost"
	echo 'test of a lost task' >"${other%/containers/*}/stop"
}

teardown_file() {
	local bad=0
	# It keeps the mount, where the last test did not run.
	kill "$lost_pid" 2>/dev/null || true
	mount_down || bad=1
	kill "$agent_pid" 2>/dev/null
	grep -q Traceback "$sim_dir/agent.err" && cat "$sim_dir/agent.err" >&2 && bad=1
	sim_down || bad=1
	return "$bad"
}

setup() {
	agent '{}'
	cd "$BATS_TEST_TMPDIR"
}

# agent MODES: how the sessions to come behave.
agent() {
	curl -sf -d "$1" "$agent_url/_agent" >/dev/null
}

# seen FILTER: of what the newest session saw.
seen() {
	curl -sf "$agent_url/_agent" | jq -r "last | $1"
}

ecsfs() {
	timeout 100 "$build/ecsfs" "$@"
}

# Bytes both ways, a tar both ways, a status.
everything() {
	ecsfs exec "$container" -- cat <"$place/bytes" >out
	cmp out "$place/bytes"
	run ecsfs exec "$container" -- sh -c 'cat; exit 7' <<<'the end'
	[ "$status" -eq 7 ]
	[ "$output" = 'the end' ]
	rm -rf in out.d
	mkdir in out.d
	tar -C "$top/scripts" -cf - . | ecsfs exec "$container" -- tar -C "$PWD/in" -xf -
	diff -r "$top/scripts" in
	ecsfs exec "$container" -- tar -C "$PWD/in" -cf - . | tar -C out.d -xf -
	diff -r "$top/scripts" out.d
	ecsfs cp "$place/bytes" "$container:$PWD/copied"
	cmp copied "$place/bytes"
	ecsfs cp "$container:$PWD/copied" back
	cmp back "$place/bytes"
}

@test "a good line: bytes, tar, files, statuses; the upgrade is signed" {
	everything
	[ "$(seen .signature)" = true ]
	[ "$(seen .bad_digest)" = 0 ]
}

@test "the agent's terminal comes late, at its pace" {
	agent '{"start": 500, "pace": 1}'
	everything
}

@test "delay and jitter, which reorders" {
	agent '{"delay": 10, "jitter": 25}'
	everything
}

@test "loss, duplicates, reordering" {
	agent '{"loss": 8, "duplicate": 10, "reorder": 10, "delay": 2}'
	everything
	[ "$(seen .bad_digest)" = 0 ]
}

@test "wrong digests and garbage between the messages" {
	agent '{"digest": 10, "garbage": 10}'
	everything
}

@test "frames in pieces, with pings between" {
	agent '{"fragment": 1}'
	everything
}

@test "a handshake without a key" {
	agent '{"handshake": 1, "start": 200}'
	everything
	[ "$(seen .thrown_away)" = 0 ]
}

@test "a handshake with a key and a challenge, on a bad line" {
	agent '{"handshake": 1, "kms": 1, "challenge": 1, "loss": 5, "duplicate": 5}'
	everything
	[[ $(seen '.key_context["aws:ssm:TargetId"]') == ecs:*_*_* ]]
	[ "$(seen .thrown_away)" = 0 ]
	agent '{"handshake": 1, "kms": 1, "challenge": 1, "wrong_key": 1}'
	run ecsfs exec "$container" -- true
	[ "$status" -eq 255 ]
	[[ $output == *'challenge'* ]]
}

@test "a lost connection is resumed, also when AWS does not resume it at first" {
	agent '{"cut": 30, "tick": 10}'
	everything
	agent '{"cut": 30, "tick": 10, "resume_fails": 3}'
	ecsfs exec "$container" -- cat <"$place/bytes" >out
	cmp out "$place/bytes"
	# Writes do not shorten the pauses, of 200, 400, 800 and 1,600 ms.
	[ "$(seen '.resumed | length')" = 4 ]
	[ "$(seen '.resumed | .[-1] - .[0] > 2.7')" = true ]
	# Connections that move something count as no failure, however often they are lost.
	agent '{"cut_each": 2, "tick": 10}'
	ecsfs exec "$container" -- head -c 9000 "$place/bytes" >out
	cmp -n 9000 out "$place/bytes"
	[ "$(stat -c %s out)" = 9000 ]
	[ "$(seen '.resumed | length > 5')" = true ]
}

# sessions N: whether so many have been asked for so far.
sessions() {
	[ "$(curl -sf "$agent_url/_agent" | jq length)" = "$1" ]
}

# All at once, since some take as long as the mount waits for an answer.
@test "an impossible request is a sentence and status 255" {
	local before i pids=() all=() wanted=()
	before=$(curl -sf "$agent_url/_agent" | jq length)
	while IFS='|' read -r modes words; do
		agent "$modes"
		i=${#pids[@]}
		ecsfs exec "$container" -- sleep 1000 </dev/null >"out.$i" 2>&1 &
		pids+=($!) all+=("$modes") wanted+=("$words")
		wait_for 40 sessions $((before + i + 1))
	done <<-'EOF'
		{"refuse": 403}|refused the data channel with HTTP status 403
		{"refuse": 503}|HTTP status 503
		{"expired": 1, "gone": 1}|the session has ended
		{"close": "Plugin with name Standard_Stream not found"}|Plugin with name Standard_Stream not found
		{"garbage": 100, "loss": 100}|does not answer
		{"silent": 1}|does not answer
		{"frame": "masked"}|the data channel broke its protocol: start the command again
		{"frame": "huge"}|the data channel broke its protocol: start the command again
		{"frame": "unknown"}|the data channel broke its protocol: start the command again
		{"frame": "reserved"}|the data channel broke its protocol: start the command again
		{"frame": "control"}|the data channel broke its protocol: start the command again
		{"cut": 1, "url": "abc"}|ResumeSession's response names a stream that is not encrypted
		{"cut": 1, "url": "ws://example.com/"}|ResumeSession's response names a stream that is not encrypted
		{"cut": 1, "url": "wss://a/\r\nHost: b"}|ResumeSession's response has no usable session
		{"expired": 1}|lost again each time before any data came
	EOF
	for i in "${!pids[@]}"; do
		status=0
		wait "${pids[i]}" || status=$?
		output=$(cat "out.$i")
		echo "${all[i]}: $status: $output"
		[ "$status" -eq 255 ]
		[[ $output == *"${wanted[i]}"* && $output != *'20 minutes'* ]]
		[ "$(wc -l <"out.$i")" = 1 ]
	done
}

@test "messages that wait for an earlier one are bounded" {
	agent '{"flood": 10100, "tick": 10}'
	ecsfs exec "$container" -- true
	[ "$(awk '/VmHWM/ { print $2 }' "/proc/$(cat "$mnt_dir/pid")/status")" -lt 300000 ]
}

# A turn costs the container two processes. 3 MB are 4,001,020 bytes of lines; the rest counts the turns.
@test "input that waits goes in few turns of the script" {
	agent '{"delay": 10}'
	[ "$(head -c 3000000 /dev/zero | ecsfs exec "$container" -- wc -c)" = 3000000 ]
	[ "$(seen .input)" -lt 4001250 ]
}

@test "fifty sessions at once" {
	agent '{"delay": 10}'
	for i in $(seq 50); do
		ecsfs exec "$container" -- sh -c "cat; exit $i" <<<"session $i" >"out.$i" &
		pids[i]=$!
	done
	for i in $(seq 50); do
		status=0
		wait "${pids[i]}" || status=$?
		[ "$status" -eq "$i" ]
		[ "$(cat "out.$i")" = "session $i" ]
	done
}

@test "a task that stops ends its commands, though their agent is silent" {
	wait_for 150 grep -q '^ecsfs exec: ' "$place/lost"
	grep -q 'has stopped before the command' "$place/lost"
	grep -q 'test of a lost task' "$place/lost"
}
