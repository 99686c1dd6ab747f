/*
 * Which lines do a task's statuses, stop code and exit codes make? Each snapshot is compared with
 * the last line; a stopped task gives the verdict of its essential containers.
 */
#include "fs/tree/growing/outcome_lines.h"

#include "fs/edit/members/doc.h"
#include "fs/tree/growing/rollout_lines.h"

#include <stdio.h>
#include <string.h>

static bool is_essential(const json_t *definition, const char *name)
{
	const json_t *container =
	    doc_find_peek(json_object_get(definition, "containerDefinitions"), "name", name);
	const json_t *essential = doc_peek(container, "essential");

	/* Absent means true (RegisterTaskDefinition). */
	return !essential || json_is_true(essential);
}

static bool is_stopped(const json_t *task)
{
	return !strcmp(doc_string_peek(task, "lastStatus"), "STOPPED");
}

/* A container that never started has no exit code: that is a failure. */
static bool is_failed(const json_t *container)
{
	const json_t *code = doc_peek(container, "exitCode");

	return !code || json_integer_value(code) != 0;
}

const json_t *outcome_container_peek(const json_t *task, const json_t *definition)
{
	const json_t *first = NULL, *container;
	size_t i;

	if (!is_stopped(task))
		return NULL;
	json_array_foreach (json_object_get(task, "containers"), i, container) {
		if (!is_essential(definition, doc_string_peek(container, "name")))
			continue;
		if (is_failed(container))
			return container;
		first = first ? first : container;
	}
	return first;
}

/* "app RUNNING, proxy STOPPED (exit code 0)" */
static void describe_containers(const json_t *task, char *ret, size_t size)
{
	const json_t *container;
	size_t i, n = 0;

	*ret = '\0';
	json_array_foreach (json_object_get(task, "containers"), i, container) {
		const json_t *code = doc_peek(container, "exitCode");
		char text[48] = "";

		if (code)
			snprintf(text, sizeof(text), " (exit code %lld)",
			    (long long)json_integer_value(code));
		n += (size_t)snprintf(ret + n, size - n, "%s%.128s %.32s%s", i ? ", " : "",
		    doc_string_peek(container, "name"), doc_string_peek(container, "lastStatus"),
		    text);
		if (n >= size)
			return;
	}
}

const char *outcome_reason_peek(const json_t *task, const json_t *container)
{
	const char *reason = doc_string_peek(container, "reason");

	return strstr(doc_string_peek(task, "stoppedReason"), reason) ? "" : reason;
}

/* "app: exit code 137: OutOfMemoryError: ... (Essential container in task exited)" */
static void explain(const json_t *task, const json_t *container, char *ret, size_t size)
{
	const char *reason = outcome_reason_peek(task, container);
	const char *stopped = doc_string_peek(task, "stoppedReason");
	const json_t *code = doc_peek(container, "exitCode");
	char what[48] = "no exit code";

	if (code)
		snprintf(what, sizeof(what), "exit code %lld", (long long)json_integer_value(code));
	if (*stopped && strstr(reason, stopped))
		stopped = "";
	snprintf(ret, size, "container %.128s: %s%s%.700s%s%.700s",
	    container ? doc_string_peek(container, "name") : "(none)", what, *reason ? ": " : "",
	    reason, *stopped ? "; " : "", stopped);
}

static enum outcome_verdict end(
    const json_t *task, const json_t *definition, double now, struct buf *lines)
{
	const json_t *container = outcome_container_peek(task, definition);
	bool good = container && !is_failed(container);
	char why[2048];

	explain(task, container, why, sizeof(why));
	rollout_say(now, good ? "done" : "failed", why, lines);
	return good ? OUTCOME_GOOD : OUTCOME_FAILED;
}

enum outcome_verdict outcome_see(
    struct outcome *o, const json_t *task, const json_t *definition, double now, struct buf *lines)
{
	const char *status = doc_string_peek(task, "lastStatus");
	char states[sizeof(o->states)];

	describe_containers(task, states, sizeof(states));
	if (strcmp(status, o->status) != 0 || strcmp(states, o->states) != 0)
		rollout_say(now, status, states, lines);
	snprintf(o->status, sizeof(o->status), "%s", status);
	memcpy(o->states, states, sizeof(states));
	return is_stopped(task) ? end(task, definition, now, lines) : OUTCOME_GOING;
}
