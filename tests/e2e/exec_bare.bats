#!/usr/bin/env bats
# ecsfs exec and cp in containers that lack programs, and in one of busybox alone.

load lib

setup_file() {
	export programs=$BATS_FILE_TMPDIR/programs
	mkdir "$programs"
	ECSFS_SIM_EXEC_PATH=$programs sim_up --speed 20 --exec
	mount_up
	find_containers
}

teardown_file() {
	all_down
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir d
	echo text >d/f
	has sh stty base64 dd cat ls mv rm chmod mkdir tar
}

# has PROGRAM...: all that the containers have.
has() {
	local name
	rm -f "$programs"/*
	for name in "$@"; do
		ln -s "$(command -v "$name")" "$programs/$name"
	done
}

ecsfs() {
	"$build/ecsfs" "$@"
}

# says STATUS TEXT COMMAND...: ends so, in one line with the text.
says() {
	local wanted=$1 text=$2
	shift 2
	run "$@"
	[ "$status" -eq "$wanted" ]
	[[ $output == *"$text"* ]]
	[ "$(wc -l <<<"$output")" = 1 ]
}

@test "with all that is needed, and nothing more" {
	ecsfs cp d "$container:$PWD/e"
	ecsfs cp "$container:$PWD/e" back
	diff -r d back
	ecsfs cp d/f "$container:$PWD/g"
	cmp d/f g
}

@test "without sh" {
	has stty base64 dd cat tar
	says 255 'executable file not found' ecsfs exec "$container" -- true
	says 1 'executable file not found' ecsfs cp "$container:$PWD/d/f" x
	[ ! -e x ]
}

@test "without base64, stty or dd" {
	local missing
	for missing in base64 stty dd; do
		setup_without "$missing"
		says 255 "no $missing" ecsfs exec "$container" -- true
		says 1 "no $missing" ecsfs cp d/f "$container:$PWD/x"
		[ ! -e x ]
	done
}

setup_without() {
	has sh stty base64 dd cat ls mv rm chmod mkdir tar
	rm "$programs/$1"
}

@test "without tar: files are copied, directories are not" {
	setup_without tar
	ecsfs cp "$container:$PWD/d/f" x
	cmp d/f x
	says 1 'no tar' ecsfs cp "$container:$PWD/d" y
	[ ! -e y ]
	says 1 'no tar' ecsfs cp d "$container:$PWD/y"
}

@test "without ls the mode is the usual one, without cat nothing is copied" {
	setup_without ls
	chmod 600 d/f
	ecsfs cp "$container:$PWD/d/f" x
	[ "$(stat -c %a x)" = 644 ]
	setup_without cat
	says 1 'cat' ecsfs cp "$container:$PWD/d/f" y
	[ ! -e y ]
}

@test "busybox alone" {
	command -v busybox >/dev/null || skip "busybox is not installed"
	rm -f "$programs"/*
	busybox --install -s "$programs"
	head -c 50000 /dev/urandom >d/bytes
	chmod 750 d/bytes
	ecsfs exec "$container" -- cat <d/bytes | cmp - d/bytes
	ecsfs cp d "$container:$PWD/e"
	diff -r d e
	ecsfs cp "$container:$PWD/d" back
	diff -r d back
	ecsfs cp "$container:$PWD/d/bytes" out
	[ "$(stat -c %a out)" = 750 ]
	ecsfs cp d/bytes "$container:$PWD/in"
	[ "$(stat -c %a in)" = 750 ]
	cmp d/bytes in
	says 1 'in the container: cat: ' ecsfs cp "$container:/proc/self/mem" y
}
