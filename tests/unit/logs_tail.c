/* What does StartLiveTail send in the world of logs? Sessions that say what a test has them say. */
#include "backend/base/limits.h"
#include "backend/parse/eventstream.h"
#include "tests/unit/logs_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Sends one update to the session; with the lock, which is not held while it is taken. */
static int tail_update(const struct aws_request *rq)
{
	const struct eventstream_header headers[] = {
	    {":message-type", "event"}, {":event-type", "sessionUpdate"}};
	auto_buf struct buf out = BUF_INIT(MIB);
	json_auto_t *update = *cw.tail_group
	    ? json_pack("{s:[{s:s, s:s}]}", "sessionResults", "logGroupIdentifier", cw.tail_group,
		  "message", "sampled")
	    : json_pack("{s:[]}", "sessionResults");
	char *payload = json_dumps(update, JSON_COMPACT);
	int r;

	eventstream_encode(headers, 2, payload, strlen(payload), &out);
	free(payload);
	if (cw.tail_broken)
		out.data[out.len - 1] ^= 1;
	pthread_mutex_unlock(&cw.lock);
	/* In two pieces: messages are not read whole from a connection. */
	r = rq->sink(rq->sink_arg, out.data, out.len / 2);
	if (r == 0)
		r = rq->sink(rq->sink_arg, out.data + out.len / 2, out.len - out.len / 2);
	pthread_mutex_lock(&cw.lock);
	return r;
}

int cw_live_tail(const struct aws_request *rq, struct ecsfs_error *err)
{
	int r = 0;

	pthread_mutex_lock(&cw.lock);
	cw.tails++;
	if (cw.tail_err)
		r = ecsfs_error_set(err, cw.tail_err, "AccessDeniedException", "no live tail");
	cw.tail_running++;
	pthread_cond_broadcast(&cw.tail_changed);
	while (r == 0 && !cw.tail_end && !cw.tail_short) {
		if (cw.tail_group) {
			r = tail_update(rq);
			free(cw.tail_group);
			cw.tail_group = NULL;
			pthread_cond_broadcast(&cw.tail_changed);
		} else {
			pthread_cond_wait(&cw.tail_changed, &cw.lock);
		}
	}
	cw.tail_end = false;
	cw.tail_running--;
	pthread_cond_broadcast(&cw.tail_changed);
	pthread_mutex_unlock(&cw.lock);
	return r;
}

/* With the lock. */
static void tail_sleep(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	if (pthread_cond_timedwait(&cw.tail_changed, &cw.lock, &until) == ETIMEDOUT)
		fail_msg("nothing happened in the session");
}

void hold_events(bool held)
{
	pthread_mutex_lock(&cw.lock);
	cw.held = held;
	pthread_cond_broadcast(&cw.tail_changed);
	pthread_mutex_unlock(&cw.lock);
}

void tail_say(const char *group)
{
	pthread_mutex_lock(&cw.lock);
	cw.tail_group = strdup(group);
	pthread_cond_broadcast(&cw.tail_changed);
	while (cw.tail_group)
		tail_sleep();
	pthread_mutex_unlock(&cw.lock);
}

void tail_wait(int running)
{
	pthread_mutex_lock(&cw.lock);
	while (cw.tail_running != running)
		tail_sleep();
	pthread_mutex_unlock(&cw.lock);
}
