/*
 * Which calls fail on purpose? A script is a list of rules with commas between:
 *
 *     ACTION[+SKIP][:COUNT | :P%]:KIND[=VALUE]
 *
 * ACTION is an action's name or `*`. The rule leaves out the first SKIP calls of the action, then
 * applies to COUNT of them, to P per cent, or to all. Kinds:
 *
 *     throttle      400 ThrottlingException        denied     400 AccessDeniedException
 *     5xx           500 ServerException            expired    400 ExpiredTokenException
 *     503           503 ServiceUnavailableException   501     501 InternalFailure (not implemented)
 *     error=CODE    400 and that code
 *     reset         the connection is cut, nothing was done
 *     lost          the action is done, then the connection is cut
 *     truncate      half of the answer, then the end
 *     garbage       200 and no JSON                html       502 and a proxy's page
 *     empty         200 and no body
 *     stall[=MS]    no answer for so long (an hour), then it comes
 *     latency=MS    later by so much; further rules apply
 *
 * The first rule that applies decides. Equal seeds and calls give equal faults.
 *
 *     ListServices:3:throttle,UpdateService:1:lost,*:5%:5xx
 */
#include "backend/sim/request/faults.h"

#include "backend/base/cleanup.h"
#include "backend/sim/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX 64

struct fault_rule {
	char action[64];
	long skip;
	long count; /* -1: no end */
	int percent;
	bool goes_on; /* latency: further rules apply */
	struct fault fault;
};

static const struct {
	const char *word;
	struct fault fault;
} kinds[] = {
    {"throttle", {FAULT_ERROR, 400, "ThrottlingException", 0}},
    {"5xx", {FAULT_ERROR, 500, "ServerException", 0}},
    {"503", {FAULT_ERROR, 503, "ServiceUnavailableException", 0}},
    {"501", {FAULT_ERROR, 501, "InternalFailure", 0}},
    {"denied", {FAULT_ERROR, 400, "AccessDeniedException", 0}},
    {"expired", {FAULT_ERROR, 400, "ExpiredTokenException", 0}},
    {"error", {FAULT_ERROR, 400, "", 0}},
    {"reset", {FAULT_RESET, 0, "", 0}},
    {"lost", {FAULT_LOST, 0, "", 0}},
    {"truncate", {FAULT_TRUNCATE, 0, "", 0}},
    {"garbage", {FAULT_GARBAGE, 0, "", 0}},
    {"html", {FAULT_HTML, 0, "", 0}},
    {"empty", {FAULT_EMPTY, 0, "", 0}},
    {"stall", {FAULT_STALL, 0, "", 3600 * 1000}},
    {"latency", {FAULT_NONE, 0, "", 0}},
};

/* KIND[=VALUE] */
static int parse_kind(const char *text, struct fault_rule *r)
{
	const char *equal = strchr(text, '=');
	size_t len = equal ? (size_t)(equal - text) : strlen(text);
	char *end = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strlen(kinds[i].word) != len || strncmp(kinds[i].word, text, len) != 0)
			continue;
		r->fault = kinds[i].fault;
		r->goes_on = r->fault.kind == FAULT_NONE;
		if (strcmp(kinds[i].word, "error") == 0) {
			snprintf(
			    r->fault.code, sizeof(r->fault.code), "%s", equal ? equal + 1 : "");
			return r->fault.code[0] ? 0 : -1;
		}
		if (!equal)
			return r->goes_on ? -1 : 0;
		r->fault.wait_ms = strtol(equal + 1, &end, 10);
		return end == equal + 1 || *end || r->fault.wait_ms < 0 ? -1 : 0;
	}
	return -1;
}

/* COUNT or P% */
static int parse_amount(const char *text, struct fault_rule *r)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || n < 0)
		return -1;
	if (strcmp(end, "%") == 0 && n <= 100) {
		r->percent = (int)n;
		return 0;
	}
	r->count = n;
	return *end ? -1 : 0;
}

static int parse_rule(char *text, struct fault_rule *r)
{
	char *first = strchr(text, ':');
	char *second = first ? strchr(first + 1, ':') : NULL;
	char *plus, *end;

	*r = (struct fault_rule){.count = -1, .percent = 100};
	if (!first)
		return -1;
	*first = '\0';
	if (second)
		*second = '\0';
	plus = strchr(text, '+');
	if (plus) {
		*plus = '\0';
		r->skip = strtol(plus + 1, &end, 10);
		if (end == plus + 1 || *end || r->skip < 0)
			return -1;
	}
	if (!*text || strlen(text) >= sizeof(r->action))
		return -1;
	snprintf(r->action, sizeof(r->action), "%s", text);
	if (second && parse_amount(first + 1, r) < 0)
		return -1;
	return parse_kind(second ? second + 1 : first + 1, r);
}

static void install(struct sim *s, struct fault_rule *rules, size_t count)
{
	pthread_mutex_lock(&s->lock);
	free(s->rules);
	s->rules = rules;
	s->rule_count = count;
	s->fault_random = (s->seed + 1) * 0x9e3779b97f4a7c15u;
	pthread_mutex_unlock(&s->lock);
}

int faults_set(struct sim *s, const char *script, struct ecsfs_error *err)
{
	struct fault_rule *rules = sim_alloc(RULES_MAX * sizeof(*rules));
	auto_free char *copy = sim_strdup(script ? script : "");
	char *save = NULL;
	size_t n = 0;

	for (char *one = strtok_r(copy, ", \n", &save); one; one = strtok_r(NULL, ", \n", &save)) {
		if (n == RULES_MAX || parse_rule(one, &rules[n]) < 0) {
			int ret = ecsfs_error_set(err, EINVAL, NULL,
			    "fault script: rule %zu (%.40s) is not "
			    "ACTION[+SKIP][:COUNT|:P%%]:KIND[=VALUE]",
			    n + 1, one);

			free(rules);
			return ret;
		}
		n++;
	}
	install(s, rules, n);
	return 0;
}

static bool strikes(struct sim *s, struct fault_rule *r, const char *action)
{
	if (strcmp(r->action, "*") != 0 && strcmp(r->action, action) != 0)
		return false;
	if (r->skip > 0) {
		r->skip--;
		return false;
	}
	if (!r->count)
		return false;
	s->fault_random = s->fault_random * 6364136223846793005u + 1442695040888963407u;
	if ((int)((s->fault_random >> 33) % 100) >= r->percent)
		return false;
	if (r->count > 0)
		r->count--;
	return true;
}

struct fault faults_draw(struct sim *s, const char *action)
{
	struct fault f = {0};
	int64_t wait_ms = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->rule_count; i++) {
		if (!strikes(s, &s->rules[i], action))
			continue;
		wait_ms += s->rules[i].fault.wait_ms;
		f = s->rules[i].fault;
		if (!s->rules[i].goes_on)
			break;
	}
	pthread_mutex_unlock(&s->lock);
	f.wait_ms = wait_ms;
	return f;
}

void faults_free(struct sim *s)
{
	free(s->rules);
}
