/*
 * How do a form's dotted names become a tree, and a tree XML? "A.member.1.B" is followed part by
 * part; lists are written with the protocol's element names.
 */
#include "backend/sim/request/query.h"

#include "backend/base/cleanup.h"
#include "backend/sim/map.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST (16 * 1024 * 1024)
#define MOST_ELEMENTS 5000

static int hex_of(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Undoes the percent-encoding of `len` bytes, in a new string. */
static char *decode(const char *text, size_t len)
{
	char *out = sim_alloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		bool escaped = text[i] == '%' && i + 2 < len &&
		    isxdigit((unsigned char)text[i + 1]) && isxdigit((unsigned char)text[i + 2]);

		out[n++] = escaped   ? (char)(hex_of(text[i + 1]) * 16 + hex_of(text[i + 2]))
		    : text[i] == '+' ? ' '
				     : text[i];
		i += escaped ? 2 : 0;
	}
	return out;
}

/* The first part of a path of names, and what is behind it; NULL: nothing is. */
static char *first_part(const char *path, const char **ret_rest)
{
	size_t len = strcspn(path, ".");
	char *part = sim_alloc(len + 1);

	memcpy(part, path, len);
	*ret_rest = path[len] ? path + len + 1 : NULL;
	return part;
}

/* Where an element goes: "N" or "member.N" is N, from 1; 0: the path names a member. */
static size_t element_of(const char *path, const char **ret_rest)
{
	char *end;
	unsigned long n;

	if (!strncmp(path, "member.", 7))
		path += 7;
	n = strtoul(path, &end, 10);
	if (end == path || (*end && *end != '.') || n > MOST_ELEMENTS)
		return 0;
	*ret_rest = *end ? end + 1 : NULL;
	return n;
}

static json_t *child_for(const char *rest)
{
	const char *behind;

	return rest && element_of(rest, &behind) ? json_array() : json_object();
}

static bool has_members(const json_t *value)
{
	return json_is_object(value) || json_is_array(value);
}

/* A part that contradicts an earlier one, or whose name is not UTF-8, is left out. */
static void put(json_t *into, const char *path, json_t *value)
{
	const char *rest = NULL;
	json_t *child;

	if (json_is_array(into)) {
		size_t n = element_of(path, &rest);

		while (n && json_array_size(into) < n)
			json_array_append_new(into, rest ? child_for(rest) : json_null());
		child = n ? json_array_get(into, n - 1) : NULL;
		if (rest && has_members(child))
			put(child, rest, value);
		else if (n && !rest)
			json_array_set_new(into, n - 1, value);
		else
			json_decref(value);
		return;
	}
	auto_free char *name = first_part(path, &rest);
	child = json_object_get(into, name);
	if (rest && !child) {
		json_object_set_new(into, name, child_for(rest));
		child = json_object_get(into, name);
	}
	if (rest && has_members(child))
		put(child, rest, value);
	else if (!rest)
		json_object_set_new(into, name, value);
	else
		json_decref(value);
}

json_t *query_decode(const char *form, size_t len)
{
	json_t *members = json_object();

	while (len > 0) {
		const char *amp = memchr(form, '&', len);
		size_t pair = amp ? (size_t)(amp - form) : len;
		const char *equals = memchr(form, '=', pair);

		if (equals) {
			size_t name_len = (size_t)(equals - form);
			auto_free char *name = decode(form, name_len);
			auto_free char *value = decode(equals + 1, pair - name_len - 1);
			json_t *string = json_string(value);

			if (string)
				put(members, name, string);
		}
		form += pair + (amp ? 1 : 0);
		len -= pair + (amp ? 1 : 0);
	}
	return members;
}

int64_t query_number(const json_t *members, const char *key, int64_t absent)
{
	const char *text = json_string_value(json_object_get(members, key));
	char *end;
	long long n = text ? strtoll(text, &end, 10) : 0;

	return text && *text && !*end ? n : absent;
}

static void add_text(const char *text, struct buf *out)
{
	for (; *text; text++) {
		if (*text == '&')
			buf_adds(out, "&amp;");
		else if (*text == '<')
			buf_adds(out, "&lt;");
		else if (*text == '>')
			buf_adds(out, "&gt;");
		else
			buf_addc(out, *text);
	}
}

static void add_value(const json_t *value, const char *element, struct buf *out);

static void add_element(const char *name, const json_t *value, const char *element, struct buf *out)
{
	buf_addf(out, "<%s>", name);
	add_value(value, element, out);
	buf_addf(out, "</%s>", name);
}

static void add_value(const json_t *value, const char *element, struct buf *out)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach ((json_t *)value, name, member)
			add_element(name, member, element, out);
	} else if (json_is_array(value)) {
		json_array_foreach (value, i, member)
			add_element(element, member, element, out);
	} else if (json_is_string(value)) {
		add_text(json_string_value(value), out);
	} else if (json_is_integer(value)) {
		buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	} else if (json_is_real(value)) {
		buf_addf(out, "%.15g", json_real_value(value));
	} else {
		buf_adds(out, json_is_true(value) ? "true" : "false");
	}
}

static char *take(struct buf *out)
{
	char *text = sim_strdup(buf_str(out));

	buf_release(out);
	return text;
}

char *query_encode(const char *action, const char *namespace, const json_t *members, bool ec2,
    const char *request_id)
{
	struct buf out = BUF_INIT(LARGEST);

	buf_addf(&out, "<%sResponse xmlns=\"%s\">", action, namespace);
	if (ec2) {
		buf_addf(&out, "<requestId>%s</requestId>", request_id);
		add_value(members, "item", &out);
	} else {
		buf_addf(&out, "<%sResult>", action);
		add_value(members, "member", &out);
		buf_addf(&out,
		    "</%sResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>",
		    action, request_id);
	}
	buf_addf(&out, "</%sResponse>\n", action);
	return take(&out);
}

char *query_error(const char *code, const char *message, bool ec2, const char *request_id)
{
	struct buf out = BUF_INIT(LARGEST);

	buf_adds(&out,
	    ec2 ? "<Response><Errors><Error><Code>"
		: "<ErrorResponse><Error><Type>Sender</Type><Code>");
	add_text(code, &out);
	buf_adds(&out, "</Code><Message>");
	add_text(message, &out);
	if (ec2)
		buf_addf(&out, "</Message></Error></Errors><RequestID>%s</RequestID></Response>\n",
		    request_id);
	else
		buf_addf(&out, "</Message></Error><RequestId>%s</RequestId></ErrorResponse>\n",
		    request_id);
	return take(&out);
}
