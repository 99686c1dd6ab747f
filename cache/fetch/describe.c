/* What are these objects? The Describe calls that take a list of names or ARNs. */
#include "cache/fetch/describe.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct fetch_item *item_of(struct fetch *f, const char *arn)
{
	for (size_t i = 0; i < f->n; i++) {
		if (key_is_arn(f->items[i].key, arn))
			return &f->items[i];
	}
	return NULL;
}

static json_t *describe_body(const struct fetch *f)
{
	const struct kind_row *row = fetch_row(f);
	json_t *keys = json_array();
	json_t *body = fetch_body(f);

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(keys, json_string(key_own_name(f->items[i].key)));
	json_object_set_new(body, row->keys, keys);
	if (row->by_cluster)
		json_object_set_new(body, "cluster", json_string(f->items[0].key->a));
	return body;
}

static void take_failure(struct fetch *f, const json_t *failure)
{
	const char *reason = json_string_value(json_object_get(failure, "reason"));
	const char *detail = json_string_value(json_object_get(failure, "detail"));
	struct fetch_item *it = item_of(f, json_string_value(json_object_get(failure, "arn")));
	struct ecsfs_error why = {0};

	if (!it || fetch_answered(it))
		return;
	if (!reason)
		reason = "MISSING";
	ecsfs_error_set(&why, aws_failure_errno(reason), reason, "%s: %s", key_own_name(it->key),
	    detail ? detail : "AWS has no such object");
	why.http_status = 200;
	snprintf(why.action, sizeof(why.action), "%s", fetch_row(f)->action);
	fetch_refuse(it, &why);
}

/* AWS lists what it has, an empty list too, and tells what it has not. */
static bool understood(const struct kind_row *row, const json_t *answer)
{
	const json_t *docs = json_object_get(answer, row->answers);
	const json_t *doc;
	size_t i;

	json_array_foreach (docs, i, doc) {
		if (!json_is_string(json_object_get(doc, row->id)))
			return false;
	}
	return json_is_array(docs) || json_is_array(json_object_get(answer, "failures"));
}

int fetch_describe(struct fetch *f, struct ecsfs_error *err)
{
	const struct kind_row *row = fetch_row(f);
	json_auto_t *body = describe_body(f);
	json_auto_t *answer = NULL;
	const json_t *failure;
	json_t *doc;
	size_t i;
	int rc;

	rc = fetch_row_call(f, body, &answer, err);
	if (rc < 0)
		return rc;
	if (!understood(row, answer))
		return ecsfs_error_set(
		    err, EIO, NULL, "%s: the response is not understood", row->action);
	json_array_foreach (json_object_get(answer, row->answers), i, doc) {
		struct fetch_item *it =
		    item_of(f, json_string_value(json_object_get(doc, row->id)));

		if (!it)
			return ecsfs_error_set(err, EIO, NULL,
			    "%s: the response is about %s, which was not asked for", row->action,
			    json_string_value(json_object_get(doc, row->id)));
		fetch_answer(it, json_incref(doc));
	}
	json_array_foreach (json_object_get(answer, "failures"), i, failure)
		take_failure(f, failure);
	return 0;
}
