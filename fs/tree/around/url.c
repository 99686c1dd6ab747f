/*
 * Which rules lead to a service? Those of the listeners of its target groups' load balancers whose
 * actions forward to one of its groups.
 */
#include "fs/tree/around/url.h"

#include "backend/base/cleanup.h"
#include "fs/columns.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/around/balancer.h"

#include <ctype.h>
#include <string.h>

/* The lines. */

/* The values of a rule's condition; NULL: it lacks the condition. AWS repeats them in `Values` only
 * where the request named them there. */
static const json_t *values_of(const json_t *rule, const char *field, const char *config)
{
	const json_t *condition =
	    doc_find_peek(json_object_get(rule, "Conditions"), "Field", field);
	const json_t *values = json_object_get(condition, "Values");

	if (json_array_size(values))
		return values;
	return json_object_get(json_object_get(condition, config), "Values");
}

static void add_values(const json_t *values, struct buf *out)
{
	const json_t *value;
	size_t i;

	json_array_foreach (values, i, value)
		buf_addf(out, "%s%s", i ? "," : "",
		    json_is_string(value) ? json_string_value(value) : "");
}

/* "http-header,source-ip": conditions that an address cannot express. */
static void add_other_conditions(const json_t *rule, struct buf *out)
{
	const json_t *condition;
	size_t i;

	json_array_foreach (json_object_get(rule, "Conditions"), i, condition) {
		const char *field = doc_string_peek(condition, "Field");

		if (strcmp(field, "path-pattern") != 0 && strcmp(field, "host-header") != 0)
			buf_addf(out, "%s%s", out->len ? "," : "", field);
	}
}

/* "https://NAME:443/PATH"; for a protocol without paths "tcp://NAME:80". */
static void add_address(
    const json_t *balancer, const json_t *listener, const json_t *rule, struct buf *out)
{
	const char *protocol = doc_string_peek(listener, "Protocol");
	const json_t *paths = values_of(rule, "path-pattern", "PathPatternConfig");
	bool web = strncmp(protocol, "HTTP", 4) == 0;

	for (; *protocol; protocol++)
		buf_addc(out, (char)tolower((unsigned char)*protocol));
	buf_addf(out, "://%s:%s", doc_string_peek(balancer, "DNSName"),
	    doc_string_peek(listener, "Port"));
	if (json_array_size(paths))
		add_values(paths, out);
	else if (web)
		buf_addc(out, '/');
}

void url_add_line(json_t *lines, const json_t *balancer, const json_t *listener, const json_t *rule)
{
	auto_buf struct buf url = BUF_INIT(64 * 1024), hosts = BUF_INIT(64 * 1024),
			    others = BUF_INIT(64 * 1024);

	/* Listeners of Gateway Load Balancers have neither, and have no address. */
	if (!*doc_string_peek(balancer, "DNSName") || !*doc_string_peek(listener, "Protocol"))
		return;
	add_address(balancer, listener, rule, &url);
	add_values(values_of(rule, "host-header", "HostHeaderConfig"), &hosts);
	add_other_conditions(rule, &others);
	if (others.len)
		columns_line(lines, buf_str(&url), buf_str(&hosts), buf_str(&others));
	else if (hosts.len)
		columns_line(lines, buf_str(&url), buf_str(&hosts));
	else
		columns_line(lines, buf_str(&url));
}

/* Which rules. */

struct urls {
	struct ask *q;
	const struct place *p;
	const json_t *groups; /* the service's, ARNs */
	const json_t *balancer;
	json_t *lines;
};

static bool is_ours(const json_t *groups, const char *arn)
{
	const json_t *one;
	size_t i;

	json_array_foreach (groups, i, one)
		if (!strcmp(json_string_value(one), arn))
			return true;
	return false;
}

/*
 * Whether an action forwards to one of the groups. AWS repeats a single group beside ForwardConfig,
 * which alone has the weights; a group of weight 0 gets no requests (a number is text in answers of the
 * Query protocol).
 */
static bool forwards_here(const json_t *ours, const json_t *action)
{
	const json_t *groups =
	    json_object_get(json_object_get(action, "ForwardConfig"), "TargetGroups");
	const json_t *group;
	size_t i;

	if (!json_array_size(groups))
		return is_ours(ours, doc_string_peek(action, "TargetGroupArn"));
	json_array_foreach (groups, i, group)
		if (is_ours(ours, doc_string_peek(group, "TargetGroupArn")) &&
		    strcmp(doc_string_peek(group, "Weight"), "0") != 0)
			return true;
	return false;
}

bool url_leads_to(const json_t *groups, const json_t *actions)
{
	const json_t *action;
	size_t i;

	json_array_foreach (actions, i, action)
		if (forwards_here(groups, action))
			return true;
	return false;
}

/* The rules of an Application Load Balancer; the others have default actions alone. */
static int add_listener(struct urls *u, const json_t *listener, struct ecsfs_error *err)
{
	const struct key k = {.kind = KIND_RULES, .a = doc_string_peek(listener, "ListenerArn")};
	auto_answer struct answer a = {0};
	const json_t *rule;
	size_t i;
	int e;

	if (strcmp(doc_string_peek(u->balancer, "Type"), "application") != 0) {
		if (url_leads_to(u->groups, json_object_get(listener, "DefaultActions")))
			url_add_line(u->lines, u->balancer, listener, NULL);
		return 0;
	}
	e = ask(u->q, u->p->region, &k, &a, err);
	if (e)
		return e;
	json_array_foreach (a.value, i, rule)
		if (url_leads_to(u->groups, json_object_get(rule, "Actions")))
			url_add_line(u->lines, u->balancer, listener, rule);
	return 0;
}

static int add_balancer(struct urls *u, const char *arn, struct ecsfs_error *err)
{
	const struct key all = {.kind = KIND_LOAD_BALANCERS};
	const struct key k = {.kind = KIND_LISTENERS, .a = arn};
	auto_answer struct answer balancers = {0}, listeners = {0};
	const json_t *listener;
	size_t i;
	int e = ask(u->q, u->p->region, &all, &balancers, err);

	if (!e)
		e = ask(u->q, u->p->region, &k, &listeners, err);
	if (e)
		return e;
	u->balancer = json_object_get(balancers.value, arn);
	json_array_foreach (listeners.value, i, listener)
		if (!e)
			e = add_listener(u, listener, err);
	return e;
}

/* The load balancers of the service's target groups, each once: new. */
static int balancers_of(struct urls *u, json_t **ret, struct ecsfs_error *err)
{
	const struct key k = {.kind = KIND_TARGET_GROUPS};
	auto_answer struct answer a = {0};
	const json_t *group, *arn;
	size_t i, j;
	int e = ask(u->q, u->p->region, &k, &a, err);

	if (e)
		return e;
	*ret = json_array();
	json_array_foreach (u->groups, i, group) {
		const json_t *doc = json_object_get(a.value, json_string_value(group));

		json_array_foreach (json_object_get(doc, "LoadBalancerArns"), j, arn)
			doc_add_once(*ret, json_is_string(arn) ? json_string_value(arn) : "");
	}
	return 0;
}

int render_url(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err)
{
	json_auto_t *groups = NULL, *balancers = NULL, *lines = json_array();
	struct urls u = {.q = q, .p = p, .lines = lines};
	const json_t *arn;
	size_t i;
	int e = balancer_ask_groups(q, p, &groups, err);

	(void)row;
	if (e || json_array_size(groups) == 0)
		return e;
	u.groups = groups;
	e = balancers_of(&u, &balancers, err);
	json_array_foreach (balancers, i, arn)
		if (!e)
			e = add_balancer(&u, json_string_value(arn), err);
	if (!e)
		columns_render(lines, out);
	return e;
}
