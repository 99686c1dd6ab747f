#include "fs/kernel/handle.h"

#include "backend/base/limits.h"
#include "fs/commit.h"
#include "fs/scratch.h"
#include "fs/stream.h"

#include <fcntl.h>
#include <stdlib.h>

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct handle *open_handles; /* open_lock with prev and next of each; */
static size_t open_count;	    /* open_lock */

struct handle *handle_new(struct node *n, int flags)
{
	struct handle *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->refs = 1;
	h->node = node_ref(n);
	h->flags = flags;
	pthread_mutex_init(&h->lock, NULL);
	buf_init(&h->gather, LIMIT_DOCUMENT);
	buf_init(&h->answer, LIMIT_RESPONSE);
	if (n->scratch)
		scratch_opened(n->scratch);
	return h;
}

struct handle *handle_ref(struct handle *h)
{
	atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
	return h;
}

void handle_unref(struct handle *h)
{
	if (!h || atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (h->node->scratch)
		scratch_closed(h->node->scratch);
	stream_unref(h->stream);
	write_call_unref(h->call);
	text_unref(h->text);
	buf_release(&h->gather);
	buf_release(&h->answer);
	free(h->state);
	pthread_mutex_destroy(&h->lock);
	node_unref(h->node);
	free(h);
}

void handle_opened(struct handle *h)
{
	handle_ref(h);
	pthread_mutex_lock(&open_lock);
	h->prev = NULL;
	h->next = open_handles;
	if (h->next)
		h->next->prev = h;
	open_handles = h;
	open_count++;
	pthread_mutex_unlock(&open_lock);
}

void handle_closed(struct handle *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&open_lock);
	if (h->prev)
		h->prev->next = h->next;
	else
		open_handles = h->next;
	if (h->next)
		h->next->prev = h->prev;
	open_count--;
	pthread_mutex_unlock(&open_lock);
	handle_unref(h);
}

void handles_truncated(const struct node *n, pid_t thread)
{
	struct handle *h;

	pthread_mutex_lock(&open_lock);
	for (h = open_handles; h; h = h->next)
		if (h->node == n && h->opener == thread && handle_writes(h))
			break;
	if (h)
		handle_ref(h);
	pthread_mutex_unlock(&open_lock);
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->truncated = true;
	pthread_mutex_unlock(&h->lock);
	handle_unref(h);
}

bool handle_reads(const struct handle *h)
{
	return (h->flags & O_ACCMODE) != O_WRONLY;
}

bool handle_writes(const struct handle *h)
{
	return (h->flags & O_ACCMODE) != O_RDONLY;
}

bool handle_flushes(const struct handle *h)
{
	return handle_writes(h) && h->node->row;
}

size_t handles_count(void)
{
	pthread_mutex_lock(&open_lock);
	size_t count = open_count;
	pthread_mutex_unlock(&open_lock);
	return count;
}

void handles_teardown(void)
{
	while (open_handles)
		handle_closed(open_handles);
}
