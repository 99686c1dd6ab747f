/* What are these objects? The Describe calls that take a list of names or ARNs. */
#include "cache/fetch/describe.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* AWS mostly answers in the order of the request: `at` is examined first. */
static struct fetch_item *item_of(struct fetch *f, const char *arn, size_t at)
{
	for (size_t i = 0; i < f->n; i++) {
		struct fetch_item *it = &f->items[(at + i) % f->n];

		if (key_is_arn(it->key, arn))
			return it;
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
	struct fetch_item *it = item_of(f, json_string_value(json_object_get(failure, "arn")), 0);
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

static int take_failures(struct fetch *f, struct packed_part failures, struct ecsfs_error *err)
{
	json_auto_t *list = packed_part_value(failures);
	const json_t *failure;
	size_t i;

	if (!list)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	json_array_foreach (list, i, failure)
		take_failure(f, failure);
	return 0;
}

static int take_document(
    struct fetch *f, struct packed_part document, size_t at, struct ecsfs_error *err)
{
	const struct kind_row *row = fetch_row(f);
	struct packed_part id = {"null", 4};
	json_auto_t *arn = NULL;
	struct fetch_item *it;

	packed_part_member(document, row->id, &id);
	arn = packed_part_value(id);
	if (!json_is_string(arn))
		return ecsfs_error_not_aws(err, row->action, "an object has no %s", row->id);
	it = item_of(f, json_string_value(arn), at);
	if (!it)
		return ecsfs_error_not_aws(err, row->action,
		    "it is about %s, which was not requested", json_string_value(arn));
	fetch_answer_text(it, packed_of(document));
	return 0;
}

int fetch_describe(struct fetch *f, struct ecsfs_error *err)
{
	const struct kind_row *row = fetch_row(f);
	json_auto_t *body = describe_body(f);
	auto_buf struct buf text = BUF_INIT(0);
	struct packed_part answer, documents = {0}, failures = {0}, document = {0};
	size_t at = 0;
	int rc;

	rc = fetch_row_text(f, body, &text, err);
	if (rc < 0)
		return rc;
	answer = (struct packed_part){buf_str(&text), text.len};
	packed_part_member(answer, row->answers, &documents);
	packed_part_member(answer, "failures", &failures);
	/* AWS lists the objects it found, even as an empty list, and names the missing ones. */
	if (!packed_part_is_array(documents) && !packed_part_is_array(failures))
		return ecsfs_error_not_aws(err, row->action, "it has no %s", row->answers);
	while (rc == 0 && packed_part_next(documents, &document))
		rc = take_document(f, document, at++, err);
	return rc == 0 && packed_part_is_array(failures) ? take_failures(f, failures, err) : rc;
}
