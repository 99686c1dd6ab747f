/*
 * How is each kind of reply written? Claim, then one libfuse call. Look-ups are counted before the
 * reply, since a FORGET may come before the call returns.
 */
#include "fs/kernel/reply.h"

#include "backend/base/portable.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/node/inode.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/parked.h"

#include <errno.h>
#ifdef PORTABLE_FUSE_MESSAGES
#include <linux/fuse.h>
#endif

int request_reply_ok(struct request *rq)
{
	if (request_claim(rq))
		request_replied(rq, fuse_reply_err(rq->req, 0));
	return 0;
}

int request_reply_buf(struct request *rq, const void *bytes, size_t len)
{
	if (request_claim(rq))
		request_replied(rq, fuse_reply_buf(rq->req, bytes, len));
	return 0;
}

int request_reply_file(struct request *rq, int fd, int64_t size)
{
	int64_t left = size - rq->off;
	size_t len = left < (int64_t)rq->size ? (size_t)left : rq->size;
	struct fuse_bufvec v = FUSE_BUFVEC_INIT(len);

	v.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK | FUSE_BUF_FD_RETRY;
	v.buf[0].fd = fd;
	v.buf[0].pos = rq->off;
	if (request_claim(rq))
		request_replied(rq, fuse_reply_data(rq->req, &v, 0));
	return 0;
}

int request_reply_written(struct request *rq, size_t len)
{
	if (request_claim(rq))
		request_replied(rq, fuse_reply_write(rq->req, len));
	return 0;
}

int request_reply_attr(struct request *rq, const struct stat *st, double timeout_s)
{
	if (request_claim(rq))
		request_replied(rq, fuse_reply_attr(rq->req, st, timeout_s));
	return 0;
}

void request_looked_up(struct node *n)
{
	if (node_looked_up(n))
		notify_idle(n->fs);
}

int request_reply_entry(struct request *rq, struct node *n, int64_t entry_ms)
{
	struct fuse_entry_param e = {.ino = n->id, .entry_timeout = attr_seconds(entry_ms)};

	attr_of(n, &e.attr, &e.attr_timeout);
	if (!request_claim(rq))
		return 0;
	request_looked_up(n);
	if (request_replied(rq, fuse_reply_entry(rq->req, &e)) == -ENOENT)
		node_forget(n->fs, n->id, 1);
	return 0;
}

int request_reply_absent(struct request *rq, int64_t entry_ms)
{
	struct fuse_entry_param e = {.entry_timeout = attr_seconds(entry_ms)};

	if (!request_claim(rq))
		return 0;
	request_replied(
	    rq, entry_ms > 0 ? fuse_reply_entry(rq->req, &e) : fuse_reply_err(rq->req, ENOENT));
	return 0;
}

/*
 * FOPEN_STREAM (Linux 5.2), which libfuse cannot say: without it read(2) and write(2) of one open
 * file wait for each other (the lock of its position), and a reader that waits for output would keep
 * its own input out.
 */
static int reply_open_stream(struct request *rq, const struct fuse_file_info *fi)
{
#ifdef PORTABLE_FUSE_MESSAGES
	struct fuse_open_out out = {.fh = fi->fh,
	    .open_flags = FOPEN_DIRECT_IO | FOPEN_STREAM | (fi->noflush ? FOPEN_NOFLUSH : 0)};

	return fuse_reply_buf(rq->req, (const char *)&out, sizeof(out));
#else
	return fuse_reply_open(rq->req, fi);
#endif
}

static int reply_open(
    struct request *rq, const struct fuse_file_info *fi, struct node *n, bool is_stream)
{
	struct fuse_entry_param e = {0};
	int ret;

	if (!n)
		return is_stream ? reply_open_stream(rq, fi) : fuse_reply_open(rq->req, fi);
	e.ino = n->id;
	attr_of(n, &e.attr, &e.attr_timeout);
	e.attr_timeout = 0;
	request_looked_up(n);
	ret = fuse_reply_create(rq->req, &e, fi);
	if (ret == -ENOENT)
		node_forget(n->fs, n->id, 1);
	return ret;
}

int request_reply_open(struct request *rq, struct handle *h, struct node *n, bool direct, bool keep)
{
	struct fuse_file_info fi = {
	    .fh = (uint64_t)(uintptr_t)h,
	    .direct_io = direct,
	    .keep_cache = keep,
	    .noflush = !h || !handle_flushes(h),
	};

	/* Taken before: once the kernel knows the handle, its RELEASE may come on another thread. */
	if (h)
		handle_opened(h);
	if (!request_claim(rq) ||
	    request_replied(rq, reply_open(rq, &fi, n, h && h->conversation)) == -ENOENT)
		handle_closed(h);
	return 0;
}
