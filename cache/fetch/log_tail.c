/*
 * The last lines of a container's log, as evidence of why it ended. The files of logs/ have readers
 * of their own (cache/logs).
 */
#include "cache/fetch/log_tail.h"

#include "backend/base/cleanup.h"

#include <errno.h>

#define LINES 10

int fetch_log_tail(struct fetch *f, struct ecsfs_error *err)
{
	const struct key *k = f->items[0].key;
	json_auto_t *body = json_pack("{s:s, s:s, s:i, s:b}", "logGroupName", k->b, "logStreamName",
	    k->c, "limit", LINES, "startFromHead", 0);
	json_auto_t *answer = NULL;
	struct fetch there = *f;
	json_t *events;
	int rc;

	there.region = k->a;
	rc = fetch_call(&there, "logs", "GetLogEvents", body, &answer, err);
	if (rc < 0)
		return rc;
	events = json_object_get(answer, "events");
	if (!json_is_array(events))
		return ecsfs_error_set(
		    err, EIO, NULL, "GetLogEvents: the response has no list of events");
	fetch_answer(&f->items[0], json_incref(events));
	return 0;
}
