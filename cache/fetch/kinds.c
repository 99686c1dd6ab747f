/*
 * How is a document matched with the key that asked for it? By ARN, by name, or by FAMILY:REVISION,
 * as the kind's row says.
 */
#include "cache/fetch/kinds.h"

#include <string.h>

const struct kind_row *kind_row(enum kind kind)
{
	return &kind_rows[kind];
}

size_t kind_batch(enum kind kind)
{
	return kind_rows[kind].batch ? kind_rows[kind].batch : 1;
}

const char *key_own_name(const struct key *k)
{
	return kind_rows[k->kind].by_cluster ? k->b : k->a;
}

struct key key_sibling(const struct key *k, const char *name)
{
	struct key sibling = {.kind = k->kind, .a = name};

	if (kind_row(k->kind)->by_cluster) {
		sibling.a = k->a;
		sibling.b = name;
	}
	return sibling;
}

static bool part_valid(enum name_form form, const char *part)
{
	return form == FORM_NONE ? part == NULL : part && name_form_valid(form, part);
}

bool key_valid(const struct key *k)
{
	const struct kind_row *row = kind_row(k->kind);

	return part_valid(row->form_a, k->a) && part_valid(row->form_b, k->b) &&
	    part_valid(row->form_c, k->c);
}

/* The last part of an ARN, behind its last slash, or its last colon. */
static const char *last_part(const char *arn)
{
	const char *slash = strrchr(arn, '/'), *colon = strrchr(arn, ':');

	if (slash)
		return slash + 1;
	return colon ? colon + 1 : arn;
}

bool arn_of_other_cluster(const char *arn, const char *cluster)
{
	const char *type = strchr(arn, '/'), *name = strrchr(arn, '/');
	size_t len = strlen(cluster);

	if (type == name)
		return false;
	return (size_t)(name - type - 1) != len || strncmp(type + 1, cluster, len) != 0;
}

/* FAMILY:REVISION; of a key without a revision any one of the family. */
static bool is_revision(const struct key *k, const char *name)
{
	size_t len = strlen(k->a);

	if (strncmp(name, k->a, len) != 0 || name[len] != ':')
		return false;
	return name_form_valid(FORM_REVISION, name + len + 1) &&
	    (!k->b || strcmp(name + len + 1, k->b) == 0);
}

bool key_is_arn(const struct key *k, const char *arn)
{
	const struct kind_row *row = kind_row(k->kind);

	if (!arn)
		return false;
	if (row->form_a == FORM_ARN)
		return strcmp(arn, k->a) == 0;
	if (k->kind == KIND_TASK_DEFINITION || k->kind == KIND_LATEST)
		return is_revision(k, strrchr(arn, '/') ? strrchr(arn, '/') + 1 : arn);
	if (row->by_cluster && arn_of_other_cluster(arn, k->a))
		return false;
	return strcmp(last_part(arn), key_own_name(k)) == 0;
}

bool key_names(const struct key *k, const json_t *doc)
{
	const struct kind_row *row = kind_row(k->kind);
	const json_t *id = row->id ? json_object_get(doc, row->id) : NULL;

	if (!row->id)
		return json_is_object(doc) || json_is_array(doc);
	if (!json_is_object(doc))
		return false;
	return !id || key_is_arn(k, json_string_value(id));
}

bool kind_gone(const struct kind_row *row, const json_t *doc)
{
	const char *status = json_string_value(json_object_get(doc, "status"));

	return row->gone_status && status && strcmp(status, row->gone_status) == 0;
}
