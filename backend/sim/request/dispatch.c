/*
 * How does a request become a response? Service and action are found, then signature, faults,
 * throttle and model are checked, then the action runs.
 */
#include "backend/sim/request/dispatch.h"

#include "backend/sim/admin.h"
#include "backend/sim/doc.h"
#include "backend/sim/request/auth.h"
#include "backend/sim/request/faults.h"
#include "backend/sim/request/model.h"
#include "backend/sim/request/query.h"
#include "backend/sim/request/throttle.h"
#include "backend/sim/server.h"
#include "backend/sim/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_TYPE "application/x-amz-json-1.1"

#define TABLES(...) ((const struct sim_action *const[]){__VA_ARGS__, NULL})

/* Services that speak JSON are known by X-Amz-Target's prefix, the others by a form's Version. */
static const struct protocol {
	const char *target;
	const char *service;			/* service name in the signature's scope */
	const struct sim_action *const *tables; /* NULL-ended */
	const char *namespace;			/* of its XML; NULL: JSON */
	bool ec2;
} protocols[] = {
    {"AmazonEC2ContainerServiceV20141113.", "ecs", sim_ecs_tables, NULL, false},
    {"Logs_20140328.", "logs",
	TABLES(sim_logs_actions, sim_logs_page_actions, sim_logs_tail_actions), NULL, false},
    {"AmazonEC2ContainerRegistry_V20150921.", "ecr", TABLES(sim_ecr_actions), NULL, false},
    {"AmazonSSM.", "ssm", TABLES(sim_ssm_actions), NULL, false},
    {"TrentService.", "kms", TABLES(sim_kms_actions), NULL, false},
    {"AnyScaleFrontendService.", "application-autoscaling", TABLES(sim_scaling_actions), NULL,
	false},
    {"2011-06-15", "sts", TABLES(sim_sts_actions), "https://sts.amazonaws.com/doc/2011-06-15/",
	false},
    {"2015-12-01", "elasticloadbalancing", TABLES(sim_balancing_actions),
	"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/", false},
    {"2010-08-01", "monitoring", TABLES(sim_metrics_actions),
	"http://monitoring.amazonaws.com/doc/2010-08-01/", false},
    {"2016-11-15", "ec2", TABLES(sim_network_actions), "http://ec2.amazonaws.com/doc/2016-11-15/",
	true},
};

static void put_body(struct sim_reply *ret, int status, const char *type, char *body, size_t len)
{
	ret->status = status;
	ret->type = type;
	ret->body = body;
	ret->len = len;
}

/* The query protocols have other names for some codes. */
static const char *query_code(const char *code)
{
	static const char *const names[][2] = {
	    {"UnrecognizedClientException", "InvalidClientTokenId"},
	    {"InvalidSignatureException", "SignatureDoesNotMatch"},
	    {"MissingAuthenticationTokenException", "MissingAuthenticationToken"},
	    {"IncompleteSignatureException", "IncompleteSignature"},
	    {"ThrottlingException", "Throttling"}, {"ExpiredTokenException", "ExpiredToken"},
	    {"AccessDeniedException", "AccessDenied"},
	    {"UnknownOperationException", "InvalidAction"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i][0], code) == 0)
			return names[i][1];
	}
	return code;
}

static void put_xml_error(struct sim_reply *ret, const struct sim_call *c, bool ec2)
{
	const char *code = query_code(c->code);
	/* The query protocols refuse signatures with status 403. */
	int status = c->status == 400 && code != c->code ? 403 : c->status;
	char *text =
	    query_error(ec2 && !strcmp(code, "AccessDenied") ? "UnauthorizedOperation" : code,
		c->message, ec2, c->request_id);

	put_body(ret, status, "text/xml", text, strlen(text));
}

static void put_error(struct sim_reply *ret, const struct sim_call *c)
{
	json_t *o;
	char *text;

	if (c->protocol && c->protocol->namespace) {
		put_xml_error(ret, c, c->protocol->ec2);
		return;
	}
	o = json_object();
	doc_put_str(o, "__type", c->code);
	doc_put_str(o, "message", c->message);
	text = json_dumps(o, JSON_COMPACT);
	put_body(ret, c->status, JSON_TYPE, text, text ? strlen(text) : 0);
	json_decref(o);
}

/* The service of X-Amz-Target, or of a form's Version; NULL: unknown. */
static const struct protocol *protocol_of(const char *target)
{
	for (size_t i = 0; target && i < sizeof(protocols) / sizeof(*protocols); i++) {
		size_t len = strlen(protocols[i].target);

		if (strncmp(target, protocols[i].target, len) == 0)
			return &protocols[i];
	}
	return NULL;
}

/* Applies a fault. -1: the reply is complete; 0: the action runs. */
static int apply_fault(
    struct sim *s, const struct fault *f, struct sim_call *c, struct sim_reply *ret)
{
	static const char html[] = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n"
				   "<center><h1>502 Bad Gateway</h1></center>\n</body>\n</html>\n";
	static const char garbage[] = "{\"services\":[{\"serviceName\":\x01\xff}}]";

	sim_wait(s, f->wait_ms + atomic_load(&s->latency_ms));
	ret->fault = f->kind;
	switch (f->kind) {
	case FAULT_ERROR:
		sim_fail(c, f->status, f->code, "%s",
		    strcmp(f->code, "ThrottlingException") == 0
			? "Rate exceeded"
			: "A fault of the simulated region.");
		put_error(ret, c);
		return -1;
	case FAULT_RESET:
		return -1;
	case FAULT_GARBAGE:
		put_body(ret, 200, JSON_TYPE, sim_strdup(garbage), sizeof(garbage) - 1);
		return -1;
	case FAULT_HTML:
		put_body(ret, 502, "text/html", sim_strdup(html), sizeof(html) - 1);
		return -1;
	case FAULT_EMPTY:
		put_body(ret, 200, JSON_TYPE, sim_strdup(""), 0);
		return -1;
	default:
		return 0;
	}
}

static void run_action(struct sim *s, const struct sim_action *action, struct sim_call *c)
{
	/* A form's scalars are strings: the action itself looks at them. */
	if (!c->protocol->namespace && model_check(c, s->strict) < 0)
		return;
	sim_region_lock(c->region);
	if (action->run(c) < 0 && !c->status)
		sim_fail(c, 500, "ServerException", "Service Unavailable. Please try again later.");
	sim_region_unlock(c->region);
}

static void put_answer(struct sim_reply *ret, struct sim_call *c)
{
	char *text;

	if (c->status) {
		free(c->text);
		put_error(ret, c);
		return;
	}
	if (c->stream) {
		ret->stream = c->stream;
		ret->stream_free = c->stream_free;
		ret->stream_arg = c->stream_arg;
		put_body(ret, 200, "application/vnd.amazon.eventstream", NULL, 0);
		return;
	}
	if (c->text) {
		put_body(ret, 200, JSON_TYPE, c->text, c->text_len);
		return;
	}
	if (c->protocol->namespace) {
		text = query_encode(
		    c->action, c->protocol->namespace, c->out, c->protocol->ec2, c->request_id);
		put_body(ret, 200, "text/xml", text, strlen(text));
		return;
	}
	text = json_dumps(c->out, JSON_COMPACT | JSON_REAL_PRECISION(13));
	put_body(ret, 200, JSON_TYPE, text, text ? strlen(text) : 0);
}

/* The body as an object, new; NULL failed the call. Empty is {}, as AWS takes it. */
static json_t *parse_body(const struct sim_request *rq, struct sim_call *c)
{
	json_t *in;

	if (rq->too_large) {
		sim_fail(c, 413, "RequestEntityTooLargeException", "The request is too large.");
		return NULL;
	}
	if (!rq->body.len)
		return json_object();
	if (c->protocol->namespace)
		return query_decode(rq->body.data, rq->body.len);
	in = json_loadb(rq->body.data, rq->body.len, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(in)) {
		json_decref(in);
		sim_fail(c, 400, "SerializationException",
		    "Start of structure or map found where not expected.");
		return NULL;
	}
	return in;
}

static void run(struct sim *s, const struct sim_request *rq, const struct sim_action *action,
    struct sim_call *c, struct sim_reply *ret)
{
	struct fault f = faults_draw(s, action->name);
	json_t *in;

	if (apply_fault(s, &f, c, ret) < 0)
		return;
	c->now_ms = clock_wall(&clock_system);
	if (!throttle_take(s, c->region_name, action->name, c->now_ms)) {
		sim_fail(c, 400, "ThrottlingException", "Rate exceeded");
		put_error(ret, c);
		return;
	}
	in = parse_body(rq, c);
	c->in = in;
	c->out = json_object();
	if (in)
		run_action(s, action, c);
	put_answer(ret, c); /* what `out` shares with the state is never changed */
	sim_region_lock(c->region);
	json_decref(c->out);
	sim_region_unlock(c->region);
	json_decref(in);
}

static struct sim_call call_of(struct sim *s, const char *action)
{
	return (struct sim_call){
	    .sim = s, .account = s->account, .action = action, .now_ms = clock_wall(&clock_system)};
}

/* The names of a request's service and action, in strings of its own. */
static void read_names(const struct sim_request *rq, char target[128], char action[128])
{
	bool form = !rq->target && rq->content_type &&
	    strncmp(rq->content_type, "application/x-www-form-urlencoded", 33) == 0;
	json_t *members = form ? query_decode(rq->body.data, rq->body.len) : NULL;
	const char *version = doc_str(members, "Version"), *name = doc_str(members, "Action");
	const char *dot = rq->target ? strrchr(rq->target, '.') : NULL;

	snprintf(target, 128, "%s", form ? (version ? version : "") : rq->target ? rq->target : "");
	snprintf(action, 128, "%s", form ? (name ? name : "") : dot ? dot + 1 : "");
	json_decref(members);
}

void sim_dispatch(struct sim *s, struct sim_request *rq, struct sim_reply *ret)
{
	char target[128], name[128], region[40] = "", principal[64];
	const struct protocol *protocol;
	const struct sim_action *action;
	struct sim_call c;
	uint64_t number;
	int denied;

	read_names(rq, target, name);
	protocol = protocol_of(target);
	action = sim_action_find(protocol ? protocol->tables : NULL, name);
	c = call_of(s, action ? action->name : "UnknownOperation");
	c.protocol = protocol;
	c.request_id = rq->id;
	if (action)
		denied = sim_auth(s, rq, protocol->service, &c, region);
	else
		denied =
		    sim_fail(&c, 400, "UnknownOperationException", "The operation is not known.");
	number = admin_record(s, region, action ? protocol->service : NULL, c.action, rq, c.now_ms);
	snprintf(principal, sizeof(principal), "arn:aws:iam::%s:user/demo", s->account);
	c.principal = principal;
	c.region_name = region;
	c.region = denied < 0 ? NULL : sim_region_get(s, region);
	if (denied == 0 && !c.region)
		denied =
		    sim_fail(&c, 400, "UnrecognizedClientException", "The region is not enabled.");
	if (denied < 0 || !action)
		put_error(ret, &c);
	else
		run(s, rq, action, &c, ret);
	admin_status(s, number, ret->status);
}
