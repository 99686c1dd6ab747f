/* Which ECS Exec sessions has a simulated region? They are found by id, each with its agent. */
#ifndef ECSFS_SIM_EXEC_SESSIONS_H
#define ECSFS_SIM_EXEC_SESSIONS_H

#include "backend/sim/exec/exec.h"

struct sim_exec *exec_new(struct sim *s);
/* Ends every session and waits for its threads. Before the server stops. */
void exec_stop(struct sim_exec *e);
void exec_free(struct sim_exec *e);
/* 0, or -1 for an unknown name. */
int exec_set(struct sim_exec *e, const char *name, int value);

/*
 * A session for a command; `ret_id` and `ret_token` are new strings. -1: too many sessions.
 * `context`: the encryption context that a KMS request must have.
 */
int exec_open(struct sim_exec *e, const char *command, char **ret_id, char **ret_token);
/* A new token for the session; NULL: it has ended. */
char *exec_resume(struct sim_exec *e, const char *id);
void exec_terminate(struct sim_exec *e, const char *id);
/* The data key of a session, 64 bytes: what GenerateDataKey returned for it. -1: no such session. */
int exec_data_key(struct sim_exec *e, const char *id, unsigned char ret[64]);

/* Responds to an upgrade request for /v1/data-channel/ID; false: refused with `ret_status`. */
bool exec_serve(struct sim_exec *e, struct sim *s, const struct sim_request *rq, int *ret_status);

#endif
