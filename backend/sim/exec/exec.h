/*
 * How does ECS Exec work in the simulated region? It has sessions, the data channel's server end,
 * and commands that run in a pseudo terminal on this machine, in an empty directory. Only `--demo`
 * and `ecsfs-sim --exec` switch it on; elsewhere no container has an agent.
 */
#ifndef ECSFS_SIM_EXEC_H
#define ECSFS_SIM_EXEC_H

#include "backend/sim/api.h"
#include "backend/sim/server.h"

struct sim_exec;

#define EXEC_PATH "/v1/data-channel/"

/* How the agents of later sessions behave; set by POST /_sim/exec?NAME=N. */
struct exec_faults {
	int handshake; /* 1: shake hands, as agents with a key do */
	int kms;       /* 1: encrypt, too */
	int loss;      /* percent of the frames that an agent does not send, or does not see */
	int repeat;    /* percent that it sends twice */
	int reorder;   /* percent that it sends after the next one */
	int delay_ms;  /* delay before each frame */
	int cut_after; /* cut the connection once after so many frames; 0: never */
	int silent;    /* 1: the agent sends nothing */
	int garbage;   /* percent of frames that are damaged */
	int expire;    /* 1: ResumeSession answers that the session has timed out */
};

/* agent.c: the agent of one session, on its own thread. */
struct agent;
struct agent_options {
	const char *command; /* split into words as the agent does; copied */
	struct exec_faults faults;
	const unsigned char *key; /* 64 bytes, copied */
	const char *token;	  /* copied: the token that the first frame must carry */
	void (*done)(void *arg);  /* called as the agent's thread ends */
	void *arg;
};
/* A connection for the agent, which calls `closed` when it no longer uses it. */
struct agent_connection {
	int fd;
	void (*closed)(void *arg);
	void *arg;
};

#endif
