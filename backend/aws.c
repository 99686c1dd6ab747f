/*
 * How are the layers of a client stacked, and how does a call enter them? build() says the order;
 * aws_call() and aws_request() fill an exchange and pass it to the top layer.
 */
#include "backend/aws.h"

#include "backend/base/cleanup.h"
#include "backend/base/pause.h"
#include "backend/config/endpoint.h"
#include "backend/config/settings.h"
#include "backend/credentials/credentials.h"
#include "backend/layer.h"
#include "backend/limiter.h"
#include "backend/retry.h"
#include "backend/send.h"

#include <errno.h>
#include <string.h>

enum { DEFAULT_TIMEOUT_MS = 30000 };

struct aws_client {
	struct aws_context cx;
	struct aws_layer *top;
	struct cancel_pause pause;
};

/* The rates we know are those of AWS's own endpoints. */
static bool rates_are_known(const struct aws_settings *s)
{
	auto_free char *url = NULL;

	if (s->rates != AWS_RATES_AUTO)
		return s->rates == AWS_RATES_KNOWN;
	if (aws_endpoint(s, "ecs", s->region, &url, NULL, NULL, NULL) < 0)
		return true;
	return !strncmp(url, "https://ecs", 11) || strstr(url, ".amazonaws.com") != NULL;
}

/* The stack, from the inside to the outside. */
static struct aws_layer *build(struct aws_context *cx)
{
	struct limiter *limiter = limiter_new(cx->clock, rates_are_known(cx->settings));
	struct aws_layer *l;

	if (!limiter)
		return NULL;
	l = send_layer_new(cx);
	l = trace_layer_new(l);
	l = limiter_layer_new(cx, limiter, l);
	l = retry_layer_new(cx, l);
	return meter_layer_new(cx->settings->metrics, l);
}

struct aws_client *aws_client_new(struct aws_settings *settings)
{
	struct aws_client *c = calloc(1, sizeof(*c));

	if (!c) {
		aws_settings_free(settings);
		return NULL;
	}
	c->cx.settings = settings;
	c->cx.clock = settings->clock ? settings->clock : &clock_system;
	c->cx.http = http_new();
	cancel_pause_init(&c->pause);
	c->cx.pause = &c->pause.pause;
	c->top = c->cx.http ? build(&c->cx) : NULL;
	if (!c->top) {
		aws_client_free(c);
		errno = ENOMEM;
		return NULL;
	}
	return c;
}

void aws_client_free(struct aws_client *c)
{
	if (!c)
		return;
	aws_layer_free(c->top);
	http_free(c->cx.http);
	aws_settings_free(c->cx.settings);
	cancel_pause_release(&c->pause);
	free(c);
}

void aws_client_cancel(struct aws_client *c)
{
	cancel_pause_cancel(&c->pause);
	credentials_provider_cancel(c->cx.settings->provider);
	http_cancel(c->cx.http);
}

void aws_client_trim(struct aws_client *c)
{
	http_trim(c->cx.http);
}

const char *aws_client_region_peek(const struct aws_client *c)
{
	return c->cx.settings->region;
}

const struct aws_settings *aws_client_settings_peek(const struct aws_client *c)
{
	return c->cx.settings;
}

const struct clock *aws_client_clock_peek(const struct aws_client *c)
{
	return c->cx.clock;
}

int64_t aws_client_now_ms(const struct aws_client *c)
{
	return aws_context_now_ms(&c->cx);
}

int aws_request(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err)
{
	struct ecsfs_error own = {0};
	struct aws_exchange x = {.rq = rq,
	    .region = rq->region ? rq->region : c->cx.settings->region,
	    .timeout_ms = rq->timeout_ms > 0 ? rq->timeout_ms : DEFAULT_TIMEOUT_MS,
	    .attempt = 1};
	int r;

	*ret = (struct aws_response){0};
	x.deadline_ms = clock_mono(c->cx.clock) + x.timeout_ms;
	r = c->top->call(c->top, &x, ret, &own);
	credentials_unref(x.used);
	if (r < 0 && err)
		*err = own;
	return r;
}

int aws_call(struct aws_client *c, const char *region, const char *service, const char *action,
    const json_t *request, json_t **ret, struct ecsfs_error *err)
{
	const struct aws_request rq = {
	    .region = region, .service = service, .action = action, .body = request};
	struct aws_response response;
	int r = aws_request(c, &rq, &response, err);

	if (r < 0)
		return r;
	if (ret)
		*ret = move_ptr(response.json);
	aws_response_release(&response);
	return 0;
}
