/*
 * Can the endpoint of each service be reached? One unsigned GET to each, all at once: any response
 * shows that name, route, proxy and TLS work, and carries AWS's time.
 */
#include "fs/cli/doctor/doctor_network.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "backend/config/endpoint.h"
#include "backend/config/settings.h"
#include "backend/http/http.h"
#include "backend/http/http_url.h"
#include "backend/service.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_ENDPOINTS = 16, ENDPOINT_TIMEOUT_MS = 8000 };

/* AWS refuses signatures that are 300 s off; ecsfs corrects its own from 240 s on (retry.c). */
enum { SKEW_WARN_S = 10, SKEW_FAIL_S = 240 };

struct endpoint {
	pthread_t thread;
	const struct doctor_region *d;
	struct http *http;
	const char *service, *meaning; /* borrowed */
	char *url;
	bool started, answered;
	int64_t took_ms;
	int64_t skew_ms; /* AWS's clock less ours */
	bool has_date;
	struct ecsfs_error err;
};

static void ask(struct endpoint *e)
{
	const struct aws_settings *s = aws_client_settings_peek(e->d->client);
	const struct http_request rq = {.method = "GET",
	    .url = e->url,
	    .timeout_ms = ENDPOINT_TIMEOUT_MS,
	    .max_body = MIB,
	    .ca_bundle = s->ca_bundle,
	    .direct_ok_http = true};
	struct http_response response;
	int64_t began = clock_mono(s->clock);
	int rc = http_exchange(e->http, &rq, &response, &e->err);
	int64_t date_ms = http_date_ms(response.date);

	e->took_ms = clock_mono(s->clock) - began;
	e->answered = rc == 0;
	e->has_date = rc == 0 && date_ms;
	/* The header has whole seconds, of a moment within the exchange. */
	e->skew_ms = date_ms + 500 - (clock_wall(s->clock) - e->took_ms / 2);
	http_response_release(&response);
}

static void *run(void *arg)
{
	ask(arg);
	return NULL;
}

static void start(struct endpoint *e)
{
	int rc = aws_endpoint(aws_client_settings_peek(e->d->client), e->service, e->d->region,
	    &e->url, NULL, NULL, &e->err);

	if (rc < 0)
		return;
	e->started = pthread_create(&e->thread, NULL, run, e) == 0;
	if (!e->started)
		ask(e);
}

static const char *remedy_of(const struct endpoint *e)
{
	switch (e->err.err) {
	case EHOSTUNREACH:
		return "look at the region's name, DNS, the proxy; without internet the VPC needs "
		       "an interface endpoint of this service";
	case ETIMEDOUT:
		return "look at firewall, proxy (HTTPS_PROXY), and the VPC's interface endpoint";
	case ECONNREFUSED:
		return "look at the endpoint's port and the proxy";
	case EPROTO:
		return "name the certificates that sign this server in AWS_CA_BUNDLE (or ca_bundle "
		       "of the profile)";
	default:
		return "look at endpoint_url and the proxy";
	}
}

static void tell(struct report *r, const struct endpoint *e)
{
	char check[64];
	bool tls = e->url && strncasecmp(e->url, "https:", 6) == 0;

	snprintf(check, sizeof(check), "endpoint %s", e->service);
	if (!e->answered)
		report_add(r, REPORT_FAIL, check, remedy_of(e), "needed for %s: %s", e->meaning,
		    e->err.message);
	else if (tls || http_is_loopback(e->url))
		report_add(r, REPORT_OK, check, NULL, "%s answers in %lld ms%s", e->url,
		    (long long)e->took_ms, tls ? ", its certificate is trusted" : "");
	else
		report_add(r, REPORT_WARN, check, "use an endpoint with https",
		    "%s answers, but anyone on the way can read and change what is sent", e->url);
}

/* The first response with a time: all of AWS's clocks are right. */
static void tell_clock(struct report *r, const struct endpoint *all, size_t n)
{
	static const char remedy[] = "timedatectl set-ntp true (or set the clock)";
	const struct endpoint *e = all;

	while (e < all + n && !e->has_date)
		e++;
	if (e == all + n) {
		report_add(r, REPORT_SKIP, "clock", NULL, "no endpoint has said what time it is");
		return;
	}
	long long ahead_s = -e->skew_ms / 1000, off = ahead_s < 0 ? -ahead_s : ahead_s;
	const char *side = ahead_s < 0 ? "behind" : "ahead of";
	if (off < SKEW_WARN_S)
		report_add(r, REPORT_OK, "clock", NULL, "within %d seconds of AWS's", SKEW_WARN_S);
	else if (off < SKEW_FAIL_S)
		report_add(r, REPORT_WARN, "clock", remedy,
		    "%lld seconds %s AWS's: signatures are refused from 300 on", off, side);
	else
		report_add(r, REPORT_FAIL, "clock", remedy,
		    "%lld seconds %s AWS's: AWS refuses the signatures of programs that do not "
		    "correct it, as ecsfs does, and the expiry of credentials is misjudged",
		    off, side);
}

/* "https://user:secret@host" without user and secret. */
static const char *without_secret(const char *url)
{
	const char *at = strrchr(url, '@');

	return at ? at + 1 : url;
}

static void tell_proxy(struct report *r)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	const char *no = getenv("no_proxy") ? getenv("no_proxy") : getenv("NO_PROXY");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *url = getenv(names[i]);

		if (!url || !*url)
			continue;
		report_add(r, REPORT_OK, "proxy", NULL, "%s (%s)%s%s", without_secret(url),
		    names[i], no ? ", not for " : "", no ? no : "");
		return;
	}
	report_add(r, REPORT_OK, "proxy", NULL, "none is set");
}

/* Each service once, in the order of the table, with the files of its first call. */
static size_t list_endpoints(const struct doctor_region *d, struct http *http, struct endpoint *ret)
{
	size_t n = 0, k;

	ret[n++] = (struct endpoint){
	    .d = d, .http = http, .service = "sts", .meaning = "the account's number, and roles"};
	for (size_t i = 0; permission_at(i); i++) {
		const struct permission *p = permission_at(i);
		const char *service = permission_endpoint(p);

		if (!service || (p->writes && d->read_only))
			continue;
		for (k = 0; k < n && strcmp(ret[k].service, service) != 0; k++)
			;
		if (k == n && n < MOST_ENDPOINTS)
			ret[n++] = (struct endpoint){
			    .d = d, .http = http, .service = service, .meaning = p->why};
	}
	return n;
}

void doctor_network(struct report *r, struct doctor_region *d)
{
	struct endpoint all[MOST_ENDPOINTS];
	struct http *http = http_new();
	size_t n = http ? list_endpoints(d, http, all) : 0;

	tell_proxy(r);
	for (size_t i = 0; i < n; i++)
		start(&all[i]);
	for (size_t i = 0; i < n; i++) {
		if (all[i].started)
			pthread_join(all[i].thread, NULL);
		tell(r, &all[i]);
		if (!all[i].answered)
			json_object_set_new(d->unreachable, all[i].service, json_true());
	}
	tell_clock(r, all, n);
	for (size_t i = 0; i < n; i++)
		free(all[i].url);
	http_free(http);
}
