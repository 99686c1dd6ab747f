#!/usr/bin/env bats
# What must hold on every region, here on moto, an ECS that nobody here wrote.
#
# Not tried, since moto does not do it: it starts no tasks for a service, makes no events, knows no
# service deployments, revisions, task protection, UpdateClusterSettings or StartLiveTail. A bare
# family stays bare in its services.

load lib
load common

setup_file() {
	if ! moto_server --help >/dev/null 2>&1 || ! has_botocore; then
		lacks "moto, or a boto3 of today, is not installed"
		return 0
	fi
	export moto_port=$((20000 + RANDOM % 20000))
	moto_server -p "$moto_port" >"$BATS_FILE_TMPDIR/moto" 2>&1 3>&- &
	export moto_pid=$!
	export AWS_ENDPOINT_URL=http://127.0.0.1:$moto_port
	wait_for 60 curl -sf "$AWS_ENDPOINT_URL/moto-api/" -o /dev/null
	fleet_make
	mount_up
}

setup() {
	skip_what_lacks
}

teardown_file() {
	[ -z "${moto_pid:-}" ] || kill "$moto_pid"
	mount_down
}

@test "browse" { both_browse; }
@test "scale and deploy" { both_scale; }
@test "refuse" { both_refuse; }
@test "tags" { both_tags; }
@test "register" { both_register; }
@test "a draft becomes a service" { both_draft; }
@test "compose" { both_compose; }

@test "repositories and images" {
	python3 - <<'PY'
import json, os, boto3

ecr = boto3.client("ecr", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1")
ecr.create_repository(repositoryName="both/web")
for tag in ("1.0", "1.1"):
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "config": {"size": len(tag), "digest": "sha256:" + tag.replace(".", "") * 32},
                "layers": [{"size": 1, "digest": "sha256:" + tag.replace(".", "") * 32}]}
    ecr.put_image(repositoryName="both/web", imageManifest=json.dumps(manifest), imageTag=tag)
PY
	web="$mnt/repositories/both%2Fweb"
	[ "$(ls "$mnt/repositories")" = both%2Fweb ]
	[ "$(ls "$web/images")" = "1.0
1.1" ]
	[ "$(cat "$web/images/1.1/uri")" = "$(cat "$web/uri"):1.1" ]
	[ "$(cat "$web/images/1.0/digest")" != "$(cat "$web/images/1.1/digest")" ]
	[ "$(cat "$web/images/$(cat "$web/images/1.0/digest")/digest")" = "$(cat "$web/images/1.0/digest")" ]
	fails 'No such file' cat "$web/images/9/digest"
}
