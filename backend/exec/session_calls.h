/*
 * Which calls does a running session make to AWS? A new token after a lost connection
 * (ssm:ResumeSession), and the data key of an encrypted channel (kms:GenerateDataKey). They block.
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

/* ECS developer guide, "ECS Exec": the limit cannot be changed. */
#define SESSION_IDLE_MS ((int64_t)20 * 60 * 1000)
/* The sentence for a session that AWS does not know any more, after `idle_ms` without a byte in
 * either direction. Static storage. */
const char *session_gone(int64_t idle_ms);

#endif
