#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: unit and end to end on a real mount.
#
#   scripts/test.sh            the plain suite
#   scripts/test.sh unit       the unit tests alone
#   scripts/test.sh e2e        the end-to-end tests alone
#   scripts/test.sh e2e NAME...    of those, tests/e2e/NAME.bats
#
# ECSFS_BUILD names the build directory (default: build); ECSFS_CMAKE more options for CMake.
. "$(dirname "$0")/lib.sh"

what=${1:-all}
shift || true
dir=${ECSFS_BUILD:-$top/build}

case $what in
all | unit | e2e) ;;
*) die "unknown part '$what': all, unit or e2e" ;;
esac
files=("$top"/tests/e2e/*.bats)
if [ $# -gt 0 ]; then
	[ "$what" = e2e ] || die "names of files follow e2e only"
	files=("${@/#/$top/tests/e2e/}")
	files=("${files[@]/%/.bats}")
fi
# Ctrl-C: ends the tests, what they mounted, and what they started.
interrupted() {
	local pid mount

	trap '' INT TERM
	printf '\n%s: interrupted, ending the tests\n' "${0##*/}" >&2
	kill -TERM -- "-$tests" 2>/dev/null || true
	# Each file of tests is a process group of its own (timeout makes it).
	for pid in "$logs"/*.pid; do
		[ ! -e "$pid" ] || kill -TERM -- "-$(cat "$pid")" 2>/dev/null || true
	done
	wait "$tests" 2>/dev/null || true
	while read -r mount; do
		fusermount3 -u -z "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null || true
	done < <(awk -v dir="$logs/" 'index($2, dir) == 1 { print $2 }' /proc/mounts)
	rm -rf "$logs"
	exit 130
}

# Of the policy, when all files ran. iam:PassRole is no call: AWS checks it when a call hands on a role.
calls_that_no_test_made() {
	[ ${#files[@]} -eq "$(ls "$top"/tests/e2e/*.bats | wc -l)" ] && [ -e "$ECSFS_MADE" ] || return 0
	comm -13 <({ cat "$ECSFS_MADE"; echo iam:PassRole; } | sort -u) \
		<("$dir/ecsfs" policy --read-write | jq -r '[.Statement[].Action] | flatten | .[]' | sort) | xargs
}

# Each file of tests has a region and mounts of its own and mostly waits: several run at once.
end_to_end() {
	local file failed=0 unmade

	logs=$(mktemp -d)
	export ECSFS_BUILD=$dir TMPDIR=$logs ECSFS_MADE=$logs/made ECSFS_BOTOCORE=0
	python3 "$top/tests/e2e/has_botocore.py" || ECSFS_BOTOCORE=1
	# Job control, so that the tests' SIGINT is not ignored as that of other background jobs.
	set -m
	# The longest first, so that none is left over at the end.
	printf '%s\n' "${files[@]}" | awk -F/ -v first=" exec_agent write_rollout hang terminal commands containers doctor around logs_faults logs regions write_pieces " \
		'{ name = $NF; sub(/\.bats$/, "", name); at = index(first, " " name " "); print at ? at : 1000, $0 }' | sort -sn | cut -d' ' -f2- |
		xargs -P $(($(nproc) * 2)) -I{} sh -c 'sh -c "echo \$\$ >\"\$2/\${1##*/}.pid\"; exec timeout -k 5 600 bats -T --print-output-on-failure \"\$1\"" - "$1" "$2" >"$2/${1##*/}" 2>&1 || touch "$2/${1##*/}.failed"' - {} "$logs" &
	tests=$!
	set +m
	trap interrupted INT TERM
	wait "$tests" || true
	trap - INT TERM
	for file in "$logs"/*.bats; do
		printf '%s\n' "--- ${file##*/}"
		cat "$file"
		[ ! -e "$file.failed" ] || failed=$((failed + 1))
	done
	cat "$logs"/*.bats | awk '/^ok .*# skip/ { s++; next } /^ok / { p++ } /^not ok / { f++ }
		END { printf "end-to-end: %d passed, %d failed, %d skipped\n", p, f, s }'
	unmade=$(calls_that_no_test_made)
	rm -rf "$logs"
	[ "$failed" -eq 0 ] || die "$failed files of end-to-end tests failed"
	[ -z "$unmade" ] || die "actions of ecsfs policy that no test has called: $unmade"
}

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
	end_to_end
fi
