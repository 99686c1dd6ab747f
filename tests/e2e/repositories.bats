#!/usr/bin/env bats
# ECR's repositories and images.

load lib

setup_file() {
	sim_up
	mount_up -o ttl=60
}

teardown_file() {
	all_down
}

setup() {
	web=$mnt/repositories/web
	registry=123456789012.dkr.ecr.us-east-1.amazonaws.com
	faults ''
}

@test "repositories and tags are listed, a slash in a name is %2F" {
	[ "$(ls "$mnt/repositories")" = "shop%2Fapi
web" ]
	[ "$(ls "$web/images")" = "1.0
1.1
1.2
1.3
latest
stable" ]
	[ "$(cat "$mnt/repositories/shop%2Fapi/uri")" = "$registry/shop/api" ]
}

@test "a repository's files" {
	[ "$(cat "$web/uri")" = "$registry/web" ]
	[ "$(cat "$web/arn")" = arn:aws:ecr:us-east-1:123456789012:repository/web ]
	[ "$(jq -r .repositoryName "$web/repository.json")" = web ]
	grep -qE '^20[0-9-]+T[0-9:.]+Z$' "$web/created_at"
}

@test "an image's files, by tag and by digest" {
	[ "$(cat "$web/images/1.3/uri")" = "$registry/web:1.3" ]
	digest=$(cat "$web/images/1.3/digest")
	[ "${#digest}" = 71 ]
	[ "$(cat "$web/images/latest/digest")" = "$digest" ]
	[ "$(cat "$web/images/$digest/uri")" = "$registry/web@$digest" ]
	[ "$(cat "$web/images/$digest/digest")" = "$digest" ]
	[ "$(jq -c .imageTags "$web/images/$digest/image.json")" = '["1.3","latest"]' ]
	[ "$(cat "$web/images/1.3/size")" = $((64 * 1024 * 1024)) ]
	[[ $(cat "$web/images/1.3/pushed_at") > $(cat "$web/images/1.2/pushed_at") ]]
}

@test "the deployed web is older than the newest image, and tasks run what the tag was" {
	image=$(jq -r '.containerDefinitions[0].image' "$mnt/clusters/prod/services/web/task_definition.json")
	[ "$image" = "$registry/web:1.2" ]
	task=$(ls "$mnt/clusters/prod/services/web/tasks" | head -n 1)
	[ "$(cat "$mnt/clusters/prod/tasks/$task/containers/app/image_digest")" = "$(cat "$web/images/1.2/digest")" ]
	task=$(ls "$mnt/clusters/prod/services/api/tasks" | head -n 1)
	[ "$(cat "$mnt/clusters/prod/tasks/$task/containers/api/image_digest")" != \
		"$(cat "$mnt/repositories/shop%2Fapi/images/2.4/digest")" ]
}

@test "names that are not there, and names that ECR cannot have" {
	fails 'No such file' cat "$web/images/9.9/digest"
	fails 'No such file' cat "$mnt/repositories/nosuch/uri"
	calls_reset
	fails 'No such file' cat "$mnt/repositories/Upper/uri"
	fails 'No such file' cat "$web/images/.x/uri"
	[ "$(calls)" = 0 ]
}

@test "a walk over a repository lists once and describes once" {
	echo >"$mnt/.ecsfs/refresh"
	calls_reset
	cat "$web"/images/*/digest >/dev/null
	[ "$(calls ListImages)" = 1 ]
	[ "$(calls DescribeImages)" -le 2 ]
}

@test "one cold image is one call, and its uri needs the repository" {
	echo >"$mnt/.ecsfs/refresh"
	calls_reset
	cat "$web/images/1.2/digest" >/dev/null
	[ "$(calls DescribeImages)" = 1 ]
	[ "$(calls)" -le 2 ]
}

@test "where ECR is denied, its files say so and all else goes on" {
	echo >"$mnt/.ecsfs/refresh"
	faults 'DescribeRepositories:denied,ListImages:denied,DescribeImages:denied'
	fails 'Permission denied' ls "$mnt/repositories"
	fails 'Permission denied' cat "$web/images/1.2/digest"
	cat "$mnt/clusters/prod/services/web/desired_count"
}
