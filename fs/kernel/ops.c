/*
 * Which handler runs for which operation of the kernel? Each callback copies its arguments into a
 * request and starts it; requests that need no waiting are answered in the callback.
 */
#include "fs/kernel/ops.h"

#include "backend/base/limits.h"
#include "fs/files/commit.h"
#include "fs/files/conversation.h"
#include "fs/files/scratch.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/dirops.h"
#include "fs/kernel/dirread.h"
#include "fs/kernel/lookup.h"
#include "fs/kernel/open.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/reply.h"
#include "fs/kernel/run.h"
#include "fs/kernel/xattr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

/* Copies a name into the request; without memory the request is answered and NULL returned. */
static struct request *with_name(struct request *rq, const char *name)
{
	if (!rq)
		return NULL;
	rq->name = strdup(name);
	if (rq->name)
		return rq;
	request_drop(rq, ENOMEM);
	return NULL;
}

static struct request *with_handle(struct request *rq, const struct fuse_file_info *fi)
{
	struct handle *h = fi ? (struct handle *)(uintptr_t)fi->fh : NULL;

	if (rq && h)
		rq->handle = handle_ref(h);
	return rq;
}

static void op_init(void *arg, struct fuse_conn_info *conn)
{
	(void)arg;
	/* Splicing sends the bytes of a log's spool without a copy in the heap. */
	conn->want |= conn->capable &
	    (FUSE_CAP_READDIRPLUS | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_ASYNC_DIO |
		FUSE_CAP_SPLICE_WRITE);
	conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_POSIX_ACL |
	    FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_HANDLE_KILLPRIV);
	/*
	 * An open's O_TRUNC comes as a SETATTR, whose answer is the true size. Else the kernel empties
	 * its inode by itself, and a reader of the value at that moment reads nothing.
	 */
	conn->want &= ~(unsigned)FUSE_CAP_ATOMIC_O_TRUNC;
	conn->max_read = FS_MOST_READ;
	/* Every waiting request counts as one in the background of the kernel's own read-ahead. */
	conn->max_background = 1024;
	conn->congestion_threshold = 768;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct request *rq = with_name(request_new(req, REQ_LOOKUP, parent), name);

	if (rq)
		request_go(rq, lookup_run);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	request_count(request_fs(req), REQ_FORGET);
	node_forget(request_fs(req), ino, nlookup);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	request_count(request_fs(req), REQ_FORGET);
	for (size_t i = 0; i < count; i++)
		node_forget(request_fs(req), forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

static int run_getattr(struct request *rq, struct ecsfs_error *err)
{
	struct stat st;
	double timeout;

	(void)err;
	attr_of(rq->node, &st, &timeout);
	attr_revive(rq->node);
	return request_reply_attr(rq, &st, timeout);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct request *rq = request_new(req, REQ_GETATTR, ino);

	(void)fi;
	if (rq)
		request_go(rq, run_getattr);
}

static void op_setattr(
    fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *fi)
{
	struct request *rq = with_handle(request_new(req, REQ_SETATTR, ino), fi);

	if (!rq)
		return;
	rq->to_set = to_set;
	rq->mode = attr->st_mode;
	rq->off = attr->st_size;
	rq->mtime_ns = attr->st_mtim.tv_sec * INT64_C(1000000000) + attr->st_mtim.tv_nsec;
	request_go(rq, dirops_setattr);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct request *rq = request_new(req, REQ_READLINK, ino);

	if (rq)
		request_go(rq, open_readlink);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct request *rq = with_name(request_new(req, REQ_MKDIR, parent), name);

	if (!rq)
		return;
	rq->mode = mode;
	request_go(rq, dirops_mkdir);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct request *rq = with_name(request_new(req, REQ_RMDIR, parent), name);

	if (rq)
		request_go(rq, dirops_rmdir);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct request *rq = with_name(request_new(req, REQ_UNLINK, parent), name);

	if (rq)
		request_go(rq, dirops_unlink);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
    const char *newname, unsigned flags)
{
	struct request *rq = with_name(request_new(req, REQ_RENAME, parent), name);

	if (!rq)
		return;
	rq->to = node_by_id(rq->fs, newparent);
	rq->to_name = strdup(newname);
	rq->flags = (int)flags;
	if (!rq->to || !rq->to_name)
		request_drop(rq, rq->to ? ENOMEM : ESTALE);
	else
		request_go(rq, dirops_rename);
}

static void op_create(
    fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
	struct request *rq = with_name(request_new(req, REQ_CREATE, parent), name);

	if (!rq)
		return;
	rq->mode = mode;
	rq->flags = fi->flags;
	request_go(rq, open_create);
}

/* Hard and symbolic links and devices cannot be made: the tree has its own links. */
static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname)
{
	(void)ino, (void)newparent, (void)newname;
	request_count(request_fs(req), REQ_OTHER);
	fuse_reply_err(req, EPERM);
}

static void op_symlink(fuse_req_t req, const char *link, fuse_ino_t parent, const char *name)
{
	(void)link, (void)parent, (void)name;
	request_count(request_fs(req), REQ_OTHER);
	fuse_reply_err(req, EPERM);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	(void)parent, (void)name, (void)mode, (void)rdev;
	request_count(request_fs(req), REQ_OTHER);
	fuse_reply_err(req, EPERM);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct request *rq = request_new(req, REQ_OPEN, ino);

	if (!rq)
		return;
	rq->flags = fi->flags;
	request_go(rq, open_run);
}

static void op_read(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	struct request *rq = with_handle(request_new(req, REQ_READ, ino), fi);

	if (!rq)
		return;
	rq->size = size;
	rq->off = off;
	if (rq->handle && rq->handle->stream)
		request_go_aside(rq, ASIDE_READ, open_read);
	else
		request_go(rq, open_read);
}

static int write_conversation(struct request *rq, struct ecsfs_error *err)
{
	ssize_t n = conversation_write(rq->handle->conversation, rq, err);

	return n < 0 ? (int)n : request_reply_written(rq, (size_t)n);
}

static int flush_conversation(struct request *rq, struct ecsfs_error *err)
{
	int e = conversation_flush(rq->handle->conversation, rq, err);

	return e ? e : request_reply_ok(rq);
}

static int run_write(struct request *rq, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	int e;

	if (!h)
		return -EBADF;
	if (h->conversation)
		return write_conversation(rq, err);
	if (!rq->node->scratch)
		return commit_write(rq, err);
	e = scratch_write(
	    rq->node->scratch, rq->bytes, rq->size, rq->off, h->flags & O_APPEND, err);
	return e ? e : request_reply_written(rq, rq->size);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t off,
    struct fuse_file_info *fi)
{
	struct request *rq = with_handle(request_new(req, REQ_WRITE, ino), fi);

	if (!rq)
		return;
	rq->bytes = malloc(size + 1);
	if (!rq->bytes) {
		request_drop(rq, ENOMEM);
		return;
	}
	memcpy(rq->bytes, bytes, size);
	rq->bytes[size] = '\0';
	rq->size = size;
	rq->off = off;
	rq->owner = fi->lock_owner;
	request_go(rq, run_write);
}

static void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct handle *h = (struct handle *)(uintptr_t)fi->fh;

	if (!h || !handle_flushes(h)) {
		request_count(request_fs(req), REQ_FLUSH);
		fuse_reply_err(req, 0);
		return;
	}
	struct request *rq = with_handle(request_new(req, REQ_FLUSH, ino), fi);
	if (!rq)
		return;
	rq->owner = fi->lock_owner;
	request_go(rq, h->conversation ? flush_conversation : commit_flush);
}

/* Conversations only: a terminal's size, the end of the input, the exit status. */
static void op_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned cmd, void *arg,
    struct fuse_file_info *fi, unsigned flags, const void *in, size_t in_len, size_t out_len)
{
	struct handle *h = (struct handle *)(uintptr_t)fi->fh;
	const struct conversation_size *size = in_len >= sizeof(*size) ? in : NULL;
	struct conversation_result result = {0};
	int e;

	(void)ino, (void)arg;
	request_count(request_fs(req), REQ_OTHER);
	if (!h || !h->conversation || (flags & FUSE_IOCTL_DIR)) {
		fuse_reply_err(req, ENOTTY);
		return;
	}
	e = conversation_ioctl(h->conversation, cmd, size, &result);
	if (e)
		fuse_reply_err(req, -e);
	else
		fuse_reply_ioctl(req, 0, &result, out_len < sizeof(result) ? 0 : sizeof(result));
}

static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)ino, (void)datasync, (void)fi;
	request_count(request_fs(req), REQ_FSYNC);
	fuse_reply_err(req, 0);
}

/*
 * The blocks of a scratch file are memory. An attribute has none: EOPNOTSUPP, after which
 * posix_fallocate(3) tries to write a NUL byte (commit_write() refuses that too).
 */
static void op_fallocate(
    fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length, struct fuse_file_info *fi)
{
	auto_node struct node *n = node_by_id(request_fs(req), ino);
	struct stat st = {0};
	double timeout;
	int e = -EOPNOTSUPP;

	(void)fi;
	request_count(request_fs(req), REQ_OTHER);
	if (n && n->scratch && !n->type && mode == 0) {
		scratch_attr(n->scratch, &st, &timeout);
		e = offset + length > st.st_size
		    ? scratch_truncate(n->scratch, offset + length, NULL)
		    : 0;
	}
	fuse_reply_err(req, -e);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct handle *h = (struct handle *)(uintptr_t)fi->fh;

	(void)ino;
	request_count(request_fs(req), REQ_RELEASE);
	if (h)
		commit_release(h);
	handle_closed(h);
	fuse_reply_err(req, 0);
}

/* The kernel then opens directories by itself and keeps their lists. */
static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino, (void)fi;
	request_count(request_fs(req), REQ_OPENDIR);
	fuse_reply_err(req, ENOSYS);
}

static void list(
    fuse_req_t req, enum request_kind kind, fuse_ino_t ino, size_t size, off_t off, request_fn run)
{
	struct request *rq = request_new(req, kind, ino);

	if (!rq)
		return;
	rq->size = size;
	rq->off = off;
	request_go_aside(rq, ASIDE_LIST, run);
}

static void op_readdir(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	list(req, REQ_READDIR, ino, size, off, dirread_plain);
}

static void op_readdirplus(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	list(req, REQ_READDIRPLUS, ino, size, off, dirread_plus);
}

/* There must be free space, or editors refuse to write. */
static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st = {
	    .f_bsize = 4096,
	    .f_frsize = 4096,
	    .f_blocks = 1 << 20,
	    .f_bfree = 1 << 20,
	    .f_bavail = 1 << 20,
	    .f_files = 1 << 20,
	    .f_ffree = 1 << 20,
	    .f_favail = 1 << 20,
	    .f_namemax = LIMIT_NAME,
	};

	(void)ino;
	request_count(request_fs(req), REQ_STATFS);
	fuse_reply_statfs(req, &st);
}

static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	struct request *rq;

	/* ENOSYS: the kernel never asks again, which saves `ls -l` two requests an entry. */
	if (!request_fs(req)->options.xattr) {
		request_count(request_fs(req), REQ_XATTR);
		fuse_reply_err(req, ENOSYS);
		return;
	}
	rq = with_name(request_new(req, REQ_XATTR, ino), name);
	if (!rq)
		return;
	rq->size = size;
	request_go(rq, xattr_get);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	if (!request_fs(req)->options.xattr) {
		request_count(request_fs(req), REQ_XATTR);
		fuse_reply_err(req, ENOSYS);
		return;
	}
	list(req, REQ_XATTR, ino, size, 0, xattr_list);
}

static void op_setxattr(
    fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
	(void)ino, (void)name, (void)value, (void)size, (void)flags;
	request_count(request_fs(req), REQ_XATTR);
	fuse_reply_err(req, ENOSYS);
}

const struct fuse_lowlevel_ops fs_ops = {
    .init = op_init,
    .lookup = op_lookup,
    .forget = op_forget,
    .forget_multi = op_forget_multi,
    .getattr = op_getattr,
    .setattr = op_setattr,
    .readlink = op_readlink,
    .mkdir = op_mkdir,
    .rmdir = op_rmdir,
    .unlink = op_unlink,
    .rename = op_rename,
    .create = op_create,
    .link = op_link,
    .symlink = op_symlink,
    .mknod = op_mknod,
    .open = op_open,
    .read = op_read,
    .write = op_write,
    .flush = op_flush,
    .ioctl = op_ioctl,
    .fsync = op_fsync,
    .fallocate = op_fallocate,
    .release = op_release,
    .opendir = op_opendir,
    .readdir = op_readdir,
    .readdirplus = op_readdirplus,
    .statfs = op_statfs,
    .getxattr = op_getxattr,
    .listxattr = op_listxattr,
    .setxattr = op_setxattr,
};
