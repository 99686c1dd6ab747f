/*
 * How is a data channel reached? The upgrade of the stream's URL is signed unless the URL is; the
 * token is the first frame of each connection.
 */
#include "backend/exec/connection.h"

#include "backend/base/cleanup.h"
#include "backend/config/settings.h"
#include "backend/credentials/credentials.h"
#include "backend/exec/stream_url.h"

#include <stdlib.h>
#include <string.h>

void connection_close(struct connection *c)
{
	websocket_free(c->socket);
	c->socket = NULL;
}

void connection_release(struct connection *c)
{
	connection_close(c);
	secret_free(c->token);
	free(c->url);
	free(c->region);
	free(c->target);
	free(c->session_id);
}

struct session_name connection_name(const struct connection *c)
{
	return (struct session_name){c->client, c->region, c->session_id, c->target};
}

int connection_open(
    struct connection *c, struct channel *channel, int timeout_ms, struct ecsfs_error *err)
{
	auto_secret_buf struct buf lines = BUF_INIT(64 * 1024);
	const char *headers[STREAM_URL_HEADERS + 1] = {NULL};
	struct websocket_options o = {.url = c->url,
	    .headers = headers,
	    .ca_bundle = aws_client_settings_peek(c->client)->ca_bundle,
	    .timeout_ms = timeout_ms,
	    .cancelled = c->cancelled,
	    .message = c->message,
	    .arg = c->arg,
	    .max_message = MESSAGE_MAX};
	/* A URL that is signed already says so in its query. */
	int r = strstr(c->url, "X-Amz-")
	    ? 0
	    : stream_url_sign(c->client, c->region, c->url, &lines, err);

	if (r == 0) {
		stream_url_headers(&lines, headers);
		r = websocket_connect(&o, &c->socket, err);
	}
	return r ? r : channel_open(channel, c->token);
}

void connection_abandon(struct connection *c, bool told)
{
	struct session_name n = connection_name(c);

	connection_close(c);
	if (!told && n.id)
		session_call_end(&n);
}

int connection_resume(struct connection *c, int64_t idle_ms, struct ecsfs_error *err)
{
	struct session_name n = connection_name(c);
	char *token = NULL, *url = NULL;
	int r = session_call_resume(&n, idle_ms, &token, &url, err);

	if (r)
		return r;
	secret_free(c->token);
	free(c->url);
	c->token = token;
	c->url = url;
	return 0;
}
