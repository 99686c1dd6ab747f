#!/usr/bin/env bash
# Installs what is missing, builds, mounts a simulated region, says what to type, and unmounts on
# Ctrl-C.
#
#   scripts/demo.sh [MOUNTPOINT]          and you type
#   scripts/demo.sh --play [MOUNTPOINT]   a minute that plays by itself, then it ends
. "$(dirname "$0")/lib.sh"

usage="usage: scripts/demo.sh [--play] [MOUNTPOINT]"
play=
case ${1:-} in
--play)
	play=1
	shift
	;;
-h | --help)
	printf '%s\n' "$usage"
	exit 0
	;;
-*) die "unknown option '$1' ($usage)" ;;
esac
[ $# -le 1 ] || die "one mount point is expected ($usage)"
mountpoint=${1:-}
made=

# Ends what was started; the status is that of whatever ended the script.
cleanup() {
	local status=$?
	trap - EXIT INT TERM
	if [ -n "${daemon:-}" ]; then
		kill -TERM "$daemon" 2>/dev/null || true
		wait "$daemon" 2>/dev/null || true
		printf '\nunmounted\n'
	fi
	[ -z "$made" ] || rmdir "$made" 2>/dev/null || true
	exit "$status"
}

mount_demo() {
	local tries
	"$top/build/ecsfs" --demo -f "$mountpoint" &
	daemon=$!
	for tries in $(seq 200); do
		[ ! -d "$mountpoint/clusters" ] || return 0
		kill -0 "$daemon" 2>/dev/null || die "ecsfs did not start (it says why above)"
		sleep 0.05
	done
	die "the mount did not appear within 10 seconds"
}

# shows COMMAND: types it, and runs it as a person would see it.
shows() {
	printf '\n\033[1m$ %s\033[0m\n' "$1"
	sleep 1
	bash -c "$1" || true
	sleep "${2:-1}"
}

says() {
	printf '\n# %s\n' "$*"
	sleep 1.5
}

play_demo() {
	cd "$mountpoint/clusters/prod/services"
	says "A simulated region, as files. What runs?"
	shows 'ls'
	shows 'cat web/desired_count web/task_definition'
	says "Scaling is writing a number; the shell's status tells the truth."
	shows 'echo 6 > web/desired_count && timeout 20 cat web/rollout'
	shows 'echo six > web/desired_count; tail -n 1 ../../../.ecsfs/errors'
	says "A deployment that succeeds."
	shows 'echo web:2 > web/task_definition && timeout 40 cat web/rollout && echo deployed'
	says "One that fails: ECS rolls back, the status is not 0, and the reason is there."
	shows 'echo web-broken > web/task_definition; timeout 60 cat web/rollout || echo "did not deploy: $?"'
	says "A task is stopped by writing the reason; the service starts another."
	shows 'echo "by hand" > "$(ls -d ../tasks/* | head -n 1)/stop" && ls ../stopped_tasks | head -n 3'
	says "The logs of all tasks of a service, followed as they come."
	shows 'timeout 5 tail -n 4 -f web/logs/app.log'
	says "That was it. Try it yourself: scripts/demo.sh"
	cd /
}

invite() {
	local at
	at=$(printf '%q' "$mountpoint")
	cat <<TEXT

A simulated region is mounted at $mountpoint. In another shell, try:

  cd $at/clusters/prod/services && ls
  cat web/desired_count web/task_definition
  echo 6 > web/desired_count && cat web/rollout
  tail -f web/logs/app.log
  cat ../stopped_tasks/*/stopped_reason
  cat $at/.ecsfs/help

scripts/demo.sh --play shows a minute of it by itself. Ctrl-C here unmounts.
TEXT
}

need_packages "${build_packages[@]}"
need_fuse
say "building (about a minute the first time)"
build "$top/build"
if [ -z "$mountpoint" ]; then
	mountpoint=$(mktemp -d "${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}/ecs.XXXXXX")
	made=$mountpoint
fi
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mount_demo
if [ -n "$play" ]; then
	play_demo
else
	invite
	# Ended by Ctrl-C, or by unmounting elsewhere: both are what was asked for.
	trap 'exit 0' INT TERM
	wait "$daemon" || die "ecsfs ended with status $?"
	daemon=
fi
