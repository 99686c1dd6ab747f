# What must hold on every region, the simulated one and a peer's (moto): bodies of tests, called by
# common_sim.bats and common_moto.bats. They find the same fleet, made by fleet_make.

fleet_script() {
	cat <<'PY'
import os, sys, boto3

url = os.environ["AWS_ENDPOINT_URL"]
ecs = boto3.client("ecs", endpoint_url=url, region_name="us-east-1")
logs = boto3.client("logs", endpoint_url=url, region_name="us-east-1")
ecs.create_cluster(clusterName="both")
for revision in (1, 2):
    ecs.register_task_definition(
        family="both-web",
        containerDefinitions=[{
            "name": "app", "image": f"app:{revision}", "memory": 64, "essential": True,
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/both/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}},
        }],
    )
for name in ["web"] + [f"s{i:02}" for i in range(24)]:
    ecs.create_service(cluster="both", serviceName=name, taskDefinition="both-web:1", desiredCount=0,
                       tags=[{"key": "team", "value": "a=b c"}])
PY
}

fleet_make() {
	fleet_script | python3 -
}

both_browse() {
	[ "$(ls "$mnt/clusters/both/services" | wc -l)" = 25 ]
	web=$mnt/clusters/both/services/web
	[ "$(cat "$web/desired_count")" = 0 ]
	[ "$(cat "$web/task_definition")" = both-web:1 ]
	[ "$(cat "$web/status")" = ACTIVE ]
	[ "$(cat "$web/scheduling_strategy")" = REPLICA ]
	[ "$(jq -r .serviceName "$web/service.json")" = web ]
	[ "$(jq -r .family "$web/task_definition.json")" = both-web ]
	[ "$(readlink "$mnt/task_definitions/both-web/latest")" = 2 ]
	[ "$(ls "$mnt/task_definitions/both-web" | grep -c '^[0-9]')" = 2 ]
	[ "$(cat "$web/tags")" = 'team=a=b c' ]
	find "$mnt/clusters/both" "$mnt/task_definitions" -name service_deployments -prune -o -print >/dev/null
}

both_scale() {
	web=$mnt/clusters/both/services/web
	echo 1 >"$web/desired_count"
	[ "$(cat "$web/desired_count")" = 1 ]
	echo 0 >"$web/desired_count"
	[ "$(cat "$web/desired_count")" = 0 ]
	echo both-web:2 >"$web/task_definition"
	[ "$(cat "$web/task_definition")" = both-web:2 ]
}

both_refuse() {
	web=$mnt/clusters/both/services/web
	before=$(cat "$web/task_definition")
	fails 'Invalid argument' bash -c "echo abc > '$web/desired_count'"
	run bash -c "echo nosuch:9 > '$web/task_definition'"
	[ "$status" -ne 0 ]
	[ "$(cat "$web/task_definition")" = "$before" ]
	fails 'No such file' cat "$mnt/clusters/both/services/nope/status"
	fails 'No such file' cat "$mnt/clusters/nope/status"
	fails 'No such file' cat "$mnt/task_definitions/both-web/99/status"
	fails 'not permitted' rmdir "$web"
}

both_tags() {
	web=$mnt/clusters/both/services/web
	printf 'owner=me\n' >>"$web/tags"
	grep -qx owner=me "$web/tags"
	grep -q '^team=' "$web/tags"
	printf 'only=one\n' >"$web/tags"
	[ "$(cat "$web/tags")" = only=one ]
}

both_register() {
	family=$mnt/task_definitions/both-web
	jq '.containerDefinitions[0].image = "app:3"' "$family/2/task_definition.json" >"$family/register"
	[ "$(cat "$family/3/status")" = ACTIVE ]
	[ "$(readlink "$family/latest")" = 3 ]
}

both_draft() {
	mkdir "$mnt/clusters/both/services/born"
	jq '{taskDefinition: "both-web:1", desiredCount: 0}' -n >"$mnt/clusters/both/services/born/service.json"
	[ "$(cat "$mnt/clusters/both/services/born/status")" = ACTIVE ]
	ls "$mnt/clusters/both/services" | grep -qx born
}

both_logs() {
	python3 - <<'PY'
import os, time, boto3
url = os.environ["AWS_ENDPOINT_URL"]
ecs = boto3.client("ecs", endpoint_url=url, region_name="us-east-1")
logs = boto3.client("logs", endpoint_url=url, region_name="us-east-1")
arn = ecs.run_task(cluster="both", taskDefinition="both-web:1", launchType=os.environ.get("BOTH_LAUNCH", "FARGATE"))["tasks"][0]["taskArn"]
task = arn.split("/")[-1]
try:
    logs.create_log_group(logGroupName="/both/web")
except logs.exceptions.ResourceAlreadyExistsException:
    pass
stream = f"web/app/{task}"
try:
    logs.create_log_stream(logGroupName="/both/web", logStreamName=stream)
except logs.exceptions.ResourceAlreadyExistsException:
    pass
now = int(time.time() * 1000)
logs.put_log_events(logGroupName="/both/web", logStreamName=stream,
                    logEvents=[{"timestamp": now + i, "message": f"both line {i}"} for i in range(500)])
PY
	task=$(ls "$mnt/clusters/both/tasks" | head -n 1)
	log=$mnt/clusters/both/tasks/$task/logs/app.log
	[ "$(grep -c 'both line' "$log")" = 500 ]
	[ "$(tail -n 1000 "$log" | grep 'both line' | tail -n 1)" = 'both line 499' ]
}

# A project is registered once, whatever is written, until its files change.
both_compose() {
	project=$mnt/compose/both-compose
	mkdir "$project"
	printf 'TAG=1\n' >"$project/.env"
	cat >"$project/docker-compose.yml" <<'YML'
version: "3.8"
services:
  web:
    image: both/web:${TAG}
    command: ["run", "--all"]
    environment: {B: two words, A: 1}
    ports: ["80:8080"]
    volumes: ["data:/data:ro"]
    ulimits: {nofile: {soft: 10, hard: 20}}
    healthcheck: {test: curl -f x, interval: 30s}
    deploy: {resources: {limits: {memory: 128M}}}
    depends_on: [side]
    logging: {driver: awslogs, options: {awslogs-group: /both/compose, awslogs-region: us-east-1, awslogs-stream-prefix: b}}
  side:
    image: both/side
volumes: {data: }
YML
	echo >"$project/log_groups"
	echo >"$project/log_groups"
	echo >"$project/register"
	[ "$(cat "$project/register")" = both-compose:1 ]
	echo >"$project/register"
	[ "$(cat "$project/register")" = both-compose:1 ]
	echo TAG=2 >"$project/.env"
	echo >"$project/register"
	[ "$(cat "$project/register")" = both-compose:2 ]
	[ "$(jq -r '.containerDefinitions[] | select(.name == "web") | .image' \
		"$mnt/task_definitions/both-compose/2/task_definition.json")" = both/web:2 ]
	mkdir "$mnt/clusters/both/services/both-compose"
	cp "$project/service.json" "$mnt/clusters/both/services/both-compose/"
	[ "$(cat "$mnt/clusters/both/services/both-compose/task_definition")" = both-compose:2 ]
	rmdir "$project"
}
