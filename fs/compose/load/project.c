/* How does a part of a conversion report, and read a scalar as the type that its key takes? */
#include "fs/compose/load/project.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/parse/yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 1000 /* of a sentence: a quotation may be long */

/* "FILE:LINE: " and the sentence, cut where it is too long. */
__attribute__((format(printf, 3, 0))) static void say(
    char text[LONGEST], const struct yaml_node *at, const char *fmt, va_list ap)
{
	int n = 0;

	if (at && at->line)
		n = snprintf(text, LONGEST, "%s:%d: ", at->file, at->line);
	else if (at)
		n = snprintf(text, LONGEST, "%s: ", at->file);
	if (n < LONGEST)
		vsnprintf(text + n, (size_t)(LONGEST - n), fmt, ap);
}

const char *compose_below(struct compose *c, const char *what, const char *key)
{
	char *path = yaml_alloc(c->arena, strlen(what) + strlen(key) + 2);

	if (!path)
		return key;
	strcpy(path, what);
	strcat(path, ".");
	return strcat(path, key);
}

int compose_fail(struct compose *c, const struct yaml_node *at, const char *fmt, ...)
{
	char text[LONGEST];
	va_list ap;

	if (c->failed)
		return c->failed;
	va_start(ap, fmt);
	say(text, at, fmt, ap);
	va_end(ap);
	c->failed = ecsfs_error_set(c->err, EINVAL, NULL, "%s", text);
	return c->failed;
}

int compose_no_memory(struct compose *c)
{
	if (!c->failed)
		c->failed = ecsfs_error_set(c->err, ENOMEM, NULL, "out of memory");
	return c->failed;
}

bool compose_read(struct compose *c, const char *path, struct compose_file *ret)
{
	if (!c->in->read(c->in->arg, path, ret))
		return false;
	json_object_set_new(c->read, path, json_true());
	return true;
}

/* One line, with any content of the files. */
static void flatten(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

void compose_warn(struct compose *c, const struct yaml_node *at, const char *fmt, ...)
{
	char text[LONGEST];
	va_list ap;

	va_start(ap, fmt);
	say(text, at, fmt, ap);
	va_end(ap);
	flatten(text);
	if (!json_object_get(c->warned, text))
		json_object_set_new(
		    c->warned, text, json_pack("[s, i]", at ? at->file : "", at ? at->line : 0));
}

struct warning {
	const char *text, *file;
	json_int_t line;
	size_t number; /* in the order they came: sorting keeps it */
};

static int compare_warnings(const void *pa, const void *pb)
{
	const struct warning *a = pa, *b = pb;
	int files = strcmp(a->file, b->file);

	if (files)
		return files;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

char *compose_warnings(struct compose *c)
{
	auto_buf struct buf out = BUF_INIT(LIMIT_YAML);
	size_t count = json_object_size(c->warned), n = 0;
	auto_free struct warning *all = calloc(count + 1, sizeof(*all));
	const char *text;
	json_t *place;

	if (!all)
		return NULL;
	json_object_foreach (c->warned, text, place) {
		const char *file = json_string_value(json_array_get(place, 0));

		all[n] = (struct warning){.text = text,
		    .file = file ? file : "",
		    .line = json_integer_value(json_array_get(place, 1)),
		    .number = n};
		n++;
	}
	qsort(all, n, sizeof(*all), compare_warnings);
	for (size_t i = 0; i < n; i++)
		buf_addf(&out, "%s\n", all[i].text);
	return out.len || buf_failed(&out) ? buf_detach(&out, NULL) : strdup("");
}

/* Warns of a number whose printed form differs from the written one: 1.10 is 1.1. */
static void warn_printed(struct compose *c, const struct yaml_node *n, const char *value)
{
	if (strcmp(value, n->text) != 0 && yaml_type(n) != YAML_NULL)
		compose_warn(c, n,
		    "%s is a number, and becomes \"%s\": quote it to keep it as it is", n->text,
		    value);
}

/* The shortest text without an exponent that reads as the same number; of the arena. */
static const char *without_exponent(struct compose *c, const char *value)
{
	char digits[400];
	double number = strtod(value, NULL);

	for (int precision = 0; precision < 60; precision++) {
		snprintf(digits, sizeof(digits), "%.*f", precision, number);
		if (strtod(digits, NULL) == number)
			break;
	}
	return yaml_strndup(c->arena, digits, strlen(digits));
}

const char *compose_text(struct compose *c, const struct yaml_node *n, const char *what)
{
	const char *value;

	if (!yaml_text(n)) {
		compose_fail(c, n, "%s must be a text, not a list or mapping", what);
		return "";
	}
	value = yaml_value(c->arena, n);
	if (!value || strlen(n->text) != n->len) {
		compose_fail(c, n, "%s: a text cannot hold a NUL byte", what);
		return "";
	}
	/* As the reader of versions 1 and 2 prints a number. */
	if (c->legacy && c->generation == 2 && yaml_type(n) == YAML_FLOAT && strchr(value, 'e'))
		value = without_exponent(c, value);
	if (!value) {
		compose_no_memory(c);
		return "";
	}
	warn_printed(c, n, value);
	return value;
}

json_t *compose_string(struct compose *c, const struct yaml_node *n, const char *what)
{
	json_t *s = json_string(compose_text(c, n, what));

	if (!s)
		compose_fail(c, n, "%s is not UTF-8", what);
	return s;
}

bool compose_flag(struct compose *c, const struct yaml_node *n, const char *what)
{
	int value = yaml_bool(n);

	if (value < 0)
		compose_fail(c, n, "%s: \"%s\" is neither true nor false", what,
		    yaml_text(n) ? yaml_text(n) : "(not a text)");
	return value > 0;
}

int64_t compose_integer(
    struct compose *c, const struct yaml_node *n, const char *what, int64_t min, int64_t max)
{
	const char *text = yaml_text(n) ? yaml_value(c->arena, n) : NULL;
	char *end = NULL;
	int64_t value = 0;

	errno = 0;
	if (text && *text && !isspace((unsigned char)*text))
		value = strtoll(text, &end, 10);
	if (!end || *end || errno || value < min || value > max) {
		compose_fail(c, n, "%s: \"%s\" is not a whole number from %" PRId64 " to %" PRId64,
		    what, text ? text : "(not a text)", min, max);
		return 0;
	}
	return value;
}

/* The power of 1024 of "k", "MB", "GiB", "b" or nothing; -1: not a unit. */
static int unit_of(const char *unit)
{
	static const char powers[] = "kmgtp";
	const char *power = *unit ? strchr(powers, tolower((unsigned char)*unit)) : NULL;
	int n = power ? (int)(power - powers) + 1 : 0;

	if (power)
		unit++;
	if (power && tolower((unsigned char)*unit) == 'i')
		unit++;
	if (tolower((unsigned char)*unit) == 'b')
		unit++;
	return *unit ? -1 : n;
}

int64_t compose_bytes(struct compose *c, const struct yaml_node *n, const char *what)
{
	const char *text = yaml_text(n) ? yaml_value(c->arena, n) : "(not a text)";
	char *end = NULL;
	double value = text && isdigit((unsigned char)*text) ? strtod(text, &end) : 0;
	int power;

	if (!text)
		return compose_no_memory(c);
	if (end && *end == ' ')
		end++;
	power = end ? unit_of(end) : -1;
	for (int i = 0; i < power; i++)
		value *= 1024;
	if (power < 0 || value > 9e15) {
		compose_fail(c, n,
		    "%s: \"%s\" is not a size: a number of bytes, or one with b, k, m or g behind "
		    "it",
		    what, text);
		return 0;
	}
	return (int64_t)value;
}

int64_t compose_mebibytes(struct compose *c, const struct yaml_node *n, const char *what)
{
	int64_t bytes = compose_bytes(c, n, what), mebibytes = bytes / (int64_t)MIB;

	if (bytes > 0 && !mebibytes)
		compose_warn(c, n,
		    "%s: %" PRId64
		    " bytes are less than 1 MiB and count as nothing: write %sm for MiB",
		    what, bytes, yaml_text(n));
	return mebibytes;
}

static double unit_seconds(const char **at)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"µs", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60},
	    {"h", 3600}};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(*at, units[i].name, len) == 0) {
			*at += len;
			return units[i].seconds;
		}
	}
	return -1;
}

/* Go's durations: "1h2m3.5s"; or a plain number. */
static bool parse_duration(const char *text, double *ret)
{
	size_t plain = strspn(text, "0123456789");

	*ret = 0;
	if (plain && !text[plain]) {
		*ret = strtod(text, NULL);
		return true;
	}
	do {
		char *end;
		double number, unit;

		if (!isdigit((unsigned char)*text) && *text != '.')
			return false;
		number = strtod(text, &end);
		text = end;
		unit = unit_seconds(&text);
		if (unit < 0)
			return false;
		*ret += number * unit;
	} while (*text);
	return true;
}

int64_t compose_seconds(struct compose *c, const struct yaml_node *n, const char *what)
{
	const char *text = yaml_text(n) ? yaml_value(c->arena, n) : "(not a text)";
	double seconds;

	if (!text || !parse_duration(text, &seconds) || seconds > 1e9) {
		compose_fail(
		    c, n, "%s: \"%s\" is not a time such as 30s or 1m30s", what, text ? text : "");
		return 0;
	}
	/* 1.1 is 1.1000000000000001: a fraction below a nanosecond does not count. */
	int64_t whole = (int64_t)(seconds + 1e-9);
	if (seconds - (double)whole > 1e-9)
		compose_warn(
		    c, n, "%s: ECS takes whole seconds: %s becomes %" PRId64, what, text, whole);
	return whole;
}

json_t *compose_strings(struct compose *c, const struct yaml_node *n, const char *what)
{
	json_t *list;

	if (yaml_is_null(n))
		return NULL;
	list = json_array();
	if (n->kind == YAML_SCALAR) {
		json_array_append_new(list, compose_string(c, n, what));
		return list;
	}
	if (!compose_sequence(c, n, what)) {
		json_decref(list);
		return NULL;
	}
	for (size_t i = 0; i < n->count; i++)
		json_array_append_new(list, compose_string(c, n->items[i], what));
	return list;
}

static void put_pair(
    struct compose *c, json_t *map, const struct yaml_node *at, const char *key, json_t *value)
{
	if (!key || !*key)
		compose_fail(c, at, "a name is missing before \"=\"");
	else if (!value || json_object_set_new(map, key, value))
		compose_fail(c, at, "\"%s\" is not UTF-8", key);
}

static void put_item(struct compose *c, json_t *map, const struct yaml_node *item, const char *what)
{
	const char *text = compose_text(c, item, what), *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	const char *key = yaml_strndup(c->arena, text, len);

	put_pair(c, map, item, key, json_string(equals ? equals + 1 : ""));
}

json_t *compose_map(struct compose *c, const struct yaml_node *n, const char *what)
{
	json_t *map;

	if (yaml_is_null(n))
		return NULL;
	map = json_object();
	for (size_t i = 0; n->kind == YAML_SEQUENCE && i < n->count; i++)
		put_item(c, map, n->items[i], what);
	for (size_t i = 0; n->kind == YAML_MAPPING && i < n->count; i++) {
		const char *key = yaml_text(n->pairs[i].key);

		put_pair(c, map, n->pairs[i].key, key,
		    compose_string(
			c, n->pairs[i].value, compose_below(c, what, key ? key : "(no text)")));
	}
	if (n->kind == YAML_SCALAR)
		compose_fail(c, n, "%s must be a mapping or a list of KEY=VALUE", what);
	return map;
}

const struct yaml_node *compose_mapping(
    struct compose *c, const struct yaml_node *n, const char *what)
{
	if (yaml_is_null(n))
		return NULL;
	if (n->kind == YAML_MAPPING)
		return n;
	compose_fail(c, n, "%s must be a mapping", what);
	return NULL;
}

const struct yaml_node *compose_sequence(
    struct compose *c, const struct yaml_node *n, const char *what)
{
	if (yaml_is_null(n))
		return NULL;
	if (n->kind == YAML_SEQUENCE)
		return n;
	compose_fail(c, n, "%s must be a list", what);
	return NULL;
}

/* Appends the parts of a path; ".." removes one, but not above the start. */
static void add_parts(struct buf *out, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && strncmp(path, "..", 2) == 0) {
			const char *slash = out->data ? strrchr(out->data, '/') : NULL;

			out->len = slash ? (size_t)(slash - out->data) : 0;
			if (out->data)
				out->data[out->len] = '\0';
		} else if (len && !(len == 1 && *path == '.')) {
			if (out->len)
				buf_addc(out, '/');
			buf_add(out, path, len);
		}
		path += len;
		path += strspn(path, "/");
	}
}

char *compose_path(const char *directory, const char *path)
{
	auto_buf struct buf parts = BUF_INIT(64 * KIB);
	bool absolute = *path == '/' || *directory == '/';
	char *result = NULL;

	if (*path != '/')
		add_parts(&parts, directory);
	add_parts(&parts, path);
	if (asprintf(&result, "%s%s", absolute ? "/" : "", buf_str(&parts)) < 0)
		return NULL;
	return result;
}

const char *compose_directory(const struct compose *c, const struct yaml_node *at)
{
	const char *elsewhere = json_string_value(json_object_get(c->elsewhere, at->file));

	return elsewhere ? elsewhere : c->base;
}

const char *compose_missing_peek(const char *path)
{
	return strpbrk(path, "*?[") ? "*, ? and [ stand for themselves here: name each file"
				    : "copy it there";
}
