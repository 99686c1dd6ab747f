#!/usr/bin/env bats
# A recorded history: own writes that overlap, somebody else's, readers, touch, and answers that come late.

load lib

setup() {
	sim_up
	hold 1
	truth=$BATS_TEST_TMPDIR/truth
	python3 "$top/tests/e2e/history.py" --proxy "$AWS_ENDPOINT_URL" "$truth" >"$BATS_TEST_TMPDIR/port" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	proxy=$!
	wait_for 60 test -s "$BATS_TEST_TMPDIR/port"
	AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")
	mount_up -o ttl=1
	others=$mnt others_dir=$mnt_dir
	mount_up -o ttl=1
}

teardown() {
	local bad=0
	mount_down || bad=1
	mnt=$others mnt_dir=$others_dir
	all_down || bad=1
	kill "$proxy"
	[ "$bad" = 0 ]
}

@test "no read is older than an own write or a touch, no write is dropped or sent twice" {
	timeout 120 python3 "$top/tests/e2e/history.py" "$truth" "$mnt" "$others" 8 "$RANDOM"
}

@test "the checks see a wrong read" {
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$top/tests/e2e python3 - <<-'PY'
		from history import Checks
		def change(began, **members):
		    return {"began": began, "ended": began + 0.1, "service": "web", **members}
		def check(*events):
		    truth = [change(1, desiredCount=101), change(3, desiredCount=102),
		             change(5, desiredCount=103), change(6, enableExecuteCommand=True),
		             change(7, enableExecuteCommand=False)]
		    return Checks([(*e[:1], 0, *e[1:]) for e in events], truth, "web").run()
		count, switch = "desiredCount", "enableExecuteCommand"
		assert not check(("write", count, 102, 2, 4), ("read", count, 102, 4.5, 4.6))
		assert not check(("write", count, 102, 2, 4), ("read", count, 101, 3.5, 3.6))
		assert "older than a write" in check(("write", count, 102, 2, 4), ("read", count, 101, 4.5, 4.6))[0]
		assert "older than a touch" in check(("touch", None, None, 5.5, 5.6), ("read", count, 102, 6, 6.1))[0]
		assert "sent 0 times" in check(("write", count, 104, 2, 4))[0]
		assert not check(("write", switch, True, 6.5, 6.6))
		assert "dropped" in check(("write", switch, True, 7.5, 7.6))[0]
		assert "older than a write" in check(("write", switch, False, 6.9, 7.5), ("read", switch, True, 8, 8.1))[0]
	PY
}
