/*
 * How does a session get a new token or a data key? Through aws_call(), with the session's own
 * names.
 */
#include "backend/exec/session_calls.h"

#include "backend/base/base64.h"
#include "backend/credentials/credentials.h"
#include "backend/exec/stream_url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { END_MS = 5000 };

const char *session_gone(int64_t idle_ms)
{
	return idle_ms >= SESSION_IDLE_MS
	    ? "the session has ended: ECS Exec ends sessions that are idle for 20 minutes"
	    : "the session has ended: AWS does not resume it; the task has stopped, its agent was "
	      "restarted, or the session was terminated";
}

/* Checks AWS's stream URL and token before use: they are parsed both here and by libcurl. */
static int take_stream(const char *action, const char *url, const char *token, char **ret_url,
    char **ret_token, struct ecsfs_error *err)
{
	if (!url || !token || strpbrk(url, "\r\n \t"))
		return ecsfs_error_set(
		    err, EPROTO, NULL, "%s's response has no usable session", action);
	if (!stream_url_is_safe(url))
		return ecsfs_error_set(err, EPROTO, NULL,
		    "%s's response names a stream that is not encrypted", action);
	*ret_url = strdup(url);
	*ret_token = strdup(token);
	return *ret_url && *ret_token ? 0 : -ENOMEM;
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

int session_call_made(
    const json_t *session, char **ret_id, char **ret_url, char **ret_token, struct ecsfs_error *err)
{
	const char *id = text_of(session, "sessionId");

	*ret_id = id ? strdup(id) : NULL;
	return take_stream("ExecuteCommand", id ? text_of(session, "streamUrl") : NULL,
	    text_of(session, "tokenValue"), ret_url, ret_token, err);
}

int session_call_resume(const struct session_name *n, int64_t idle_ms, char **ret_token,
    char **ret_url, struct ecsfs_error *err)
{
	json_auto_t *request = json_pack("{s:s}", "SessionId", n->id);
	auto_secret_json json_t *answer = NULL;
	const char *token, *url;
	int r = aws_call(n->client, n->region, "ssm", "ResumeSession", request, &answer, err);

	if (r)
		return r;
	token = text_of(answer, "TokenValue");
	url = text_of(answer, "StreamUrl");
	if (!token || !*token || !url || !*url)
		return ecsfs_error_set(err, ESHUTDOWN, NULL, "%s", session_gone(idle_ms));
	r = take_stream("ResumeSession", url, token, ret_url, ret_token, err);
	if (r) {
		secret_free(*ret_token);
		free(*ret_url);
	}
	return r;
}

void session_call_end(const struct session_name *n)
{
	json_auto_t *body = json_pack("{s:s}", "SessionId", n->id);
	struct aws_request rq = {.region = n->region,
	    .service = "ssm",
	    .action = "TerminateSession",
	    .body = body,
	    .timeout_ms = END_MS};
	struct aws_response response = {0};

	if (body && aws_request(n->client, &rq, &response, NULL) == 0)
		aws_response_release(&response);
}

int session_call_data_key(const struct session_name *n, const char *key_id,
    unsigned char ret_key[64], struct buf *ret_encrypted, struct ecsfs_error *err)
{
	json_auto_t *request =
	    json_pack("{s:s, s:i, s:{s:s, s:s}}", "KeyId", key_id, "NumberOfBytes", 64,
		"EncryptionContext", "aws:ssm:SessionId", n->id, "aws:ssm:TargetId", n->target);
	auto_secret_json json_t *answer = NULL;
	auto_secret_buf struct buf key = BUF_INIT(1024);
	const char *plain, *encrypted;
	int r = aws_call(n->client, n->region, "kms", "GenerateDataKey", request, &answer, err);

	if (r)
		return r;
	plain = json_string_value(json_object_get(answer, "Plaintext"));
	encrypted = json_string_value(json_object_get(answer, "CiphertextBlob"));
	if (!plain || !encrypted || base64_decode(plain, strlen(plain), &key) || key.len != 64)
		return ecsfs_error_set(
		    err, EIO, NULL, "KMS returned no data key of 64 bytes for %s", key_id);
	memcpy(ret_key, key.data, 64);
	buf_adds(ret_encrypted, encrypted);
	return 0;
}
