#!/usr/bin/env bats
# The terminal of `ecsfs exec`: raw mode, its size, its keys, and that every end restores it.

load lib

setup_file() {
	sim_up --speed 20 --exec
	mount_up
	find_containers
}

teardown_file() {
	all_down
}

setup() {
	curl -sf -X POST "$sim_url/_sim/exec?cut=0&expire=0" >/dev/null
	export TMUX_TMPDIR=$BATS_TEST_TMPDIR
}

teardown() {
	tmux -L t kill-server 2>/dev/null || true
}

# in_terminal COMMAND... < STEPS: `ecsfs exec` of COMMAND in the container.
in_terminal() {
	python3 "$top/tests/e2e/terminal.py" "$build/ecsfs" exec "$container" "${@:+--}" "$@"
}

@test "the terminal is raw while the command runs, and as it was after it" {
	in_terminal sh -c 'echo "now"; read -r word; exit 5' <<-'EOF'
		raw
		expect now
		type word\r
		end 5
	EOF
}

@test "the size is the terminal's, and follows it" {
	in_terminal sh -c 'trap "stty size" WINCH; stty size; echo ready; while :; do sleep 0.05; done' <<-'EOF'
		expect ready
		size 31 97
		expect 31 97
		size 12 40
		expect 12 40
		type \r~.
		end 255
	EOF
}

@test "a size that changes while the session is opened is not lost" {
	in_terminal sh -c 'while [ "$(stty size)" != "33 99" ]; do sleep 0.05; done; echo good' <<-'EOF'
		raw
		size 33 99
		expect good
		end 0
	EOF
}

@test "Ctrl-C, Ctrl-Z and Ctrl-backslash are the container's" {
	in_terminal sh -c 'trap "echo INT; c=1" INT; trap "echo TSTP" TSTP; trap "echo QUIT; exit 3" QUIT; echo ready; while :; do sleep 0.05; done' <<-'EOF'
		expect ready
		type \x03
		expect INT
		type \x1a
		expect TSTP
		type \x1c
		expect QUIT
		end 3
	EOF
}

@test "a shell with jobs: Ctrl-Z stops its command, its shell goes on" {
	in_terminal bash --norc -i <<-'EOF'
		type PS1=pro''mpt:\r
		expect prompt:
		type sh -c 'echo run""ning; exec sleep 1000'\r
		expect running
		type \x1a
		expect topped
		expect prompt:
		type kill %1; wait; echo go''ne\r
		expect gone
		expect prompt:
		type exit 4\r
		end 4
	EOF
}

@test "~. ends a session that hangs, ~~ is a tilde" {
	in_terminal sh -c 'echo ready; exec sleep 4711' <<-'EOF'
		raw
		expect ready
		type \r~.
		expect the session was ended by ~.
		end 255
	EOF
	in_terminal sh -c 'stty -echo; echo ready; read -r l; echo "got $l"' <<-'EOF'
		expect ready
		type ~~.\r
		expect got ~.
		end 0
	EOF
}

@test "a signal restores the terminal before it ends ecsfs" {
	local pair
	for pair in TERM:143 HUP:129 INT:130 QUIT:131; do
		in_terminal sh -c 'echo ready; exec sleep 4711' <<-EOF
			raw
			expect ready
			signal ${pair%:*}
			end ${pair#*:}
		EOF
	done
}

@test "a stop restores the terminal, and going on makes it raw again" {
	in_terminal sh -c 'stty -echo; echo ready; read -r l; echo "got $l"' <<-'EOF'
		raw
		expect ready
		signal TSTP
		stopped
		cooked
		signal CONT
		raw
		type on\r
		expect got on
		end 0
	EOF
}

@test "a session that breaks, or cannot start, restores the terminal" {
	curl -sf -X POST "$sim_url/_sim/exec?cut=6&expire=1" >/dev/null
	in_terminal sh -c 'echo ready; while :; do echo more; sleep 0.05; done' <<-'EOF'
		expect the session has ended
		end 255
	EOF
	container=$without in_terminal true <<-'EOF'
		expect ECS Exec is not enabled
		end 255
	EOF
}

@test "~. and signals end it also while the daemon stands still" {
	local daemon step
	daemon=$(cat "$mnt_dir/pid")
	for step in 'type \r~.:255' 'signal TERM:143' 'signal HUP:129'; do
		in_terminal sh -c 'echo ready; exec sleep 4711' <<-EOF || bad=1
			raw
			expect ready
			run kill -STOP $daemon
			type typed
			${step%:*}
			end ${step#*:}
		EOF
		kill -CONT "$daemon"
		[ -z "${bad:-}" ]
	done
	# Where it stands still before the session is open, the keyboard's signals are still its own.
	kill -STOP "$daemon"
	in_terminal true <<-'EOF' || bad=1
		type \x03
		end 130
	EOF
	kill -CONT "$daemon"
	[ -z "${bad:-}" ]
}

# other_mount: a second one, whose end is the test's affair; sets $other and $other_pid.
other_mount() {
	other=$BATS_TEST_TMPDIR/other
	mkdir -p "$other"
	"$build/ecsfs" -f "$other" 3>&- &
	other_pid=$!
	wait_for 20 mountpoint -q "$other"
}

@test "a daemon that is killed or ends restores the terminal; a lazy unmount lets the command end" {
	local signal other other_pid
	for signal in KILL TERM; do
		other_mount
		container=$other${container#"$mnt"} in_terminal sh -c 'echo ready; exec sleep 4711' <<-EOF
			raw
			expect ready
			run kill -$signal $other_pid
			expect ecsfs exec: the mount has ended
			end 255
		EOF
		fusermount3 -u -z "$other" 2>/dev/null || true
		wait_for 20 not_running "$other_pid"
	done
	other_mount
	container=$other${container#"$mnt"} in_terminal sh -c 'echo ready; read -r word; exit 7' <<-EOF
		raw
		expect ready
		run fusermount3 -u -z $other
		type word\r
		end 7
	EOF
	wait_for 20 not_running "$other_pid"
}

@test "in tmux: a full screen, a split, and the pane's shell afterwards" {
	command -v tmux >/dev/null || skip "tmux is not installed"
	cd "$BATS_TEST_TMPDIR"
	pane() {
		tmux -L t capture-pane -p | grep -q "$1"
	}
	tmux -L t -f /dev/null new-session -d -x 90 -y 30 'PS1="outer:" sh' 3>&-
	wait_for 10 pane outer:
	tmux -L t send-keys "'$build/ecsfs' exec '$container' -- sh" Enter
	wait_for 20 pane '^[#$]'
	tmux -L t send-keys 'stty size' Enter
	wait_for 10 pane '^30 90\|^29 90'
	tmux -L t split-window -h -d 'sleep 1000'
	narrow() {
		tmux -L t send-keys 'stty size' Enter
		pane '^[0-9]* 4[0-9]'
	}
	wait_for 20 narrow
	tmux -L t send-keys 'exit 6' Enter
	wait_for 20 pane 'outer:'
	tmux -L t send-keys 'echo status $?' Enter
	wait_for 10 pane 'status 6'
}

@test "in tmux: started in the background it waits there, and the shell's terminal stays as it is" {
	command -v tmux >/dev/null || skip "tmux is not installed"
	cd "$BATS_TEST_TMPDIR"
	# seen WORDS...: whether the pane shows it after a further Enter.
	seen() {
		tmux -L t send-keys '' Enter
		tmux -L t capture-pane -p | grep -q "$1"
	}
	tmux -L t -f /dev/null new-session -d -x 200 -y 30 'PS1="outer:" sh' 3>&-
	wait_for 10 seen outer:
	tmux -L t send-keys "'$build/ecsfs' exec '$container' -- sh -c 'read w; exit 6' &" Enter
	wait_for 20 seen topped
	tmux -L t send-keys 'stty -a | tr " " "\n" | grep icanon' Enter
	wait_for 10 seen '^icanon'
	tmux -L t send-keys 'fg; echo status $?' Enter
	wait_for 20 seen 'status 6'
}
