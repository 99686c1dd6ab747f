/* How are members read and set? Thin functions over jansson that take NULL as absent. */
#include "backend/sim/doc.h"

#include <stdlib.h>
#include <string.h>

json_t *doc_get(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_null(v) ? NULL : v;
}

bool doc_has(const json_t *o, const char *key)
{
	return doc_get(o, key) != NULL;
}

const char *doc_str(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

int64_t doc_int(const json_t *o, const char *key, int64_t absent)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_integer(v))
		return json_integer_value(v);
	return json_is_real(v) ? (int64_t)json_real_value(v) : absent;
}

bool doc_bool(const json_t *o, const char *key, bool absent)
{
	const json_t *v = json_object_get(o, key);

	return json_is_boolean(v) ? json_is_true(v) : absent;
}

bool doc_lists(const json_t *o, const char *key, const char *value)
{
	const json_t *list = json_object_get(o, key);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s && strcmp(s, value) == 0)
			return true;
	}
	return false;
}

void doc_put_new(json_t *o, const char *key, json_t *value)
{
	if (value)
		json_object_set_new_nocheck(o, key, value);
}

void doc_put(json_t *o, const char *key, const json_t *value)
{
	if (value)
		json_object_set_nocheck(o, key, (json_t *)value);
}

void doc_put_str(json_t *o, const char *key, const char *value)
{
	if (value)
		doc_put_new(o, key, json_string_nocheck(value));
}

void doc_put_int(json_t *o, const char *key, int64_t value)
{
	doc_put_new(o, key, json_integer(value));
}

void doc_put_bool(json_t *o, const char *key, bool value)
{
	doc_put_new(o, key, json_boolean(value));
}

void doc_put_time(json_t *o, const char *key, int64_t ms)
{
	if (ms)
		doc_put_new(o, key, json_real((double)ms / 1000.0));
}

void doc_take(json_t *o, const json_t *from, const char *key)
{
	doc_put(o, key, doc_get(from, key));
}

void doc_take_list(json_t *o, const json_t *from, const char *key)
{
	const json_t *v = doc_get(from, key);

	if (v)
		doc_put(o, key, v);
	else
		doc_put_new(o, key, json_array());
}

void doc_add_pair(json_t *list, const char *name, const char *value)
{
	json_t *pair = json_object();

	doc_put_str(pair, "name", name);
	doc_put_str(pair, "value", value);
	json_array_append_new(list, pair);
}

uint64_t doc_hash(const json_t *in)
{
	char *text = json_dumps(in, JSON_COMPACT | JSON_SORT_KEYS);
	uint64_t h = 14695981039346656037u;

	for (const char *s = text; s && *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	free(text);
	return h;
}
