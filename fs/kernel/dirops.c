/*
 * May this name be made, removed, renamed or touched, and by whom is it done? Local files are
 * handled at once; resources of AWS become a job that runs the directory's make or drop.
 */
#include "fs/kernel/dirops.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/portable.h"
#include "backend/errlog.h"
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "fs/caller.h"
#include "fs/files/commit.h"
#include "fs/files/local.h"
#include "fs/files/scratch.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/lookup.h"
#include "fs/kernel/newname.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/refused.h"
#include "fs/kernel/reply.h"
#include "fs/kernel/run.h"
#include "fs/listing.h"

#include <errno.h>
#include <string.h>

static int refuse(struct request *rq, struct ecsfs_error *err, const char *why)
{
	refused_remember(rq);
	return ecsfs_error_set(err, EPERM, NULL, "%s", why);
}

static bool read_only(const struct request *rq)
{
	return rq->fs->options.read_only;
}

static bool is_fixed(const struct dir_type *type, const char *name)
{
	return lookup_find_row(type, name) || lookup_find_child(type, name);
}

/* Its look-up found nothing a moment ago, and may have been taken for a slip. */
static void forget_notes(struct request *rq)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);

	request_path(rq, &path);
	errlog_drop_notes(rq->fs->errors, buf_str(&path));
}

static int mkdir_job(struct request *rq, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(rq->node);
	auto_free char *name = lookup_listed_name(type->listing, rq->name);
	auto_node struct node *n = NULL;
	struct node_spec spec = {
	    .file_name = rq->name, .type = type->listing->type, .listed = true};
	int e = commit_directory(rq, name, type->make, err);

	if (e)
		return e;
	forget_notes(rq);
	spec.name = name;
	n = node_for(rq->node, &spec);
	return n ? request_reply_entry(rq, n, 0) : -ENOMEM;
}

static int mkdir_kept(struct request *rq)
{
	auto_node struct node *n = node_child(rq->node, rq->name);
	int e;

	if (n && n->scratch)
		return -EEXIST;
	node_unref(move_ptr(n));
	e = scratch_mkdir(rq->node, rq->name, rq->mode, &n);
	if (!e)
		forget_notes(rq);
	return e ? e : request_reply_entry(rq, n, 0);
}

/* cp makes directories for `cp -r` alone; the files that it would copy into them cannot be copied.
 */
static bool is_copied(const struct request *rq, const struct dir_type *type)
{
	char name[64] = "";

	if (type->local_type && type->local_type->keeps)
		return false;
	caller_name(rq->caller.pid, name, sizeof(name));
	return strcmp(name, "cp") == 0;
}

int dirops_mkdir(struct request *rq, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(rq->node);
	auto_free char *name = NULL;
	struct place p;

	if (!type)
		return -ENOTDIR;
	if (read_only(rq))
		return refused_read_only(err);
	if (is_fixed(type, rq->name))
		return -EEXIST;
	if (type->keeps)
		return mkdir_kept(rq);
	if (newname_is_draft(rq->node) && node_type(rq->node->parent)->copy_from) {
		refused_remember(rq);
		return newname_refuse_copy(rq->node->parent, rq->node->file_name, err);
	}
	if (!type->make || !type->listing)
		return ecsfs_error_set(err, EPERM, NULL,
		    "cannot create directories in %s: see .ecsfs/help", type->what);
	if (is_copied(rq, type))
		return newname_refuse_copy(rq->node, rq->name, err);
	name = lookup_listed_name(type->listing, rq->name);
	if (!name)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "\"%s\" is not a valid name (letters, digits, - and _)", rq->name);
	place_of(rq->node, &p);
	return request_job(rq, p.region, false, mkdir_job);
}

static int rmdir_job(struct request *rq, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(rq->node);
	auto_free char *name = lookup_listed_name(type->listing, rq->name);
	auto_node struct node *n = NULL;
	int e = commit_directory(rq, name, type->drop, err);

	if (e) {
		refused_remember(rq);
		return e;
	}
	n = node_child(rq->node, rq->name);
	if (n) {
		node_detach(n);
		scratch_clear(n);
	}
	return request_reply_ok(rq);
}

static int unlink_job(struct request *rq, struct ecsfs_error *err)
{
	const struct listing *l = node_type(rq->node)->listing;
	auto_free char *name = lookup_listed_name(l, rq->name);
	auto_node struct node *n = NULL;
	int e = commit_directory(rq, name, l->remove, err);

	if (e) {
		refused_remember(rq);
		return e;
	}
	n = node_child(rq->node, rq->name);
	if (n)
		node_detach(n);
	return request_reply_ok(rq);
}

/* A file that represents an object of AWS. */
static int unlink_listed(struct request *rq, struct ecsfs_error *err)
{
	struct place p;

	if (!rq->fs->options.allow_delete)
		return refuse(rq, err, "deleting needs -o allow_delete");
	if (refused_above(rq))
		return refuse(rq, err,
		    "this process was just denied deleting something above it: delete the file by "
		    "itself");
	place_of(rq->node, &p);
	return request_job(rq, p.region, false, unlink_job);
}

static bool is_removable(const struct dir_type *type, const char *file_name)
{
	auto_free char *name =
	    type->listing->remove ? lookup_listed_name(type->listing, file_name) : NULL;

	return name != NULL;
}

static bool holds_scratch(struct node *dir)
{
	json_auto_t *names = json_array();

	node_scratch_names(dir, names);
	return json_array_size(names) > 0;
}

static int rmdir_kept(struct request *rq, struct node *n)
{
	if (!n->type)
		return -ENOTDIR;
	if (holds_scratch(n))
		return -ENOTEMPTY;
	scratch_remove(n);
	return request_reply_ok(rq);
}

int dirops_rmdir(struct request *rq, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(rq->node);
	auto_free char *name = NULL;
	auto_node struct node *known = NULL;
	struct place p;

	if (!type)
		return -ENOTDIR;
	if (read_only(rq))
		return refused_read_only(err);
	known = node_child(rq->node, rq->name);
	if (known && known->scratch)
		return rmdir_kept(rq, known);
	name = type->listing && type->listing->type ? lookup_listed_name(type->listing, rq->name)
						    : NULL;
	if (!name || !type->drop || is_fixed(type, rq->name))
		return refuse(rq, err, "this directory is part of the tree and cannot be removed");
	place_of(rq->node, &p);
	if (!(type->local_kind && local_has(&p, type->local_kind, name))) {
		if (!rq->fs->options.allow_delete)
			return refuse(rq, err, "deleting needs -o allow_delete");
		if (refused_below(rq))
			return refuse(rq, err,
			    "this process was just denied deleting something inside it: remove it "
			    "by a command of its own");
	}
	return request_job(rq, p.region, false, rmdir_job);
}

/*
 * A file that is made from kept ones represents no AWS object, and is made again at the next
 * look-up. Removing it succeeds, so that `rm -r` and `rsync --delete` do not fail half way, with
 * the kept files gone already.
 */
static bool is_made(struct node *dir, const char *name)
{
	const struct dir_type *type = node_type(dir);

	return type && type->keeps && lookup_find_row(type, name);
}

int dirops_unlink(struct request *rq, struct ecsfs_error *err)
{
	auto_node struct node *n = node_child(rq->node, rq->name);

	if (read_only(rq))
		return refused_read_only(err);
	if (is_made(rq->node, rq->name)) {
		if (n)
			node_detach(n);
		return request_reply_ok(rq);
	}
	if ((!n || !n->scratch) && node_type(rq->node) && node_type(rq->node)->listing &&
	    is_removable(node_type(rq->node), rq->name))
		return unlink_listed(rq, err);
	if (!n || !n->scratch)
		return refuse(rq, err,
		    "this file is part of the tree and cannot be deleted (mv to or from another "
		    "file system and install delete: use cp)");
	if (n->type)
		return -EISDIR;
	scratch_remove(n);
	return request_reply_ok(rq);
}

/* Whether a made file or directory may take the name that `old` has (NULL: none). */
static int check_replaced(
    const struct node *from, struct node *old, const struct dir_type *to, unsigned flags)
{
	if (from->type && !to->keeps)
		return -EPERM;
	if (!old || !old->scratch)
		return old && old->type ? -EISDIR : 0;
	if (flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (from->type && !old->type)
		return -ENOTDIR;
	if (old->type && !from->type)
		return -EISDIR;
	return old->type && holds_scratch(old) ? -ENOTEMPTY : 0;
}

/* `name`: the listed name that the file represents; NULL: the directory always has it. */
static int onto_row(
    struct request *rq, const struct row *row, const char *name, struct ecsfs_error *err)
{
	struct ask q = attr_peek(rq->to);
	auto_node struct node *to = NULL;
	struct place p;
	int e;

	if (!row_writable(row))
		return ecsfs_error_set(err, EACCES, NULL,
		    "%s is not writable: .ecsfs/help marks the files that are (rw)", rq->to_name);
	if (rq->flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (newname_is_half_copied(rq, rq->to))
		return newname_refuse_copy(rq->to->parent, rq->to->file_name, err);
	e = lookup_row(rq->to, row, rq->to_name, name, &q, &to, NULL);
	if (e)
		return e;
	place_of(rq->to, &p);
	rq->target = move_ptr(to);
	return request_job(rq, p.region, false, commit_rename);
}

int dirops_rename(struct request *rq, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(rq->to);
	auto_node struct node *from = node_child(rq->node, rq->name);
	auto_node struct node *old = node_child(rq->to, rq->to_name);
	const struct row *row;

	if (!type)
		return -ENOTDIR;
	if (read_only(rq))
		return refused_read_only(err);
	if (rq->flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	if (!from || !from->scratch)
		return ecsfs_error_set(err, EPERM, NULL,
		    "this file is part of the tree and cannot be renamed: use cp");
	row = lookup_find_row(type, rq->to_name);
	if (row)
		return from->type ? -ENOTDIR : onto_row(rq, row, NULL, err);
	if (type->listing && type->listing->makes && !from->type) {
		auto_free char *name = lookup_listed_name(type->listing, rq->to_name);

		if (name)
			return onto_row(rq, type->listing->row, name, err);
	}
	if (lookup_find_child(type, rq->to_name))
		return -EISDIR;
	int e = check_replaced(from, old, type, (unsigned)rq->flags);
	if (!e && !(old && old->scratch))
		e = newname_check(rq->to, rq->to_name, false, err);
	if (!e)
		e = scratch_rename(from, rq->to, rq->to_name, err);
	return e ? e : request_reply_ok(rq);
}

static void forget_answer(void *arg, struct region *r, const struct key *k)
{
	(void)arg;
	region_invalidate(r, k);
}

/* Drops the answers behind a path: the next read asks AWS. */
static void touch(struct node *n)
{
	struct ask q = {.mode = ASK_PEEK, .fresh_ms = INT64_MAX, .asked = forget_answer};
	const struct dir_type *type = node_type(n);
	auto_buf struct buf out = BUF_INIT(LIMIT_RESPONSE);
	auto_answer struct answer a = {0};
	json_auto_t *names = json_array();
	const json_t *object;
	struct place p;

	place_of(n, &p);
	if (n->row && n->row->forget)
		n->row->forget(&p);
	if (n->row && (n->row->render || n->row->member) && n->row->form != ROW_CONTROL)
		row_render(&q, node_type(n->parent), &p, n->row, &out, NULL);
	if (type && type->subject.kind)
		dir_object(&q, type, &p, &a, &object, NULL);
	if (type && type->listing && listing_has_names(type->listing))
		listing_names(type->listing, &q, &p, names, NULL);
	notify_stale(type ? n : n->parent);
}

static int set_scratch(struct request *rq, struct ecsfs_error *err)
{
	struct scratch *s = rq->node->scratch;
	int e = 0;

	if (rq->to_set & FUSE_SET_ATTR_SIZE)
		e = scratch_truncate(s, rq->off, err);
	if (rq->to_set & FUSE_SET_ATTR_MODE)
		scratch_chmod(s, rq->mode);
	if (rq->to_set & FUSE_SET_ATTR_MTIME_NOW)
		scratch_utimes(s, clock_wall(rq->fs->clock) * INT64_C(1000000));
	else if (rq->to_set & FUSE_SET_ATTR_MTIME)
		scratch_utimes(s, rq->mtime_ns);
	return e;
}

static int truncate_row(struct request *rq, struct ecsfs_error *err)
{
	if (!row_writable(rq->node->row))
		return ecsfs_error_set(err, EACCES, NULL,
		    "this file is not writable: .ecsfs/help marks those that are (rw)");
	return rq->handle ? handle_truncate(rq->handle, rq->caller.pid, rq->off, err)
			  : handles_truncate(rq->node, rq->caller.pid, rq->off, err);
}

int dirops_setattr(struct request *rq, struct ecsfs_error *err)
{
	struct node *n = rq->node;
	struct stat st;
	double timeout;
	int e = 0;

	if (read_only(rq))
		return refused_read_only(err);
	if (n->scratch)
		e = set_scratch(rq, err);
	else if ((rq->to_set & FUSE_SET_ATTR_SIZE) && n->row)
		e = truncate_row(rq, err);
	else if (rq->to_set & FUSE_SET_ATTR_MTIME_NOW)
		touch(n);
	if (e)
		return e;
	attr_of(n, &st, &timeout);
	return request_reply_attr(rq, &st, n->text ? timeout : 0);
}
