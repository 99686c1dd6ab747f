/*
 * How fast can a FUSE file system be? This one is in memory, the yardstick of a warm file: it gives
 * the kernel the same settings as ecsfs (long timeouts, kept pages, no flush, cached listings), and
 * nothing has to be looked for.
 *
 *   memory_fs MOUNTPOINT      /value, and /d0 to /d999, which are empty directories
 *
 * Threads, sessions and buffers are as in fs/mount/mount.c.
 */
#define FUSE_USE_VERSION 314
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOT = FUSE_ROOT_ID, VALUE = 2, FIRST_DIR = 3, DIRS = 1000, THREADS = 4 };

static const char text[] = "10\n";
static const double FOREVER = 3600;

static int attr_of(fuse_ino_t ino, struct stat *st)
{
	if (ino >= FIRST_DIR + DIRS)
		return -ENOENT;
	*st = (struct stat){.st_ino = ino, .st_nlink = 1, .st_mode = S_IFDIR | 0500};
	if (ino == VALUE) {
		st->st_mode = S_IFREG | 0400;
		st->st_size = sizeof(text) - 1;
	}
	return 0;
}

static void entry_of(fuse_ino_t ino, struct fuse_entry_param *e)
{
	*e = (struct fuse_entry_param){
	    .ino = ino, .attr_timeout = FOREVER, .entry_timeout = FOREVER};
	attr_of(ino, &e->attr);
}

static void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e;
	unsigned n;

	if (parent == ROOT && strcmp(name, "value") == 0)
		entry_of(VALUE, &e);
	else if (parent == ROOT && sscanf(name, "d%u", &n) == 1 && n < DIRS)
		entry_of(FIRST_DIR + n, &e);
	else {
		fuse_reply_err(req, ENOENT);
		return;
	}
	fuse_reply_entry(req, &e);
}

static void do_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	(void)fi;
	if (attr_of(ino, &st) < 0)
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_attr(req, &st, FOREVER);
}

static void do_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->keep_cache = 1;
	fi->noflush = 1;
	fuse_reply_open(req, fi);
}

static void do_read(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	size_t left = off < (off_t)sizeof(text) - 1 ? sizeof(text) - 1 - (size_t)off : 0;

	(void)ino;
	(void)fi;
	fuse_reply_buf(req, text + off, left < size ? left : size);
}

static void do_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(req, ENOSYS);
}

static void do_readdirplus(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	char *bytes = malloc(size), name[32];
	size_t len = 0;

	(void)fi;
	for (off_t i = off; bytes && ino == ROOT && i < DIRS + 1; i++) {
		struct fuse_entry_param e;
		size_t need;

		snprintf(name, sizeof(name), i ? "d%ld" : "value", (long)i - 1);
		entry_of(VALUE + (fuse_ino_t)i, &e);
		need = fuse_add_direntry_plus(req, bytes + len, size - len, name, &e, i + 1);
		if (need > size - len)
			break;
		len += need;
	}
	fuse_reply_buf(req, bytes, len);
	free(bytes);
}

static void do_init(void *arg, struct fuse_conn_info *conn)
{
	(void)arg;
	conn->want |= conn->capable & FUSE_CAP_READDIRPLUS;
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
}

static const struct fuse_lowlevel_ops ops = {.init = do_init,
    .lookup = do_lookup,
    .getattr = do_getattr,
    .open = do_open,
    .read = do_read,
    .opendir = do_opendir,
    .readdirplus = do_readdirplus};

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *se =
	    argc == 2 ? fuse_session_new(&args, &ops, sizeof(ops), NULL) : NULL;
	struct fuse_loop_config *config = fuse_loop_cfg_create();

	if (!se || fuse_set_signal_handlers(se) < 0 || fuse_session_mount(se, argv[1]) < 0)
		return 1;
	fuse_loop_cfg_set_max_threads(config, THREADS);
	fuse_loop_cfg_set_idle_threads(config, THREADS);
	fuse_session_loop_mt(se, config);
	fuse_session_unmount(se);
	fuse_session_destroy(se);
	fuse_loop_cfg_destroy(config);
	return 0;
}
