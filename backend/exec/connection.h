/*
 * How is the connection of a session opened and resumed? With the token of ExecuteCommand, and
 * after a loss with one of ssm:ResumeSession. The bytes on it are the channel's (channel.h).
 *
 * The session's thread only. Opening and resuming block.
 */
#ifndef ECSFS_EXEC_CONNECTION_H
#define ECSFS_EXEC_CONNECTION_H

#include "backend/aws.h"
#include "backend/exec/channel.h"
#include "backend/exec/session_calls.h"
#include "backend/exec/websocket.h"

struct connection {
	struct aws_client *client; /* borrowed */
	char *region, *target, *session_id;
	char *url, *token;	  /* the token is a secret */
	struct websocket *socket; /* NULL: none at present */
	const atomic_bool *cancelled;
	websocket_message_fn message;
	void *arg;
};

/* Frees and wipes what it has, and closes the socket. */
void connection_release(struct connection *c);
/* Connects within `timeout_ms` and sends the token. 0, or -errno with a sentence. */
int connection_open(
    struct connection *c, struct channel *channel, int timeout_ms, struct ecsfs_error *err);
void connection_close(struct connection *c);
/* Closes it for good. An agent that was not told its end, because it does not read or cannot be reached,
 * is ended by AWS. */
void connection_abandon(struct connection *c, bool told);
/* Gets a new token: as session_call_resume(). */
int connection_resume(struct connection *c, int64_t idle_ms, struct ecsfs_error *err);
/* For the calls of session_calls.h; borrowed. */
struct session_name connection_name(const struct connection *c);

#endif
