#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: unit and end to end on a real mount.
#
#   scripts/test.sh            the plain suite
#   scripts/test.sh unit       the unit tests alone
#   scripts/test.sh e2e        the end-to-end tests alone
#
# ECSFS_BUILD names the build directory (default: build); ECSFS_CMAKE more options for CMake.
. "$(dirname "$0")/lib.sh"

what=${1:-all}
dir=${ECSFS_BUILD:-$top/build}

case $what in
all | unit | e2e) ;;
*) die "unknown part '$what': all, unit or e2e" ;;
esac
need_packages "${build_packages[@]}" "${test_packages[@]}"
[ "$what" = unit ] || need_fuse
say "building"
# shellcheck disable=SC2086
build "$dir" ${ECSFS_CMAKE:-}
if [ "$what" != e2e ]; then
	say "unit tests"
	ctest --test-dir "$dir" --output-on-failure -j "$(nproc)"
fi
if [ "$what" != unit ]; then
	say "end to end"
	ECSFS_BUILD=$dir bats --print-output-on-failure "$top/tests/e2e"
fi
