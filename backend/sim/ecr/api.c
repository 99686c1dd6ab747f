/* What do ECR's actions return? Descriptions of repositories and images, tags, and manifests. */
#include "backend/base/cleanup.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecr/registry.h"
#include "backend/sim/page.h"
#include "backend/sim/state.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_PRESET 100
#define PAGE_MAX 1000
#define MOST_IDS 100
#define MOST_TAGS 4096 /* of one image, for positions of a listing */
#define MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"

static int bad_parameter(struct sim_call *c, const char *what)
{
	return sim_fail(c, 400, "InvalidParameterException",
	    "Invalid parameter at '%s' failed to satisfy constraint", what);
}

/*
 * The registry that a request names; NULL: the call has failed. Registries of other accounts are
 * not visible.
 */
static struct sim_registry *call_registry(struct sim_call *c)
{
	const char *id = doc_str(c->in, "registryId");

	if (!id || strcmp(id, c->account) == 0)
		return sim_region_registry(c->region);
	sim_fail(c, 400, "AccessDeniedException",
	    "User: %s is not authorized to perform: ecr:%s on resource: arn:aws:ecr:%s:%s:"
	    "repository/%s because no resource-based policy allows the ecr:%s action",
	    c->principal ? c->principal : "user", c->action, c->region_name, id,
	    doc_str(c->in, "repositoryName") ? doc_str(c->in, "repositoryName") : "*", c->action);
	return NULL;
}

static struct sim_repository *find_repository(
    struct sim_call *c, const struct sim_registry *g, const char *name)
{
	struct sim_repository *p = sim_repository_find(g, name);

	if (!p)
		sim_fail(c, 400, "RepositoryNotFoundException",
		    "The repository with name '%s' does not exist in the registry with id '%s'",
		    name ? name : "", c->account);
	return p;
}

static struct sim_repository *call_repository(struct sim_call *c)
{
	const struct sim_registry *g = call_registry(c);

	return g ? find_repository(c, g, doc_str(c->in, "repositoryName")) : NULL;
}

static json_t *repository_render(const struct sim_call *c, const struct sim_repository *p)
{
	json_t *o = json_object();

	doc_put_new(o, "repositoryArn",
	    json_sprintf("arn:aws:ecr:%s:%s:repository/%s", c->region_name, c->account, p->name));
	doc_put_str(o, "registryId", c->account);
	doc_put_str(o, "repositoryName", p->name);
	doc_put_new(o, "repositoryUri",
	    json_sprintf("%s.dkr.ecr.%s.amazonaws.com/%s", c->account, c->region_name, p->name));
	doc_put_time(o, "createdAt", p->created_ms);
	doc_put_str(o, "imageTagMutability", "MUTABLE");
	doc_put_new(o, "imageScanningConfiguration", json_pack("{s:b}", "scanOnPush", 0));
	doc_put_new(o, "encryptionConfiguration", json_pack("{s:s}", "encryptionType", "AES256"));
	return o;
}

/* Answers with the named ones, without pages. 0 or -1. */
static int describe_named(struct sim_call *c, const struct sim_registry *g, const json_t *names)
{
	json_t *list = json_array();
	const json_t *name;
	size_t i;

	doc_put_new(c->out, "repositories", list);
	if (json_array_size(names) < 1 || json_array_size(names) > MOST_IDS)
		return bad_parameter(c, "repositoryNames");
	if (doc_has(c->in, "maxResults") || doc_has(c->in, "nextToken"))
		return bad_parameter(c, "maxResults");
	json_array_foreach (names, i, name) {
		const struct sim_repository *p = find_repository(c, g, json_string_value(name));

		if (!p)
			return -1;
		json_array_append_new(list, repository_render(c, p));
	}
	return 0;
}

static int describe_repositories(struct sim_call *c)
{
	const struct sim_registry *g = call_registry(c);
	struct page p;

	if (!g)
		return -1;
	if (doc_has(c->in, "repositoryNames"))
		return describe_named(c, g, doc_get(c->in, "repositoryNames"));
	if (page_open(&p, c, PAGE_PRESET, PAGE_MAX) < 0)
		return -1;
	for (size_t i = 0; i < g->repositories.count; i++) {
		const struct sim_repository *r = g->repositories.items[i];

		if (r->seq > p.after && !page_add(&p, r->seq, repository_render(c, r)))
			break;
	}
	return page_close(&p, "repositories");
}

static int compare_tags(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The tags that point to an image now, sorted: new. */
static json_t *tags_of(
    const struct sim_repository *p, const struct sim_image *image, int64_t now_ms)
{
	auto_free const char **tags = calloc(p->pushes.count + 1, sizeof(*tags));
	json_t *list = json_array();
	size_t n = 0;

	for (size_t i = 0; i < p->pushes.count; i++) {
		const struct sim_push *push = p->pushes.items[i];

		if (push->image == image && sim_repository_tagged(p, push->tag, now_ms) == image)
			tags[n++] = push->tag;
	}
	qsort(tags, n, sizeof(*tags), compare_tags);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(tags[i], tags[i - 1]) != 0)
			json_array_append_new(list, json_string(tags[i]));
	return list;
}

/* Whether the filter's tagStatus takes an image; AWS's default is ANY. */
static bool status_takes(const struct sim_call *c, bool tagged)
{
	const char *status = doc_str(doc_get(c->in, "filter"), "tagStatus");

	if (!status || strcmp(status, "ANY") == 0)
		return true;
	return tagged == (strcmp(status, "TAGGED") == 0);
}

static json_t *image_render(
    const struct sim_call *c, const struct sim_repository *p, const struct sim_image *image)
{
	json_t *o = json_object();
	json_t *tags = tags_of(p, image, c->now_ms);

	doc_put_str(o, "registryId", c->account);
	doc_put_str(o, "repositoryName", p->name);
	doc_put_str(o, "imageDigest", image->digest);
	doc_put_new(o, "imageTags", json_array_size(tags) ? json_incref(tags) : NULL);
	json_decref(tags);
	doc_put_int(o, "imageSizeInBytes", image->size);
	doc_put_time(o, "imagePushedAt", image->pushed_ms);
	doc_put_str(o, "imageManifestMediaType", MANIFEST_TYPE);
	doc_put_str(o, "artifactMediaType", "application/vnd.docker.container.image.v1+json");
	doc_put_str(o, "imageStatus", "ACTIVE");
	return o;
}

/* The image of an id. NULL: none, and *ret_code is ECR's failure code. */
static struct sim_image *find_image(const struct sim_call *c, const struct sim_repository *p,
    const json_t *id, const char **ret_code)
{
	const char *tag = doc_str(id, "imageTag"), *digest = doc_str(id, "imageDigest");
	struct sim_image *image =
	    digest ? sim_repository_digest(p, digest) : sim_repository_tagged(p, tag, c->now_ms);

	*ret_code = "ImageNotFound";
	if (!tag && !digest)
		*ret_code = "MissingDigestAndTag";
	else if (digest && (strncmp(digest, "sha256:", 7) != 0 || strlen(digest) != 71))
		*ret_code = "InvalidImageDigest";
	if (image && tag && digest && sim_repository_tagged(p, tag, c->now_ms) != image) {
		*ret_code = "ImageTagDoesNotMatchDigest";
		return NULL;
	}
	return image;
}

static int image_missing(
    struct sim_call *c, const struct sim_repository *p, const json_t *id, const char *code)
{
	const char *tag = doc_str(id, "imageTag"), *digest = doc_str(id, "imageDigest");

	if (strcmp(code, "InvalidImageDigest") == 0 || strcmp(code, "MissingDigestAndTag") == 0)
		return bad_parameter(c, "imageIds");
	return sim_fail(c, 400, "ImageNotFoundException",
	    "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the "
	    "repository with name '%s' in the registry with id '%s'",
	    digest ? digest : "null", tag ? tag : "null", p->name, c->account);
}

static int describe_image_ids(struct sim_call *c, const struct sim_repository *p, const json_t *ids)
{
	json_t *list = json_array();
	const json_t *id;
	size_t i;

	doc_put_new(c->out, "imageDetails", list);
	if (json_array_size(ids) < 1 || json_array_size(ids) > MOST_IDS)
		return bad_parameter(c, "imageIds");
	if (doc_has(c->in, "maxResults") || doc_has(c->in, "nextToken"))
		return bad_parameter(c, "maxResults");
	json_array_foreach (ids, i, id) {
		const char *code;
		const struct sim_image *image = find_image(c, p, id, &code);

		if (!image)
			return image_missing(c, p, id, code);
		json_array_append_new(list, image_render(c, p, image));
	}
	return 0;
}

static int describe_images(struct sim_call *c)
{
	const struct sim_repository *r = call_repository(c);
	struct page p;

	if (!r)
		return -1;
	if (doc_has(c->in, "imageIds"))
		return describe_image_ids(c, r, doc_get(c->in, "imageIds"));
	if (page_open(&p, c, PAGE_PRESET, PAGE_MAX) < 0)
		return -1;
	for (size_t i = 0; i < r->images.count; i++) {
		const struct sim_image *image = r->images.items[i];
		json_t *o = image->seq > p.after ? image_render(c, r, image) : NULL;

		if (o && !status_takes(c, doc_has(o, "imageTags"))) {
			json_decref(o);
			o = NULL;
		}
		if (o && !page_add(&p, image->seq, o))
			break;
	}
	return page_close(&p, "imageDetails");
}

/* Adds an image's ids to a page: one a tag, or its digest alone. false: the page is full. */
static bool list_image(const struct sim_call *c, const struct sim_repository *r,
    const struct sim_image *image, struct page *p)
{
	json_auto_t *tags = tags_of(r, image, c->now_ms);
	size_t n = json_array_size(tags), count = n ? n : 1;

	if (!status_takes(c, n > 0))
		return true;
	for (size_t i = 0; i < count; i++) {
		uint64_t position = image->seq * MOST_TAGS + i;
		json_t *id;

		if (position <= p->after)
			continue;
		id = json_object();
		doc_put_str(id, "imageDigest", image->digest);
		doc_put(id, "imageTag", json_array_get(tags, i));
		if (!page_add(p, position, id))
			return false;
	}
	return true;
}

static int list_images(struct sim_call *c)
{
	const struct sim_repository *r = call_repository(c);
	struct page p;

	if (!r || page_open(&p, c, PAGE_PRESET, PAGE_MAX) < 0)
		return -1;
	for (size_t i = 0; i < r->images.count; i++)
		if (!list_image(c, r, r->images.items[i], &p))
			break;
	return page_close(&p, "imageIds");
}

static json_t *manifest_render(const struct sim_image *image)
{
	return json_sprintf("{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE "\","
			    "\"config\":{\"size\":%lld,\"digest\":\"%s\"},\"layers\":[]}",
	    (long long)image->size, image->digest);
}

static int batch_get_image(struct sim_call *c)
{
	const struct sim_repository *r = call_repository(c);
	const json_t *ids = doc_get(c->in, "imageIds"), *id;
	json_t *images = json_array(), *failures = json_array();
	size_t i;

	doc_put_new(c->out, "images", images);
	doc_put_new(c->out, "failures", failures);
	if (!r)
		return -1;
	if (json_array_size(ids) < 1 || json_array_size(ids) > MOST_IDS)
		return bad_parameter(c, "imageIds");
	json_array_foreach (ids, i, id) {
		const char *code;
		const struct sim_image *image = find_image(c, r, id, &code);

		if (!image) {
			json_array_append_new(failures,
			    json_pack("{s:O, s:s, s:s}", "imageId", id, "failureCode", code,
				"failureReason", "Requested image not found"));
			continue;
		}
		json_array_append_new(images,
		    json_pack("{s:s, s:s, s:{s:s, s:o*}, s:o, s:s}", "registryId", c->account,
			"repositoryName", r->name, "imageId", "imageDigest", image->digest,
			"imageTag", json_copy(doc_get(id, "imageTag")), "imageManifest",
			manifest_render(image), "imageManifestMediaType", MANIFEST_TYPE));
	}
	return 0;
}

const struct sim_action sim_ecr_actions[] = {
    {"DescribeRepositories", describe_repositories},
    {"DescribeImages", describe_images},
    {"ListImages", list_images},
    {"BatchGetImage", batch_get_image},
    {0},
};
