#!/usr/bin/env bash
# What must hold of the source itself: format, layers, sizes, the manual, and clang-tidy.
#
#   scripts/check.sh [format|layers|sizes|man|tidy]...     all, where none is named
. "$(dirname "$0")/lib.sh"
cd "$top"

sources() {
	git ls-files '*.c' '*.h'
}

check_format() {
	sources | xargs clang-format --dry-run -Werror
}

# Arrows go one way, fs -> cache -> backend, and each library has one door. Inside the rooms:
# scripts/arrows.py.
check_layers() {
	local bad=0
	forbid() { # WHERE PATTERN WHY (git's * crosses slashes)
		if git grep -nE "$2" -- "$1"; then
			printf 'layers: %s\n' "$3" >&2
			bad=1
		fi
	}
	forbid 'backend/*.[ch]' '#include "(cache|fs)/' 'backend includes what stands above it'
	forbid 'cache/*.[ch]' '#include "fs/' 'cache includes what stands above it'
	forbid 'backend/*.[ch]' '#include <fuse' 'only fs/ knows FUSE'
	forbid 'cache/*.[ch]' '#include <fuse' 'only fs/ knows FUSE'
	forbid 'cache/*.[ch]' '#include <(curl|openssl|expat|microhttpd|yaml)' 'only backend/ talks to the network'
	forbid 'fs/*.[ch]' '#include <(curl|openssl|expat|microhttpd|yaml)' 'only backend/ talks to the network'
	scripts/arrows.py check || bad=1
	return $bad
}

# Each file begins with a comment whose first sentence is the question that it answers.
check_heads() {
	sources | python3 -c '
import re, sys

bad = 0
for path in sys.stdin.read().split():
    with open(path, encoding="utf-8") as f:
        head = re.match(r"/\*(.*?)\*/", f.read(), re.S)
    words = re.sub(r"\n \*", " ", head.group(1)).split() if head else []
    first = re.split(r"(?<=[.?!])\s", " ".join(words))[0]
    if not first.endswith("?"):
        print(f"{path}: begins without the question that it answers", file=sys.stderr)
        bad = 1
sys.exit(bad)'
}

# Functions of at most 100 lines, files of at most 700; tables are no functions.
check_sizes() {
	local bad=0
	check_heads || bad=1
	sources | xargs awk '
		FNR == 701 { printf "%s: more than 700 lines\n", FILENAME; bad = 1 }
		END { exit bad }' >&2 || bad=1
	sources | grep '\.c$' | xargs awk '
		FNR == 1 { start = 0 }
		/^[A-Za-z_].*[^;]$/ && /\(/ { head = FNR; name = $0 }
		/^\{/ { start = head }
		/^\}/ { if (start && FNR - start > 100) { printf "%s:%d: %d lines: %s\n", FILENAME, start, FNR - start, name; bad = 1 } start = 0 }
		END { exit bad }' || bad=1
	return $bad
}

# The manual renders without a warning.
check_man() {
	mandoc -T lint -W warning fs/man/*.[157] fs/man/*.in
}

check_tidy() {
	local dir=$top/build-tidy
	CC=clang configure "$dir"
	git ls-files 'backend/*.c' 'cache/*.c' 'fs/*.c' |
		xargs -P "$(nproc)" -n 4 clang-tidy -p "$dir" --quiet --warnings-as-errors='*' 2> >(grep -v 'warnings generated' >&2)
}

need_packages "${build_packages[@]}" "${test_packages[@]}" "${check_packages[@]}"
[ $# -gt 0 ] || set -- format layers sizes man tidy
for part in "$@"; do
	case $part in
	format | layers | sizes | man | tidy) ;;
	*) die "unknown check '$part': format, layers, sizes, man or tidy" ;;
	esac
	say "check: $part"
	"check_$part" || die "$part failed"
done
