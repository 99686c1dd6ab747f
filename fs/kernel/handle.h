/*
 * Open files. Readers of plain files have none: their node holds the text.
 */
#ifndef ECSFS_HANDLE_H
#define ECSFS_HANDLE_H

#include "fs/kernel/inode.h"

#include <pthread.h>
#include <sys/types.h>

struct stream;
struct write_call;

struct handle {
	struct handle *prev, *next; /* of those the kernel has open */
	atomic_int refs;
	struct node *node;
	int flags;    /* of open(2), without O_TRUNC */
	pid_t opener; /* the thread */
	struct stream *stream;

	pthread_mutex_t lock; /* of all that follows */
	struct text *text;    /* what it reads: control files, dialogs, files open for both */
	bool truncated;	      /* the open emptied the file: what is written stands for the whole */
	bool based, wrote;    /* a first write came; one was sent or gathered */
	off_t base;	      /* the first write's offset, which counts as 0 */
	struct buf gather;    /* a document on its way */
	bool complete;	      /* it was sent: white space may follow */
	int failed;	      /* -errno of the refusal that ended writing */
	bool flushed;	      /* COMMIT_FLUSH was sent */
	void *state;	      /* the commit's own */
	struct buf answer;    /* ROW_DIALOG */
	bool has_answer, answer_based;
	off_t answer_base;	 /* where the first read after the write began */
	struct write_call *call; /* in flight, or ended and nobody told */
};

struct handle *handle_new(struct node *n, int flags);
struct handle *handle_ref(struct handle *h);
void handle_unref(struct handle *h);

/* The kernel's hold on it, from open to release. */
void handle_opened(struct handle *h);
void handle_closed(struct handle *h);

bool handle_reads(const struct handle *h);
bool handle_writes(const struct handle *h);
/*
 * The thread truncated the node's file: that belongs to the file that it opened last for writing
 * (the kernel sends an open's O_TRUNC after the open).
 */
void handles_truncated(const struct node *n, pid_t thread);
/* Whether close(2) has anything to do. */
bool handle_flushes(const struct handle *h);
size_t handles_count(void);
/* Closes what the kernel still had open when the mount ended. */
void handles_teardown(void);

#endif
