#!/usr/bin/env bats
# Starting, mounting, refusing, ending.

load lib

setup_file() {
	sim_up
}

teardown_file() {
	sim_down
}

teardown() {
	mount_down
}

# start OPTION...: ecsfs into the background, as a user types it.
start() {
	mnt_dir=$(mktemp -d "$BATS_TEST_TMPDIR/m.XXXXXX")
	point=$mnt_dir/mnt
	mkdir "$point"
	run timeout 60 "$build/ecsfs" "$@" "$point"
}

not_mounted() {
	! mountpoint -q "$point"
}

@test "it mounts before it returns, and fusermount3 -u ends it" {
	start
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ -d "$point/clusters/prod" ]
	grep -q "$point fuse.ecsfs" /proc/mounts
	fusermount3 -u "$point"
	not_mounted
}

@test "SIGTERM and SIGINT unmount and end with status 0" {
	for signal in TERM INT; do
		mount_up
		pid=$(cat "$mnt_dir/pid")
		kill -"$signal" "$pid"
		wait_for 10 test -s "$mnt_dir/status"
		[ "$(cat "$mnt_dir/status")" = 0 ]
		mountpoint -q "$mnt" && return 1
		quiet "$mnt_dir/err"
	done
	mnt=
}

@test "no region: one line, status 1, nothing mounted" {
	AWS_REGION='' AWS_DEFAULT_REGION='' start
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *region* ]]
	not_mounted
}

@test "wrong keys: one line, status 1, nothing mounted" {
	AWS_SECRET_ACCESS_KEY=wrong AWS_ENDPOINT_URL=$sim_url start
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *InvalidSignatureException* ]]
	not_mounted
}

@test "no keys at all: one line that says where they may come from" {
	AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' start
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *credentials* ]]
	not_mounted
}

@test "an endpoint that is down: one line that names it" {
	AWS_MAX_ATTEMPTS=1 start --endpoint-url http://127.0.0.1:9
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *127.0.0.1:9* ]]
	not_mounted
}

@test "an endpoint that answers garbage: one line, status 1" {
	faults 'ListClusters:garbage'
	AWS_MAX_ATTEMPTS=1 start
	faults ''
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	not_mounted
}

@test "a mount point that is a file, is missing, or is not empty" {
	touch "$BATS_TEST_TMPDIR/file"
	mkdir "$BATS_TEST_TMPDIR/full"
	touch "$BATS_TEST_TMPDIR/full/x"
	for point in "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/missing" "$BATS_TEST_TMPDIR/full"; do
		run timeout 20 "$build/ecsfs" "$point"
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"$point"* ]]
		not_mounted
	done
}

@test "a second mount on the same directory names the first and its process" {
	mount_up
	for option in "" "-o nonempty"; do
		# shellcheck disable=SC2086
		run timeout 20 "$build/ecsfs" $option "$mnt"
		[ "$status" -eq 1 ]
		[ "$output" = "ecsfs: $mnt is already mounted by ecsfs (pid $(cat "$mnt_dir/pid")); fusermount3 -u $mnt first" ]
	done
	[ "$(grep -c " $mnt fuse.ecsfs" /proc/mounts)" = 1 ]
	ln -s "$mnt" "$BATS_TEST_TMPDIR/link"
	fails 'already mounted' timeout 20 "$build/ecsfs" "$BATS_TEST_TMPDIR/link"
}

@test "a spool directory that takes no files is refused at the start" {
	touch "$BATS_TEST_TMPDIR/file"
	for spool in /nonexistent "$BATS_TEST_TMPDIR/file" /proc; do
		start --spool-dir "$spool"
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"--spool-dir=$spool: "* ]]
		not_mounted
	done
}

@test "a misspelt option names the one that was meant" {
	for pair in --regoin:--region "-o tlt=3:ttl" "-o allow-deletes:allow_delete" --log_windw=1M:--log-window; do
		# shellcheck disable=SC2086
		start ${pair%:*}
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"did you mean ${pair##*:}?"* ]]
		not_mounted
	done
}

@test "bad options: one line that names the option, status 2" {
	for option in --nonsense "-o nonsense" "-o ttl=soon" "-o ttl=-1" "-o umask=99" "-o log_window=x"; do
		# shellcheck disable=SC2086
		start $option
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		word=${option#-o }
		word=${word%%=*}
		[[ $output == *"$word"* ]]
		not_mounted
	done
	run "$build/ecsfs" "$point" --region
	[ "$status" -eq 2 ]
	[[ $output == *--region* ]]
	run "$build/ecsfs"
	[ "$status" -eq 2 ]
}

@test "--help and --version" {
	run "$build/ecsfs" --help
	[ "$status" -eq 0 ]
	[[ $output == *--region* ]]
	run "$build/ecsfs" --version
	[ "$status" -eq 0 ]
	[[ $output == ecsfs* ]]
}

@test "a mount point left dead by a crash is cleared at the next start" {
	mount_up
	kill -KILL "$(cat "$mnt_dir/pid")"
	wait_for 10 test -s "$mnt_dir/status"
	run cat "$mnt/clusters/prod/status"
	[ "$status" -ne 0 ]
	point=$mnt
	run timeout 20 "$build/ecsfs" "$point"
	[ "$status" -eq 0 ]
	[ "$(cat "$point/clusters/prod/status")" = ACTIVE ]
	fusermount3 -u "$point"
	mnt=
}

@test "mount(8), as from fstab" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	point=$BATS_TEST_TMPDIR/fstab
	mkdir "$point"
	mount -t fuse -o "rw,relatime,ttl=1,region=us-east-1" "$build/ecsfs#prod-account" "$point"
	grep -q "^prod-account $point fuse.ecsfs" /proc/mounts
	[ "$(cat "$point/clusters/prod/status")" = ACTIVE ]
	umount "$point"
}

@test "--demo needs no credentials and no network" {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_ENDPOINT_URL
	start --demo
	[ "$status" -eq 0 ]
	[ "$(cat "$point/clusters/prod/services/web/status")" = ACTIVE ]
	fusermount3 -u "$point"
}

@test "SIGTERM ends it at once although readers hang" {
	mount_up -o timeout=60
	ls "$mnt/clusters/prod/services" >/dev/null
	faults 'DescribeServices:stall=30000'
	cat "$mnt/clusters/prod/services/web/desired_count" 2>"$mnt_dir/reader" &
	reader=$!
	wait_for 10 parked_one
	kill -TERM "$(cat "$mnt_dir/pid")"
	wait_for 5 test -s "$mnt_dir/status"
	[ "$(cat "$mnt_dir/status")" = 0 ]
	wait "$reader" && return 1
	faults ''
	quiet "$mnt_dir/err"
	mnt=
}

parked_one() {
	[ "$(calls DescribeServices)" -ge 1 ]
}

@test "sharing that fusermount3 would refuse is one line" {
	command -v setpriv >/dev/null || skip "setpriv is not installed"
	[ "$(id -u)" = 0 ] || skip "needs root to become nobody"
	! grep -q '^[[:space:]]*user_allow_other' /etc/fuse.conf || skip "user_allow_other is set"
	place=$(mktemp -d /tmp/ecsfs-nobody-XXXXXX)
	mkdir "$place/mnt"
	cp "$build/ecsfs" "$place/"
	chown -R 65534 "$place"
	run env HOME="$place" timeout 20 setpriv --reuid=65534 --clear-groups \
		"$place/ecsfs" --demo -o allow_other "$place/mnt"
	rm -rf "$place"
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"ecsfs: allow_other needs root, or user_allow_other in /etc/fuse.conf" ]]
}
