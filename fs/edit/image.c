/*
 * Is an image reference valid, and does ECR have it? The syntax is checked without a call;
 * DescribeImages answers the rest, and the refusal names the newest tags.
 */
#include "fs/edit/image.h"

#include "backend/base/cleanup.h"
#include "cache/answer.h"
#include "cache/moment.h"
#include "fs/edit/members/doc.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_TAGS 5

/* API_ContainerDefinition: letters, digits, - _ : . / # and, before a digest, @. */
const char *image_fault_peek(const char *image)
{
	for (const char *c = image; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_:./#@+", *c))
			return c;
	return NULL;
}

/* A host's parts: "ACCOUNT.dkr.ecr.REGION.amazonaws.com" and its other forms. */
static bool registry_of(const char *host, size_t len, struct image_reference *ret)
{
	static const char *const forms[] = {
	    ".dkr.ecr.", ".dkr.ecr-fips.", ".dkr-ecr.", ".dkr-ecr-fips."};
	size_t account = strspn(host, "0123456789");

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t form = strlen(forms[i]);
		const char *region = host + account + form;

		if (account != 12 || strncmp(host + account, forms[i], form) != 0)
			continue;
		size_t region_len = strcspn(region, "./");
		/* "123456789012.dkr.ecr..example" has no region, and is not a registry of ECR. */
		if (region + region_len >= host + len || !region_len || region_len > 60 ||
		    strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") < region_len)
			return false;
		snprintf(ret->registry, sizeof(ret->registry), "%.12s/%.*s", host, (int)region_len,
		    region);
		return true;
	}
	return false;
}

bool image_reference(const char *image, struct image_reference *ret)
{
	const char *slash = strchr(image, '/');
	const char *repository = slash ? slash + 1 : NULL, *id;
	size_t len;

	if (!slash || !registry_of(image, (size_t)(slash - image), ret))
		return false;
	len = strcspn(repository, ":@");
	/* NAME:TAG@DIGEST: the digest decides. */
	id = strchr(repository, '@');
	if (!id && repository[len])
		id = repository + len;
	if (len >= sizeof(ret->repository) || (id && strlen(id + 1) >= sizeof(ret->id)))
		return false;
	snprintf(ret->repository, sizeof(ret->repository), "%.*s", (int)len, repository);
	snprintf(ret->id, sizeof(ret->id), "%s", id ? id + 1 : "latest");
	return region_name_valid(KIND_REPOSITORY, ret->repository) &&
	    region_name_valid(KIND_IMAGE, ret->id);
}

static struct key key_of(const struct image_reference *image)
{
	return (struct key){.kind = KIND_IMAGE_REFERENCE,
	    .a = image->registry,
	    .b = image->repository,
	    .c = image->id};
}

static bool names_repository(const struct ecsfs_error *e)
{
	return strcmp(e->code, "RepositoryNotFoundException") == 0;
}

/* "1.3, latest, 1.2": the newest tags of the reference's repository. */
static void add_newest(const struct place *p, const struct image_reference *image, struct buf *out)
{
	const struct key k = {
	    .kind = KIND_NEWEST_TAGS, .a = image->registry, .b = image->repository};
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer a = {0};

	if (ask(&q, p->region, &k, &a, NULL))
		return;
	for (size_t i = 0; i < json_array_size(a.value) && i < NAMED_TAGS; i++)
		buf_addf(out, "%s%s", i ? ", " : "; the newest tags are ",
		    json_string_value(json_array_get(a.value, i)));
	if (!json_array_size(a.value))
		buf_adds(out, "; the repository has no tags");
}

static int refuse(const struct place *p, const struct image_reference *image,
    const struct ecsfs_error *why, struct ecsfs_error *err)
{
	auto_buf struct buf newest = BUF_INIT(4096);

	if (names_repository(why))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "ECR has no repository \"%s\" in %s (account/region): create it, or correct "
		    "the name",
		    image->repository, image->registry);
	add_newest(p, image, &newest);
	return ecsfs_error_set(err, EINVAL, NULL, "repository %s has no image \"%s\"%s",
	    image->repository, image->id, buf_str(&newest));
}

int image_check(const struct place *p, const char *image, struct ecsfs_error *err)
{
	struct image_reference reference;
	struct ask q = ask_blocking(p->region);
	struct ecsfs_error why = {0};
	auto_answer struct answer a = {0};
	struct key k;
	int e;

	if (!image_reference(image, &reference))
		return 0;
	k = key_of(&reference);
	e = ask(&q, p->region, &k, &a, &why);
	/* It may have been pushed a moment ago: only a fresh answer of ECR may refuse. */
	if (e == -ENOENT) {
		q.fresh = region_fresh_now(p->region);
		why = (struct ecsfs_error){0};
		e = ask(&q, p->region, &k, &a, &why);
	}
	return e == -ENOENT ? refuse(p, &reference, &why, err) : 0;
}

int image_digest(struct ask *q, const struct place *p, const char *image, char **ret)
{
	struct image_reference reference;
	auto_answer struct answer a = {0};
	struct key k;
	int e;

	*ret = NULL;
	if (!image_reference(image, &reference))
		return 0;
	k = key_of(&reference);
	e = ask(q, p->region, &k, &a, NULL);
	if (!e)
		*ret = strdup(doc_string_peek(a.value, "imageDigest"));
	/* An image that is not known yet must not look like a missing one. */
	return e == -EINPROGRESS || e == -ENODATA ? e : 0;
}
