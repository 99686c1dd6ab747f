/*
 * What does Elastic Load Balancing v2 know? The target groups and load balancers of the region,
 * found by ARN, and their listeners, rules and targets. Its responses are XML: every scalar is a
 * string, an empty list is "".
 */
#include "cache/fetch/balancing.h"

#include "backend/base/cleanup.h"

int fetch_by_arn(struct fetch *f, struct ecsfs_error *err)
{
	json_auto_t *body = fetch_body(f);
	json_auto_t *docs = NULL;
	json_t *by_arn, *doc;
	size_t i;
	int rc = fetch_row_pages(f, body, &docs, err);

	if (rc < 0)
		return rc;
	by_arn = json_object();
	json_array_foreach (docs, i, doc) {
		const char *arn = json_string_value(json_object_get(doc, fetch_row(f)->id));

		if (arn)
			json_object_set(by_arn, arn, doc);
	}
	fetch_answer(&f->items[0], by_arn);
	return 0;
}
