#!/usr/bin/env bash
# Installs what is missing, builds, mounts a simulated region, says what to type, and unmounts on
# Ctrl-C.
#
#   scripts/demo.sh [MOUNTPOINT]
. "$(dirname "$0")/lib.sh"

mountpoint=${1:-}
made=

cleanup() {
	trap - EXIT INT TERM
	if [ -n "${daemon:-}" ]; then
		kill -TERM "$daemon" 2>/dev/null || true
		wait "$daemon" 2>/dev/null || true
	fi
	[ -z "$made" ] || rmdir "$made" 2>/dev/null || true
	printf '\nunmounted\n'
	exit 0
}

need_packages "${build_packages[@]}"
need_fuse
say "building"
build "$top/build"
if [ -z "$mountpoint" ]; then
	mountpoint=$(mktemp -d "${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}/ecs.XXXXXX")
	made=$mountpoint
fi
trap cleanup EXIT
trap cleanup INT TERM
"$top/build/ecsfs" --demo -f "$mountpoint" &
daemon=$!
for _ in $(seq 200); do
	[ -d "$mountpoint/clusters" ] && break
	kill -0 "$daemon" 2>/dev/null || die "ecsfs did not start"
	sleep 0.05
done
[ -d "$mountpoint/clusters" ] || die "the mount did not appear"
cat <<TEXT

A simulated region is mounted at $mountpoint. In another shell, try:

  cd $mountpoint/clusters/prod/services && ls
  cat web/desired_count web/task_definition
  echo 6 > web/desired_count && cat web/rollout
  tail -f web/logs/app.log
  cat $mountpoint/.ecsfs/help

Ctrl-C here unmounts.
TEXT
wait "$daemon" || true
