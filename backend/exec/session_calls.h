/*
 * Which calls does a session make to AWS? A new token after a lost connection (ssm:ResumeSession), the
 * data key of an encrypted channel (kms:GenerateDataKey), and its end where no channel can say it
 * (ssm:TerminateSession). They block.
 */
#ifndef ECSFS_EXEC_SESSION_CALLS_H
#define ECSFS_EXEC_SESSION_CALLS_H

#include "backend/aws.h"

struct session_name {
	struct aws_client *client;
	const char *region;
	const char *id;
	const char *target; /* "ecs:CLUSTER_TASKID_RUNTIMEID" */
};

/*
 * Reads `session` of ExecuteCommand's response: 0 and new strings, the token a secret; -EPROTO with
 * a sentence where it is not usable. The caller frees the strings in either case.
 */
int session_call_made(const json_t *session, char **ret_id, char **ret_url, char **ret_token,
    struct ecsfs_error *err);
/*
 * 0 and new strings, the token a secret; -errno with a sentence: -ESHUTDOWN where AWS does not know the
 * session any more, after `idle_ms` without a byte in either direction.
 */
int session_call_resume(const struct session_name *n, int64_t idle_ms, char **ret_token,
    char **ret_url, struct ecsfs_error *err);
/* 64 bytes for `key_id`, plain, and encrypted in base64. 0 or -errno and a sentence. */
int session_call_data_key(const struct session_name *n, const char *key_id,
    unsigned char ret_key[64], struct buf *ret_encrypted, struct ecsfs_error *err);

/*
 * Ends the session, so that AWS does not keep its command running until it has been idle for 20 minutes.
 * A failure is not told: nothing can be done about it, and the session's own failure was.
 */
void session_call_end(const struct session_name *n);

/* ECS developer guide, "ECS Exec": the limit cannot be changed. */
#define SESSION_IDLE_MS ((int64_t)20 * 60 * 1000)
/* The sentence for a session that AWS does not know any more, after `idle_ms` without a byte in
 * either direction. Static storage. */
const char *session_gone(int64_t idle_ms);

#endif
