/*
 * Is a request's signature right? It is recomputed with the one key pair that is known, and refused
 * with AWS's codes.
 */
#include "backend/sim/request/auth.h"

#include "backend/sim/server.h"

#include "backend/sigv4.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SKEW_S (5 * 60)
#define MAX_SIGNED 48

struct authorization {
	char key_id[129], day[9], region[40], service[64];
	char names[2048]; /* SignedHeaders */
	char signature[65];
};

static const char *header(const struct sim_request *rq, const char *name)
{
	return MHD_lookup_connection_value(rq->connection, MHD_HEADER_KIND, name);
}

static int parse(const char *text, struct authorization *a)
{
	const char *credential = strstr(text, "Credential=");
	const char *names = strstr(text, "SignedHeaders=");
	const char *signature = strstr(text, "Signature=");

	if (!credential || !names || !signature)
		return -1;
	if (sscanf(credential, "Credential=%128[^/]/%8[0-9]/%39[^/]/%63[^/]/aws4_request",
		a->key_id, a->day, a->region, a->service) != 4)
		return -1;
	if (sscanf(names, "SignedHeaders=%2047[^, ]", a->names) != 1 ||
	    sscanf(signature, "Signature=%64[0-9a-f]", a->signature) != 1)
		return -1;
	return strlen(a->signature) == 64 ? 0 : -1;
}

/* "20150830T123600Z" as epoch seconds; -1: not one. */
static int64_t parse_date(const char *text)
{
	struct tm t = {0};
	const char *end = text ? strptime(text, "%Y%m%dT%H%M%SZ", &t) : NULL;

	return end && !*end ? (int64_t)timegm(&t) : -1;
}

static int check_date(struct sim_call *c, const char *text, int64_t signed_s)
{
	int64_t now_s = c->now_ms / 1000;
	char now[17], edge[17];

	sigv4_date(now_s, now);
	if (signed_s < now_s - SKEW_S) {
		sigv4_date(now_s - SKEW_S, edge);
		return sim_fail(c, 400, "InvalidSignatureException",
		    "Signature expired: %s is now earlier than %s (%s - 5 min.)", text, edge, now);
	}
	if (signed_s > now_s + SKEW_S) {
		sigv4_date(now_s + SKEW_S, edge);
		return sim_fail(c, 400, "InvalidSignatureException",
		    "Signature not yet current: %s is still later than %s (%s + 5 min.)", text,
		    edge, now);
	}
	return 0;
}

static int check_scope(
    struct sim_call *c, const struct authorization *a, const char *service, const char *date)
{
	if (strcmp(a->service, service) != 0)
		return sim_fail(c, 400, "InvalidSignatureException",
		    "Credential should be scoped to correct service: '%s'.", service);
	if (a->region[strspn(a->region, "abcdefghijklmnopqrstuvwxyz0123456789-")] ||
	    strlen(a->region) < 3)
		return sim_fail(c, 400, "InvalidSignatureException",
		    "Credential should be scoped to a valid region.");
	if (strncmp(a->day, date, 8) != 0)
		return sim_fail(c, 400, "InvalidSignatureException",
		    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
		    "date from "
		    "HTTP: '%s' != '%.8s', from '%s'.",
		    a->day, date, date);
	return 0;
}

/* The key pair and the session token, if there is one. */
static int check_keys(
    struct sim_call *c, const struct sim *s, const struct authorization *a, const char *token)
{
	bool token_ok = !token || (s->session_token && strcmp(token, s->session_token) == 0);

	if (strcmp(a->key_id, s->access_key_id) != 0 || !token_ok)
		return sim_fail(c, 400, "UnrecognizedClientException",
		    "The security token included in the request is invalid.");
	return 0;
}

/* The signed headers; -1: too many, or one is missing. */
static int gather(const struct sim_request *rq, char *names, struct sigv4_header *ret)
{
	char *save = NULL;
	int n = 0;

	for (char *name = strtok_r(names, ";", &save); name; name = strtok_r(NULL, ";", &save)) {
		const char *value = header(rq, name);

		if (n == MAX_SIGNED || !value)
			return -1;
		ret[n++] = (struct sigv4_header){.name = name, .value = value};
	}
	return n;
}

static bool is_signed(const struct sigv4_header *headers, int count, const char *name)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(headers[i].name, name) == 0)
			return true;
	}
	return false;
}

static int compute(const struct sim *s, const struct sim_request *rq, const struct authorization *a,
    const struct sigv4_header *headers, int count, int64_t time_s, char ret[65])
{
	struct sigv4_request signed_request = {.method = rq->method,
	    .path = rq->path,
	    .query = buf_str(&rq->query),
	    .headers = headers,
	    .header_count = (size_t)count,
	    .body = buf_str(&rq->body),
	    .body_len = rq->body.len,
	    .normalize_path = true};
	struct sigv4_scope scope = {.region = a->region, .service = a->service, .time_s = time_s};
	auto_buf struct buf canonical = BUF_INIT(1 << 20);
	auto_buf struct buf to_sign = BUF_INIT(4096);

	if (sigv4_canonical_request(&signed_request, &canonical) < 0 ||
	    sigv4_string_to_sign(&scope, buf_str(&canonical), canonical.len, &to_sign) < 0)
		return -1;
	return sigv4_signature(s->keys, &scope, buf_str(&to_sign), to_sign.len, ret);
}

static int check_signature(struct sim *s, const struct sim_request *rq, struct sim_call *c,
    struct authorization *a, int64_t time_s)
{
	struct sigv4_header headers[MAX_SIGNED];
	char wanted[65];
	int count = gather(rq, a->names, headers);

	if (count < 0)
		return sim_fail(c, 400, "InvalidSignatureException",
		    "A signed header is missing in the request.");
	if (!is_signed(headers, count, "host"))
		return sim_fail(c, 400, "InvalidSignatureException",
		    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
	if (!is_signed(headers, count, "x-amz-date") ||
	    (header(rq, "x-amz-security-token") &&
		!is_signed(headers, count, "x-amz-security-token")))
		return sim_fail(c, 400, "InvalidSignatureException",
		    "There were headers present in the request which were not signed");
	if (compute(s, rq, a, headers, count, time_s, wanted) < 0 ||
	    strcmp(wanted, a->signature) != 0)
		return sim_fail(c, 400, "InvalidSignatureException",
		    "The request signature we calculated does not match the signature you "
		    "provided. Check "
		    "your AWS Secret Access Key and signing method. Consult the service "
		    "documentation for "
		    "details.");
	return 0;
}

int sim_auth(struct sim *s, const struct sim_request *rq, const char *service, struct sim_call *c,
    char ret_region[40])
{
	const char *text = header(rq, "Authorization");
	const char *date = header(rq, "X-Amz-Date");
	int64_t time_s = parse_date(date);
	struct authorization a = {0};

	if (!text)
		return sim_fail(
		    c, 400, "MissingAuthenticationTokenException", "Missing Authentication Token");
	if (strncmp(text, "AWS4-HMAC-SHA256 ", 17) != 0 || parse(text, &a) < 0)
		return sim_fail(c, 400, "IncompleteSignatureException",
		    "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' "
		    "parameters.");
	if (time_s < 0)
		return sim_fail(c, 400, "IncompleteSignatureException",
		    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
		    "header.");
	if (check_keys(c, s, &a, header(rq, "X-Amz-Security-Token")) < 0 ||
	    check_scope(c, &a, service, date) < 0 || check_date(c, date, time_s) < 0 ||
	    check_signature(s, rq, c, &a, time_s) < 0)
		return -1;
	snprintf(ret_region, 40, "%s", a.region);
	return 0;
}
