/*
 * How do signs become findings? Each kind of sign adds an object to one array, or increments the
 * count of an existing one; the array is sorted by weight and rendered.
 */
#include "fs/tree/report/findings.h"

#include "backend/base/cleanup.h"
#include "backend/parse/unicode.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/around/target_match.h"
#include "fs/tree/report/meanings.h"
#include "fs/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The findings so far: objects {weight, says, advice, count, lines}. */

enum { MOST_LINES = 4 };

static json_t *find(json_t *all, const char *says)
{
	json_t *f;
	size_t i;

	json_array_foreach (all, i, f)
		if (!strcmp(doc_string_peek(f, "says"), says))
			return f;
	return NULL;
}

static json_t *add(json_t *all, int weight, const char *says, const char *advice)
{
	json_t *f = find(all, says);

	if (!f) {
		f = json_pack("{s:i, s:s, s:s, s:i, s:[]}", "weight", weight, "says", says,
		    "advice", advice, "count", 0, "lines");
		json_array_append_new(all, f);
	}
	json_object_set_new(f, "count", json_integer(doc_integer(f, "count") + 1));
	return f;
}

/* Text of containers and AWS may hold control characters, and may be cut within a character. */
static void clean(char *text)
{
	for (char *c = text; *c; c++)
		*c = (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
	unicode_mend(text, strlen(text));
}

static void add_line(json_t *lines, char *text)
{
	clean(text);
	json_array_append_new(lines, json_string(text));
}

static void say(json_t *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(json_t *f, const char *fmt, ...)
{
	json_t *lines = json_object_get(f, "lines");
	char text[1200];
	va_list ap;

	if (json_array_size(lines) >= MOST_LINES)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_line(lines, text);
}

/* The last lines of a task's log, each a line of its own, beyond the ceiling of the others. */
static void quote_log(json_t *f, const struct evidence *e, const char *task)
{
	const json_t *line;
	size_t i;

	if (json_object_get(f, "quoted"))
		return;
	json_array_foreach (json_object_get(e->logs, task), i, line) {
		char text[1200];

		json_object_set_new(f, "quoted", json_true());
		snprintf(text, sizeof(text), "log: %s", json_string_value(line));
		add_line(json_object_get(f, "lines"), text);
	}
}

/* Where the service's tasks are placed, printed once. */
static void say_room(json_t *f, const struct evidence *e)
{
	const json_t *item;
	auto_buf struct buf names = BUF_INIT(4096);
	size_t i;

	if (json_object_get(f, "roomed"))
		return;
	json_object_set_new(f, "roomed", json_true());
	json_array_foreach (json_object_get(e->service, "capacityProviderStrategy"), i, item)
		buf_addf(&names, "%s%s", i ? ", " : "", doc_string_peek(item, "capacityProvider"));
	if (names.len)
		say(f, "capacity providers of the service: %s", buf_str(&names));
	else if (*doc_string_peek(e->service, "launchType"))
		say(f, "launch type of the service: %s", doc_string_peek(e->service, "launchType"));
}

/* The finding of a sentence's meaning. */
static json_t *add_meaning(json_t *all, const struct evidence *e, const struct meaning *m)
{
	json_t *f = add(all, m->weight, m->says, m->advice);

	if (m->room)
		say_room(f, e);
	return f;
}

/* The same for a wording that represents signs other than sentences. */
static json_t *add_known(json_t *all, const struct evidence *e, const char *wording)
{
	return add_meaning(all, e, meaning_of(wording));
}

static const char *id_of(const json_t *task)
{
	return value_arn_name(doc_string_peek(task, "taskArn"));
}

/* The image of the evidence that ECR lacks. */
static void say_newest(json_t *f, const struct evidence *e, const char *image)
{
	const json_t *newest = json_object_get(json_object_get(e->images, image), "newest"), *tag;
	auto_buf struct buf tags = BUF_INIT(4096);
	size_t i;

	if (!json_object_get(e->images, image))
		return;
	json_array_foreach (newest, i, tag)
		if (i < 5)
			buf_addf(&tags, "%s%s", i ? ", " : "", json_string_value(tag));
	say(f, "ECR does not have %s%s%s", image, tags.len ? "; its newest tags are " : "",
	    buf_str(&tags));
}

/* TERM: ECS sends it to the others when an essential container ends. */
enum { ENDED = 128 + 15 };

/* Whether no container of the task failed by itself. */
static bool only_ended(const json_t *task)
{
	const json_t *container;
	size_t i;

	json_array_foreach (json_object_get(task, "containers"), i, container) {
		json_int_t code = doc_integer(container, "exitCode");

		if (*doc_string_peek(container, "reason") || (code != 0 && code != ENDED))
			return false;
	}
	return true;
}

/* A container that ended: by its own reason, by a signal, or by its code. */
static void add_container(
    json_t *all, const struct evidence *e, const json_t *task, const json_t *container, bool alone)
{
	const char *reason = doc_string_peek(container, "reason");
	const char *name = doc_string_peek(container, "name");
	const struct meaning *m = *reason ? meaning_of(reason) : NULL;
	json_int_t code = doc_integer(container, "exitCode");
	char says[400];
	json_t *f;

	if (m) {
		f = add_meaning(all, e, m);
		say(f, "task %s, container %s: %s", id_of(task), name, reason);
		say_newest(f, e, doc_string_peek(container, "image"));
		quote_log(f, e, id_of(task));
		return;
	}
	if (code == 0 || (code == ENDED && !alone))
		return;
	if (code > 128 && code < 160)
		snprintf(says, sizeof(says), "the container %.200s is ended by signal %d%s", name,
		    (int)code - 128,
		    code == 137 ? " (KILL: out of memory, or it did not stop in time)" : "");
	else
		snprintf(
		    says, sizeof(says), "the container %.200s exits with code %d", name, (int)code);
	clean(says);
	f = add(all, 91, says, "its log says why; logs/ has more of it");
	say(f, "task %s: %s", id_of(task), doc_string_peek(task, "stoppedReason"));
	quote_log(f, e, id_of(task));
}

/* Whether a task's end is ordinary: by a deployment, scaling, or a user's request. */
static bool ended_on_purpose(const json_t *task)
{
	const char *code = doc_string_peek(task, "stopCode");

	return !strcmp(code, "UserInitiated") ||
	    (!strcmp(code, "ServiceSchedulerInitiated") &&
		!meaning_of(doc_string_peek(task, "stoppedReason")));
}

/* A task whose own reason explains its end. */
static void add_ended(
    json_t *all, const struct evidence *e, const json_t *task, const struct meaning *m)
{
	json_t *f = add_meaning(all, e, m);
	const json_t *container;
	size_t i;

	say(f, "task %s: %s", id_of(task), doc_string_peek(task, "stoppedReason"));
	json_array_foreach (json_object_get(task, "containers"), i, container)
		say_newest(f, e, doc_string_peek(container, "image"));
	quote_log(f, e, id_of(task));
}

/* This many tasks that ran and ended by themselves are a pattern. */
enum { FLAPPING = 3 };

/* Common traits of tasks that had started and ended by themselves. */
struct ends {
	int count;
	double shortest, longest; /* how long they ran, s */
};

/* Whether the task belongs to the PRIMARY deployment. */
static bool is_current(const struct evidence *e, const json_t *task)
{
	const char *by = doc_string_peek(task, "startedBy");
	const json_t *primary = doc_primary_peek(e->service, "deployments");

	if (*by && *doc_string_peek(primary, "id"))
		return !strcmp(by, doc_string_peek(primary, "id"));
	return !strcmp(doc_string_peek(task, "taskDefinitionArn"),
	    doc_string_peek(e->service, "taskDefinition"));
}

/* AWS's own event comes late, and not for tasks that run for a while. */
static struct ends count_ends(const struct evidence *e)
{
	struct ends ends = {0};
	const json_t *task;
	size_t i;

	json_array_foreach (e->stopped, i, task) {
		double began = json_number_value(json_object_get(task, "startedAt"));
		double ran = json_number_value(json_object_get(task, "stoppedAt")) - began;

		if (began <= 0 || ran < 0 || ended_on_purpose(task) || !is_current(e, task))
			continue;
		ends.shortest = !ends.count || ran < ends.shortest ? ran : ends.shortest;
		ends.longest = ran > ends.longest ? ran : ends.longest;
		ends.count++;
	}
	return ends;
}

bool findings_concern(const struct evidence *e, const json_t *task)
{
	double ended = json_number_value(json_object_get(task, "stoppedAt"));

	if (ended_on_purpose(task))
		return false;
	if (ended == 0 || ended >= e->since)
		return true;
	return is_current(e, task) && count_ends(e).count >= FLAPPING;
}

static void add_stopped(json_t *all, const struct evidence *e)
{
	const json_t *task, *container;
	size_t i, j;

	json_array_foreach (e->stopped, i, task) {
		const char *reason = doc_string_peek(task, "stoppedReason");
		const struct meaning *m = meaning_of(reason);

		if (!findings_concern(e, task))
			continue;
		if (!m && !strcmp(doc_string_peek(task, "stopCode"), "SpotInterruption"))
			m = meaning_of("SpotInterruption");
		if (m) {
			add_ended(all, e, task, m);
			continue;
		}
		json_array_foreach (json_object_get(task, "containers"), j, container)
			add_container(all, e, task, container, only_ended(task));
	}
}

static void add_flapping(json_t *all, const struct evidence *e)
{
	struct ends ends = count_ends(e);

	if (ends.count >= FLAPPING)
		say(add_known(all, e, "consistently start tasks successfully"),
		    "%d tasks of the last hour ended by themselves, after %.0f s to %.0f s",
		    ends.count, ends.shortest, ends.longest);
}

/* Events, the newest first, back to the last steady state. */
static void add_events(json_t *all, const struct evidence *e)
{
	const json_t *event;
	size_t i;

	json_array_foreach (json_object_get(e->service, "events"), i, event) {
		const char *message = doc_string_peek(event, "message");
		const struct meaning *m;
		json_t *f;

		if (strstr(message, "has reached a steady state"))
			return;
		m = meaning_of(message);
		if (!m)
			continue;
		f = add_meaning(all, e, m);
		if (doc_integer(f, "count") <= 2)
			say(f, "event: %s", message);
	}
}

static void add_targets(json_t *all, const struct evidence *e)
{
	const json_t *t;
	size_t i;

	json_array_foreach (e->targets, i, t) {
		const char *state = doc_string_peek(t, "state");
		json_t *f;

		if (!strcmp(state, GROUP_GONE)) {
			f = add_known(all, e, "target group is not found");
			say(f, "target group %s", doc_string_peek(t, "group"));
			continue;
		}
		if (strncmp(state, "unhealthy", 9) != 0 && strcmp(state, "unavailable") != 0)
			continue;
		f = add_known(all, e, "failed ELB health checks");
		say(f, "target %s:%s of %s is %s: %s, %s", doc_string_peek(t, "id"),
		    doc_string_peek(t, "port"), doc_string_peek(t, "group"), state,
		    doc_string_peek(t, "reason"), doc_string_peek(t, "description"));
	}
}

static void add_unhealthy(json_t *all, const struct evidence *e)
{
	const json_t *task;
	size_t i;

	json_array_foreach (e->running, i, task) {
		json_t *f;

		if (strcmp(doc_string_peek(task, "healthStatus"), "UNHEALTHY") != 0)
			continue;
		f = add_known(all, e, "failed container health checks");
		say(f, "task %s is UNHEALTHY", id_of(task));
	}
}

static void add_hook(json_t *all, const struct evidence *e)
{
	const json_t *hook = doc_find_peek(
	    json_object_get(e->deployment, "lifecycleHookDetails"), "status", "AWAITING_ACTION");
	json_t *f;

	if (!hook)
		return;
	f = add(all, 82, "the deployment waits for a PAUSE hook to be answered",
	    "write a line to service_deployments/ID/continue, or \"rollback\"");
	say(f, "service deployment %s, stage %s",
	    value_arn_name(doc_string_peek(e->deployment, "serviceDeploymentArn")),
	    doc_string_peek(e->deployment, "lifecycleStage"));
}

/* The tasks that a per cent of the desired count is, as AWS rounds: the minimum up, the maximum
 * down. */
static json_int_t limit_of(const json_t *service, const char *member, json_int_t fallback)
{
	const json_t *configuration = json_object_get(service, "deploymentConfiguration");
	const json_t *percent = json_object_get(configuration, member);
	json_int_t per_cent = json_is_integer(percent) ? json_integer_value(percent) : fallback;
	json_int_t hundredths = doc_integer(service, "desiredCount") * per_cent;

	return (hundredths + (strcmp(member, "minimumHealthyPercent") ? 0 : 99)) / 100;
}

/* A rolling deployment that may neither start a task nor stop one. */
static void add_stuck(json_t *all, const struct evidence *e)
{
	const char *strategy =
	    doc_string_peek(json_object_get(e->service, "deploymentConfiguration"), "strategy");
	json_int_t desired = doc_integer(e->service, "desiredCount");
	const json_t *deployments = json_object_get(e->service, "deployments");

	if (!desired || json_array_size(deployments) < 2 ||
	    (*strategy && strcmp(strategy, "ROLLING") != 0) ||
	    !strcmp(doc_string_peek(e->service, "schedulingStrategy"), "DAEMON") ||
	    limit_of(e->service, "minimumHealthyPercent", 100) < desired ||
	    limit_of(e->service, "maximumPercent", 200) > desired)
		return;
	say(add_known(all, e, "minimumHealthyPercent"),
	    "of %" JSON_INTEGER_FORMAT " tasks at least %" JSON_INTEGER_FORMAT
	    " and at most %" JSON_INTEGER_FORMAT " may run",
	    desired, limit_of(e->service, "minimumHealthyPercent", 100),
	    limit_of(e->service, "maximumPercent", 200));
}

static void add_deployments(json_t *all, const struct evidence *e)
{
	const json_t *primary = doc_primary_peek(e->service, "deployments");
	const char *state = doc_string_peek(primary, "rolloutState");
	json_int_t failed = doc_integer(primary, "failedTasks");
	const json_t *breaker = json_object_get(
	    json_object_get(e->service, "deploymentConfiguration"), "deploymentCircuitBreaker");
	json_t *f;

	if (!strcmp(state, "FAILED")) {
		f = add_known(all, e, "deployment failed");
		say(f, "%s", doc_string_peek(primary, "rolloutStateReason"));
	} else if (!strcmp(state, "IN_PROGRESS") && failed > 0) {
		f = add(all, 77, "tasks of the deployment fail to start",
		    doc_true(breaker, "enable")
			? "the circuit breaker will end it; rollback does so now"
			: "no circuit breaker ends it: write rollback, or enable "
			  "deploymentCircuitBreaker in deployment_configuration.json");
		say(f, "%" JSON_INTEGER_FORMAT " tasks failed one after the other", failed);
	}
}

/* Too few tasks, without any reason shown. */
static void add_missing(json_t *all, const struct evidence *e)
{
	json_int_t desired = doc_integer(e->service, "desiredCount");
	json_int_t running = doc_integer(e->service, "runningCount");
	json_t *f;

	if (running == desired || json_array_size(all) > 0)
		return;
	f = add(all, 30,
	    running < desired ? "fewer tasks are running than desired"
			      : "more tasks are running than desired",
	    "wait: ECS is starting or stopping tasks; rollout shows the progress");
	say(f,
	    "%" JSON_INTEGER_FORMAT " desired, %" JSON_INTEGER_FORMAT " running, "
	    "%" JSON_INTEGER_FORMAT " pending",
	    desired, running, doc_integer(e->service, "pendingCount"));
}

static void add_status(json_t *all, const struct evidence *e)
{
	const char *status = doc_string_peek(e->service, "status");

	if (*status && strcmp(status, "ACTIVE") != 0)
		say(add(all, 99, "the service is being deleted", "nothing: ECS is deleting it"),
		    "status %s", status);
}

static int heavier_first(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;
	json_int_t w = doc_integer(*y, "weight") - doc_integer(*x, "weight");

	if (!w)
		w = doc_integer(*y, "count") - doc_integer(*x, "count");
	return w < 0 ? -1 : w > 0;
}

static void render(const json_t *all, struct buf *out)
{
	size_t n = json_array_size(all), i;
	auto_free const json_t **sorted = calloc(n + 1, sizeof(*sorted));
	const json_t *line;

	if (!sorted)
		return;
	for (i = 0; i < n; i++)
		sorted[i] = json_array_get(all, i);
	qsort(sorted, n, sizeof(*sorted), heavier_first);
	for (size_t k = 0; k < n; k++) {
		json_int_t count = doc_integer(sorted[k], "count");

		buf_adds(out, doc_string_peek(sorted[k], "says"));
		if (count > 1)
			buf_addf(out, " (%" JSON_INTEGER_FORMAT " times)", count);
		buf_addc(out, '\n');
		json_array_foreach (json_object_get(sorted[k], "lines"), i, line)
			buf_addf(out, "    %s\n", json_string_value(line));
		buf_addf(out, "    to do: %s\n", doc_string_peek(sorted[k], "advice"));
	}
}

void findings_render(const struct evidence *e, struct buf *out)
{
	json_auto_t *all = json_array();
	const json_t *sentence;
	size_t i;

	add_status(all, e);
	add_stopped(all, e);
	add_flapping(all, e);
	add_events(all, e);
	add_targets(all, e);
	add_unhealthy(all, e);
	add_hook(all, e);
	add_stuck(all, e);
	add_deployments(all, e);
	add_missing(all, e);
	if (json_array_size(all) == 0)
		buf_adds(out, "steady\n");
	render(all, out);
	json_array_foreach (e->withheld, i, sentence) {
		char text[1200];

		snprintf(text, sizeof(text), "not looked at: %s", json_string_value(sentence));
		clean(text);
		buf_addf(out, "%s\n", text);
	}
}
