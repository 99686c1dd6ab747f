/*
 * How are the names of a directory listed, and how is one found? In the cached answer that has them,
 * or by asking for the object.
 */
#include "fs/listing.h"

#include "cache/answer.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

static bool holds(const json_t *names, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach (names, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	return false;
}

bool listing_has_names(const struct listing *l)
{
	return l->names || l->lists.kind;
}

static int cached_names(const struct listing *l, struct ask *q, const struct place *p,
    json_t *names, struct ecsfs_error *err)
{
	const struct key k = place_key(p, &l->lists);
	auto_answer struct answer a = {0};
	int e;

	q->fresh.only = q->wanted;
	e = ask(q, p->region, &k, &a, err);
	q->fresh.only = NULL;
	if (e)
		return e;
	return json_array_extend(names, a.value) ? -ENOMEM : 0;
}

int listing_names(const struct listing *l, struct ask *q, const struct place *p, json_t *names,
    struct ecsfs_error *err)
{
	int e = l->lists.kind ? cached_names(l, q, p, names, err) : l->names(q, p, names, err);

	return e == -EOPNOTSUPP && l->optional ? 0 : e;
}

bool listing_valid(const struct listing *l, const char *name)
{
	if (l->kind && !region_name_valid(l->kind, name))
		return false;
	return !l->valid || l->valid(name);
}

int listing_has(const struct listing *l, struct ask *q, const struct place *p, const char *name,
    struct ecsfs_error *err)
{
	json_auto_t *names = json_array();
	int e;

	q->wanted = name;
	e = listing_names(l, q, p, names, err);
	q->wanted = NULL;
	if (e)
		return e;
	return holds(names, name) ? 0 : -ENOENT;
}

/* Without a call. */
static bool trusted(const struct listing *l, struct ask *q, const struct place *p, const char *name)
{
	const struct key k = place_key(p, &l->lists);
	auto_answer struct answer a = {0};
	struct ask peek = *q;

	if (l->trust == TRUST_NO)
		return false;
	peek.mode = ASK_PEEK;
	peek.fresh.only = name;
	if (ask(&peek, p->region, &k, &a, NULL) || (a.fresh_ms <= 0 && l->trust == TRUST_FRESH) ||
	    !holds(a.value, name))
		return false;
	peek.mode = q->mode;
	peek.fresh.only = NULL;
	*q = peek;
	return true;
}

int listing_find(const struct listing *l, struct ask *q, const struct place *p, const char *name,
    struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *object;

	if (trusted(l, q, p, name))
		return 0;
	if (l->find)
		return l->find(q, p, err);
	if (l->lists.kind && l->type)
		return dir_members(q, l->type, p, "", &a, &object, err);
	return listing_has(l, q, p, name, err);
}

void listing_file_name(const struct listing *l, const char *name, struct buf *out)
{
	value_encode_name(name, out);
	if (l->suffix)
		buf_adds(out, l->suffix);
}
