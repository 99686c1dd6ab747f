/*
 * How does tasks/T/containers/C/exec start a command in a running container? By ECS Exec. The
 * session itself is backend/exec; here are the checks before it, each refusal with what to do.
 */
#include "fs/tree/resource/exec.h"

#include "backend/base/cleanup.h"
#include "backend/exec/session.h"
#include "cache/answer.h"
#include "cache/moment.h"
#include "fs/act.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/tree.h"
#include "fs/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int check_agent(const json_t *container, const char *name, struct ecsfs_error *err)
{
	const json_t *agent = doc_find_peek(
	    json_object_get(container, "managedAgents"), "name", "ExecuteCommandAgent");
	const char *status = doc_string_peek(agent, "lastStatus");
	const char *reason = doc_string_peek(agent, "reason");

	if (!agent)
		return act_refuse(err, EINVAL,
		    "container %s has no ECS Exec agent: the task started before ECS Exec was "
		    "enabled, "
		    "start a new one (echo > force_new_deployment)",
		    name);
	if (strcmp(status, "RUNNING") != 0)
		return act_refuse(err, EINVAL,
		    "the ECS Exec agent of container %s is %s%s%s: the task role needs the four "
		    "ssmmessages actions (CreateControlChannel, CreateDataChannel, "
		    "OpenControlChannel, "
		    "OpenDataChannel) and the network a way to ssmmessages",
		    name, status, *reason ? ": " : "", reason);
	return 0;
}

/* Conditions that AWS refuses with one sentence for all. */
static int check_task(const struct place *p, const json_t *task, const json_t **ret_container,
    struct ecsfs_error *err)
{
	const json_t *container =
	    doc_find_peek(json_object_get(task, "containers"), "name", p->container);
	const char *status = doc_string_peek(container, "lastStatus");

	if (!container)
		return act_refuse(err, ENOENT, "the task has no container %s", p->container);
	if (!json_is_true(json_object_get(task, "enableExecuteCommand")))
		return act_refuse(err, EINVAL,
		    "ECS Exec is not enabled for this task: echo true > enable_execute_command of "
		    "its "
		    "service and let it start new tasks, or start the task with "
		    "\"enableExecuteCommand\": "
		    "true");
	if (strcmp(status, "RUNNING") != 0)
		return act_refuse(
		    err, EINVAL, "container %s is %s, not RUNNING", p->container, status);
	*ret_container = container;
	return check_agent(container, p->container, err);
}

/* The task, and the container in it if a command can run there. */
static int look(const struct place *p, const struct freshness *f, struct answer *ret_task,
    const json_t **ret_container, struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_TASK, .a = p->cluster, .b = p->task};
	int e = region_get(p->region, &k, f, ret_task, err);

	if (!e && ret_task->err)
		e = ret_task->err;
	return e ? e : check_task(p, ret_task->value, ret_container, err);
}

/* A positive copy within the TTL saves a round trip, since ECS checks again; a negative one must be
 * fresh. */
static int find_container(const struct place *p, struct answer *ret_task,
    const json_t **ret_container, struct ecsfs_error *err)
{
	struct freshness recent = region_fresh(p->region), now;

	if (look(p, &recent, ret_task, ret_container, NULL) == 0)
		return 0;
	answer_release(ret_task);
	*ret_task = (struct answer){0};
	now = region_fresh_now(p->region);
	return look(p, &now, ret_task, ret_container, err);
}

static int check_line(const struct commit *c, struct ecsfs_error *err)
{
	if (memchr(c->text, '\0', c->len))
		return act_refuse(err, EINVAL, "the command contains a NUL byte");
	if (c->text[strspn(c->text, " \t")] == '\0')
		return act_refuse(
		    err, EINVAL, "the command is empty; expected a command line for sh");
	return 0;
}

static int send(
    struct commit *c, const struct script *script, json_t **ret, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	json_auto_t *request = json_pack("{s:s, s:s, s:s, s:s, s:b}", "cluster", p->cluster, "task",
	    p->task, "container", p->container, "command", script_command_peek(script),
	    "interactive", 1);
	int e = request ? 0 : act_refuse(err, EINVAL, "the command is not UTF-8");

	if (!e)
		e = act_ecs(c, "ExecuteCommand", request, AWS_ONCE, "session", ret, err);
	if (!e && !*ret)
		e = act_refuse(err, EROFS, "the mount has dry_run: the command was not run");
	return e;
}

/* The input of a session: its container and its open file. */
struct exec {
	struct place place; /* its strings live as long as the open file */
	struct conversation_start start;
};

static void on_changed(void *arg)
{
	const struct exec *x = arg;

	x->start.changed(x->start.arg);
}

static void on_done(void *arg)
{
	struct exec *x = arg;

	x->start.done(x->start.arg);
	free(x);
}

/* A session's check of its task: by the cached answer, while a fetch refreshes it for the next
 * check. */
static int look_at_task(void *arg, struct ecsfs_error *err)
{
	const struct exec *x = arg;
	struct key k = {.kind = KIND_TASK, .a = x->place.cluster, .b = x->place.task};
	auto_answer struct answer task = {0};
	const json_t *container;

	region_revive(x->place.region, &k, NULL);
	if (region_peek(x->place.region, &k, NULL, &task))
		return 0;
	if (task.err == -ENOENT)
		return ecsfs_error_set(err, ESHUTDOWN, NULL, "the task no longer exists");
	container =
	    doc_find_peek(json_object_get(task.value, "containers"), "name", x->place.container);
	if (!container || strcmp(doc_string_peek(container, "lastStatus"), "STOPPED") != 0)
		return 0;
	return ecsfs_error_set(err, ESHUTDOWN, NULL,
	    "container %s has stopped before the command's exit status was known: %s",
	    x->place.container, doc_string_peek(task.value, "stoppedReason"));
}

static int open_session(struct commit *c, const struct conversation_start *start,
    const json_t *container, struct script *script, void **ret, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	json_auto_t *answer = NULL;
	auto_free char *target = NULL;
	struct exec *x = malloc(sizeof(*x));
	int timeout_ms = p->fs->options.timeout_ms;
	struct exec_session_options o = {
	    .client = region_client_peek(p->region),
	    .region = region_name_peek(p->region),
	    .script = script,
	    .cols = start->cols,
	    .rows = start->rows,
	    /* Beyond AWS's answer. */
	    .start_timeout_ms = timeout_ms,
	    .look = look_at_task,
	    .silence_ms = timeout_ms < SESSION_SILENCE_MS / 2 ? 2 * timeout_ms : SESSION_SILENCE_MS,
	    .changed = on_changed,
	    .done = on_done,
	    .arg = x,
	};
	int e = asprintf(&target, "ecs:%s_%s_%s", p->cluster, p->task,
		    doc_string_peek(container, "runtimeId")) < 0 ||
		!x
	    ? -ENOMEM
	    : send(c, script, &answer, err);

	if (e) {
		script_free(script);
		free(x);
		return e;
	}
	*x = (struct exec){*p, *start};
	o.target = target;
	o.session = json_object_get(answer, "session");
	e = exec_session_new(&o, (struct exec_session **)ret, err);
	if (e)
		free(x);
	return e;
}

static int start_exec(
    struct commit *c, const struct conversation_start *start, void **ret, struct ecsfs_error *err)
{
	enum script_mode mode = start->terminal ? SCRIPT_TERMINAL : SCRIPT_CLEAN;
	auto_answer struct answer task = {0};
	const json_t *container = NULL;
	struct script *script;
	int e = check_line(c, err);

	if (!e)
		e = find_container(c->place, &task, &container, err);
	if (e)
		return e;
	script = script_new(mode, c->text);
	if (!script)
		return -ENOMEM;
	return open_session(c, start, container, script, ret, err);
}

/* A command that ended, with whatever status, is no failure of the mount. */
static ssize_t exec_read(void *session, void *bytes, size_t len, struct ecsfs_error *err)
{
	ssize_t n = exec_session_read(session, bytes, len, err);
	int status;

	if (n < 0 && n != -EINPROGRESS && err)
		err->note = exec_session_status(session, &status, NULL) == 0;
	return n;
}

static ssize_t exec_write(void *session, const void *bytes, size_t len, struct ecsfs_error *err)
{
	return exec_session_write(session, bytes, len, err);
}

static void exec_end_input(void *session)
{
	exec_session_end_input(session);
}

static void exec_resize(void *session, unsigned cols, unsigned rows)
{
	exec_session_resize(session, cols, rows);
}

static int exec_status(void *session, int *ret_status, struct ecsfs_error *err)
{
	return exec_session_status(session, ret_status, err);
}

static void exec_close(void *session)
{
	exec_session_close(session);
}

const struct conversation_ops conversation_exec = {
    .start = start_exec,
    .read = exec_read,
    .write = exec_write,
    .end_input = exec_end_input,
    .resize = exec_resize,
    .status = exec_status,
    .close = exec_close,
};
