/*
 * What does Application Auto Scaling know of ECS's services? It lists the whole region in pages, so
 * its answers are those of the region, sorted by resource ("service/CLUSTER/SERVICE"): a walk over
 * many services costs the pages, not a call a service.
 */
#include "cache/fetch/scaling.h"

#include "backend/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIMENSION "ecs:service:DesiredCount"
/* Pages read of the whole region's activities, which AWS keeps six weeks: 50 a page. */
#define ACTIVITY_PAGES 4

/* Adds a document to its resource's list, behind those whose `name` is smaller. */
static void add_to_list(json_t *by_resource, const char *resource, json_t *doc, const char *name)
{
	json_t *list = json_object_get(by_resource, resource);
	size_t at;

	if (!list) {
		list = json_array();
		json_object_set_new(by_resource, resource, list);
	}
	at = json_array_size(list);
	while (name && at > 0 &&
	    strcmp(fetch_string_peek(json_array_get(list, at - 1), name),
		fetch_string_peek(doc, name)) > 0)
		at--;
	json_array_insert(list, at, doc);
}

int fetch_scaling(struct fetch *f, struct ecsfs_error *err)
{
	const char *name = fetch_row(f)->id;
	json_auto_t *body = fetch_body(f);
	json_auto_t *docs = NULL;
	json_t *by_resource, *doc;
	size_t i;
	int rc = fetch_row_pages(f, body, &docs, err);

	if (rc < 0)
		return rc;
	by_resource = json_object();
	json_array_foreach (docs, i, doc) {
		const char *resource = fetch_string_peek(doc, "ResourceId");

		if (!*resource ||
		    strcmp(fetch_string_peek(doc, "ScalableDimension"), DIMENSION) != 0)
			continue;
		if (name)
			add_to_list(by_resource, resource, doc, name);
		else
			json_object_set(by_resource, resource, doc);
	}
	fetch_answer(&f->items[0], by_resource);
	return 0;
}

int fetch_activities(struct fetch *f, struct ecsfs_error *err)
{
	const struct key *k = f->items[0].key;
	json_auto_t *body = fetch_body(f);
	json_auto_t *docs = NULL, *sorted = NULL;
	json_t *by_resource, *doc;
	bool more;
	size_t i;
	int rc;

	if (k->a)
		json_object_set_new(body, "ResourceId", json_sprintf("service/%s/%s", k->a, k->b));
	rc = fetch_row_some_pages(f, ACTIVITY_PAGES, body, &docs, &more, err);
	if (rc < 0)
		return rc;
	sorted = docs_newest_first(docs, fetch_row(f)->newest);
	if (k->a) {
		fetch_answer(&f->items[0], move_ptr(sorted));
		return 0;
	}
	by_resource = json_object();
	json_array_foreach (sorted, i, doc)
		add_to_list(by_resource, fetch_string_peek(doc, "ResourceId"), doc, NULL);
	if (more)
		json_object_set_new(by_resource, "more", json_true());
	fetch_answer(&f->items[0], by_resource);
	return 0;
}
