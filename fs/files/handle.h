/*
 * What does the kernel have open, and what has each open file received? Readers of plain files have
 * no handle: their node holds the text.
 */
#ifndef ECSFS_HANDLE_H
#define ECSFS_HANDLE_H

#include "fs/files/gather.h"
#include "fs/kernel/node/inode.h"

#include <pthread.h>
#include <sys/types.h>

struct conversation;
struct handle;
struct stream;

/*
 * One commit of an open file that is under way, or that ended while its caller was interrupted:
 * a shell that repeats the same write joins it instead of sending the bytes again.
 */
struct write_call {
	atomic_int refs;
	struct text *text; /* the text to send; constant */
	size_t sent;	   /* ROW_LINES: bytes of it sent before; constant */
	bool entire;	   /* ROW_LINES: no more is expected (struct commit); constant */
	char *earlier;	   /* gather_earlier(); constant */
	/* The write(2) itself; NULL bytes: close(2). Constant. */
	char *bytes;
	size_t size;
	off_t off;
	/* The handle's lock. */
	bool done;
	int result;
	struct waiter *waiters;
};

struct handle {
	struct handle *prev, *next; /* of those the kernel has open */
	atomic_int refs;
	struct node *node;
	int flags;    /* of open(2), without O_TRUNC */
	pid_t opener; /* the thread */
	_Atomic pid_t
	    emptied_by; /* ROW_LINES: the program that did it itself; 0: none, or a shell */
	struct stream *stream;
	struct conversation *conversation; /* of a writable open of a ROW_CONVERSATION */

	pthread_mutex_t lock; /* of all that follows */
	struct text *text;    /* the text for reads: control files, dialogs, files open for both */
	struct ecsfs_error *ending; /* ROW_PARTLY: the failure of reads after the text; NULL */
	bool truncated;		    /* the file was emptied: what is written represents the whole */
	bool emptied;		    /* to size 0, or new: a text is to come */
	bool written;		    /* bytes came */
	bool left_empty;	    /* a program closed it before that */
	struct gather gather;	    /* the written text */
	uint64_t writer;   /* the descriptor table of the last write: the kernel's lock owner */
	int failed;	   /* -errno of the refusal that ended writing */
	bool flushed;	   /* ROW_LINES: the end of the text was sent */
	bool goes_on;	   /* ROW_LINES: the writer closed it while others had it open */
	bool pieces;	   /* a program's write so far ended within a buffer of its */
	struct buf answer; /* ROW_DIALOG */
	bool has_answer, answer_based;
	off_t answer_base;	 /* where the first read after the write began */
	struct write_call *call; /* in flight, or ended and not reported yet */
};

/*
 * A call for the first `len` bytes of what the handle has gathered and not sent. `bytes`, `size`,
 * `off`: the write, copied. NULL: no memory. The handle's lock is held.
 */
struct write_call *write_call_new(
    const struct handle *h, size_t len, const char *bytes, size_t size, off_t off);
struct write_call *write_call_ref(struct write_call *c);
void write_call_unref(struct write_call *c);

struct handle *handle_new(struct node *n, int flags);
struct handle *handle_ref(struct handle *h);
void handle_unref(struct handle *h);

/* The kernel's reference, from open to release. */
void handle_opened(struct handle *h);
void handle_closed(struct handle *h);

bool handle_writes(const struct handle *h);
/* ftruncate(2) by a thread. 0, or -EINVAL with a sentence. */
int handle_truncate(struct handle *h, pid_t thread, off_t size, struct ecsfs_error *err);
/*
 * The thread truncated the node's file by its name: the truncation belongs to the file that it
 * opened last for writing (the kernel sends an open's O_TRUNC after the open). As
 * handle_truncate().
 */
int handles_truncate(const struct node *n, pid_t thread, off_t size, struct ecsfs_error *err);
/* Whether close(2) has anything to do. */
bool handle_flushes(const struct handle *h);
/* The size of the longest text that an open file of the node shows; 0: none is open. */
off_t handles_text_size(const struct node *n);
size_t handles_count(struct fs *fs);
/* Closes files that the kernel still had open when the mount ended. */
void handles_close(struct fs *fs);

/* The open files of a mount (fs->handles). 0 or -ENOMEM. */
int handles_new(struct fs *fs);
void handles_free(struct fs *fs);

#endif
