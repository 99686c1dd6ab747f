/*
 * How does an open file carry a conversation (ROW_CONVERSATION: exec)? The first line written
 * starts it, later writes are its input, reading returns output as it comes, and the last close
 * ends it.
 *
 * The first line ends with its newline, with the first read, or with the close of a file that was
 * opened for writing alone. A line that begins with a NUL byte ends with one and may hold newlines.
 * Such a file cannot be read, so its input is empty, and the write (or the
 * close) that ends the line returns when the conversation has ended, with its error. A reader that
 * opens the file without writing finds it empty.
 */
#ifndef ECSFS_CONVERSATION_H
#define ECSFS_CONVERSATION_H

#include "fs/table.h"

#include <sys/ioctl.h>

struct conversation;
struct node;
struct request;

/*
 * Commands of ioctl(2) on such an open file, for `ecsfs exec`. CONVERSATION_TERMINAL before the
 * first line asks for a terminal; later it changes the size. CONVERSATION_END_INPUT: no input follows;
 * it may come before the command runs, EPIPE where it never will. CONVERSATION_RESULT: EAGAIN while it
 * runs, else its result. A client that asks for it before the first line too learns the command's
 * status by it alone: reading then ends with the end of the output, and .ecsfs/errors has nothing of
 * a status.
 */
struct conversation_size {
	unsigned short cols, rows;
};
struct conversation_result {
	int error;	    /* errno of its failure; 0: the command ended */
	int status;	    /* the command's exit status */
	char sentence[512]; /* why it failed */
};
#define CONVERSATION_TERMINAL _IOW('e', 1, struct conversation_size)
#define CONVERSATION_END_INPUT _IO('e', 2)
#define CONVERSATION_RESULT _IOR('e', 3, struct conversation_result)

/* NULL: no memory. */
struct conversation *conversation_new(struct node *n, int flags);
/*
 * The kernel closed the file: ends it and wakes its waiters (an interrupted reader may still be
 * parked and hold the open file). Never waits.
 */
void conversation_end(struct conversation *c);
/* NULL is fine. */
void conversation_free(struct conversation *c);

/*
 * The results of READ, WRITE and FLUSH: bytes read into `bytes` (rq->size of them at most), 0 at
 * the end; bytes taken; 0. -EINPROGRESS: rq->waiter waits for a change. Else -errno with a
 * sentence.
 */
ssize_t conversation_read(
    struct conversation *c, struct request *rq, char *bytes, struct ecsfs_error *err);
ssize_t conversation_write(struct conversation *c, struct request *rq, struct ecsfs_error *err);
int conversation_flush(struct conversation *c, struct request *rq, struct ecsfs_error *err);
/* 0 or -errno; `ret` for CONVERSATION_RESULT. -ENOTTY: unknown command. */
int conversation_ioctl(struct conversation *c, unsigned command,
    const struct conversation_size *size, struct conversation_result *ret);

#endif
