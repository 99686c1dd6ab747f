/* Which names do the List calls return? */
#include "cache/fetch/list.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <string.h>

static int check_cluster(const struct fetch *f, const json_t *arns, struct ecsfs_error *err)
{
	const json_t *arn;
	size_t i;

	json_array_foreach (arns, i, arn) {
		if (json_is_string(arn) &&
		    arn_of_other_cluster(json_string_value(arn), f->items[0].key->a))
			return ecsfs_error_not_aws(err, fetch_row(f)->action,
			    "it has %s, which is not in cluster %s", json_string_value(arn),
			    f->items[0].key->a);
	}
	return 0;
}

int fetch_list(struct fetch *f, struct ecsfs_error *err)
{
	const struct kind_row *row = fetch_row(f);
	const struct key *k = f->items[0].key;
	json_auto_t *body = fetch_body(f), *arns = NULL;
	int rc;

	if (k->a)
		json_object_set_new(body, "cluster", json_string(k->a));
	if (k->b)
		json_object_set_new(body, row->keys, json_string(k->b));
	rc = fetch_row_pages(f, body, &arns, err);
	if (rc == 0 && k->a)
		rc = check_cluster(f, arns, err);
	if (rc == 0)
		fetch_answer(&f->items[0], arn_names(arns));
	return rc;
}

/* The revision in an ARN or FAMILY:REVISION of exactly that family; NULL: of another. Borrowed. */
static const char *revision_peek(const char *arn, const char *family)
{
	const char *name = strrchr(arn, '/');
	size_t len = strlen(family);

	name = name ? name + 1 : arn;
	if (strncmp(name, family, len) != 0 || name[len] != ':')
		return NULL;
	return name + len + 1;
}

int fetch_revisions(struct fetch *f, struct ecsfs_error *err)
{
	const char *family = f->items[0].key->a;
	json_auto_t *body = fetch_body(f);
	json_auto_t *revisions = json_array();
	json_auto_t *arns = NULL;
	const json_t *arn;
	size_t i;
	int rc;

	json_object_set_new(body, fetch_row(f)->keys, json_string(family));
	rc = fetch_row_pages(f, body, &arns, err);
	if (rc < 0)
		return rc;
	json_array_foreach (arns, i, arn) {
		const char *revision =
		    json_is_string(arn) ? revision_peek(json_string_value(arn), family) : NULL;

		if (revision)
			json_array_append_new(revisions, json_string(revision));
	}
	fetch_answer(&f->items[0], names_sorted(revisions));
	return 0;
}

int fetch_capacity_providers(struct fetch *f, struct ecsfs_error *err)
{
	json_auto_t *body = fetch_body(f);
	json_auto_t *names = json_array();
	json_auto_t *docs = NULL;
	json_t *doc;
	size_t i;
	int rc;

	rc = fetch_row_pages(f, body, &docs, err);
	if (rc < 0)
		return rc;
	json_array_foreach (docs, i, doc) {
		const char *name = json_string_value(json_object_get(doc, fetch_row(f)->id));
		const char *status = json_string_value(json_object_get(doc, "status"));

		if (!name || (status && strcmp(status, "INACTIVE") == 0))
			continue;
		json_array_append_new(names, json_string(name));
		fetch_add_extra(
		    f, &(struct key){.kind = KIND_CAPACITY_PROVIDER, .a = name}, json_incref(doc));
	}
	fetch_answer(&f->items[0], names_sorted(names));
	return 0;
}
