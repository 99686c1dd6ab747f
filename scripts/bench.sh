#!/usr/bin/env bash
# Measures, on a real mount of the simulated region, and prints tables. Nothing here passes or fails.
#
#   scripts/bench.sh [speed|calls|churn|write|logs|compose|exec]...     all, where none is named
. "$(dirname "$0")/lib.sh"

need_packages "${build_packages[@]}" "${test_packages[@]}"
need_fuse
dir=${ECSFS_BUILD:-$top/build}
build "$dir"
[ $# -gt 0 ] || set -- speed calls churn write logs compose exec
for part in "$@"; do
	[ -x "$top/tests/bench/$part.sh" ] || die "unknown benchmark '$part'"
	say "$part"
	ECSFS_BUILD=$dir "$top/tests/bench/$part.sh"
done
