/*
 * Which calls are allowed? Every row of the table of permissions is tried, in its order. A response
 * other than a refusal of access shows that the call is allowed, for the resource it named: a
 * policy may allow it for some resources only, so probes name existing resources where a response
 * has named one. The rest is reported as unknown.
 */
#include "fs/cli/doctor/doctor_calls.h"

#include "backend/base/cleanup.h"
#include "backend/error.h"
#include "fs/cli/doctor/doctor_names.h"

#include <errno.h>
#include <string.h>

static const char *remedy_of(const struct permission *p)
{
	return p->writes
	    ? "allow it (ecsfs policy --read-write prints a policy), or mount with -o ro"
	    : "allow it (ecsfs policy --read-only prints a policy)";
}

/* AWS's codes for "you may not", not for "I do not know you". */
static bool is_denied(const char *code)
{
	static const char *const codes[] = {
	    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strcmp(codes[i], code) == 0)
			return true;
	return false;
}

/* A refusal of the request's content: AWS examined it, so the caller was allowed. */
static bool is_about_request(const struct permission *p, const struct ecsfs_error *err)
{
	static const char *const unknown_calls[] = {"SerializationException",
	    "UnknownOperationException", "InvalidAction", "UnsupportedFeatureException"};
	enum retry_class retry = aws_rule_for(p->action, err->code, err->http_status)->retry;

	for (size_t i = 0; i < ARRAY_SIZE(unknown_calls); i++)
		if (strcmp(unknown_calls[i], err->code) == 0)
			return false;
	return err->http_status / 100 == 4 && err->code[0] && err->err != EACCES &&
	    (retry == RETRY_NEVER || retry == RETRY_QUOTA);
}

static void tell_refusal(
    struct report *r, const struct permission *p, const char *check, const struct ecsfs_error *err)
{
	if (is_denied(err->code))
		report_add(
		    r, REPORT_FAIL, check, remedy_of(p), "%s: denied (%s)", p->why, err->message);
	else if (is_about_request(p, err))
		report_add(r, REPORT_OK, check, NULL, "%s: not denied (%s)", p->why, err->code);
	else if (err->err == EACCES)
		report_add(r, REPORT_FAIL, check, "see the line about the identity", "%s: %s: %s",
		    p->why, err->code, err->message);
	else
		report_add(r, REPORT_SKIP, check, NULL, "%s: unknown: %s%s%s", p->why, err->code,
		    err->code[0] ? ": " : "", err->message);
}

/* A changing call for a name that does not exist, and succeeds: an emulator's mistake. */
static bool did_something(const struct permission *p, const json_t *response)
{
	return p->writes && json_array_size(json_object_get(response, "failures")) == 0;
}

static void tell_success(struct report *r, const struct permission *p, const char *check,
    const json_t *response, const json_t *request)
{
	if (!did_something(p, response)) {
		report_add(r, REPORT_OK, check, NULL, "%s", p->why);
		return;
	}
	auto_free char *sent = json_dumps(request, JSON_COMPACT);
	report_add(r, REPORT_WARN, check, "look whether anything was made",
	    "%s: allowed, and not refused although nothing exists by the name in %s", p->why,
	    sent ? sent : "it");
}

static void probe(struct report *r, const struct doctor_region *d, const struct permission *p,
    const char *check, json_t *names)
{
	json_auto_t *request = doctor_names_fill(names, p->probe);
	struct aws_response response = {0};
	struct ecsfs_error err = {0};
	const struct aws_request rq = {.region = d->region,
	    .service = permission_endpoint(p),
	    .action = p->action,
	    .body = request,
	    .flags = p->writes ? AWS_ONCE : 0,
	    .timeout_ms = d->timeout_ms};

	if (aws_request(d->client, &rq, &response, &err) == 0) {
		if (p->learns)
			doctor_names_learn(names, p->learns, response.json, p->from);
		tell_success(r, p, check, response.json, request);
	} else {
		tell_refusal(r, p, check, &err);
	}
	aws_response_release(&response);
}

static void one(
    struct report *r, const struct doctor_region *d, const struct permission *p, json_t *names)
{
	char check[96];

	snprintf(check, sizeof(check), "%s:%s", p->service, p->action);
	if (p->writes && d->read_only)
		return;
	if (!p->probe)
		report_add(r, REPORT_SKIP, check, NULL, "%s: not probed, %s", p->why, p->unprobed);
	else if (json_object_get(d->unreachable, permission_endpoint(p)))
		report_add(r, REPORT_SKIP, check, NULL,
		    "%s: not probed, the endpoint does not answer", p->why);
	else
		probe(r, d, p, check, names);
}

/* The parts of "arn:PARTITION:sts::ACCOUNT:...". */
static json_t *names_of(const struct doctor_region *d, const json_t *identity)
{
	const char *arn = json_string_value(json_object_get(identity, "Arn"));
	const char *account = json_string_value(json_object_get(identity, "Account"));
	char partition[32] = "aws";

	if (arn)
		sscanf(arn, "arn:%31[a-z-]:", partition);
	return doctor_names_new(
	    partition, d->region, account ? account : "000000000000", d->cluster);
}

void doctor_calls(struct report *r, const struct doctor_region *d, const json_t *identity)
{
	json_auto_t *names = names_of(d, identity);

	for (size_t i = 0; names && permission_at(i); i++)
		one(r, d, permission_at(i), names);
}
