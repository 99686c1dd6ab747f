#!/usr/bin/env bats
# What stands around a service, on moto: Elastic Load Balancing, Application Auto Scaling, CloudWatch
# and EC2 as somebody else wrote them, behind the proxy that holds every request against AWS's models.

load lib

setup_file() {
	if ! moto_server --help >/dev/null 2>&1 || ! has_botocore; then
		lacks "moto, or a boto3 of today, is not installed"
		return 0
	fi
	export moto_port=$((20000 + RANDOM % 20000))
	moto_server -p "$moto_port" >"$BATS_FILE_TMPDIR/moto" 2>&1 3>&- &
	export moto_pid=$!
	export moto_url=http://127.0.0.1:$moto_port
	wait_for 60 curl -sf "$moto_url/moto-api/" -o /dev/null
	python3 "$top/tests/e2e/moto_around.py" "$moto_url"
	sim_dir=$BATS_FILE_TMPDIR sim_url=$moto_url
	export sim_dir sim_url
	strict_proxy_up
	mount_up -o allow_delete
	export C=$mnt/clusters/c0 S=$mnt/clusters/c0/services/shop P=$mnt/clusters/c0/services/plain
}

setup() {
	skip_what_lacks
}

teardown_file() {
	[ -z "${moto_pid:-}" ] || kill "$moto_pid"
	[ -z "${strict_proxy_pid:-}" ] || kill "$strict_proxy_pid"
	mount_down || return 1
	if [ -s "$BATS_FILE_TMPDIR/violations" ]; then
		sort "$BATS_FILE_TMPDIR/violations" | uniq -c >&2
		return 1
	fi
}

@test "target_health: a line a target" {
	[ "$(cat "$S/target_health")" = "shop  10.1.0.7  8080  healthy  -  -" ]
	[ -z "$(cat "$P/target_health")" ]
}

@test "url: the rules that lead to the service, and no others" {
	run cat "$S/url"
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} == http://front-*.elb.amazonaws.com:80/api/\* ]]
	[[ ${lines[1]} == http://front-*.elb.amazonaws.com:80/\ *shop.example.com ]]
	[ -z "$(cat "$P/url")" ]
}

@test "metrics: time, average and maximum" {
	run cat "$S/metrics/cpu_utilization"
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} == *Z\ 20.00\ 30.00 ]]
	[[ ${lines[0]} < ${lines[1]} ]]
	[[ $(tail -n 1 "$S/metrics/memory_utilization") == *Z\ 41.00\ 42.00 ]]
	[ -z "$(cat "$P/metrics/cpu_utilization")" ]
}

@test "overview: at the root, of the cluster, of the service" {
	[[ $(tail -n 1 "$mnt/overview") == c0\ *\ ACTIVE\ * ]]
	[ "$(wc -l <"$mnt/clusters/c0/overview")" = 7 ]
	awk 'NF != 7 { exit 1 }' "$mnt/clusters/c0/overview"
	grep -q '^service  *shop  *ACTIVE  *2 ' "$S/overview"
	grep -q '^target  *shop  *10.1.0.7  *8080  *healthy' "$S/overview"
}

@test "autoscaling: read, written, made and removed" {
	local A=$S/autoscaling
	[ "$(cat "$A/min_capacity" "$A/max_capacity" | paste -sd ' ')" = "2 10" ]
	echo 4 >"$A/min_capacity"
	[ "$(cat "$A/min_capacity")" = 4 ]
	[ "$(ls "$A/policies" "$A/scheduled_actions" | grep -c json)" = 2 ]
	sed -i 's/60.0/75.0/' "$A/policies/cpu.json"
	grep -q '"TargetValue": 75.0' "$A/policies/cpu.json"
	cp "$A/scheduled_actions/night.json" "$A/scheduled_actions/day.json"
	[ "$(ls "$A/scheduled_actions" | paste -sd ' ')" = "day.json night.json" ]
	rm "$A/scheduled_actions/day.json"
	[ "$(ls "$A/scheduled_actions")" = night.json ]
}

@test "a target group that was deleted: a line says so, and diagnosis what to do" {
	[ "$(cat "$C/services/orphan/target_health")" = "gone  -  -  target_group_not_found  -  -" ]
	[ -z "$(cat "$C/services/orphan/url")" ]
	run cat "$C/services/orphan/diagnosis"
	[[ $output == *"the service's target group does not exist"*"target group gone"*"to do: create the service again"* ]]
	grep -q '^target  *gone  .*target_group_not_found' "$C/services/orphan/overview"
}

@test "a Gateway Load Balancer: its targets, and no address, since nobody calls it" {
	[ "$(cat "$C/services/gateway/target_health")" = "gateway  10.1.0.9  6081  healthy  -  -" ]
	[ -z "$(cat "$C/services/gateway/url")" ]
}

@test "a Network Load Balancer: its listener's address, without a path" {
	[ "$(cat "$C/services/network/target_health")" = "network  10.1.0.9  5432  healthy  -  -" ]
	[[ $(cat "$C/services/network/url") == tcp://network-*.elb.amazonaws.com:5432 ]]
}

@test "a Classic Load Balancer, and no load balancer: empty" {
	local service
	for service in classic plain; do
		[ -z "$(cat "$C/services/$service/target_health" "$C/services/$service/url")" ]
		! grep -q '^target' "$C/services/$service/overview"
		cat "$C/services/$service/diagnosis" >/dev/null
	done
}
