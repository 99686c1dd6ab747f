# Shared by the scripts of this directory; sourced, not run.
# shellcheck shell=bash

set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

say() {
	printf '==> %s\n' "$*"
}

build_packages=(gcc cmake ninja-build pkg-config libc6-dev fuse3 libfuse3-dev libcurl4-openssl-dev
	libssl-dev libjansson-dev libexpat1-dev libyaml-dev libwslay-dev zlib1g-dev libmicrohttpd-dev ca-certificates)
test_packages=(libcmocka-dev bats curl jq procps psmisc python3 openssl vim nano moreutils sed coreutils less
	dash zsh busybox tmux)
check_packages=(clang clang-format clang-tidy libclang-rt-dev git mandoc mold)

installed() {
	dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# Installs what is missing of the packages named; says what it lacks where it cannot.
need_packages() {
	local missing=() package sudo=()

	command -v dpkg-query >/dev/null || die "this needs a Debian or Ubuntu system (dpkg is missing); see README.md for the list of packages"
	for package in "$@"; do
		installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null ||
			die "these packages are missing and there is no sudo to install them with: ${missing[*]}"
		sudo=(sudo)
	fi
	if [ ${#sudo[@]} -gt 0 ]; then
		sudo -v || die "sudo was refused; ask an administrator for: apt-get install ${missing[*]}"
	fi
	say "installing ${missing[*]}"
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
		die "apt-get update failed; still missing: ${missing[*]}"
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		"${missing[@]}" >/dev/null || die "apt-get could not install: ${missing[*]}"
}

# Whether FUSE can be mounted here, in words where it cannot.
need_fuse() {
	[ -e /dev/fuse ] || die "there is no /dev/fuse: load the fuse module (modprobe fuse), or start the container with --device /dev/fuse --cap-add SYS_ADMIN"
	if [ "$(id -u)" -ne 0 ]; then
		[ -r /dev/fuse ] && [ -w /dev/fuse ] || die "/dev/fuse is not open to $(id -un): chmod 0666 /dev/fuse, as Debian ships it"
		command -v fusermount3 >/dev/null || die "fusermount3 is missing (package fuse3)"
	fi
}

# configure DIRECTORY [CMAKE OPTION...]: also writes compile_commands.json there.
configure() {
	local dir=$1
	shift
	# mold links the hundred test programs in a fraction of the time.
	! command -v mold >/dev/null || set -- -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold "$@"
	cmake -S "$top" -B "$dir" -G Ninja "$@" >"$dir.log" 2>&1 || {
		cat "$dir.log" >&2
		die "cmake failed"
	}
	rm -f "$dir.log"
}

# build DIRECTORY [CMAKE OPTION...]
build() {
	local dir=$1
	configure "$@"
	cmake --build "$dir" >"$dir.log" 2>&1 || {
		tail -n 60 "$dir.log" >&2
		die "the build failed"
	}
	rm -f "$dir.log"
}
