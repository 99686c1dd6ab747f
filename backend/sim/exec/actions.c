/*
 * What do ExecuteCommand of ECS, and the actions of Systems Manager and KMS that a session needs,
 * do?
 */
#include "backend/sim/ecs/task/task_doc.h"
#include "backend/sim/exec/exec.h"

#include "backend/base/base64.h"
#include "backend/base/cleanup.h"
#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/exec/sessions.h"
#include "backend/sim/sim.h"
#include "backend/sim/state.h"

#include <openssl/rand.h>
#include <string.h>

/* As AWS says it, with its typographic apostrophe. */
#define NOT_ENABLED                                                                                \
	"The execute command failed because execute command was not enabled when the task was "    \
	"run or the execute command agent isn\xe2\x80\x99t running. Wait and try again or run a "  \
	"new task with execute command enabled and try again."

static const json_t *container_of(struct sim_call *c, const struct task *t)
{
	const json_t *all = doc_get(t->taskdef->doc, "containerDefinitions");
	const char *name = doc_str(c->in, "container");
	const json_t *one;
	size_t i;

	if (!name && json_array_size(all) == 1)
		return json_array_get(all, 0);
	json_array_foreach (all, i, one)
		if (name && strcmp(doc_str(one, "name"), name) == 0)
			return one;
	sim_fail(c, 400, "InvalidParameterException",
	    name ? "The specified container does not exist in the task."
		 : "Container name is required when the task has more than one container.");
	return NULL;
}

static int check_task(struct sim_call *c, const struct task *t)
{
	if (!doc_bool(c->in, "interactive", false))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Interactive is the only mode supported currently.");
	if (!t)
		return sim_fail(
		    c, 400, "InvalidParameterException", "The referenced task was not found.");
	if (t->stop || t->status != TASK_RUNNING || !t->execute_command || !c->sim->exec)
		return sim_fail(c, 400, "InvalidParameterException", "%s", NOT_ENABLED);
	return 0;
}

static json_t *stream_url(struct sim_call *c, const char *id)
{
	/* A cell number as AWS has them, with the characters that signers trip over. */
	return json_sprintf("ws://127.0.0.1:%d/v1/data-channel/%s?role=publish_subscribe"
			    "&cell-number=AAEAAf9x+Xb/kQ==",
	    sim_port(c->sim), id);
}

static int act_execute_command(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	struct task *t = k ? sim_task_find(k, c->region, doc_str(c->in, "task")) : NULL;
	auto_free char *id = NULL, *token = NULL;
	const json_t *container;
	json_t *session;

	if (!k || check_task(c, t) < 0)
		return -1;
	container = container_of(c, t);
	if (!container)
		return -1;
	if (exec_open(c->sim->exec, doc_str(c->in, "command"), &id, &token) < 0)
		return sim_fail(c, 400, "ClientException", "Too many sessions.");
	session = json_object();
	doc_put_str(session, "sessionId", id);
	doc_put_new(session, "streamUrl", stream_url(c, id));
	doc_put_str(session, "tokenValue", token);
	doc_put_new(c->out, "session", session);
	doc_put_new(c->out, "taskArn", task_arn(c->region, t));
	doc_put_str(c->out, "containerName", doc_str(container, "name"));
	doc_put_bool(c->out, "interactive", true);
	return 0;
}

static int act_resume_session(struct sim_call *c)
{
	const char *id = doc_str(c->in, "SessionId");

	if (!id || strncmp(id, "ecs-execute-command-", 20) != 0)
		return sim_fail(c, 400, "DoesNotExistException", "Session does not exist.");
	auto_free char *token = c->sim->exec ? exec_resume(c->sim->exec, id) : NULL;

	doc_put_str(c->out, "SessionId", id);
	doc_put_str(c->out, "TokenValue", token ? token : "");
	doc_put_new(c->out, "StreamUrl", stream_url(c, id));
	return 0;
}

static int act_terminate_session(struct sim_call *c)
{
	const char *id = doc_str(c->in, "SessionId");

	if (c->sim->exec && id)
		exec_terminate(c->sim->exec, id);
	doc_put_str(c->out, "SessionId", id ? id : "");
	return 0;
}

static int act_generate_data_key(struct sim_call *c)
{
	const json_t *context = doc_get(c->in, "EncryptionContext");
	const char *id = doc_str(context, "aws:ssm:SessionId");
	auto_buf struct buf plain = BUF_INIT(256), sealed = BUF_INIT(256);
	unsigned char key[64];

	if (!id || !c->sim->exec || exec_data_key(c->sim->exec, id, key) < 0 ||
	    !doc_str(context, "aws:ssm:TargetId") ||
	    strncmp(doc_str(context, "aws:ssm:TargetId"), "ecs:", 4) != 0)
		return sim_fail(c, 400, "NotFoundException", "The key does not exist.");
	base64_encode(key, sizeof(key), &plain);
	RAND_bytes(key, sizeof(key));
	base64_encode(key, sizeof(key), &sealed);
	doc_put_str(c->out, "Plaintext", buf_str(&plain));
	doc_put_str(c->out, "CiphertextBlob", buf_str(&sealed));
	doc_put_str(c->out, "KeyId", doc_str(c->in, "KeyId"));
	return 0;
}

const struct sim_action sim_exec_actions[] = {
    {"ExecuteCommand", act_execute_command},
    {0},
};

const struct sim_action sim_ssm_actions[] = {
    {"ResumeSession", act_resume_session},
    {"TerminateSession", act_terminate_session},
    {0},
};

const struct sim_action sim_kms_actions[] = {
    {"GenerateDataKey", act_generate_data_key},
    {0},
};
