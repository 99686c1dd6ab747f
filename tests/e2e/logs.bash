# Shared by the tests of logs: a region whose tasks write nothing of themselves, and for each test a
# service of its own, of two tasks.

load lib

setup_file() {
	if ! has_botocore; then
		lacks "python3 has no boto3 of today"
		return 0
	fi
	sim_up --fleet 1x20x2
}

teardown_file() {
	sim_down
}

setup() {
	skip_what_lacks
	mount_up
	service=$(printf 'service-%02d' "$BATS_TEST_NUMBER")
	cluster=$mnt/clusters/cluster-1
	web=$cluster/services/$service
	options=$(jq '.containerDefinitions[0].logConfiguration.options' "$web/task_definition.json")
	group=$(jq -r '."awslogs-group"' <<<"$options")
	container=$(jq -r '.containerDefinitions[0].name' "$web/task_definition.json")
	readarray -t tasks < <(ls "$web/tasks")
	task=${tasks[0]}
	stream=$(stream_of "$task")
	log=$cluster/tasks/$task/logs/$container.log
	out=$BATS_TEST_TMPDIR/out
	followers=()
}

teardown() {
	[ -z "${ECSFS_LACKS:-}" ] || return 0
	faults ''
	knobs empty=0 repeat=0 loop=0 late=0 expire=0
	for pid in "${followers[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	mount_down
}

stream_of() {
	printf '%s/%s/%s' "$(jq -r '."awslogs-stream-prefix"' <<<"$options")" "$container" "$1"
}

# How the log store misbehaves: NAME=N...
knobs() {
	local IFS='&'
	curl -sf -X POST "$sim_url/_sim/logs?region=us-east-1&$*" >/dev/null
}

# put_log WHAT ARGUMENT...: past the strict proxy, as containers do.
put_log() {
	python3 "$top/tests/e2e/put_log.py" "$sim_url" "$@"
}

# numbered FIRST LAST: the lines that `put_log put` writes.
numbered() {
	seq -f 'line %06g' "$1" "$2"
}

# follow COMMAND...: in the background, its output in $out.
follow() {
	"$@" >"$out" 2>"$out.err" 3>&- &
	followers+=($!)
}

has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# arrives N: lines 1 to N come to $out, each once and in order.
arrives() {
	wait_for 25 has_lines "$out" "$1" || {
		echo "only $(wc -l <"$out") of $1 lines came" >&2
		tail -n 3 "$mnt/.ecsfs/errors" >&2
		return 1
	}
	diff <(numbered 1 "$1") "$out" >&2
}

polled_twice() {
	[ "$(calls FilterLogEvents)" -ge 2 ]
}
