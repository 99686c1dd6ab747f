# Shared by the end-to-end tests: a simulated region and a real mount for each file of tests.
#
# The daemon runs in the foreground; teardown demands that it ends with status 0 at unmount and that
# its stderr shows no trace of a sanitizer or an assertion. Tests wait for conditions, never for
# seconds.

# A process costs more here than anything else a test does: what every test runs starts none.

top=${BASH_SOURCE[0]%/tests/e2e/*}
build=${ECSFS_BUILD:-$top/build}

export AWS_ACCESS_KEY_ID=AKIDEXAMPLE
export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
export AWS_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/nonexistent AWS_SHARED_CREDENTIALS_FILE=/nonexistent
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
# Loaded anew for every test: what setup_file has exported stays.
if [ -z "${ECSFS_E2E:-}" ]; then
	export ECSFS_E2E=1
	# Python itself: what finds it by its version (pyenv's shims) costs more than a test.
	case $(type -P python3) in
	*/shims/*) PATH=$(dirname "$(python3 -c 'import sys; print(sys.executable)')"):$PATH ;;
	esac
	unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_DEFAULT_REGION AWS_SESSION_TOKEN AWS_ENDPOINT_URL \
		AWS_ENDPOINT_URL_ECS AWS_ENDPOINT_URL_CLOUDWATCH_LOGS HTTP_PROXY HTTPS_PROXY http_proxy https_proxy
fi

# lacks REASON: for setup_file, which cannot skip in bats 1.8. Every test then skips in its setup, by
# skip_what_lacks.
lacks() {
	export ECSFS_LACKS=$1
}

skip_what_lacks() {
	[ -z "${ECSFS_LACKS:-}" ] || skip "$ECSFS_LACKS"
}

# ECSFS_BOTOCORE is its answer once for all files.
has_botocore() {
	[ -n "${ECSFS_BOTOCORE:-}" ] || {
		python3 "$top/tests/e2e/has_botocore.py" && ECSFS_BOTOCORE=0 || ECSFS_BOTOCORE=1
		export ECSFS_BOTOCORE
	}
	return "$ECSFS_BOTOCORE"
}

# nap: a twentieth of a second. Nothing ever comes through this pipe.
[ -p "$BATS_RUN_TMPDIR/nap" ] || mkfifo "$BATS_RUN_TMPDIR/nap"
exec {napping}<>"$BATS_RUN_TMPDIR/nap"
nap() {
	read -rt 0.05 -u "$napping" _ || true
}

# wait_for SECONDS COMMAND...: runs it until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		nap
	done
}

# sim_up [OPTION...]: starts ecsfs-sim on a free port; sets $sim_url. For setup_file or setup.
sim_up() {
	local log
	sim_dir=$(mktemp -d "$BATS_FILE_TMPDIR/sim.XXXXXX")
	log=$sim_dir/out
	"$build/ecsfs-sim" --port 0 --strict "$@" >"$log" 2>"$sim_dir/err" 3>&- &
	sim_pid=$!
	wait_for 60 grep -q 'listening on' "$log" || {
		cat "$log" "$sim_dir/err" >&2
		return 1
	}
	sim_url=$(grep -o 'http://[0-9.:]*' "$log" | head -n 1)
	export sim_pid sim_url sim_dir
	export AWS_ENDPOINT_URL=$sim_url
	strict_proxy_up --answers
}

# strict_proxy_up [--answers]: puts strict_proxy.py before the region where Python has botocore.
strict_proxy_up() {
	local port
	strict_proxy_pid=
	export strict_proxy_pid
	has_botocore || return 0
	python3 "$top/tests/e2e/strict_proxy.py" "${sim_url##*:}" "$sim_dir/violations" "$@" \
		>"$sim_dir/strict_proxy" 2>"$sim_dir/strict_proxy.err" 3>&- &
	strict_proxy_pid=$!
	wait_for 60 test -s "$sim_dir/strict_proxy" || {
		cat "$sim_dir/strict_proxy.err" >&2
		return 1
	}
	port=$(cat "$sim_dir/strict_proxy")
	export AWS_ENDPOINT_URL=http://127.0.0.1:$port
}

# bats does not stop a teardown at what fails: the functions that end things say it by their status.

# beyond_policy ACTION...: what this file calls through .ecsfs/api, which the tree itself never does.
beyond_policy() {
	export ECSFS_BEYOND_POLICY=$*
}

# Every action that ecsfs has called is one of `ecsfs policy --read-write`. sts needs no permission to
# say who asks, and its roles belong to credentials. ECSFS_MADE collects them for scripts/test.sh.
in_policy() {
	local made unknown
	made=$(curl -sf "$sim_url/_sim/made" | jq -r '.[]' | sed 's/^monitoring:/cloudwatch:/' | grep -v ^sts: | sort)
	[ -z "${ECSFS_MADE:-}" ] || printf '%s\n' "$made" >>"$ECSFS_MADE"
	unknown=$(comm -23 <(printf '%s\n' "$made" | grep .) \
		<({ "$build/ecsfs" policy --read-write | jq -r '[.Statement[].Action] | flatten | .[]'; printf '%s\n' ${ECSFS_BEYOND_POLICY:-}; } | sort))
	[ -z "$unknown" ] || {
		printf 'called, but not in fs/cli/doctor/permissions.c: %s\n' "$unknown" >&2
		return 1
	}
}

# Ends the region, and demands that no request broke AWS's model or is missing in the policy.
sim_down() {
	local bad=0
	[ -n "${sim_pid:-}" ] || return 0
	in_policy || bad=1
	[ -z "$strict_proxy_pid" ] || kill "$strict_proxy_pid" 2>/dev/null || true
	if ! kill "$sim_pid" || ! wait_gone "$sim_pid"; then
		echo "ecsfs-sim has crashed, or does not end" >&2
		cat "$sim_dir/err" >&2
		kill -9 "$sim_pid" 2>/dev/null
		return 1
	fi
	quiet "$sim_dir/err" || bad=1
	if [ -s "$sim_dir/violations" ]; then
		sort "$sim_dir/violations" | uniq -c | head -n 20 >&2
		return 1
	fi
	return "$bad"
}

# mount_up [OPTION...]: mounts with ecsfs in the foreground; sets $mnt.
mount_up() {
	mnt_dir=$(mktemp -d "$BATS_FILE_TMPDIR/mount.XXXXXX")
	mnt=$mnt_dir/mnt
	mkdir "$mnt"
	# The shell that waits records the exit status, which teardown looks at.
	(
		env --default-signal=INT "$build/ecsfs" -f "$@" "$mnt" >"$mnt_dir/out" 2>"$mnt_dir/err" &
		echo $! >"$mnt_dir/pid"
		wait $! && status=0 || status=$?
		echo "$status" >"$mnt_dir/status"
	) 3>&- &
	export mnt mnt_dir
	wait_for 60 mounted_or_dead
	mounted "$mnt" || {
		cat "$mnt_dir/err" >&2
		return 1
	}
}

mounted_or_dead() {
	mounted "$mnt" || [ -e "$mnt_dir/status" ]
}

# mounted DIRECTORY: as `mountpoint -q`, without a process.
mounted() {
	local _ at
	while read -r _ at _; do
		[ "$at" != "$1" ] || return 0
	done </proc/mounts
	return 1
}

# Unmounts and demands a clean end.
mount_down() {
	[ -n "${mnt:-}" ] || return 0
	[ -e "$mnt_dir/status" ] || fusermount3 -u "$mnt" 2>/dev/null || umount "$mnt" 2>/dev/null ||
		fusermount3 -u -z "$mnt"
	if ! wait_for 30 test -s "$mnt_dir/status"; then
		echo "the daemon does not end" >&2
		kill -9 "$(cat "$mnt_dir/pid")"
		return 1
	fi
	quiet "$mnt_dir/err" || return 1
	[ "$(cat "$mnt_dir/status")" = 0 ] || {
		echo "the daemon ended with status $(cat "$mnt_dir/status")" >&2
		return 1
	}
}

# Both, the region also when the daemon did not end well.
all_down() {
	local bad=0
	mount_down || bad=1
	sim_down || bad=1
	return "$bad"
}

# quiet FILE: suspicious words on the stderr of the daemon or of the region (a sanitizer's, an
# assertion's) fail the test.
quiet() {
	if grep -nE 'Sanitizer|runtime error|Assertion|SIGSEGV|corrupt|leak' "$1"; then
		cat "$1" >&2
		return 1
	fi
}

wait_gone() {
	local pid=$1
	wait_for 60 not_running "$pid"
}

not_running() {
	! kill -0 "$1" 2>/dev/null
}

# sim_ask METHOD PATH [BODY]: what the region's control page answers, in $answer. For short answers: read takes
# a byte at a time, and the list of all requests goes by curl.
sim_ask() {
	local line LC_ALL=C # lengths are bytes
	exec {sim_fd}<>"/dev/tcp/127.0.0.1/${sim_url##*:}"
	printf '%s %s HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' "$1" "$2" "${#3}" "${3:-}" >&"$sim_fd"
	read -r line <&"$sim_fd"
	[[ $line == *' 2'* ]] || { echo "$1 $2: $line" >&2; return 1; }
	while [[ $line != $'\r' ]]; do
		read -r line <&"$sim_fd" || return 1
	done
	answer=
	read -rd '' answer <&"$sim_fd" || true
	exec {sim_fd}<&-
}

# calls [ACTION]: how many calls the region has counted since calls_reset.
calls() {
	local answer
	sim_ask GET /_sim/calls || return 1
	[[ $answer =~ \"${1:-total}\":[[:space:]]*([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

calls_reset() {
	local answer
	sim_ask POST /_sim/reset
}

# somebody_else ACTION BODY: a call of ECS that the mount does not know of.
somebody_else() {
	curl -sf --aws-sigv4 "aws:amz:$AWS_REGION:ecs" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
		-H "X-Amz-Target: AmazonEC2ContainerServiceV20141113.$1" \
		-H 'Content-Type: application/x-amz-json-1.1' -d "$2" "$sim_url/"
}

# faults SCRIPT: what goes wrong from now on; empty: nothing.
faults() {
	local answer
	sim_ask POST /_sim/faults "$1"
}

# Sets $container, one whose agent takes ECS Exec, and $without, one of a task that has none.
find_containers() {
	local c
	for c in "$mnt"/clusters/*/tasks/*/containers/*; do
		if jq -e '.managedAgents[0].lastStatus == "RUNNING"' "$c/container.json" >/dev/null; then
			export container=$c
		elif jq -e '.managedAgents == null' "$c/container.json" >/dev/null; then
			export without=$c
		fi
	done
}

# hold 1: tasks and deployments stand still; hold 0: they go on.
hold() {
	local answer
	sim_ask POST /_sim/hold "$1"
}

# The last request's body of an action.
last_request() {
	curl -sf "$sim_url/_sim/requests" | jq -c "[.[] | select(.action == \"$1\")] | last | .body"
}

# requests ACTION: the bodies of all its requests since calls_reset, a line each.
requests() {
	curl -sf "$sim_url/_sim/requests" | jq -cS ".[] | select(.action == \"$1\") | .body"
}

# count_changes: how many calls that change something the region has counted since calls_reset, in $changes.
count_changes() {
	local answer rest count
	changes=0
	sim_ask GET /_sim/calls || return 1
	rest=${answer#*actions}
	while [[ $rest =~ \"([A-Z][A-Za-z]+)\":[[:space:]]*([0-9]+)(.*) ]]; do
		count=${BASH_REMATCH[2]} rest=${BASH_REMATCH[3]}
		[[ ${BASH_REMATCH[1]} =~ ^(List|Describe|Get|Filter|BatchGet) ]] || changes=$((changes + count))
	done
}

# changes: that number, on stdout.
changes() {
	local changes
	count_changes && echo "$changes"
}

# refused COMMAND...: it must fail, and nothing that changes anything may be sent.
refused() {
	local changes
	calls_reset
	run "$@"
	[ "$status" -ne 0 ] || {
		echo "should have been refused: $*" >&2
		return 1
	}
	count_changes
	[ "$changes" = 0 ] || {
		echo "was sent although refused: $*" >&2
		return 1
	}
}

# said WORDS: the last line of .ecsfs/errors has them.
said() {
	local lines
	mapfile -t lines <"$mnt/.ecsfs/errors"
	[[ ${lines[*]: -1} == *"$1"* ]] || {
		echo "'$1' is not in: ${lines[*]: -1}" >&2
		return 1
	}
}

# fails ERRNO COMMAND...: the command must fail with that strerror on its stderr.
fails() {
	local words=$1
	shift
	run "$@"
	[ "$status" -ne 0 ] || {
		echo "should have failed: $*" >&2
		return 1
	}
	[[ $output == *"$words"* ]] || {
		echo "should have said '$words': $output" >&2
		return 1
	}
}

# The examples of a page (README.md, or a name below fs/man): blocks of text between ``` or .nf and .EX.

page_file() {
	case $1 in
	*.md) printf '%s\n' "$top/$1" ;;
	*) printf '%s\n' "$top/fs/man/$1" ;;
	esac
}

# example PAGE SECTION [N]: the Nth block (1) of the section, as man(1) or a browser shows it.
example() {
	awk -v title="$2" -v n="${3:-1}" '
		/^## |^\.S[SH] / { gsub(/\\-/, "-"); inside = substr($0, /^##/ ? 4 : 5) == title; next }
		inside && /^(```|\.nf|\.EX|\.fi|\.EE)/ { open = !open; count += open; next }
		inside && open && count == n' "$(page_file "$1")" | as_shown
}

# examples PAGE: "SECTION|N" for each block.
examples() {
	awk '
		/^## |^\.S[SH] / { gsub(/\\-/, "-"); title = substr($0, /^##/ ? 4 : 5); count = 0 }
		/^(```|\.nf|\.EX|\.fi|\.EE)/ { open = !open; if (open) print title "|" ++count }' "$(page_file "$1")"
}

# Without the escapes of troff.
as_shown() {
	sed -E "s/\\\\\(aq|\\\\\[aq\]/'/g; "'s/\\\(dq|\\\[dq\]/"/g; s/\\\[ti\]/~/g; s/\\\[ga\]/`/g; s/\\-/-/g; s/\\&//g; s/\\e|\\\[rs\]/\\/g'
}
