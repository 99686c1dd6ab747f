/*
 * Which line does a snapshot of the service add? Counts of the followed deployment, events that
 * were not seen yet, and the end: COMPLETED, FAILED, replaced, or rolled back.
 */
#include "fs/tree/growing/rollout_lines.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/edit/members/doc.h"
#include "fs/value.h"

#include <string.h>

enum way { WAY_ROLLING, WAY_SHIFTING, WAY_TASK_SETS };

struct rollout {
	json_t *service; /* the last snapshot */
	json_t *
	    primary; /* the deployment (or task set) that was PRIMARY in the first one; NULL: none */
	json_t *known; /* ids of the first snapshot's deployments: returning to one is a rollback */
	char *arn;     /* of the followed service deployment; NULL: none */
	enum way way;
	char *aim;	       /* task sets: the set that will become the only one */
	char *said;	       /* the last state line, without its time */
	char *said_stage;      /* the last line about the service deployment */
	char *back, *why_back; /* id of the deployment that a rollback goes to, and why */
	double last_event;     /* time of the newest event seen */
	json_t *events;	       /* its id and those of the same instant */
	json_t *written;       /* rollout_expect(); NULL: none */
};

struct rollout *rollout_new(void)
{
	return calloc(1, sizeof(struct rollout));
}

void rollout_free(struct rollout *r)
{
	if (!r)
		return;
	json_decref(r->service);
	json_decref(r->primary);
	json_decref(r->known);
	json_decref(r->events);
	json_decref(r->written);
	free(r->arn);
	free(r->aim);
	free(r->said);
	free(r->said_stage);
	free(r->back);
	free(r->why_back);
	free(r);
}

static void say(double at, struct buf *lines, const char *text)
{
	value_render_time(at, lines);
	buf_addc(lines, ' ');
	for (; *text; text++)
		buf_addc(lines, *text == '\n' || *text == '\r' ? ' ' : *text);
	buf_addc(lines, '\n');
}

/* Prints `text` unless it was the last line of its kind. */
static bool say_changed(char **said, double at, struct buf *lines, const struct buf *text)
{
	if (*said && !strcmp(*said, buf_str(text)))
		return false;
	free(*said);
	*said = strdup(buf_str(text));
	say(at, lines, buf_str(text));
	return true;
}

static const char *revision_of(const json_t *deployment)
{
	const char *revision = value_arn_name(doc_string_peek(deployment, "taskDefinition"));

	return *revision ? revision : "(no task definition)";
}

static enum way way_of(const json_t *service)
{
	const char *strategy =
	    doc_string_peek(json_object_get(service, "deploymentConfiguration"), "strategy");

	if (strcmp(doc_controller_peek(service), "ECS") != 0)
		return WAY_TASK_SETS;
	return !*strategy || !strcmp(strategy, "ROLLING") ? WAY_ROLLING : WAY_SHIFTING;
}

static const char *list_of(const struct rollout *r)
{
	return r->way == WAY_TASK_SETS ? "taskSets" : "deployments";
}

static bool same_id(const json_t *a, const json_t *b)
{
	return !strcmp(doc_string_peek(a, "id"), doc_string_peek(b, "id"));
}

static void take_ids(struct rollout *r, const json_t *list)
{
	size_t i;
	json_t *deployment;

	r->known = json_object();
	json_array_foreach (list, i, deployment)
		json_object_set_new(r->known, doc_string_peek(deployment, "id"), json_true());
}

/* CodeDeploy and scripts put a second task set beside the PRIMARY one and make it PRIMARY later. */
static void take_aim(struct rollout *r, const json_t *sets)
{
	size_t i;
	json_t *set;
	const json_t *aim = NULL;

	json_array_foreach (sets, i, set)
		if (strcmp(doc_string_peek(set, "status"), "PRIMARY") != 0)
			aim = set;
	if (!aim)
		aim = r->primary;
	r->aim = aim ? strdup(doc_string_peek(aim, "id")) : NULL;
}

void rollout_expect(struct rollout *r, const json_t *written)
{
	json_decref(r->written);
	r->written = json_incref((json_t *)written);
}

/*
 * Whether the service went back, since the mount's own write, to a deployment from before it. A service
 * made anew and a deployment that came later have nothing to do with that write.
 */
static bool went_back(const struct rollout *r, const json_t *service)
{
	const json_t *wrote = doc_primary_peek(r->written, "deployments");
	const json_t *now = doc_primary_peek(service, "deployments");

	return r->way == WAY_ROLLING && wrote && now && !same_id(wrote, now) &&
	    json_equal(doc_peek(r->written, "createdAt"), doc_peek(service, "createdAt")) &&
	    doc_find_peek(
		json_object_get(r->written, "deployments"), "id", doc_string_peek(now, "id"));
}

static void begin(struct rollout *r, const json_t *service)
{
	const char *arn = doc_string_peek(service, "currentServiceDeployment");
	const json_t *list;

	r->way = way_of(service);
	if (went_back(r, service))
		service = r->written;
	list = json_object_get(service, list_of(r));
	r->primary = json_incref((json_t *)doc_primary_peek(service, list_of(r)));
	r->arn = *arn ? strdup(arn) : NULL;
	take_ids(r, list);
	if (r->way == WAY_TASK_SETS)
		take_aim(r, list);
}

static double event_time(const json_t *event)
{
	return json_number_value(json_object_get(event, "createdAt"));
}

/* Events come newest first; among events of one instant the ids show which were seen. */
static bool see_events(struct rollout *r, const json_t *events, bool first, struct buf *lines)
{
	bool any = false;

	if (!r->events)
		r->events = json_object();
	for (size_t i = json_array_size(events); i > 0; i--) {
		const json_t *event = json_array_get(events, i - 1);
		const char *id = doc_string_peek(event, "id");
		double at = event_time(event);

		if (at < r->last_event || json_object_get(r->events, id))
			continue;
		if (at > r->last_event)
			json_object_clear(r->events);
		r->last_event = at;
		json_object_set_new(r->events, id, json_true());
		if (!first)
			say(at, lines, doc_string_peek(event, "message"));
		any = true;
	}
	return any && !first;
}

static void describe_deployments(const struct rollout *r, struct buf *out)
{
	const json_t *list = json_object_get(r->service, list_of(r));
	const json_t *primary = doc_primary_peek(r->service, list_of(r));
	const char *state =
	    doc_string_peek(primary, r->way == WAY_TASK_SETS ? "stabilityStatus" : "rolloutState");

	buf_adds(out, primary ? revision_of(primary) : revision_of(r->service));
	buf_addf(out, " desired %lld running %lld pending %lld",
	    (long long)doc_integer(r->service, "desiredCount"),
	    (long long)doc_integer(r->service, "runningCount"),
	    (long long)doc_integer(r->service, "pendingCount"));
	if (r->way != WAY_TASK_SETS)
		buf_addf(out, " failed %lld", (long long)doc_integer(primary, "failedTasks"));
	if (json_array_size(list) > 1)
		buf_addf(out, " %s %zu", r->way == WAY_TASK_SETS ? "task sets" : "deployments",
		    json_array_size(list));
	if (*state)
		buf_addf(out, " %s", state);
}

bool rollout_see(struct rollout *r, const json_t *service, double now, struct buf *lines)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);
	bool first = !r->service;
	bool events;

	if (first)
		begin(r, service);
	json_incref((json_t *)service);
	json_decref(r->service);
	r->service = (json_t *)service;
	events = see_events(r, json_object_get(service, "events"), first, lines);
	describe_deployments(r, &text);
	return say_changed(&r->said, now, lines, &text) || events;
}

/* A verdict's line: "what TASK_DEFINITION: why". */
static enum rollout_verdict ends(double now, struct buf *lines, enum rollout_verdict verdict,
    const char *what, const char *whom, const char *why)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);

	buf_adds(&text, what);
	if (whom && *whom)
		buf_addf(&text, " %s", whom);
	if (why && *why)
		buf_addf(&text, ": %s", why);
	say(now, lines, buf_str(&text));
	return verdict;
}

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* AWS's reason for a rollback or stop of a service deployment. */
static const char *why_of(const json_t *deployment)
{
	const char *reason = doc_string_peek(json_object_get(deployment, "rollback"), "reason");

	return *reason ? reason : doc_string_peek(deployment, "statusReason");
}

/* Whether the revision's number is that of the PRIMARY deployment's id. */
static bool is_primary(const struct rollout *r, const char *revision_arn)
{
	return r->primary &&
	    !strcmp(
		value_arn_name(revision_arn), value_arn_name(doc_string_peek(r->primary, "id")));
}

/*
 * Whether a service deployment made the PRIMARY deployment: the number of its target revision is
 * that of the deployment's id. currentServiceDeployment may still name an older one directly after
 * an update.
 */
static bool is_about(const struct rollout *r, const json_t *deployment)
{
	const char *target =
	    doc_string_peek(json_object_get(deployment, "targetServiceRevision"), "arn");

	return deployment && r->primary && (!*target || is_primary(r, target));
}

/* Whether the PRIMARY deployment is the one that the service deployment's rollback goes to. */
static bool went_back_to_primary(const struct rollout *r, const json_t *deployment)
{
	const char *to =
	    doc_string_peek(json_object_get(deployment, "rollback"), "serviceRevisionArn");

	return *to && is_primary(r, to);
}

/* Prints which hook waits, until when, and which file answers it. */
static void say_hook(const json_t *hook, const char *arn, struct buf *text)
{
	const json_t *expires = doc_peek(hook, "expiresAt");
	const char *id = doc_string_peek(hook, "hookId");

	buf_addf(text, ", %s PAUSE hook%s%s waits", *id ? "the" : "a", *id ? " " : "", id);
	if (json_is_number(expires)) {
		auto_buf struct buf until = BUF_INIT(64);

		value_render_time(json_number_value(expires), &until);
		buf_addf(text, " until %s, then %s", buf_str(&until),
		    doc_string_peek(hook, "timeoutAction"));
	}
	buf_addf(
	    text, ": write to service_deployments/%s/continue", value_arn_name(arn ? arn : "ID"));
}

static void see_deployment(
    struct rollout *r, const json_t *deployment, double now, struct buf *lines)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);
	const char *stage = doc_string_peek(deployment, "lifecycleStage");
	const json_t *hook = doc_find_peek(
	    json_object_get(deployment, "lifecycleHookDetails"), "status", "AWAITING_ACTION");

	buf_addf(&text, "deployment %s %s", value_arn_name(r->arn ? r->arn : ""),
	    doc_string_peek(deployment, "status"));
	if (*stage)
		buf_addf(&text, " %s", stage);
	if (hook)
		say_hook(hook, r->arn, &text);
	if (*why_of(deployment))
		buf_addf(&text, ": %s", why_of(deployment));
	say_changed(&r->said_stage, now, lines, &text);
}

static bool counts_agree(const json_t *service)
{
	return doc_integer(service, "runningCount") == doc_integer(service, "desiredCount") &&
	    !doc_integer(service, "pendingCount");
}

static enum rollout_verdict steady(const struct rollout *r, double now, struct buf *lines)
{
	const json_t *primary = doc_primary_peek(r->service, list_of(r));
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);

	buf_addf(&text, "%lld running", (long long)doc_integer(r->service, "runningCount"));
	return ends(now, lines, ROLLOUT_STEADY, "steady",
	    revision_of(primary ? primary : r->service), buf_str(&text));
}

/*
 * The service went back to `primary`: the rollback is over when that deployment is, so that
 * rollout_state says the same after the last line.
 */
static enum rollout_verdict back_to(struct rollout *r, const json_t *primary, const char *status,
    const char *why, double now, struct buf *lines)
{
	const char *state = doc_string_peek(primary, "rolloutState");

	if (!strcmp(state, "FAILED") || !strcmp(status, "ROLLBACK_FAILED"))
		return ends(now, lines, ROLLOUT_FAILED, "failed, and so did the rollback, of",
		    revision_of(r->primary), why);
	if (strcmp(state, "IN_PROGRESS") != 0 || !strcmp(status, "ROLLBACK_SUCCESSFUL"))
		return ends(
		    now, lines, ROLLOUT_ROLLED_BACK, "rolled back to", revision_of(primary), why);
	/* The failed deployment may be gone from the next snapshot. */
	if (r->back)
		return ROLLOUT_GOING;
	r->back = strdup(doc_string_peek(primary, "id"));
	r->why_back = strdup(why);
	return ends(now, lines, ROLLOUT_GOING, "rolling back to", revision_of(primary), why);
}

/* Another deployment is PRIMARY: a rollback, or a newer deployment? */
static enum rollout_verdict lost(struct rollout *r, const json_t *primary, const json_t *deployment,
    double now, struct buf *lines)
{
	const json_t *aim = doc_find_peek(
	    json_object_get(r->service, "deployments"), "id", doc_string_peek(r->primary, "id"));
	bool known = is_about(r, deployment);
	const char *status = known ? doc_string_peek(deployment, "status") : "";
	const char *why = known && *why_of(deployment) ? why_of(deployment)
						       : doc_string_peek(aim, "rolloutStateReason");
	bool failed = !strcmp(doc_string_peek(aim, "rolloutState"), "FAILED");
	const char *id = doc_string_peek(primary, "id");
	bool before = json_object_get(r->known, id) || (r->back && !strcmp(r->back, id));

	if (!*why && r->why_back)
		why = r->why_back;
	if (begins_with(status, "ROLLBACK") || (!begins_with(status, "STOP") && (failed || before)))
		return back_to(r, primary, status, why, now, lines);
	return ends(now, lines, ROLLOUT_SUPERSEDED, "superseded by", revision_of(primary), why);
}

/* A service deployment that ended badly, or ROLLOUT_GOING. */
static enum rollout_verdict decide_deployment(
    const struct rollout *r, const json_t *deployment, double now, struct buf *lines)
{
	const char *status = doc_string_peek(deployment, "status");
	const json_t *primary = doc_primary_peek(r->service, "deployments");

	if (!strcmp(status, "STOPPED"))
		return ends(now, lines, ROLLOUT_SUPERSEDED, "stopped", revision_of(r->primary),
		    why_of(deployment));
	if (!strcmp(status, "ROLLBACK_SUCCESSFUL"))
		return ends(now, lines, ROLLOUT_ROLLED_BACK, "rolled back to", revision_of(primary),
		    why_of(deployment));
	if (!strcmp(status, "ROLLBACK_FAILED"))
		return ends(now, lines, ROLLOUT_FAILED, "failed, and so did the rollback, of",
		    revision_of(r->primary), why_of(deployment));
	return ROLLOUT_GOING;
}

static bool ends_early(const json_t *service)
{
	const json_t *config = json_object_get(service, "deploymentConfiguration");

	return doc_true(json_object_get(config, "earlySuccessCriteria"), "enable");
}

static enum rollout_verdict decide_rolling(
    struct rollout *r, const json_t *deployment, double now, struct buf *lines)
{
	const json_t *list = json_object_get(r->service, "deployments");
	const json_t *primary = doc_primary_peek(r->service, "deployments");
	const char *state = doc_string_peek(primary, "rolloutState");
	bool about = is_about(r, deployment);
	bool succeeded = about && !strcmp(doc_string_peek(deployment, "status"), "SUCCESSFUL");
	enum rollout_verdict verdict;

	if (!primary || !r->primary)
		return ROLLOUT_GOING;
	if (!same_id(primary, r->primary))
		return lost(r, primary, deployment, now, lines);
	verdict = about || went_back_to_primary(r, deployment)
	    ? decide_deployment(r, deployment, now, lines)
	    : ROLLOUT_GOING;
	if (verdict != ROLLOUT_GOING)
		return verdict;
	if (!strcmp(state, "FAILED"))
		return ends(now, lines, ROLLOUT_FAILED, "failed", revision_of(primary),
		    doc_string_peek(primary, "rolloutStateReason"));
	if (succeeded && ends_early(r->service))
		return steady(r, now, lines);
	if (*state && strcmp(state, "COMPLETED") != 0)
		return ROLLOUT_GOING;
	return json_array_size(list) == 1 && counts_agree(r->service) ? steady(r, now, lines)
								      : ROLLOUT_GOING;
}

/* The successful deployment was the one before: the service's document was outdated. */
static enum rollout_verdict move_on(struct rollout *r, const char *current)
{
	if (*current) {
		free(r->arn);
		r->arn = strdup(current);
	}
	return ROLLOUT_GOING;
}

/* BLUE_GREEN, LINEAR and CANARY: the traffic's shift shows in the service deployment alone. */
static enum rollout_verdict decide_shifting(
    struct rollout *r, const json_t *deployment, double now, struct buf *lines)
{
	const char *current = doc_string_peek(r->service, "currentServiceDeployment");
	enum rollout_verdict verdict;

	if (!deployment)
		return decide_rolling(r, NULL, now, lines);
	verdict = decide_deployment(r, deployment, now, lines);
	if (verdict != ROLLOUT_GOING)
		return verdict;
	if (!strcmp(doc_string_peek(deployment, "status"), "SUCCESSFUL") &&
	    !is_about(r, deployment))
		return move_on(r, current);
	if (!strcmp(doc_string_peek(deployment, "status"), "SUCCESSFUL"))
		return counts_agree(r->service) ? steady(r, now, lines) : ROLLOUT_GOING;
	if (*current && strcmp(current, r->arn) != 0)
		return ends(now, lines, ROLLOUT_SUPERSEDED, "superseded by",
		    value_arn_name(current), why_of(deployment));
	return ROLLOUT_GOING;
}

static enum rollout_verdict decide_task_sets(struct rollout *r, double now, struct buf *lines)
{
	const json_t *sets = json_object_get(r->service, "taskSets");
	const json_t *primary = doc_primary_peek(r->service, "taskSets");
	const json_t *aim = doc_find_peek(sets, "id", r->aim ? r->aim : "");

	if (!json_array_size(sets))
		return counts_agree(r->service) ? steady(r, now, lines) : ROLLOUT_GOING;
	if (r->aim && !aim)
		return primary && json_object_get(r->known, doc_string_peek(primary, "id"))
		    ? ends(now, lines, ROLLOUT_ROLLED_BACK, "rolled back to", revision_of(primary),
			  NULL)
		    : ends(now, lines, ROLLOUT_SUPERSEDED, "superseded by", revision_of(primary),
			  NULL);
	if (primary && r->primary && !same_id(primary, r->primary)) {
		/* From here on a return to the first set is a rollback: the new set is the target.
		 */
		free(r->aim);
		r->aim = strdup(doc_string_peek(primary, "id"));
	}
	if (primary && json_array_size(sets) == 1 &&
	    !strcmp(doc_string_peek(primary, "stabilityStatus"), "STEADY_STATE") &&
	    doc_integer(primary, "runningCount") == doc_integer(primary, "computedDesiredCount"))
		return steady(r, now, lines);
	return ROLLOUT_GOING;
}

const char *rollout_deployment_peek(const struct rollout *r)
{
	return doc_string_peek(r->primary, "id");
}

const char *rollout_wants_peek(const struct rollout *r)
{
	const json_t *primary;

	if (r->way == WAY_TASK_SETS || !r->arn)
		return NULL;
	primary = doc_primary_peek(r->service, "deployments");
	if (r->way == WAY_ROLLING && same_id(primary, r->primary) && !ends_early(r->service) &&
	    !strcmp(doc_string_peek(primary, "rolloutState"), "COMPLETED"))
		return NULL;
	return r->arn;
}

/* A deployment that this rollout follows may be named only after the first snapshot. */
static void follow_newer(struct rollout *r)
{
	const char *arn = doc_string_peek(r->service, "currentServiceDeployment");
	const json_t *primary = doc_primary_peek(r->service, "deployments");

	if (r->way != WAY_ROLLING || !*arn || !r->primary || !same_id(primary, r->primary))
		return;
	free(r->arn);
	r->arn = strdup(arn);
}

void rollout_say(double now, const char *what, const char *why, struct buf *lines)
{
	ends(now, lines, ROLLOUT_GOING, what, NULL, why);
}

void rollout_last(const struct buf *lines, char *ret, size_t size)
{
	const char *text = buf_str(lines), *start;
	size_t len = lines->len && text[lines->len - 1] == '\n' ? lines->len - 1 : lines->len;
	const char *space;

	start = len ? memrchr(text, '\n', len) : NULL;
	start = start ? start + 1 : text;
	space = memchr(start, ' ', len - (size_t)(start - text));
	start = space ? space + 1 : start;
	snprintf(ret, size, "%.*s", (int)(len - (size_t)(start - text)), start);
}

enum rollout_verdict rollout_gone(struct rollout *r, double now, struct buf *lines)
{
	const char *status = r->service ? doc_string_peek(r->service, "status") : "";

	return ends(now, lines, ROLLOUT_GONE, "gone", NULL,
	    !strcmp(status, "DRAINING") ? "the service is DRAINING" : "the service is not there");
}

enum rollout_verdict rollout_decide(
    struct rollout *r, const json_t *deployment, double now, struct buf *lines)
{
	const char *status = doc_string_peek(r->service, "status");

	if (!strcmp(status, "DRAINING") || !strcmp(status, "INACTIVE"))
		return rollout_gone(r, now, lines);
	if (deployment)
		see_deployment(r, deployment, now, lines);
	follow_newer(r);
	if (r->way == WAY_TASK_SETS)
		return decide_task_sets(r, now, lines);
	if (r->way == WAY_SHIFTING)
		return decide_shifting(r, deployment, now, lines);
	return decide_rolling(r, deployment, now, lines);
}
