/*
 * Which repositories, tags and images has ECR? The tree shows those of its own region; an image
 * reference of a task definition may name another account's registry, in any region.
 */
#include "cache/fetch/ecr.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *strings_of(const json_t *documents, const char *member)
{
	json_auto_t *strings = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach (documents, i, one) {
		json_t *string = json_object_get(one, member);

		if (json_is_string(string))
			json_array_append(strings, string);
	}
	return names_sorted(strings);
}

int fetch_repositories(struct fetch *f, struct ecsfs_error *err)
{
	const char *id = fetch_row(f)->id;
	json_auto_t *body = fetch_body(f);
	json_auto_t *docs = NULL;
	json_t *doc;
	size_t i;
	int rc = fetch_row_pages(f, body, &docs, err);

	if (rc < 0)
		return rc;
	json_array_foreach (docs, i, doc) {
		const char *name = json_string_value(json_object_get(doc, id));
		const struct key k = {.kind = KIND_REPOSITORY, .a = name};

		if (name)
			fetch_add_extra(f, &k, json_incref(doc));
	}
	fetch_answer(&f->items[0], strings_of(docs, id));
	return 0;
}

/* One at a time: a name that does not exist fails the whole call. */
int fetch_repository(struct fetch *f, struct ecsfs_error *err)
{
	const char *name = f->items[0].key->a;
	const struct kind_row *row = fetch_row(f);
	json_auto_t *body = json_pack("{s:[s]}", row->keys, name);
	json_auto_t *answer = NULL;
	json_t *doc;
	int rc = fetch_row_call(f, body, &answer, err);

	if (rc < 0)
		return rc;
	doc = json_array_get(json_object_get(answer, row->answers), 0);
	const char *got = json_string_value(json_object_get(doc, row->id));
	if (!got || strcmp(got, name) != 0)
		return ecsfs_error_not_aws(err, "DescribeRepositories", "it is not about %s", name);
	fetch_answer(&f->items[0], json_incref(doc));
	return 0;
}

int fetch_image_tags(struct fetch *f, struct ecsfs_error *err)
{
	const struct kind_row *row = fetch_row(f);
	json_auto_t *body = fetch_body(f);
	json_auto_t *ids = NULL;
	int rc;

	json_object_set_new(body, row->keys, json_string(f->items[0].key->a));
	rc = fetch_row_pages(f, body, &ids, err);
	if (rc == 0)
		fetch_answer(&f->items[0], strings_of(ids, row->id));
	return rc;
}

static bool is_digest(const char *id)
{
	return strchr(id, ':') != NULL;
}

static json_t *image_id(const char *id)
{
	return json_pack("{s:s}", is_digest(id) ? "imageDigest" : "imageTag", id);
}

/* Whether a DescribeImages document is that of a tag or digest. */
static bool is_image(const json_t *doc, const char *id)
{
	const char *digest = json_string_value(json_object_get(doc, "imageDigest"));
	const json_t *tag;
	size_t i;

	if (is_digest(id))
		return digest && strcmp(digest, id) == 0;
	json_array_foreach (json_object_get(doc, "imageTags"), i, tag) {
		if (json_is_string(tag) && strcmp(json_string_value(tag), id) == 0)
			return true;
	}
	return false;
}

static json_t *find_image(const struct fetch *f, const json_t *answer, const char *id)
{
	json_t *doc;
	size_t i;

	json_array_foreach (json_object_get(answer, fetch_row(f)->answers), i, doc) {
		if (is_image(doc, id))
			return doc;
	}
	return NULL;
}

static json_t *images_body(const struct fetch *f)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(ids, image_id(f->items[i].key->b));
	return json_pack("{s:s, s:o}", "repositoryName", f->items[0].key->a, "imageIds", ids);
}

/*
 * One image that does not exist fails the whole call. The caller then fetches the keys one by one,
 * as for an invalid request.
 */
int fetch_images(struct fetch *f, struct ecsfs_error *err)
{
	json_auto_t *body = images_body(f);
	json_auto_t *answer = NULL;
	struct ecsfs_error own = {0};
	int rc = fetch_row_call(f, body, &answer, &own);

	if (rc == -ENOENT && f->n > 1 && strcmp(own.code, "ImageNotFoundException") == 0)
		rc = ecsfs_error_set(
		    &own, EINVAL, own.code, "ECR does not have every image of the batch");
	if (rc < 0) {
		if (err)
			*err = own;
		return rc;
	}
	for (size_t i = 0; i < f->n; i++) {
		json_t *doc = find_image(f, answer, f->items[i].key->b);

		if (doc)
			fetch_answer(&f->items[i], json_incref(doc));
	}
	return 0;
}

/* The fetch as one of the registry "ACCOUNT/REGION", and a request's first members: new. */
static json_t *registry_body(const struct fetch *f, struct fetch *there)
{
	const struct key *k = f->items[0].key;
	const char *slash = strchr(k->a, '/');

	json_t *body = fetch_body(f);

	*there = *f;
	there->region = slash + 1;
	json_object_set_new(body, "registryId", json_stringn(k->a, (size_t)(slash - k->a)));
	json_object_set_new(body, "repositoryName", json_string(k->b));
	return body;
}

/* Pulling needs BatchGetImage only: an image that may be run may not be describable. */
static int get_image(
    struct fetch *there, const json_t *body, const char *id, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *answer = NULL;
	const json_t *image, *failure;
	const char *digest, *code;
	int rc = fetch_call(there, "ecr", "BatchGetImage", body, &answer, err);

	if (rc < 0)
		return rc;
	image = json_array_get(json_object_get(answer, "images"), 0);
	digest =
	    json_string_value(json_object_get(json_object_get(image, "imageId"), "imageDigest"));
	if (digest) {
		*ret = json_pack("{s:s}", "imageDigest", digest);
		return 0;
	}
	failure = json_array_get(json_object_get(answer, "failures"), 0);
	code = json_string_value(json_object_get(failure, "failureCode"));
	if (code && strcmp(code, "ImageNotFound") == 0)
		return ecsfs_error_set(err, ENOENT, code, "%s: no such image", id);
	if (code)
		return ecsfs_error_set(
		    err, EIO, code, "BatchGetImage: ECR says %s of the image %s", code, id);
	return ecsfs_error_not_aws(err, "BatchGetImage", "it is not about the image %s", id);
}

int fetch_image_reference(struct fetch *f, struct ecsfs_error *err)
{
	const char *id = f->items[0].key->c;
	struct fetch there;
	json_auto_t *body = registry_body(f, &there);
	json_auto_t *answer = NULL, *doc = NULL;
	int rc;

	json_object_set_new(body, "imageIds", json_pack("[o]", image_id(id)));
	rc = fetch_row_call(&there, body, &answer, err);
	if (rc == -EACCES) {
		if (err)
			*err = (struct ecsfs_error){0};
		rc = get_image(&there, body, id, &doc, err);
	} else if (rc == 0) {
		doc = json_incref(find_image(f, answer, id));
	}
	if (rc < 0)
		return rc;
	if (!doc)
		return ecsfs_error_not_aws(
		    err, "DescribeImages", "it is not about the image %s", id);
	fetch_answer(&f->items[0], move_ptr(doc));
	return 0;
}

int fetch_newest_tags(struct fetch *f, struct ecsfs_error *err)
{
	struct fetch there;
	json_auto_t *body = registry_body(f, &there);
	json_auto_t *docs = NULL, *sorted = NULL;
	json_t *tags = json_array();
	const json_t *doc;
	size_t i;
	int rc = fetch_row_pages(&there, body, &docs, err);

	sorted = docs_newest_first(docs, fetch_row(f)->newest);
	json_array_foreach (sorted, i, doc)
		json_array_extend(tags, json_object_get(doc, "imageTags"));
	if (rc == 0)
		fetch_answer(&f->items[0], tags);
	else
		json_decref(tags);
	return rc;
}
