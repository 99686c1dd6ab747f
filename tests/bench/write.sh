#!/usr/bin/env bash
# What writes cost: calls, and wall time beside a bare libcurl request on a warm connection.
. "$(dirname "$0")/lib.sh"

sim_up --speed 20
mount_up -o ttl=3600
web=$mnt/clusters/prod/services/web
cat "$web/desired_count" >/dev/null
"$build/tests/bench/write_cost" "$sim_url" prod web "$web/desired_count" 300
calls_reset
jq '.containerDefinitions[0].environment += [{"name": "BENCH", "value": "1"}]' "$web/task_definition.json" >"$work/td.json"
calls_reset
cp "$work/td.json" "$web/task_definition.json"
printf 'cp td.json task_definition.json: %s\n' "$(curl -sf "$sim_url/_sim/calls" | jq -c .)"
mount_down
sim_down

# An image at 20 ms, beside the bare round trips of its two calls.
sim_up --speed 20 --latency 20
mount_up -o ttl=3600
app=$mnt/clusters/prod/services/web/containers/app
cat "$app/image" >/dev/null
calls_reset
start=$(date +%s%N)
for i in $(seq 20); do echo "nginx:1.$i" >"$app/image"; done
printf 'echo IMAGE > image at 20 ms: %s calls, %d us each (two round trips: 40000 us, goal 44000)\n' \
	"$(calls)" $((($(date +%s%N) - start) / 20000))
mount_down
sim_down

# A deployment of three minutes.
sim_up --speed 0.045
mount_up
web=$mnt/clusters/prod/services/web
cat "$web/desired_count" >/dev/null
echo >"$web/force_new_deployment"
calls_reset
start=$SECONDS
for _ in 1 2 3 4 5; do cat "$web/rollout" >/dev/null & readers+=("$!"); done
wait "${readers[@]}" || true
seconds=$((SECONDS - start))
printf 'rollout of %d s, 5 readers: %s DescribeServices (goal at most %d)\n' "$seconds" \
	"$(calls DescribeServices)" $((seconds / 2 + 1))
mount_down
sim_down
