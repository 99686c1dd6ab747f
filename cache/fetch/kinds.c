#include "cache/fetch/kinds.h"

#include "cache/fetch/fetch.h"

#include <string.h>

#define JSON(...) #__VA_ARGS__
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct kind_row rows[KIND_COUNT] = {
#define KIND(name, ...) [KIND_##name] = {__VA_ARGS__},
#include "cache/kinds.def"
#undef KIND
};

const struct kind_row *kind_row(enum kind kind)
{
	return &rows[kind];
}

size_t kind_batch(enum kind kind)
{
	return rows[kind].batch ? rows[kind].batch : 1;
}

const char *key_own_name(const struct key *k)
{
	return rows[k->kind].by_cluster ? k->b : k->a;
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

bool kind_gone(const struct kind_row *row, const json_t *doc)
{
	const char *status = json_string_value(json_object_get(doc, "status"));

	return row->gone_status && status && strcmp(status, row->gone_status) == 0;
}
