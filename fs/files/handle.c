/*
 * When does an open file end? References are counted: the kernel's, and each request's. The list of
 * open ones serves truncation by name and the end of the mount.
 */
#include "fs/files/handle.h"

#include "backend/base/limits.h"
#include "fs/caller.h"
#include "fs/files/conversation.h"
#include "fs/files/scratch.h"
#include "fs/files/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* One mount's: the files that the kernel has open. */
struct handles {
	pthread_mutex_t lock;
	struct handle *first; /* lock, with prev and next of each */
	size_t count;	      /* lock */
};

struct write_call *write_call_new(
    const struct handle *h, size_t len, const char *bytes, size_t size, off_t off)
{
	const struct gather *g = &h->gather;
	struct write_call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->refs = 1;
	c->text = text_new(buf_str(&g->text), len);
	c->sent = g->lines_sent;
	c->off = off;
	c->size = size;
	c->bytes = bytes ? malloc(size + 1) : NULL;
	c->earlier = gather_earlier(g, h->node->row);
	if (!c->text || (bytes && !c->bytes)) {
		write_call_unref(c);
		return NULL;
	}
	if (bytes)
		memcpy(c->bytes, bytes, size);
	return c;
}

struct write_call *write_call_ref(struct write_call *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void write_call_unref(struct write_call *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	text_unref(c->text);
	free(c->bytes);
	free(c->earlier);
	free(c);
}

struct handle *handle_new(struct node *n, int flags)
{
	struct handle *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->refs = 1;
	h->node = node_ref(n);
	h->flags = flags;
	pthread_mutex_init(&h->lock, NULL);
	gather_init(&h->gather);
	buf_init(&h->answer, LIMIT_RESPONSE);
	if (n->row && n->row->form == ROW_CONVERSATION && handle_writes(h)) {
		h->conversation = conversation_new(n, flags);
		if (!h->conversation) {
			handle_unref(h);
			return NULL;
		}
	}
	if (n->scratch)
		scratch_opened(n->scratch);
	if (handle_writes(h))
		atomic_fetch_add(&n->writers, 1);
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
	if (handle_writes(h))
		atomic_fetch_sub(&h->node->writers, 1);
	conversation_free(h->conversation);
	stream_unref(h->stream);
	write_call_unref(h->call);
	text_unref(h->text);
	free(h->ending);
	gather_release(&h->gather);
	buf_release(&h->answer);
	pthread_mutex_destroy(&h->lock);
	node_unref(h->node);
	free(h);
}

void handle_opened(struct handle *h)
{
	struct handles *all = h->node->fs->handles;

	handle_ref(h);
	pthread_mutex_lock(&all->lock);
	h->prev = NULL;
	h->next = all->first;
	if (h->next)
		h->next->prev = h;
	all->first = h;
	all->count++;
	pthread_mutex_unlock(&all->lock);
}

void handle_closed(struct handle *h)
{
	if (!h)
		return;
	struct handles *all = h->node->fs->handles;
	pthread_mutex_lock(&all->lock);
	if (h->prev)
		h->prev->next = h->next;
	else
		all->first = h->next;
	if (h->next)
		h->next->prev = h->prev;
	all->count--;
	pthread_mutex_unlock(&all->lock);
	if (h->conversation)
		conversation_end(h->conversation);
	if (h->stream)
		stream_closed(h->stream);
	handle_unref(h);
}

int handle_truncate(struct handle *h, pid_t thread, off_t size, struct ecsfs_error *err)
{
	const struct row *row = h->node->row;

	if (!row)
		return 0;
	if (size == 0 && row->form == ROW_LINES && caller_kind(thread) == CALLER_PROGRAM)
		h->emptied_by = caller_process(thread);
	pthread_mutex_lock(&h->lock);
	bool whole = size == 0 || (!(h->flags & O_APPEND) && h->gather.base == 0);
	int e = gather_truncate(&h->gather, row, size, err);
	h->truncated |= !e && whole;
	h->emptied |= size == 0;
	pthread_mutex_unlock(&h->lock);
	return e;
}

/* The open file that a truncation by name belongs to; NULL: none. */
static struct handle *find_truncated(const struct node *n, pid_t thread)
{
	struct handles *all = n->fs->handles;
	struct handle *h;

	pthread_mutex_lock(&all->lock);
	for (h = all->first; h; h = h->next)
		if (h->node == n && h->opener == thread && handle_writes(h))
			break;
	if (h)
		handle_ref(h);
	pthread_mutex_unlock(&all->lock);
	return h;
}

int handles_truncate(const struct node *n, pid_t thread, off_t size, struct ecsfs_error *err)
{
	struct handle *h = find_truncated(n, thread);
	struct gather nothing = {0};

	if (!h)
		return gather_truncate(&nothing, n->row, size, err);
	int e = handle_truncate(h, thread, size, err);
	handle_unref(h);
	return e;
}

bool handle_writes(const struct handle *h)
{
	return (h->flags & O_ACCMODE) != O_RDONLY;
}

bool handle_flushes(const struct handle *h)
{
	return handle_writes(h) && h->node->row;
}

off_t handles_text_size(const struct node *n)
{
	struct handles *all = n->fs->handles;
	off_t size = 0;

	pthread_mutex_lock(&all->lock);
	for (struct handle *h = all->first; h; h = h->next) {
		if (h->node != n)
			continue;
		pthread_mutex_lock(&h->lock);
		off_t len = h->text ? (off_t)h->text->len : 0;
		pthread_mutex_unlock(&h->lock);
		size = len > size ? len : size;
	}
	pthread_mutex_unlock(&all->lock);
	return size;
}

size_t handles_count(struct fs *fs)
{
	struct handles *all = fs->handles;

	pthread_mutex_lock(&all->lock);
	size_t count = all->count;
	pthread_mutex_unlock(&all->lock);
	return count;
}

int handles_new(struct fs *fs)
{
	fs->handles = calloc(1, sizeof(*fs->handles));
	if (!fs->handles)
		return -ENOMEM;
	pthread_mutex_init(&fs->handles->lock, NULL);
	return 0;
}

void handles_close(struct fs *fs)
{
	while (fs->handles->first)
		handle_closed(fs->handles->first);
}

void handles_free(struct fs *fs)
{
	if (!fs->handles)
		return;
	handles_close(fs);
	pthread_mutex_destroy(&fs->handles->lock);
	free(fs->handles);
	fs->handles = NULL;
}
