/*
 * How is a request encoded and a response decoded? By the service's protocol: JSON as it stands, or
 * forms and XML; error bodies of both, and pages of proxies, become one struct.
 */
#include "backend/wire.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/parse/json_text.h"
#include "backend/parse/unicode.h"
#include "backend/parse/xml.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Deeper than any request of the query protocol. */
enum { MAX_QUERY_DEPTH = 16, MAX_QUERY_NAME = 512 };

static void add_percent(const char *s, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x80 && isalnum(c)) || strchr("-._~", c ? c : ' '))
			buf_addc(out, s[i]);
		else
			buf_addf(out, "%%%02X", c);
	}
}

static void add_scalar(const char *name, const json_t *value, struct buf *out)
{
	char number[32];

	buf_addc(out, '&');
	buf_adds(out, name);
	buf_addc(out, '=');
	if (json_is_string(value)) {
		add_percent(json_string_value(value), json_string_length(value), out);
	} else if (json_is_integer(value)) {
		buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	} else if (json_is_real(value)) {
		snprintf(number, sizeof(number), "%.17g", json_real_value(value));
		add_percent(number, strlen(number), out);
	} else {
		buf_adds(out, json_is_true(value) ? "true" : "false");
	}
}

/* `list` is between a list's name and an element's number: ".member" or "". */
static int add_query(
    const char *prefix, const json_t *value, const char *list, int depth, struct buf *out)
{
	char name[MAX_QUERY_NAME];
	const char *key, *dot = *prefix ? "." : "";
	const json_t *member;
	size_t i;
	int r = depth > MAX_QUERY_DEPTH || strlen(prefix) > MAX_QUERY_NAME - 64 ? -EINVAL : 0;

	if (json_is_object(value)) {
		json_object_foreach ((json_t *)value, key, member) {
			if (r == 0 &&
			    (size_t)snprintf(name, sizeof(name), "%s%s%s", prefix, dot, key) <
				sizeof(name))
				r = add_query(name, member, list, depth + 1, out);
		}
	} else if (json_is_array(value)) {
		json_array_foreach (value, i, member) {
			snprintf(name, sizeof(name), "%.*s%s.%zu", MAX_QUERY_NAME - 64, prefix,
			    list, i + 1);
			r = r ? r : add_query(name, member, list, depth + 1, out);
		}
	} else if (r == 0 && !json_is_null(value)) {
		add_scalar(prefix, value, out);
	}
	return r;
}

static int dump_to_buf(const char *bytes, size_t len, void *out)
{
	buf_add(out, bytes, len);
	return buf_failed(out) ? -1 : 0;
}

int wire_encode(const struct aws_service *service, const char *action, const json_t *body,
    struct buf *out, struct ecsfs_error *err)
{
	int r = 0;

	if (service->protocol != AWS_JSON) {
		buf_addf(out, "Action=%s&Version=%s", action, service->version);
		r = body
		    ? add_query("", body, service->protocol == AWS_EC2 ? "" : ".member", 0, out)
		    : 0;
	} else if (!body) {
		buf_adds(out, "{}");
	} else if (json_dump_callback(body, dump_to_buf, out, JSON_COMPACT) < 0) {
		r = -EINVAL;
	}
	if (r < 0 || buf_failed(out))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "%s: the request is too large or nests too deep: shorten it", action);
	return 0;
}

/* The parsers recurse; a document of brackets must not overflow a thread's stack. */
static bool too_deep(const char *text, size_t len)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '[') && ++depth > LIMIT_JSON_DEPTH)
			return true;
		else if (!quoted && (c == '}' || c == ']'))
			depth--;
	}
	return false;
}

/* Names and events come from users: text that is not Unicode must not hide the whole response. */
static json_t *parse_mended(const struct buf *body)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_RESPONSE);

	buf_add(&text, buf_str(body), body->len);
	if (buf_failed(&text) || !unicode_mend(text.data, text.len))
		return NULL;
	return json_loadb(text.data, text.len, JSON_ALLOW_NUL, NULL);
}

static json_t *parse_json(const struct buf *body)
{
	json_t *json;

	if (too_deep(buf_str(body), body->len))
		return NULL;
	json = json_loadb(buf_str(body), body->len, JSON_ALLOW_NUL, NULL);
	if (!json)
		json = parse_mended(body);
	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

/* The one member of the root whose name ends in Result, else the root's content. */
static json_t *unwrap(const json_t *document, const char *action)
{
	json_t *root = json_object_iter_value(json_object_iter((json_t *)document));
	char name[128];
	json_t *result;

	snprintf(name, sizeof(name), "%sResult", action);
	result = json_object_get(root, name);
	return json_incref(json_is_object(result) ? result : root);
}

int wire_decode(const struct aws_service *service, const char *action, const struct buf *body,
    json_t **ret, struct ecsfs_error *err)
{
	json_t *json = NULL, *document = NULL;

	if (service->protocol == AWS_JSON) {
		json = body->len || !service->empty_answers ? parse_json(body) : json_object();
	} else if (xml_to_json(buf_str(body), body->len, &document, NULL) == 0) {
		json = unwrap(document, action);
		json_decref(document);
	}
	if (!json)
		return ecsfs_error_not_aws(err, action, NULL);
	*ret = json;
	return 0;
}

int wire_decode_text(const struct aws_service *service, const char *action, struct buf *body,
    struct buf *ret, struct ecsfs_error *err)
{
	json_auto_t *json = NULL;
	int r;

	if (service->protocol == AWS_JSON && body->len &&
	    json_text_compact(body->data, &body->len)) {
		*ret = *body;
		*body = BUF_INIT(0);
		return 0;
	}
	r = wire_decode(service, action, body, &json, err);
	if (r < 0)
		return r;
	*ret = BUF_INIT(16 * LIMIT_RESPONSE);
	if (json_dump_callback(json, dump_to_buf, ret, JSON_COMPACT) == 0)
		return 0;
	buf_release(ret);
	return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
}

/* "com.amazonaws.ecs#Name:http://..." is "Name". */
static void take_code(const char *type, char *ret, size_t size)
{
	const char *hash = strrchr(type, '#');
	const char *name = hash ? hash + 1 : type;

	snprintf(ret, size, "%.*s", (int)strcspn(name, ": \t\r\n"), name);
}

static const char *string_of(const json_t *object, const char *const *names)
{
	for (; *names; names++) {
		const char *s = json_string_value(json_object_get(object, *names));

		if (s)
			return s;
	}
	return NULL;
}

struct said {
	char code[64];
	char message[400];
	char request_id[64];
};

static void take_json(const json_t *json, struct said *said)
{
	static const char *const codes[] = {"__type", "code", "Code", "error", NULL};
	static const char *const messages[] = {
	    "message", "Message", "errorMessage", "error_description", NULL};
	const char *code = string_of(json, codes), *message = string_of(json, messages);

	if (code)
		take_code(code, said->code, sizeof(said->code));
	if (message)
		snprintf(said->message, sizeof(said->message), "%s", message);
}

/* <ErrorResponse><Error>, <Response><Errors><Error>, or <Error> itself. */
static void take_xml(const json_t *document, struct said *said)
{
	static const char *const ids[] = {"RequestId", "RequestID", NULL};
	const json_t *root = json_object_iter_value(json_object_iter((json_t *)document));
	const json_t *errors = json_object_get(root, "Errors");
	const json_t *e = json_object_get(errors ? errors : root, "Error");
	const char *id = string_of(root, ids);

	if (json_is_array(e))
		e = json_array_get(e, 0);
	take_json(e ? e : root, said);
	if (id)
		snprintf(said->request_id, sizeof(said->request_id), "%s", id);
}

/* The page of a proxy or a load balancer: its text without the tags. */
static void take_text(const struct buf *body, struct said *said)
{
	const char *p = buf_str(body);
	bool tag = false;
	size_t n = 0;

	for (size_t i = 0; i < body->len && n < 120; i++) {
		bool space = !tag && (isspace((unsigned char)p[i]) || p[i] == '<');

		tag = p[i] == '<' || (tag && p[i] != '>');
		if (space && n && said->message[n - 1] != ' ')
			said->message[n++] = ' ';
		else if (!space && !tag && p[i] != '>' && p[i])
			said->message[n++] = p[i];
	}
	said->message[n] = '\0';
}

static void read_error(const struct http_response *answer, struct said *said)
{
	const char *p = buf_str(&answer->body);
	json_t *document;

	p += strspn(p, " \t\r\n");
	if (*p == '{') {
		document = parse_json(&answer->body);
		if (document)
			take_json(document, said);
		json_decref(document);
	} else if (*p == '<' && xml_to_json(p, strlen(p), &document, NULL) == 0) {
		take_xml(document, said);
		json_decref(document);
	}
	if (!said->code[0])
		take_code(answer->error_type, said->code, sizeof(said->code));
	if (!said->code[0] && !said->message[0])
		take_text(&answer->body, said);
}

/* A refused signature is explained by the request as AWS saw it, with the session token in it. */
static void drop_request(char *message)
{
	static const char *const starts[] = {"The Canonical String", "x-amz-security-token"};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		char *at = strcasestr(message, starts[i]);

		while (at && at > message && isspace((unsigned char)at[-1]))
			at--;
		if (at)
			*at = '\0';
	}
}

int wire_error(const char *action, const char *url, const struct http_response *answer,
    enum retry_class *ret, struct ecsfs_error *err)
{
	struct said said = {0};
	const struct aws_rule *rule;
	const char *host = strstr(url, "://");

	read_error(answer, &said);
	rule = aws_rule_for_answer(action, said.code, said.message, answer->status);
	*ret = rule->retry;
	drop_request(said.message);
	host = host ? host + 3 : url;
	if (said.code[0])
		ecsfs_error_set(err, rule->err, said.code, "%s",
		    said.message[0] ? said.message : "(AWS gave no reason)");
	else if (answer->status == 407)
		ecsfs_error_set(err, rule->err, NULL,
		    "the proxy on the way to %.*s asks for a name and password (407): put them "
		    "into "
		    "HTTPS_PROXY",
		    (int)strcspn(host, "/?"), host);
	else
		ecsfs_error_set(err, rule->err, NULL, "%.*s answered %d%s%s",
		    (int)strcspn(host, "/?"), host, answer->status, said.message[0] ? ": " : "",
		    said.message);
	err->http_status = answer->status;
	snprintf(err->request_id, sizeof(err->request_id), "%s",
	    answer->request_id[0] ? answer->request_id : said.request_id);
	snprintf(err->action, sizeof(err->action), "%s", action);
	return -err->err;
}
