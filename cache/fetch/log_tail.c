/*
 * What are the last lines of a container's log, as evidence of why it ended? The files of logs/ are
 * read by cache/logs.
 */
#include "cache/fetch/log_tail.h"

#include "backend/base/cleanup.h"

#include <errno.h>

int fetch_log_tail(struct fetch *f, struct ecsfs_error *err)
{
	const struct key *k = f->items[0].key;
	json_auto_t *body = fetch_body(f);
	json_auto_t *answer = NULL;
	struct fetch there = *f;
	json_t *events;
	int rc;

	there.region = k->a;
	json_object_set_new(body, "logGroupName", json_string(k->b));
	json_object_set_new(body, fetch_row(f)->keys, json_string(k->c));
	rc = fetch_row_call(&there, body, &answer, err);
	if (rc < 0)
		return rc;
	events = json_object_get(answer, fetch_row(f)->answers);
	if (!json_is_array(events))
		return ecsfs_error_not_aws(err, "GetLogEvents", "it has no events");
	fetch_answer(&f->items[0], json_incref(events));
	return 0;
}
