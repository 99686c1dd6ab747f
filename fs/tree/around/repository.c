/*
 * What does repositories/ show? ECR's repositories of the region, and their images by tag. A tag's
 * `uri` is the reference that a container's `image` takes.
 */
#include "cache/answer.h"
#include "fs/tree/tree.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/members.h"

#include <string.h>

/* An image. */

static int render_image_uri(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *repository;
	int e = dir_object(q, &dir_repository, p, &a, &repository, err);

	(void)row;
	if (!e)
		buf_addf(out, "%s%c%s\n", doc_string_peek(repository, "repositoryUri"),
		    strchr(p->image, ':') ? '@' : ':', p->image);
	return e;
}

static const struct row image_rows[] = {
    {
	.name = "image.json",
	.help = "the DescribeImages document",
	.form = ROW_DOCUMENT,
	.member = WHOLE_OBJECT,
    },
    {
	.name = "digest",
	.help = "sha256:...",
	.member = "imageDigest",
    },
    {
	.name = "uri",
	.help = "the reference for a container's image",
	.render = render_image_uri,
    },
    {
	.name = "pushed_at",
	.help = "when it was pushed",
	.member = "imagePushedAt",
    },
    {
	.name = "size",
	.help = "bytes, compressed",
	.member = "imageSizeInBytes",
    },
    {0},
};

const struct dir_type dir_image = {
    .what = "an image",
    .help = "an image by its tag or digest",
    .rows = image_rows,
    .subject = {KIND_IMAGE, {PLACE(repository), PLACE(image)}},
    .members = shape_image,
    .time_member = "imagePushedAt",
};

/* The tags of a repository; digests can be looked up. */

static const struct listing tags = {
    .lists = {KIND_IMAGE_TAGS, {PLACE(repository)}},
    .kind = KIND_IMAGE,
    .trust = TRUST_FRESH,
    .type = &dir_image,
    .optional = true,
    .part = PLACE(image),
};

const struct dir_type dir_images = {
    .what = "the images",
    .help = "the repository's images by tag; digests can be looked up",
    .listing = &tags,
};

/* A repository. */

static const struct row repository_rows[] = {
    {
	.name = "repository.json",
	.help = "the DescribeRepositories document",
	.form = ROW_DOCUMENT,
	.member = WHOLE_OBJECT,
    },
    {
	.name = "uri",
	.help = "the registry and name that its images' references begin with",
	.member = "repositoryUri",
    },
    {
	.name = "arn",
	.help = "the repository's ARN",
	.member = "repositoryArn",
    },
    {
	.name = "created_at",
	.help = "when it was created",
	.member = "createdAt",
    },
    {0},
};

static const struct child repository_children[] = {{"images", &dir_images, false}, {0}};

const struct dir_type dir_repository = {
    .what = "a repository",
    .help = "a repository of container images",
    .rows = repository_rows,
    .children = repository_children,
    .subject = {KIND_REPOSITORY, {PLACE(repository)}},
    .members = shape_repository,
    .time_member = "createdAt",
    .arn_member = "repositoryArn",
};

static const struct listing repositories = {
    .lists = {.kind = KIND_REPOSITORIES},
    .kind = KIND_REPOSITORY,
    .trust = TRUST_FRESH,
    .type = &dir_repository,
    .optional = true,
    .part = PLACE(repository),
};

const struct dir_type dir_repositories = {
    .what = "the repositories",
    .help = "ECR's repositories of the region; a slash in a name is %2F",
    .listing = &repositories,
};
