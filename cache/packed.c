/*
 * How is a member found in compact text without parsing it? The text is known to be valid: strings
 * and brackets are skipped to the wanted member, which alone is parsed.
 */
#include "cache/packed.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/parse/json_skip.h"
#include "cache/budget.h"

#include <stdlib.h>
#include <string.h>

static int add_bytes(const char *bytes, size_t len, void *out)
{
	buf_add(out, bytes, len);
	return buf_failed(out) ? -1 : 0;
}

struct packed *packed_of(struct packed_part part)
{
	struct packed *p = malloc(sizeof(*p) + part.len + 1);

	if (!p)
		return NULL;
	atomic_init(&p->refs, 1);
	p->count = 0;
	p->len = part.len;
	memcpy(p->text, part.text, part.len);
	p->text[part.len] = '\0';
	return p;
}

struct packed *packed_new(const json_t *value)
{
	auto_buf struct buf text = BUF_INIT(16 * LIMIT_RESPONSE);
	struct packed *p;

	if (!value || json_dump_callback(value, add_bytes, &text, JSON_COMPACT) < 0)
		return NULL;
	p = packed_of((struct packed_part){buf_str(&text), text.len});
	if (p)
		p->count = (unsigned)json_array_size(value);
	return p;
}

struct packed *packed_ref(struct packed *p)
{
	if (p)
		atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void packed_unref(struct packed *p)
{
	if (p && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1)
		free(p);
}

void packed_cleanup(struct packed **p)
{
	packed_unref(*p);
}

size_t packed_size(const struct packed *p)
{
	return p ? sizeof(*p) + p->len + 1 + BUDGET_BLOCK : 0;
}

bool packed_equal(const struct packed *a, const struct packed *b)
{
	json_auto_t *x = NULL, *y = NULL;

	if (a == b || !a || !b)
		return a == b;
	if (a->len == b->len && memcmp(a->text, b->text, a->len) == 0)
		return true;
	/* AWS writes numbers and escapes differently from jansson. */
	x = packed_value(a);
	y = packed_value(b);
	return x && y && json_equal(x, y);
}

json_t *packed_value(const struct packed *p)
{
	return json_loadb(p->text, p->len, JSON_ALLOW_NUL, NULL);
}

/* The end of a string that begins at its quote; the text ends at `end`. */
static const char *skip_string(const char *s, const char *end)
{
	for (s++; (s = json_plain_end((char *)s, end)) < end && *s != '"';)
		s += *s == '\\' ? 2 : 1;
	return s + 1;
}

/* The end of a value: the comma or bracket that follows it, or the end. */
static const char *skip_value(const char *s, const char *end)
{
	int depth = 0;

	while (s < end) {
		switch (*s) {
		case '"':
			s = skip_string(s, end);
			break;
		case '{':
		case '[':
			depth++;
			s++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return s;
			depth--;
			s++;
			break;
		case ',':
			if (depth == 0)
				return s;
			s++;
			break;
		default:
			s++;
		}
	}
	return end;
}

static bool is_among(const char *members, const char *name, size_t len)
{
	for (const char *m = members; *m;) {
		size_t n = strcspn(m, " ");

		if (n == len && memcmp(m, name, len) == 0)
			return true;
		m += n;
		m += strspn(m, " ");
	}
	return false;
}

static json_t *one_name(const struct packed *p, const char *name)
{
	json_t *names = json_array();

	if (*name && packed_has_name(p, name))
		json_array_append_new(names, json_string(name));
	return names;
}

/* The member at its opening quote: its name and value. Returns the end of both. */
static const char *take_member(
    const char *s, const char *end, struct packed_part *ret_name, struct packed_part *ret_value)
{
	ret_name->text = s + 1;
	s = skip_string(s, end);
	ret_name->len = (size_t)(s - 1 - ret_name->text);
	ret_value->text = ++s;
	s = skip_value(s, end);
	ret_value->len = (size_t)(s - ret_value->text);
	return s + (*s == ',');
}

json_t *packed_members(const struct packed *p, const char *members)
{
	json_t *object;
	const char *s = p->text;

	if (*s != '{')
		return one_name(p, members);
	object = json_object();
	for (s++; object && *members && *s == '"';) {
		struct packed_part name, value;

		s = take_member(s, p->text + p->len, &name, &value);
		if (is_among(members, name.text, name.len)) {
			auto_free char *key = strndup(name.text, name.len);

			if (!key ||
			    json_object_set_new(object, key, packed_part_value(value)) < 0) {
				json_decref(object);
				return NULL;
			}
		}
	}
	return object;
}

json_t *packed_part_value(struct packed_part part)
{
	return json_loadb(part.text, part.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
}

bool packed_part_member(struct packed_part object, const char *name, struct packed_part *ret)
{
	const char *s = object.text;
	size_t len = strlen(name);
	bool found = false;

	for (s += *s == '{'; s > object.text && *s == '"';) {
		struct packed_part at, value;

		s = take_member(s, object.text + object.len, &at, &value);
		if (at.len == len && memcmp(at.text, name, len) == 0) {
			*ret = value;
			found = true;
		}
	}
	return found;
}

bool packed_part_is_array(struct packed_part part)
{
	return part.len && *part.text == '[';
}

bool packed_part_next(struct packed_part array, struct packed_part *at)
{
	const char *next = at->text ? at->text + at->len : array.text + 1;

	if (!packed_part_is_array(array) || *next == ']')
		return false;
	next += *next == ',';
	at->text = next;
	at->len = (size_t)(skip_value(next, array.text + array.len) - next);
	return true;
}

static bool is_escaped(const struct packed *p, const char *quote)
{
	size_t slashes = 0;

	while (quote - slashes > p->text && quote[-1 - (ptrdiff_t)slashes] == '\\')
		slashes++;
	return slashes % 2 == 1;
}

/* Whether the three characters that end at the quote may be the element "," and no seam of two others. */
static bool may_be_comma(const char *quote)
{
	return (quote[-3] == ',' || quote[-3] == '[') && (quote[1] == ',' || quote[1] == ']');
}

/* The quote that begins the element in which `at` lies, or one before it. */
static const char *element_begin(const struct packed *p, const char *at)
{
	for (; at > p->text + 1; at--)
		if (at[0] == '"' && at[-1] == ',' && at[-2] == '"' && !is_escaped(p, at - 2) &&
		    !may_be_comma(at))
			return at;
	return p->text + 1;
}

/* As strcmp() of the element that begins at `quote` and a name. */
static int compare_element(const char *quote, const char *limit, const char *name)
{
	const char *end = skip_string(quote, limit) - 1;
	size_t len = (size_t)(end - quote - 1), name_len = strlen(name);
	int order;

	if (memchr(quote + 1, '\\', len)) {
		json_auto_t *value =
		    json_loadb(quote, len + 2, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);

		return strcmp(value ? json_string_value(value) : "", name);
	}
	order = memcmp(quote + 1, name, len < name_len ? len : name_len);
	return order ? order : (len > name_len) - (len < name_len);
}

/* The first element not less than a name, or the end of the array. */
static const char *lower_bound(const struct packed *p, const char *name)
{
	const char *low = p->text + 1, *end = p->text + p->len, *high = end - 1;

	while (low < high) {
		const char *middle = element_begin(p, low + (high - low) / 2);

		if (middle < low)
			middle = low;
		if (compare_element(middle, end, name) >= 0) {
			high = middle;
			continue;
		}
		low = skip_string(middle, end);
		if (*low == ',')
			low++;
	}
	return low;
}

bool packed_has_name(const struct packed *names, const char *name)
{
	const char *at;

	if (!names || names->text[0] != '[')
		return false;
	at = lower_bound(names, name);
	return *at == '"' && compare_element(at, names->text + names->len, name) == 0;
}

void packed_names_from(struct packed_names *n, const struct packed *names, const char *name)
{
	n->at = names->text + 1;
	n->end = names->text + names->len;
	if (!name)
		return;
	n->at = lower_bound(names, name);
	if (*n->at == '"' && compare_element(n->at, n->end, name) == 0) {
		n->at = skip_string(n->at, n->end);
		n->at += *n->at == ',';
	}
}

const char *packed_names_next(struct packed_names *n)
{
	while (*n->at == '"') {
		const char *name = n->at + 1, *end = skip_string(n->at, n->end);
		size_t len = (size_t)(end - 1 - name);

		n->at = end + (*end == ',');
		if (len > LIMIT_NAME || memchr(name, '\\', len))
			continue;
		memcpy(n->name, name, len);
		n->name[len] = '\0';
		return n->name;
	}
	return NULL;
}

/* As jansson 2.14 lays them out: a header, eight buckets at first, a block for each pair. */
size_t json_tree_size(const json_t *value)
{
	const char *key;
	const json_t *member;
	size_t size = 0, i;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		size = 112 + 16 * (json_object_size(value) < 8 ? 8 : 2 * json_object_size(value));
		json_object_foreach ((json_t *)value, key, member)
			size += 64 + BUDGET_BLOCK + strlen(key) + json_tree_size(member);
		return size + BUDGET_BLOCK;
	case JSON_ARRAY:
		size = 48 + 8 * json_array_size(value);
		json_array_foreach (value, i, member)
			size += json_tree_size(member);
		return size + BUDGET_BLOCK;
	case JSON_STRING:
		return 32 + 2 * BUDGET_BLOCK + json_string_length(value);
	case JSON_INTEGER:
	case JSON_REAL:
		return 24 + BUDGET_BLOCK;
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		return 0;
	}
	return size;
}
