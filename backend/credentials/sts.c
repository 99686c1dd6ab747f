/*
 * How is a role assumed? By a client of its own: send and retry layers over a copy of the settings.
 */
#include "backend/credentials/sts.h"
#include "backend/credentials/answer.h"

#include "backend/base/cleanup.h"
#include "backend/retry.h"
#include "backend/send.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 20000 };

struct sts {
	struct aws_settings settings; /* a copy whose members are borrowed, but for the provider */
	struct aws_context cx;
	struct aws_layer *top;
};

struct sts *sts_new(struct provider_env *env, struct credentials_provider *source)
{
	struct sts *s = calloc(1, sizeof(*s));

	if (!s) {
		credentials_provider_free(source);
		return NULL;
	}
	s->settings = *env->settings;
	s->settings.provider = source;
	s->settings.chain = NULL;
	s->settings.endpoint_url = NULL;
	s->cx.settings = &s->settings;
	s->cx.clock = env->settings->clock;
	s->cx.http = env->http;
	s->cx.pause = env->pause;
	s->top = retry_layer_new(&s->cx, send_layer_new(&s->cx));
	if (s->top)
		return s;
	sts_free(s);
	return NULL;
}

void sts_free(struct sts *s)
{
	if (!s)
		return;
	aws_layer_free(s->top);
	credentials_provider_free(s->settings.provider);
	free(s);
}

struct credentials_provider *sts_source_peek(const struct sts *s)
{
	return s->settings.provider;
}

/* "arn:aws:sts::ACCOUNT:assumed-role/...": a new string, NULL where there is none. */
static char *account_of(const json_t *answer)
{
	const json_t *user = json_object_get(answer, "AssumedRoleUser");
	const char *arn = json_string_value(json_object_get(user, "Arn"));

	for (int colons = 0; arn && colons < 4; colons++) {
		arn = strchr(arn, ':');
		arn = arn ? arn + 1 : NULL;
	}
	return arn ? strndup(arn, strcspn(arn, ":")) : NULL;
}

int sts_assume(struct sts *s, const char *action, const json_t *request, struct credentials **ret,
    struct ecsfs_error *err)
{
	const struct aws_request rq = {
	    .service = "sts", .action = action, .body = request, .timeout_ms = TIMEOUT_MS};
	struct aws_exchange x = {.rq = &rq,
	    .region = s->settings.region,
	    .timeout_ms = TIMEOUT_MS,
	    .deadline_ms = clock_mono(s->cx.clock) + TIMEOUT_MS};
	struct aws_response answer = {0};
	struct ecsfs_error own = {0};
	auto_free char *account = NULL;
	int r = s->top->call(s->top, &x, &answer, &own);

	credentials_unref(x.used);
	if (!r) {
		account = account_of(answer.json);
		r = provider_credentials(json_object_get(answer.json, "Credentials"), &names_sts,
		    action, account, ret, &own);
	}
	secret_json_free(answer.json);
	if (r && err)
		*err = own;
	return r;
}
