/*
 * How do requests arrive by HTTP? A thread for each connection, kept alive, so that a stalled
 * response stalls no other.
 */
#include "backend/sim/server.h"

#include "backend/base/limits.h"
#include "backend/sim/admin.h"
#include "backend/sim/exec/exec.h"
#include "backend/sim/exec/sessions.h"
#include "backend/sim/request/dispatch.h"
#include "backend/sim/request/http_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_BODY (8 * MIB)
#define STREAM_BLOCK (64 * 1024)
#define STREAM_PAUSE_MS 50

static enum MHD_Result add_query(
    void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct buf *query = arg;
	(void)kind;

	buf_addf(query, "%s%s=%s", query->len ? "&" : "", key, value ? value : "");
	return MHD_YES;
}

static void request_id(struct sim *s, char ret[37])
{
	uint64_t a, b;

	pthread_mutex_lock(&s->lock);
	a = s->request_random = s->request_random * 6364136223846793005u + 1442695040888963407u;
	b = s->request_random = s->request_random * 6364136223846793005u + 1442695040888963407u;
	pthread_mutex_unlock(&s->lock);
	snprintf(ret, 37, "%08x-%04x-4%03x-a%03x-%04x%08x", (unsigned)(a >> 32),
	    (unsigned)(a >> 16) & 0xffff, (unsigned)(a >> 4) & 0xfff, (unsigned)(b >> 52),
	    (unsigned)(b >> 36) & 0xffff, (unsigned)(b >> 4));
}

static struct sim_request *request_new(
    struct sim *s, struct MHD_Connection *connection, const char *method, const char *path)
{
	struct sim_request *rq = sim_alloc(sizeof(*rq));

	rq->connection = connection;
	rq->method = method;
	rq->path = path;
	buf_init(&rq->body, MAX_BODY);
	buf_init(&rq->query, 64 * KIB);
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, &rq->query);
	rq->target = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Amz-Target");
	rq->user_agent = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "User-Agent");
	rq->content_type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
	request_id(s, rq->id);
	return rq;
}

static void request_done(void *arg, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode code)
{
	struct sim_request *rq = *request;
	(void)arg, (void)connection, (void)code;

	if (!rq)
		return;
	buf_release(&rq->body);
	buf_release(&rq->query);
	free(rq);
	*request = NULL;
}

/* Ends a connection with RST, as a crash does. */
static enum MHD_Result cut(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct linger now = {.l_onoff = 1};

	if (info)
		setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return MHD_NO;
}

struct partial {
	char *body;
	size_t len; /* of what comes */
};

static ssize_t read_partial(void *arg, uint64_t at, char *buf, size_t max)
{
	const struct partial *p = arg;
	size_t n = p->len - (size_t)at;

	if (at >= p->len)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = n < max ? n : max;
	memcpy(buf, p->body + at, n);
	return (ssize_t)n;
}

static void free_partial(void *arg)
{
	struct partial *p = arg;

	free(p->body);
	free(p);
}

struct stream {
	struct sim *sim;
	struct sim_reply reply;
};

static ssize_t read_stream(void *arg, uint64_t at, char *buf, size_t max)
{
	struct stream *s = arg;
	long n = 0;
	bool ending;
	(void)at;

	while (n == 0) {
		pthread_mutex_lock(&s->sim->lock);
		ending = s->sim->ending;
		pthread_mutex_unlock(&s->sim->lock);
		if (ending)
			return MHD_CONTENT_READER_END_OF_STREAM;
		n = s->reply.stream(s->reply.stream_arg, buf, max);
		if (n == 0)
			sim_wait(s->sim, STREAM_PAUSE_MS);
	}
	return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void free_stream(void *arg)
{
	struct stream *s = arg;

	if (s->reply.stream_free)
		s->reply.stream_free(s->reply.stream_arg);
	free(s);
}

static struct MHD_Response *make_response(struct sim *s, struct sim_reply *reply)
{
	struct partial *p;
	struct stream *stream;

	if (reply->stream) {
		stream = sim_alloc(sizeof(*stream));
		*stream = (struct stream){.sim = s, .reply = *reply};
		return MHD_create_response_from_callback(
		    MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, stream, free_stream);
	}
	if (reply->fault == FAULT_TRUNCATE) {
		p = sim_alloc(sizeof(*p));
		*p = (struct partial){.body = reply->body, .len = reply->len / 2};
		return MHD_create_response_from_callback(
		    reply->len, STREAM_BLOCK, read_partial, p, free_partial);
	}
	return MHD_create_response_from_buffer(reply->len, reply->body, MHD_RESPMEM_MUST_FREE);
}

static void drop_reply(struct sim_reply *reply)
{
	free(reply->body);
	if (reply->stream && reply->stream_free)
		reply->stream_free(reply->stream_arg);
}

static enum MHD_Result send_reply(
    struct sim *s, const struct sim_request *rq, struct sim_reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result ret;

	if (reply->fault == FAULT_RESET || reply->fault == FAULT_LOST) {
		drop_reply(reply);
		return cut(rq->connection);
	}
	response = make_response(s, reply);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", reply->type);
	MHD_add_response_header(response, "x-amzn-RequestId", rq->id);
	ret = MHD_queue_response(rq->connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *data, size_t *len, void **request)
{
	struct sim *s = arg;
	struct sim_request *rq = *request;
	struct sim_reply reply = {0};
	(void)version;

	if (!rq) {
		*request = request_new(s, connection, method, path);
		return MHD_YES;
	}
	if (*len) {
		buf_add(&rq->body, data, *len);
		rq->too_large |= buf_failed(&rq->body);
		*len = 0;
		return MHD_YES;
	}
	if (s->exec && strncmp(path, EXEC_PATH, strlen(EXEC_PATH)) == 0) {
		if (exec_serve(s->exec, s, rq, &reply.status))
			return MHD_YES;
		reply.type = "text/plain";
		return send_reply(s, rq, &reply);
	}
	if (strncmp(path, "/_sim/", 6) == 0)
		sim_admin(s, rq, &reply);
	else
		sim_dispatch(s, rq, &reply);
	return send_reply(s, rq, &reply);
}

int http_server_start(struct sim *s, int port, struct ecsfs_error *err)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const union MHD_DaemonInfo *info;

	s->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_ALLOW_UPGRADE,
	    (uint16_t)port, NULL, NULL, handle, s, MHD_OPTION_SOCK_ADDR, &address,
	    MHD_OPTION_NOTIFY_COMPLETED, request_done, NULL, MHD_OPTION_CONNECTION_LIMIT, 1024u,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(64 * KIB), MHD_OPTION_END);
	if (!s->daemon)
		return ecsfs_error_set(
		    err, EADDRINUSE, NULL, "cannot listen on 127.0.0.1:%d", port);
	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
	s->port = info && info->port ? info->port : port;
	return 0;
}

void http_server_stop(struct sim *s)
{
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
}
