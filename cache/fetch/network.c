/*
 * Which public address has a task? The task's document names its network interface; EC2 knows the
 * interface's public address.
 */
#include "cache/fetch/network.h"

#include "cache/answer.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *detail_of(const json_t *attachment, const char *name)
{
	const json_t *detail;
	size_t i;

	json_array_foreach (json_object_get(attachment, "details"), i, detail) {
		const char *is = json_string_value(json_object_get(detail, "name"));

		if (is && strcmp(is, name) == 0)
			return json_string_value(json_object_get(detail, "value"));
	}
	return NULL;
}

/* The id of a task's network interface; NULL: it has none, or has none yet. */
static const char *interface_of(const json_t *task)
{
	const json_t *attachment;
	size_t i;

	json_array_foreach (json_object_get(task, "attachments"), i, attachment) {
		const char *type = json_string_value(json_object_get(attachment, "type"));

		if (type && strcmp(type, "ElasticNetworkInterface") == 0)
			return detail_of(attachment, "networkInterfaceId");
	}
	return NULL;
}

/* The interface of an item's task, from the cache: its reader has asked for the task. */
static json_t *known_interface(const struct fetch *f, const struct key *k)
{
	const struct key task = {.kind = KIND_TASK, .a = k->a, .b = k->b};
	auto_answer struct answer a = {0};
	const char *id;

	if (!f->peek || f->peek(f->owner, &task, "attachments", &a) != 0 || a.err)
		return NULL;
	id = interface_of(a.value);
	return json_string(id ? id : "");
}

/* New: an interface's id of each item, "" where it has none, null where its task is not known. */
static json_t *ids_of(const struct fetch *f)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < f->n; i++) {
		json_t *id = known_interface(f, f->items[i].key);

		json_array_append_new(ids, id ? id : json_null());
	}
	return ids;
}

static json_t *find_interface(const json_t *interfaces, const char *id)
{
	json_t *one;
	size_t i;

	json_array_foreach (interfaces, i, one) {
		const char *is = json_string_value(json_object_get(one, "networkInterfaceId"));

		if (is && strcmp(is, id) == 0)
			return one;
	}
	return NULL;
}

/* One id that EC2 does not know fails the whole call: the caller then fetches one by one. */
static int describe(struct fetch *f, const json_t *ids, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *wanted = json_array();
	json_auto_t *body = NULL;
	struct ecsfs_error own = {0};
	const json_t *id;
	size_t i;
	int rc;

	json_array_foreach (ids, i, id) {
		if (json_string_length(id) > 0)
			json_array_append(wanted, (json_t *)id);
	}
	if (json_array_size(wanted) == 0) {
		*ret = json_object();
		return 0;
	}
	body = json_pack("{s:O}", fetch_row(f)->keys, wanted);
	rc = fetch_row_call(f, body, ret, &own);
	if (rc == -ENOENT && f->n > 1)
		rc = ecsfs_error_set(
		    &own, EINVAL, own.code, "EC2 does not have every interface of the batch");
	if (rc < 0 && err)
		*err = own;
	return rc;
}

int fetch_interfaces(struct fetch *f, struct ecsfs_error *err)
{
	json_auto_t *ids = ids_of(f), *answer = NULL;
	int rc = describe(f, ids, &answer, err);

	/* A stopped task's interface is gone: it has no address. */
	if (rc == -ENOENT && f->n == 1) {
		if (err)
			*err = (struct ecsfs_error){0};
		fetch_answer(&f->items[0], json_object());
		return 0;
	}
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < f->n; i++) {
		const json_t *id = json_array_get(ids, i);
		json_t *doc = json_is_string(id)
		    ? find_interface(
			  json_object_get(answer, fetch_row(f)->answers), json_string_value(id))
		    : NULL;

		if (json_is_string(id))
			fetch_answer(&f->items[i], doc ? json_incref(doc) : json_object());
	}
	return 0;
}
