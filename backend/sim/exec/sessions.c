/* Which ECS Exec sessions has a simulated region? They are found by id, each with its agent. */
#include "backend/sim/exec/sessions.h"

#include "backend/sim/exec/agent.h"
#include "backend/sim/exec/exec.h"
#include "backend/sim/request/auth.h"

#include "backend/base/cleanup.h"
#include "backend/exec/message.h"
#include "backend/exec/websocket.h"

#include <microhttpd.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_SESSIONS 128

struct session_slot {
	char id[64];
	char token[64];
	unsigned char key[64];
	struct agent *agent;
	bool dead; /* the agent's thread ends: the next user of the slot joins it */
	struct sim_exec *exec;
};

struct sim_exec {
	struct sim *sim;
	pthread_mutex_t lock;
	struct session_slot *sessions[MAX_SESSIONS]; /* lock */
	struct exec_faults faults;		     /* lock */
	bool stopping;				     /* lock */
};

/* A connection that was upgraded, until the agent is done with it. */
struct upgraded {
	struct sim_exec *exec;
	char id[64];
	struct MHD_UpgradeResponseHandle *handle;
};

struct sim_exec *exec_new(struct sim *s)
{
	struct sim_exec *e = sim_alloc(sizeof(*e));

	e->sim = s;
	pthread_mutex_init(&e->lock, NULL);
	return e;
}

static const struct {
	const char *name;
	size_t offset;
} fault_names[] = {
    {"handshake", offsetof(struct exec_faults, handshake)},
    {"kms", offsetof(struct exec_faults, kms)},
    {"loss", offsetof(struct exec_faults, loss)},
    {"repeat", offsetof(struct exec_faults, repeat)},
    {"reorder", offsetof(struct exec_faults, reorder)},
    {"delay", offsetof(struct exec_faults, delay_ms)},
    {"cut", offsetof(struct exec_faults, cut_after)},
    {"silent", offsetof(struct exec_faults, silent)},
    {"garbage", offsetof(struct exec_faults, garbage)},
    {"expire", offsetof(struct exec_faults, expire)},
};

int exec_set(struct sim_exec *e, const char *name, int value)
{
	for (size_t i = 0; i < sizeof(fault_names) / sizeof(*fault_names); i++) {
		if (strcmp(fault_names[i].name, name) != 0)
			continue;
		pthread_mutex_lock(&e->lock);
		*(int *)((char *)&e->faults + fault_names[i].offset) = value;
		pthread_mutex_unlock(&e->lock);
		return 0;
	}
	return -1;
}

static void slot_free(struct session_slot *s)
{
	agent_join(s->agent);
	free(s);
}

/* Removes ended sessions from the list. */
static void reap(struct sim_exec *e)
{
	struct session_slot *dead[MAX_SESSIONS];
	size_t n = 0;

	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < MAX_SESSIONS; i++) {
		if (!e->sessions[i] || !e->sessions[i]->dead)
			continue;
		dead[n++] = e->sessions[i];
		e->sessions[i] = NULL;
	}
	pthread_mutex_unlock(&e->lock);
	while (n)
		slot_free(dead[--n]);
}

/* On the agent's thread, which then ends. */
static void agent_done(void *arg)
{
	struct session_slot *s = arg;

	pthread_mutex_lock(&s->exec->lock);
	s->dead = true;
	pthread_mutex_unlock(&s->exec->lock);
}

static void new_secret(const char *prefix, char ret[64])
{
	unsigned char id[16];
	char text[37];

	message_new_id(id);
	message_id_text(id, text);
	snprintf(ret, 64, "%s%s", prefix, text);
}

/* With the lock. */
static int free_slot(const struct sim_exec *e)
{
	for (int i = 0; i < MAX_SESSIONS && !e->stopping; i++)
		if (!e->sessions[i])
			return i;
	return -1;
}

int exec_open(struct sim_exec *e, const char *command, char **ret_id, char **ret_token)
{
	struct session_slot *s = sim_alloc(sizeof(*s));
	struct agent_options o = {.command = command, .key = s->key, .token = s->token};
	int i;

	reap(e);
	new_secret("ecs-execute-command-", s->id);
	new_secret("token-", s->token);
	RAND_bytes(s->key, sizeof(s->key));
	s->exec = e;
	o.done = agent_done;
	o.arg = s;
	pthread_mutex_lock(&e->lock);
	o.faults = e->faults;
	i = free_slot(e);
	if (i >= 0)
		s->agent = agent_start(&o);
	if (s->agent)
		e->sessions[i] = s;
	pthread_mutex_unlock(&e->lock);
	if (!s->agent) {
		free(s);
		return -1;
	}
	*ret_id = sim_strdup(s->id);
	*ret_token = sim_strdup(s->token);
	return 0;
}

/* With the lock; NULL: it has ended. */
static struct session_slot *find(const struct sim_exec *e, const char *id)
{
	for (int i = 0; i < MAX_SESSIONS; i++)
		if (e->sessions[i] && !e->sessions[i]->dead && strcmp(e->sessions[i]->id, id) == 0)
			return e->sessions[i];
	return NULL;
}

char *exec_resume(struct sim_exec *e, const char *id)
{
	char *token = NULL;

	pthread_mutex_lock(&e->lock);
	struct session_slot *s = e->faults.expire ? NULL : find(e, id);
	if (s) {
		new_secret("token-", s->token);
		agent_token(s->agent, s->token);
		token = sim_strdup(s->token);
	}
	pthread_mutex_unlock(&e->lock);
	return token;
}

void exec_terminate(struct sim_exec *e, const char *id)
{
	pthread_mutex_lock(&e->lock);
	struct session_slot *s = find(e, id);
	if (s)
		agent_end(s->agent);
	pthread_mutex_unlock(&e->lock);
}

int exec_data_key(struct sim_exec *e, const char *id, unsigned char ret[64])
{
	pthread_mutex_lock(&e->lock);
	struct session_slot *s = find(e, id);
	if (s)
		memcpy(ret, s->key, 64);
	pthread_mutex_unlock(&e->lock);
	return s ? 0 : -1;
}

static void connection_closed(void *arg)
{
	struct upgraded *u = arg;

	MHD_upgrade_action(u->handle, MHD_UPGRADE_ACTION_CLOSE);
	free(u);
}

static void on_upgrade(void *arg, struct MHD_Connection *connection, void *context,
    const char *extra, size_t extra_len, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
	struct upgraded *u = arg;
	struct agent_connection c = {.fd = fd, .closed = connection_closed, .arg = u};
	(void)connection, (void)context, (void)extra, (void)extra_len;

	/* The agent frees `u` as soon as it is done with the connection. */
	struct sim_exec *e = u->exec;

	u->handle = handle;
	pthread_mutex_lock(&e->lock);
	struct session_slot *s = e->stopping ? NULL : find(e, u->id);
	if (s)
		agent_connect(s->agent, &c);
	pthread_mutex_unlock(&e->lock);
	if (!s)
		connection_closed(u);
}

static bool is_known(struct sim_exec *e, const char *id)
{
	pthread_mutex_lock(&e->lock);
	bool known = find(e, id) != NULL;
	pthread_mutex_unlock(&e->lock);
	return known;
}

/* 101, or the status of the refusal. */
static int check(struct sim_exec *e, struct sim *s, const struct sim_request *rq, const char *key)
{
	const char *upgrade =
	    MHD_lookup_connection_value(rq->connection, MHD_HEADER_KIND, "Upgrade");
	struct sim_call c = {.sim = s, .now_ms = clock_wall(&clock_system)};
	char region[40];

	if (!upgrade || strcasecmp(upgrade, "websocket") != 0 || !key)
		return 400;
	if (sim_auth(s, rq, "ssmmessages", &c, region) < 0)
		return 403;
	return is_known(e, rq->path + strlen(EXEC_PATH)) ? 101 : 404;
}

bool exec_serve(struct sim_exec *e, struct sim *s, const struct sim_request *rq, int *ret_status)
{
	const char *key =
	    MHD_lookup_connection_value(rq->connection, MHD_HEADER_KIND, "Sec-WebSocket-Key");
	struct MHD_Response *response;
	struct upgraded *u;
	char accept[29];

	*ret_status = check(e, s, rq, key);
	if (*ret_status != 101 || websocket_accept_key(key, accept))
		return false;
	u = sim_alloc(sizeof(*u));
	u->exec = e;
	snprintf(u->id, sizeof(u->id), "%s", rq->path + strlen(EXEC_PATH));
	response = MHD_create_response_for_upgrade(on_upgrade, u);
	MHD_add_response_header(response, "Upgrade", "websocket");
	MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
	MHD_queue_response(rq->connection, MHD_HTTP_SWITCHING_PROTOCOLS, response);
	MHD_destroy_response(response);
	return true;
}

void exec_stop(struct sim_exec *e)
{
	bool any = true;

	pthread_mutex_lock(&e->lock);
	e->stopping = true;
	for (int i = 0; i < MAX_SESSIONS; i++)
		if (e->sessions[i])
			agent_end(e->sessions[i]->agent);
	pthread_mutex_unlock(&e->lock);
	while (any) {
		reap(e);
		any = false;
		pthread_mutex_lock(&e->lock);
		for (int i = 0; i < MAX_SESSIONS; i++)
			any |= e->sessions[i] != NULL;
		pthread_mutex_unlock(&e->lock);
		if (any)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

void exec_free(struct sim_exec *e)
{
	if (!e)
		return;
	pthread_mutex_destroy(&e->lock);
	free(e);
}
