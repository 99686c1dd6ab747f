/*
 * Does JSON that is kept as text agree with the parser? Both accept the same texts, and a value
 * read without parsing is the one that the parser finds there.
 */
#include "backend/base/cleanup.h"
#include "backend/parse/json_text.h"
#include "cache/answers/listing.h"
#include "cache/packed.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names are looked for as they stand in the text, and given in a list of words. */
static bool is_plain(const char *name)
{
	return *name && !strpbrk(name, "\" \\/") && strlen(name) < 100;
}

static void check_member(const struct packed *p, const char *name, const json_t *value)
{
	struct packed_part whole = {p->text, p->len}, part;
	json_auto_t *members = packed_members(p, name), *alone = NULL;

	assert(members && json_equal(json_object_get(members, name), (json_t *)value));
	assert(packed_part_member(whole, name, &part));
	alone = packed_part_value(part);
	assert(json_equal(alone, (json_t *)value));
}

/* Strings that a parser writes otherwise (\u0061) are not found by their name. */
static bool has_escapes(const struct packed *p)
{
	return memchr(p->text, '\\', p->len) != NULL;
}

static void check_elements(struct packed_part list, const json_t *tree)
{
	struct packed_part at = {0};
	size_t n = 0;

	while (packed_part_next(list, &at)) {
		json_auto_t *element = packed_part_value(at);

		assert(json_equal(element, json_array_get(tree, n++)));
	}
	assert(n == json_array_size(tree));
}

static void as_object(const struct packed *p, const json_t *tree)
{
	const char *name;
	json_t *value;
	struct packed_part part;

	json_object_foreach ((json_t *)tree, name, value) {
		if (!is_plain(name) || has_escapes(p))
			continue;
		check_member(p, name, value);
		if (json_is_array(value) &&
		    packed_part_member((struct packed_part){p->text, p->len}, name, &part))
			check_elements(part, value);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The strings of the tree as a listing: each is found, and met in its order. */
static void as_listing(const json_t *tree)
{
	const char *names[64], *name;
	json_auto_t *list = json_array();
	auto_packed struct packed *p = NULL;
	struct packed_names all;
	const char *before = NULL;
	json_t *value;
	size_t n = 0;

	json_object_foreach ((json_t *)tree, name, value)
		if (n < 64)
			names[n++] = name;
	qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	p = packed_new(list);
	for (size_t i = 0; i < n; i++)
		assert(packed_has_name(p, names[i]));
	packed_names_from(&all, p, NULL);
	while ((name = packed_names_next(&all))) {
		auto_free char *copy = strdup(name);

		assert(json_object_get(tree, copy));
		assert(!before || strcmp(before, copy) < 0);
		before = json_object_iter_key(json_object_iter_at((json_t *)tree, copy));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	json_auto_t *tree = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL),
		    *whole = NULL;
	auto_packed struct packed *p = NULL, *other = NULL;
	size_t len = size;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!json_text_compact(text, &len)) {
		assert(len == size && memcmp(text, data, size) == 0);
		return 0;
	}
	assert(tree && len <= size && text[len] == '\0');
	p = packed_of((struct packed_part){text, len});
	whole = packed_value(p);
	assert(json_equal(whole, tree));
	other = packed_new(tree);
	assert(packed_equal(p, other));
	as_object(p, tree);
	as_listing(tree);
	return 0;
}
