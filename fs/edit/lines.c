/*
 * How is a list of pairs written as lines, and read back?
 */
#include "fs/edit/lines.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define QUOTE_MAX 60 /* bytes of a refused line that a sentence repeats */

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

void lines_render(const json_t *list, const struct shape *pair, struct buf *out)
{
	json_auto_t *sorted = list ? json_copy((json_t *)list) : NULL;
	size_t i;
	json_t *element;

	canon_sort(sorted, pair[0].name);
	json_array_foreach (sorted, i, element) {
		escape(doc_string_peek(element, pair[0].name), true, out);
		buf_addc(out, '=');
		escape(doc_string_peek(element, pair[1].name), false, out);
		buf_addc(out, '\n');
	}
}

static int bad_line(struct ecsfs_error *err, const char *line, size_t len, const char *why)
{
	return ecsfs_error_set(err, EINVAL, NULL, "expected KEY=VALUE, got \"%.*s\": %s",
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
	if (value_has_mark(buf_str(&key), key.len))
		return bad_line(err, line, len, "it begins with a byte order mark");
	if (!key.len)
		return bad_line(err, line, len, "the key is empty");
	unescape(equals + 1, end, '\0', &value);
	text = json_stringn(buf_str(&value), value.len);
	if (!text || json_object_set_new(named, buf_str(&key), text))
		return bad_line(err, line, len, "it is not UTF-8");
	return 0;
}

bool lines_none(const char *text, size_t len)
{
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	for (; len && isspace((unsigned char)*text); len--)
		text++;
	return len == 2 && memcmp(text, "[]", 2) == 0;
}

int lines_parse(const char *text, size_t len, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *named = json_object();
	const char *at = lines_none(text, len) ? text + len : text, *end = text + len;

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

json_t *lines_applied(const json_t *list, const struct shape *pair, const json_t *named, bool whole)
{
	json_t *result = json_array();
	json_auto_t *left = json_copy((json_t *)named);
	const char *key;
	json_t *element, *value;
	size_t i;

	json_array_foreach (list, i, element) {
		json_auto_t *copy = json_copy(element);

		key = doc_string_peek(element, pair[0].name);
		value = json_object_get(named, key);
		if (value)
			json_object_set(copy, pair[1].name, value);
		if (value || !whole)
			json_array_append(result, copy);
		json_object_del(left, key);
	}
	json_object_foreach (left, key, value)
		json_array_append_new(
		    result, json_pack("{s:s, s:O}", pair[0].name, key, pair[1].name, value));
	return result;
}
