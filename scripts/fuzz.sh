#!/usr/bin/env bash
# Builds the fuzzers (clang, ASan and UBSan) and runs each for a while from its corpus.
#
#   scripts/fuzz.sh [SECONDS [TARGET...]]     10 seconds for each of them, where nothing is said
#
# tests/fuzz/corpus/TARGET/ is where each begins; what it finds beyond goes into build-fuzz/. An input
# that fails is left in the current directory, and is the target's argument to fail again.
. "$(dirname "$0")/lib.sh"

seconds=${1:-10}
shift || true
need_packages "${build_packages[@]}" clang libclang-rt-dev
dir=$top/build-fuzz
CC=clang build "$dir" -DECSFS_FUZZ=ON -DECSFS_SANITIZE=address,undefined -DCMAKE_BUILD_TYPE=Debug
[ $# -gt 0 ] || set -- $(cd "$top/tests/fuzz" && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')

# one TARGET: its end says how many inputs it ran.
one() {
	local found=$dir/corpus/$1 seeds=$top/tests/fuzz/corpus/$1
	mkdir -p "$found"
	[ -d "$seeds" ] || die "no corpus for $1: put an input or two into tests/fuzz/corpus/$1"
	"$dir/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		"$found" "$seeds" >"$dir/$1.log" 2>&1 || {
		tail -n 40 "$dir/$1.log" >&2
		die "fuzz_$1 found something"
	}
	printf '%-12s %s inputs\n' "$1" "$(awk '/number_of_executed_units/ { print $2 }' "$dir/$1.log")"
}

export -f one die
export top dir seconds
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'one "$1"' fuzz.sh {}
