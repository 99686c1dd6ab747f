#!/usr/bin/env bats
# `cmake --install`: what is installed, where, and that it fits the prefix that it is installed with.

load lib

setup_file() {
	command -v cmake >/dev/null || lacks "no cmake"
}

setup() {
	skip_what_lacks
	root=$BATS_TEST_TMPDIR/root
}

# installed PREFIX: the files below it, sorted.
installed() {
	(cd "$root$1" && find . -type f -o -type l | sed 's#^\./##' | LC_ALL=C sort)
}

@test "all files stand below the prefix that is given, in DESTDIR" {
	DESTDIR=$root cmake --install "$build" --prefix /opt/ecsfs >/dev/null
	[ "$(ls "$root")" = opt ]
	[ "$(installed /opt/ecsfs)" = "bin/ecsfs
lib/systemd/system/ecsfs@.service
lib/systemd/system/plocate-updatedb.service.d/ecsfs.conf
lib/systemd/user/ecsfs@.service
share/bash-completion/completions/ecsfs
share/fish/vendor_completions.d/ecsfs.fish
share/man/man1/ecsfs.1
share/man/man5/ecsfs-files.5
share/man/man7/ecsfs-credentials.7
share/man/man7/ecsfs-deploy.7
share/man/man7/ecsfs-logs.7
share/man/man7/ecsfs-recipes.7
share/zsh/site-functions/_ecsfs" ]
	[ -z "$(find "$root" -type f -perm /022)" ]
}

@test "the units name the program where it is installed, and the build's are left alone" {
	local before unit
	before=$(cat "$build"/systemd/*/ecsfs@.service)
	DESTDIR=$root cmake --install "$build" --prefix /opt/ecsfs >/dev/null
	for unit in "$root"/opt/ecsfs/lib/systemd/{system,user}/ecsfs@.service; do
		grep -q '^ExecStart=/opt/ecsfs/bin/ecsfs ' "$unit"
		! grep -q "$root\|@BINDIR@" "$unit"
	done
	[ "$before" = "$(cat "$build"/systemd/*/ecsfs@.service)" ]
}

@test "what is installed runs without the source and without the build" {
	cmake --install "$build" --prefix "$root" >/dev/null
	cd /
	[ "$("$root/bin/ecsfs" --version)" = "ecsfs $(sed -n 's/^project(ecsfs VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt")" ]
	"$root/bin/ecsfs" policy --read-only | jq -e .Version >/dev/null
	! readelf -d "$root/bin/ecsfs" | grep -qE 'R(UN)?PATH'
	! strings "$root/share/man/man1/ecsfs.1" "$root"/lib/systemd/*/*.service | grep -qF "$top"
}
