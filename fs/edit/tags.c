#include "fs/edit/tags.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/edit/canon.h"
#include "fs/edit/doc.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define TAGS_MAX 50
#define KEY_MAX 128
#define VALUE_MAX 256
#define QUOTE_MAX 60

static void escape(const char *text, bool key, struct buf *out)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_adds(out, "\\n");
		else if (*text == '\r')
			buf_adds(out, "\\r");
		else if (*text == '\\')
			buf_adds(out, "\\\\");
		else if (key && *text == '=')
			buf_adds(out, "\\=");
		else
			buf_addc(out, *text);
	}
}

/* The tag whose key comes next behind `last` (NULL: the first); NULL: none. */
static const json_t *next_tag(const json_t *tags, const char *last)
{
	const json_t *next = NULL;
	size_t i;
	json_t *tag;

	json_array_foreach (tags, i, tag) {
		const char *key = doc_string_peek(tag, "key");

		if (last && strcmp(key, last) <= 0)
			continue;
		if (!next || strcmp(key, doc_string_peek(next, "key")) < 0)
			next = tag;
	}
	return next;
}

void tags_render(const json_t *tags, struct buf *out)
{
	const json_t *tag = next_tag(tags, NULL);

	for (; tag; tag = next_tag(tags, doc_string_peek(tag, "key"))) {
		escape(doc_string_peek(tag, "key"), true, out);
		buf_addc(out, '=');
		escape(doc_string_peek(tag, "value"), false, out);
		buf_addc(out, '\n');
	}
}

static int bad_line(struct ecsfs_error *err, const char *line, size_t len, const char *why)
{
	return ecsfs_error_set(err, EINVAL, NULL, "\"%.*s\" is no KEY=VALUE line: %s",
	    (int)(len > QUOTE_MAX ? QUOTE_MAX : len), line, why);
}

/* Unescapes up to `stop` (0: to the end) and returns where it ended. */
static const char *unescape(const char *at, const char *end, char stop, struct buf *out)
{
	for (; at < end && !(stop && *at == stop); at++) {
		if (*at != '\\' || at + 1 == end) {
			buf_addc(out, *at);
			continue;
		}
		at++;
		if (*at == 'n' || *at == 'r') {
			buf_addc(out, *at == 'n' ? '\n' : '\r');
			continue;
		}
		if (*at != '\\' && *at != '=')
			buf_addc(out, '\\');
		buf_addc(out, *at);
	}
	return at;
}

static int parse_line(const char *line, size_t len, json_t *named, struct ecsfs_error *err)
{
	const char *end = line + len;
	auto_buf struct buf key = BUF_INIT(LIMIT_DOCUMENT), value = BUF_INIT(LIMIT_DOCUMENT);
	const char *equals;
	json_t *text;

	if (memchr(line, '\0', len))
		return bad_line(err, line, strlen(line), "it holds a NUL byte");
	equals = unescape(line, end, '=', &key);
	if (equals == end)
		return bad_line(err, line, len, "there is no =");
	if (!key.len)
		return bad_line(err, line, len, "the key is empty");
	unescape(equals + 1, end, '\0', &value);
	text = json_stringn(buf_str(&value), value.len);
	if (!text || json_object_set_new(named, buf_str(&key), text))
		return bad_line(err, line, len, "it is not UTF-8");
	return 0;
}

int tags_parse(const char *text, size_t len, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *named = json_object();
	const char *at = text, *end = text + len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		int got = 0;

		if (stop > at && stop[-1] == '\r')
			stop--;
		if (stop > at)
			got = parse_line(at, (size_t)(stop - at), named, err);
		if (got)
			return got;
		at = newline ? newline + 1 : end;
	}
	*ret = move_ptr(named);
	return 0;
}

/* Characters, not bytes: every byte of UTF-8 that continues none. */
static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* ECS's rule for ASCII; beyond it letters and digits of any script are allowed: AWS judges. */
static bool characters_allowed(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool alnum =
		    (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c < 0x80 && !alnum && !strchr(" +-=._:/@", c))
			return false;
	}
	return true;
}

static int check_tag(const char *key, const char *value, struct ecsfs_error *err)
{
	if (canon_tag_reserved(key))
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the key %s begins with aws:, which is AWS's own", key);
	if (characters(key) > KEY_MAX)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the key %.40s... is over %d characters", key, KEY_MAX);
	if (characters(value) > VALUE_MAX)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the value of %s is over %d characters", key, VALUE_MAX);
	if (!characters_allowed(key) || !characters_allowed(value))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the tag %s holds a character other than letters, digits, spaces and + - = . _ "
		    ": / @",
		    key);
	return 0;
}

static int list_changed(
    const json_t *now, const json_t *named, json_t *set, struct ecsfs_error *err)
{
	const char *key;
	json_t *value;
	int got;

	json_object_foreach ((json_t *)named, key, value) {
		const json_t *old = doc_find_peek(now, "key", key);

		if (old && !strcmp(doc_string_peek(old, "value"), json_string_value(value)))
			continue;
		got = check_tag(key, json_string_value(value), err);
		if (got)
			return got;
		json_array_append_new(set, json_pack("{s:s, s:O}", "key", key, "value", value));
	}
	return 0;
}

static void list_gone(const json_t *now, const json_t *named, json_t *unset)
{
	size_t i;
	json_t *tag;

	json_array_foreach (now, i, tag) {
		const char *key = doc_string_peek(tag, "key");

		if (!canon_tag_reserved(key) && !json_object_get(named, key))
			json_array_append_new(unset, json_string(key));
	}
}

json_t *tags_applied(const json_t *now, const json_t *set, const json_t *unset)
{
	json_t *tags = json_array();
	size_t i;
	json_t *tag;

	json_array_foreach (now, i, tag) {
		const char *key = doc_string_peek(tag, "key");
		bool gone = false;
		size_t j;
		json_t *name;

		json_array_foreach (unset, j, name)
			gone = gone || !strcmp(json_string_value(name), key);
		if (!gone && !doc_find_peek(set, "key", key))
			json_array_append(tags, tag);
	}
	json_array_foreach (set, i, tag)
		json_array_append(tags, tag);
	return tags;
}

bool tags_fit(const json_t *now, const json_t *set)
{
	json_auto_t *after = tags_applied(now, set, NULL);
	json_auto_t *ours = canon_tags(after);

	return json_array_size(ours) <= TAGS_MAX;
}

static int check_count(
    const json_t *now, const json_t *set, const json_t *unset, struct ecsfs_error *err)
{
	json_auto_t *after = tags_applied(now, set, unset);
	json_auto_t *ours = canon_tags(after);

	if (json_array_size(set) > 0 && json_array_size(ours) > TAGS_MAX)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "a resource holds at most %d tags, these would be %zu", TAGS_MAX,
		    json_array_size(ours));
	return 0;
}

int tags_difference(const json_t *now, const json_t *named, bool whole, json_t **ret_set,
    json_t **ret_unset, struct ecsfs_error *err)
{
	json_auto_t *set = json_array(), *unset = json_array();
	int got = list_changed(now, named, set, err);

	if (got)
		return got;
	if (whole)
		list_gone(now, named, unset);
	got = check_count(now, set, unset, err);
	if (got)
		return got;
	*ret_set = move_ptr(set);
	*ret_unset = move_ptr(unset);
	return 0;
}
