/*
 * ECS Exec of the simulated region: sessions, the data channel's server end, and commands that run
 * in a pseudo terminal on this machine, in an empty directory. Only `--demo` and `ecsfs-sim --exec`
 * switch it on; elsewhere no container has an agent.
 */
#ifndef ECSFS_SIM_EXEC_H
#define ECSFS_SIM_EXEC_H

#include "backend/sim/api.h"
#include "backend/sim/server.h"

struct sim_exec;

#define EXEC_PATH "/v1/data-channel/"

/* How the agents behave; set by POST /_sim/exec?NAME=N, kept for sessions to come. */
struct exec_faults {
	int handshake; /* 1: shake hands, as agents with a key do */
	int kms;       /* 1: and encrypt */
	int loss;      /* percent of the frames that an agent does not send, or does not see */
	int repeat;    /* percent that it sends twice */
	int reorder;   /* percent that it sends after the next one */
	int delay_ms;  /* before each frame */
	int cut_after; /* cut the connection once after so many frames; 0: never */
	int silent;    /* 1: the agent never answers */
	int garbage;   /* percent of frames that are damaged */
	int expire;    /* 1: ResumeSession answers that the session has timed out */
};

struct sim_exec *exec_new(struct sim *s);
/* Ends every session and waits for its threads. Before the server stops. */
void exec_stop(struct sim_exec *e);
void exec_free(struct sim_exec *e);
/* 0, or -1 for an unknown name. */
int exec_set(struct sim_exec *e, const char *name, int value);

/*
 * A session for a command; `ret_id` and `ret_token` are new strings. -1: too many sessions.
 * `context` is what a KMS key must be asked for with.
 */
int exec_open(struct sim_exec *e, const char *command, char **ret_id, char **ret_token);
/* A new token for a session that lives; NULL: it does not. */
char *exec_resume(struct sim_exec *e, const char *id);
void exec_terminate(struct sim_exec *e, const char *id);
/* The data key of a session, 64 bytes: what GenerateDataKey returned for it. -1: no such session. */
int exec_data_key(struct sim_exec *e, const char *id, unsigned char ret[64]);

/* Answers an upgrade request for /v1/data-channel/ID; false: refused with `ret_status`. */
bool exec_serve(struct sim_exec *e, struct sim *s, const struct sim_request *rq, int *ret_status);

/* agent.c: the agent of one session, on its own thread. */
struct agent;
struct agent_options {
	const char *command; /* split into words as the agent does; copied */
	struct exec_faults faults;
	const unsigned char *key; /* 64 bytes, copied */
	const char *token;	  /* copied: what the first frame must name */
	void (*done)(void *arg);  /* the agent's thread ends */
	void *arg;
};
/* NULL: no memory, no thread. */
struct agent *agent_start(const struct agent_options *options);
/* Hands it a connection; `closed` is called when it is done with that. */
struct agent_connection {
	int fd;
	void (*closed)(void *arg);
	void *arg;
};
void agent_connect(struct agent *a, const struct agent_connection *c);
/* The next connection has to name this token. */
void agent_token(struct agent *a, const char *token);
void agent_end(struct agent *a);
void agent_join(struct agent *a);

/* pty.c: 0 and the terminal's descriptor and the process, or -errno. */
int pty_start(const char *command, int *ret_fd, pid_t *ret_pid);
void pty_resize(int fd, unsigned cols, unsigned rows);
/* Ends the command with all that it started and removes its directory. */
void pty_end(int fd, pid_t pid);

#endif
