/*
 * How is one attempt made? Target, body, headers and signature; the exchange; then the response is
 * classified for the layers around.
 */
#include "backend/send.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/config/endpoint.h"
#include "backend/credentials/cached.h"
#include "backend/sigv4.h"
#include "backend/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* The longest silence of a stream: StartLiveTail sends something every second. */
enum { STREAM_STALL_MS = 30000 };

enum { LEAST_ATTEMPT_MS = 3000, LEAST_USUAL_MS = 2000 };

struct send_layer {
	struct aws_layer layer;
	struct aws_context *cx;
};

struct target {
	const struct aws_service *service;
	char *url;  /* with a path; owned */
	char *host; /* as in the Host header; owned */
	const char *path;
	const char *signing_name;
	const char *signing_region;
};

static void release_target(struct target *t)
{
	free(t->url);
	free(t->host);
}

/* Splits `base` into what the Host header and the signature need. */
static int split_url(struct target *t, const char *base, const char *host_prefix)
{
	const char *host = strstr(base, "://");
	const char *default_port = strncasecmp(base, "https:", 6) == 0 ? ":443" : ":80";
	size_t scheme, n, port = strlen(default_port);

	if (!host)
		return -EINVAL;
	host += 3;
	scheme = (size_t)(host - base);
	if (asprintf(&t->url, "%.*s%s%s%s", (int)scheme, base, host_prefix, host,
		strchr(host, '/') ? "" : "/") < 0) {
		t->url = NULL;
		return -ENOMEM;
	}
	n = strcspn(t->url + scheme, "/");
	t->path = t->url + scheme + n;
	t->host = strndup(t->url + scheme, n);
	if (!t->host)
		return -ENOMEM;
	if (n > port && !strcmp(t->host + n - port, default_port))
		t->host[n - port] = '\0';
	return 0;
}

/* AWS's own endpoint of CloudWatch Logs has its streams behind another name. */
static const char *stream_prefix(const struct aws_exchange *x, const char *base)
{
	bool logs = !strncmp(base, "https://logs.", 13) || !strncmp(base, "https://logs-fips.", 18);
	/* Dual-stack names end in api.aws, in China in api.amazonwebservices.com.cn. */
	bool own = logs && (strstr(base, ".amazonaws.com") || strstr(base, ".api."));

	return own && (x->rq->flags & AWS_STREAM) ? "stream-" : "";
}

static int find_target(const struct aws_context *cx, const struct aws_exchange *x,
    struct target *ret, struct ecsfs_error *err)
{
	auto_free char *base = NULL;
	int r;

	ret->service = aws_service_find(x->rq->service);
	if (!ret->service || ret->service->protocol == AWS_REST)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "ecsfs calls no service \"%s\"", x->rq->service);
	r = aws_endpoint(cx->settings, x->rq->service, x->region, &base, &ret->signing_name,
	    &ret->signing_region, err);
	if (r < 0)
		return r;
	r = split_url(ret, base, stream_prefix(x, base));
	if (r < 0)
		return ecsfs_error_set(err, -r, NULL,
		    "the endpoint of %s is not a URL: check endpoint_url", x->rq->service);
	return 0;
}

/* The lines of a signed request. */
struct lines {
	char date[32];
	char content_type[64];
	char target[160];
	struct buf host;
	struct buf token;
	struct buf authorization;
};

static void release_lines(struct lines *l)
{
	buf_release(&l->host);
	secret_buf_release(&l->token);
	buf_release(&l->authorization);
}

static void write_lines(
    struct lines *l, const struct target *t, const struct aws_exchange *x, int64_t now_s)
{
	const char *token = x->used ? credentials_session_token_peek(x->used) : NULL;
	bool json = t->service->protocol == AWS_JSON;
	char date[17];

	sigv4_date(now_s, date);
	snprintf(l->date, sizeof(l->date), "X-Amz-Date: %s", date);
	snprintf(l->content_type, sizeof(l->content_type), "Content-Type: %s",
	    json ? "application/x-amz-json-1.1" : "application/x-www-form-urlencoded");
	l->target[0] = '\0';
	if (json)
		snprintf(l->target, sizeof(l->target), "X-Amz-Target: %s.%s", t->service->version,
		    x->rq->action);
	buf_addf(&l->host, "Host: %s", t->host);
	if (token)
		buf_addf(&l->token, "X-Amz-Security-Token: %s", token);
}

enum { MAX_LINES = 6 };

/* Lists the lines that are set; returns how many. */
static size_t list_lines(const struct lines *l, const char *ret[MAX_LINES + 1])
{
	const char *all[] = {l->content_type, l->date, l->target, buf_str(&l->host),
	    buf_str(&l->token), buf_str(&l->authorization)};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (*all[i])
			ret[n++] = all[i];
	ret[n] = NULL;
	return n;
}

static int add_authorization(struct lines *l, const struct target *t, const struct aws_exchange *x,
    int64_t now_s, const struct buf *body)
{
	const char *list[MAX_LINES + 1];
	struct sigv4_header headers[MAX_LINES];
	char names[MAX_LINES][32];
	size_t n = list_lines(l, list);
	const struct sigv4_scope scope = {
	    .region = t->signing_region, .service = t->signing_name, .time_s = now_s};
	const struct sigv4_request rq = {.method = "POST",
	    .path = t->path,
	    .headers = headers,
	    .header_count = n,
	    .body = buf_str(body),
	    .body_len = body->len,
	    .normalize_path = true};

	for (size_t i = 0; i < n; i++) {
		size_t colon = strcspn(list[i], ":");

		snprintf(names[i], sizeof(names[i]), "%.*s", (int)colon, list[i]);
		headers[i] = (struct sigv4_header){names[i], list[i] + colon + 2};
	}
	buf_adds(&l->authorization, "Authorization: ");
	return sigv4_authorization(x->used, &scope, &rq, &l->authorization);
}

/* Whether they can be sent in a header. */
static bool is_line(const struct credentials *c)
{
	const char *token = credentials_session_token_peek(c);

	return !strpbrk(credentials_access_key_id_peek(c), "\r\n") &&
	    !(token && strpbrk(token, "\r\n"));
}

static int write_request(const struct target *t, const struct aws_exchange *x, int64_t now_s,
    const struct buf *body, struct lines *ret, struct ecsfs_error *err)
{
	int r;

	if (x->used && !is_line(x->used))
		return ecsfs_error_set(err, EACCES, NULL,
		    "the access key id or the session token holds a line break: remove it");
	write_lines(ret, t, x, now_s);
	r = x->used ? add_authorization(ret, t, x, now_s, body) : 0;
	if (r == 0 && (buf_failed(&ret->host) || buf_failed(&ret->token)))
		r = -ENOMEM;
	return r < 0
	    ? ecsfs_error_set(err, -r, NULL, "%s: the request cannot be signed", x->rq->action)
	    : 0;
}

/* No answer came: a line cut, a name not found, a time limit. */
static int classify_failure(
    struct aws_exchange *x, const struct http_response *answer, struct ecsfs_error *err)
{
	bool ours = err->err == EINTR || err->err == EFBIG || err->err == EINVAL ||
	    err->err == ENOMEM || err->err == ECANCELED;
	bool begun = (x->rq->flags & AWS_STREAM) && answer->status / 100 == 2;

	x->retry = ours || begun ? RETRY_NEVER : RETRY_TRANSIENT;
	x->in_doubt = answer->sent;
	if (answer->sent)
		snprintf(err->action, sizeof(err->action), "%s", x->rq->action);
	/* EFBIG is for a user's writes; a response that large is not from AWS. */
	if (err->err == EFBIG)
		err->err = EIO;
	return -err->err;
}

static int classify_response(const struct target *t, struct aws_exchange *x,
    struct http_response *answer, struct aws_response *ret, struct ecsfs_error *err)
{
	int r = 0;

	x->retry_after_ms = answer->retry_after_ms;
	x->server_ms = http_date_ms(answer->date);
	if (answer->status / 100 != 2) {
		r = wire_error(x->rq->action, t->url, answer, &x->retry, err);
		x->in_doubt = x->retry == RETRY_TRANSIENT;
		return r;
	}
	if (x->rq->flags & AWS_RAW) {
		ret->raw = answer->body;
		answer->body = BUF_INIT(0);
	} else if (x->rq->flags & AWS_TEXT) {
		r = wire_decode_text(t->service, x->rq->action, &answer->body, &ret->raw, err);
	} else if (!(x->rq->flags & AWS_STREAM)) {
		r = wire_decode(t->service, x->rq->action, &answer->body, &ret->json, err);
	}
	if (r < 0) {
		x->retry = RETRY_TRANSIENT;
		x->in_doubt = true;
		snprintf(err->action, sizeof(err->action), "%s", x->rq->action);
		snprintf(err->request_id, sizeof(err->request_id), "%s", answer->request_id);
		err->http_status = answer->status;
		return r;
	}
	ret->http_status = answer->status;
	snprintf(ret->request_id, sizeof(ret->request_id), "%s", answer->request_id);
	return 0;
}

/* Follows a slow response at once, and forgets it slowly: an eighth a call. */
static void learn_usual(struct aws_context *cx, int64_t ms)
{
	int64_t usual = atomic_load(&cx->usual_ms);

	ms = ms > 0 ? ms : 1;
	atomic_store(&cx->usual_ms, ms > usual ? ms : usual - (usual - ms) / 8);
}

/* Queries of other services (GetMetricData, FilterLogEvents) may take seconds, and some are billed. */
static bool is_quick_read(const struct aws_request *rq)
{
	return !strcmp(rq->service, "ecs") && aws_action_reads(rq->service, rq->action);
}

/*
 * How long the first attempt of a quick read waits, `share` at most: four times what slow ones take. A
 * connection that died in silence costs that; a response that is only late then comes by the second
 * attempt, and later calls wait longer.
 */
static int64_t patience_ms(const struct aws_context *cx, int64_t share)
{
	int64_t usual = atomic_load(&cx->usual_ms) * 4;

	if (!usual)
		return share;
	usual = usual > LEAST_USUAL_MS ? usual : LEAST_USUAL_MS;
	return usual < share ? usual : share;
}

/*
 * A peer that stays silent must not use up the time of all attempts, so a call that only reads
 * leaves most of it for another one.
 */
static int64_t attempt_limit_ms(const struct aws_context *cx, const struct aws_exchange *x)
{
	int64_t left = x->deadline_ms - clock_mono(cx->clock);
	int64_t half = x->timeout_ms / 2, fifth = x->timeout_ms / 5;
	int64_t share = half;

	/* Less for the first attempt, but enough for a slow response. */
	if (x->attempt == 1 && half > LEAST_ATTEMPT_MS) {
		share = fifth > LEAST_ATTEMPT_MS ? fifth : LEAST_ATTEMPT_MS;
		if (is_quick_read(x->rq))
			share = patience_ms(cx, share);
	}
	return aws_action_reads(x->rq->service, x->rq->action) && left > share && share > 0 ? share
											    : left;
}

static int exchange(struct aws_context *cx, const struct target *t, struct aws_exchange *x,
    const struct buf *body, struct aws_response *ret, struct ecsfs_error *err)
{
	struct lines lines = {.host = BUF_INIT(KIB),
	    .token = BUF_INIT(16 * KIB),
	    .authorization = BUF_INIT(64 * KIB)};
	const char *headers[MAX_LINES + 1];
	struct http_request rq = {.method = "POST",
	    .url = t->url,
	    .headers = headers,
	    .body = buf_str(body),
	    .body_len = body->len,
	    .timeout_ms = (int)attempt_limit_ms(cx, x),
	    .stall_ms = x->rq->flags & AWS_STREAM ? STREAM_STALL_MS : 0,
	    .room = x->rq->room,
	    .max_body = x->rq->flags & AWS_RAW ? LIMIT_LOG_RESPONSE : LIMIT_RESPONSE,
	    .ca_bundle = cx->settings->ca_bundle,
	    /* AWS's own endpoints are https; http is used only where it was configured. */
	    .direct_ok_http = true,
	    .once = x->rq->flags & (AWS_ONCE | AWS_FRESH),
	    .sink = x->rq->flags & AWS_STREAM ? x->rq->sink : NULL,
	    .sink_arg = x->rq->sink_arg,
	    .stop = x->rq->stop};
	struct http_response answer;
	int r = write_request(t, x, aws_context_now_ms(cx) / 1000, body, &lines, err);

	if (r == 0 && rq.timeout_ms <= 0)
		r = ecsfs_error_set(err, ETIMEDOUT, NULL,
		    "%s: no time is left for another attempt (-o timeout)", x->rq->action);
	if (r < 0) {
		release_lines(&lines);
		return r;
	}
	list_lines(&lines, headers);
	int64_t began_ms = clock_mono(cx->clock);
	r = http_exchange(cx->http, &rq, &answer, err);
	if (r >= 0 && !rq.sink && is_quick_read(x->rq))
		learn_usual(cx, clock_mono(cx->clock) - began_ms);
	r = r < 0 ? classify_failure(x, &answer, err) : classify_response(t, x, &answer, ret, err);
	if (t->service->secret)
		secret_buf_release(&answer.body);
	http_response_release(&answer);
	release_lines(&lines);
	return r;
}

static int send_call(struct aws_layer *layer, struct aws_exchange *x, struct aws_response *ret,
    struct ecsfs_error *err)
{
	struct aws_context *cx = ((struct send_layer *)layer)->cx;
	struct credentials_provider *provider = cx->settings->provider;
	auto_buf struct buf body = BUF_INIT(4 * LIMIT_DOCUMENT);
	struct target target = {0};
	int r;

	x->retry = RETRY_NEVER;
	x->retry_after_ms = -1;
	x->server_ms = 0;
	x->in_doubt = false;
	credentials_unref(move_ptr(x->used));
	/* Without a provider the call is not signed (AssumeRoleWithWebIdentity). */
	r = provider ? credentials_cached_fetch(provider, x->rq->stop, &x->used, err) : 0;
	if (r == 0)
		r = find_target(cx, x, &target, err);
	if (r == 0)
		r = wire_encode(target.service, x->rq->action, x->rq->body, &body, err);
	if (r == 0)
		r = exchange(cx, &target, x, &body, ret, err);
	release_target(&target);
	if (r < 0)
		err->lost_answer = x->in_doubt && !aws_action_reads(x->rq->service, x->rq->action);
	return r;
}

struct aws_layer *send_layer_new(struct aws_context *cx)
{
	struct send_layer *l = aws_layer_new(sizeof(*l), send_call);

	if (!l)
		return NULL;
	l->cx = cx;
	return &l->layer;
}
