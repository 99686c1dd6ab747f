#!/usr/bin/env bats
# Living with it: the lines of the systemd units do what they are for, a mount from fstab comes by
# mount(8) and by automount, and the journal gets priorities.

load lib

setup_file() {
	sim_up
}

teardown_file() {
	sim_down
}

setup() {
	export HOME=$BATS_TEST_TMPDIR PATH=$build:$PATH
	point=$HOME/ecs/ops
	units=$HOME/units
	pid=
}

teardown() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
	grep -q " $point " /proc/mounts && fusermount3 -u -z "$point"
	true
}

# unit system|user: the unit as it is installed, with the program of this build in the place of the
# installed one; checked where systemd-analyze is there.
unit() {
	mkdir -p "$units"
	unit=$units/ecsfs@$1.service
	sed -E "s#^(ExecStart=)[^ ]*/ecsfs#\1$build/ecsfs#" "$build/systemd/$1/ecsfs@.service" >"$unit"
	! command -v systemd-analyze >/dev/null || systemd-analyze verify --man=no "$unit"
}

# command_of KEY: its line as the shell takes it, as systemd would run it for the instance `ops`.
command_of() {
	sed -n "s/^$1=-\{0,1\}//p" "$unit" | sed "s#%h#$HOME#g; s#%f#$point#g; s#%i#ops#g; s#\\\$\\\$#\$#g; s#\\\$OPTIONS#$OPTIONS#"
}

start_unit() {
	sh -c "$(command_of ExecStartPre)"
	sh -c "exec $(command_of ExecStart)" 2>"$HOME/err" 3>&- &
	pid=$!
	wait_for 20 mountpoint -q "$point"
}

each_unit() {
	# A profile that is named has keys of its own: those of the environment are for none.
	printf '%s\n' '[profile ops]' 'region = us-east-1' "aws_access_key_id = $AWS_ACCESS_KEY_ID" \
		"aws_secret_access_key = $AWS_SECRET_ACCESS_KEY" >"$HOME/config"
	export AWS_CONFIG_FILE=$HOME/config OPTIONS=--ttl=60
	local kind
	for kind in system user; do
		unit $kind
		"$@"
	done
}

reload_is_refresh() {
	start_unit
	[ "$(cat "$point/clusters/prod/services/web/desired_count")" = 4 ]
	somebody_else UpdateService '{"cluster":"prod","service":"web","desiredCount":3}' >/dev/null
	[ "$(cat "$point/clusters/prod/services/web/desired_count")" = 4 ]
	sh -c "$(command_of ExecReload)"
	[ "$(cat "$point/clusters/prod/services/web/desired_count")" = 3 ]
	somebody_else UpdateService '{"cluster":"prod","service":"web","desiredCount":4}' >/dev/null
	kill -TERM "$pid"
	wait "$pid"
	pid=
	# The unit's last line is harmless where nothing is mounted.
	sh -c "$(command_of ExecStopPost)" || true
	! mountpoint -q "$point"
}

@test "reload drops the cached answers" {
	each_unit reload_is_refresh
}

dead_is_cleared() {
	start_unit
	kill -9 "$pid"
	wait "$pid" || true
	pid=
	run stat -f "$point"
	[ "$status" -ne 0 ]
	grep -q " $point fuse.ecsfs" /proc/mounts
	sh -c "$(command_of ExecStopPost)"
	! grep -q " $point " /proc/mounts
	# The next start finds an ordinary directory.
	start_unit
	[ "$(ls "$point/clusters" | head -n 1)" != "" ]
	kill -TERM "$pid"
	wait "$pid"
	pid=
}

@test "the mount of a program that was killed is cleared when the unit stops" {
	each_unit dead_is_cleared
}

@test "units are sound: templates, readiness, restart" {
	each_unit true
	for unit in "$units"/*; do
		grep -qx Type=notify "$unit"
		grep -qx Restart=on-failure "$unit"
		grep -q '^ExecReload=' "$unit"
		grep -q '^ExecStopPost=-' "$unit"
	done
}

@test "fstab: mount -t fuse.ecsfs, and x-systemd.automount makes sound units" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir -p "$point" "$HOME/bin"
	# mount.fuse3 looks in the system's directories: the program stands there in a namespace of its own.
	ln -s "$build/ecsfs" "$HOME/bin/ecsfs"
	unshare -m sh -ec '
		mount --bind "$1/bin" /usr/local/bin
		mount -t fuse.ecsfs -o region=us-east-1,ro,x-systemd.automount,_netdev,noauto prod "$2"
		grep -q "^prod $2 fuse.ecsfs ro," /proc/mounts
		test "$(cat "$2/clusters/prod/services/web/desired_count")" = 4
		umount "$2"' - "$HOME" "$point"
	local generator=/usr/lib/systemd/system-generators/systemd-fstab-generator
	[ -x "$generator" ] && command -v systemd-analyze >/dev/null || skip "no systemd"
	printf 'prod /mnt/ecsfs-test fuse.ecsfs noauto,x-systemd.automount,x-systemd.idle-timeout=600,_netdev,region=us-east-1 0 0\n' >"$HOME/fstab"
	mkdir "$HOME/early" "$HOME/late" "$HOME/normal"
	SYSTEMD_FSTAB=$HOME/fstab SYSTEMD_LOG_TARGET=console "$generator" "$HOME/normal" "$HOME/early" "$HOME/late" 2>/dev/null
	grep -qx Type=fuse.ecsfs "$HOME/normal"/mnt-ecsfs*test.mount
	grep -qx Where=/mnt/ecsfs-test "$HOME/normal"/mnt-ecsfs*test.automount
	SYSTEMD_UNIT_PATH=$HOME/normal: systemd-analyze verify --man=no "$HOME/normal"/mnt-ecsfs*test.automount
}

@test "the journal gets a priority for each line" {
	unit user
	mkdir -p "$point"
	: >"$HOME/journal"
	JOURNAL_STREAM=$(stat -c '%d:%i' "$HOME/journal") "$build/ecsfs" -f --log-level debug "$point" 2>>"$HOME/journal" 3>&- &
	pid=$!
	wait_for 20 mountpoint -q "$point"
	cat "$point/clusters/prod/services/web/arn" >/dev/null
	wait_for 10 grep -q '^<7>.*DescribeServices' "$HOME/journal"
	[ "$(grep -cv '^<[3-7]>' "$HOME/journal")" = 0 ]
	fusermount3 -u "$point"
	wait "$pid"
	pid=
}
