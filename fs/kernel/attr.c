/*
 * How are attributes made without asking AWS? From the row or directory kind, from cached answers
 * (a peek), and from streams and scratch files. Timeouts follow the remaining TTL.
 */
#include "fs/kernel/attr.h"

#include "backend/base/cleanup.h"
#include "backend/base/epoch.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "fs/files/handle.h"
#include "fs/files/scratch.h"
#include "fs/files/stream.h"
#include "fs/kernel/node/showing.h"
#include "fs/kernel/request.h"
#include "fs/listing.h"

#include <errno.h>
#include <string.h>

double attr_seconds(int64_t ms)
{
	enum { DAY_MS = 24 * 60 * 60 * 1000 };

	if (ms <= 0)
		return 0;
	return (ms < DAY_MS ? (double)ms : (double)DAY_MS) / 1000;
}

static void note(void *arg, struct region *r, const struct key *k)
{
	node_note_key(arg, r, k);
}

void attr_noting(struct ask *q, struct node *dir)
{
	q->asked = note;
	q->asked_arg = dir;
}

struct ask attr_peek(struct node *dir)
{
	struct ask q = {.mode = ASK_PEEK, .fresh_ms = INT64_MAX};

	attr_noting(&q, dir);
	return q;
}

/* The rows give the owner's permissions; the mask those of others. */
static mode_t spread(const struct fs *fs, unsigned owner)
{
	return (owner | owner >> 3 | owner >> 6) & ~fs->options.umask & 0777;
}

mode_t attr_row_mode(const struct fs *fs, const struct row *row)
{
	unsigned owner = row_mode(row, fs->options.read_only);

	if (row->form == ROW_LINK)
		return S_IFLNK | 0777;
	return S_IFREG | spread(fs, owner);
}

mode_t attr_dir_mode(const struct fs *fs, const struct dir_type *type)
{
	return S_IFDIR | spread(fs, dir_mode(type, fs->options.read_only));
}

static void set_times(struct stat *st, int64_t s, long ns)
{
	st->st_mtim = (struct timespec){.tv_sec = s, .tv_nsec = ns};
	st->st_atim = st->st_ctim = st->st_mtim;
}

static int64_t start_s(const struct fs *fs)
{
	return (clock_wall(fs->clock) - (clock_mono(fs->clock) - fs->started_mono_ms)) / 1000;
}

bool attr_dir_gone(struct node *dir, const struct dir_type *type, const struct place *p)
{
	auto_answer struct answer a = {0};
	struct ask q = attr_peek(dir);
	const json_t *object;

	return type->subject.kind && dir_members(&q, type, p, "", &a, &object, NULL) == -ENOENT &&
	    q.fresh_ms > 0;
}

static int64_t object_seconds(struct ask *q, const struct dir_type *type, const struct place *p)
{
	auto_answer struct answer a = {0};
	const char *members = type->time ? type->time_of : type->time_member;
	int64_t start = start_s(p->fs);
	const json_t *object, *time;

	if (!type->subject.kind || dir_members(q, type, p, members, &a, &object, NULL) != 0)
		return start;
	if (type->time && type->time(object) > 0)
		return epoch_ms(type->time(object), start * 1000) / 1000;
	time = type->time_member ? json_object_get(object, type->time_member) : NULL;
	return epoch_ms(json_is_number(time) ? json_number_value(time) : -1, start * 1000) / 1000;
}

static void peek_listing(struct ask *q, const struct dir_type *type, const struct place *p)
{
	json_auto_t *names = NULL;

	if (!type->listing || !listing_has_names(type->listing))
		return;
	names = json_array();
	q->wanted = "";
	if (listing_names(type->listing, q, p, names, NULL) != 0)
		q->fresh_ms = 0;
}

/*
 * How long the kernel may cache a directory's attributes. Past the answer's TTL the new generation
 * has just made the kernel read again; without an answer it caches nothing.
 */
static int64_t hold_ms(const struct fs *fs, int64_t fresh_ms)
{
	if (fresh_ms <= 0)
		return fs->options.ttl_ms;
	return fresh_ms < ATTR_FOREVER_MS ? fresh_ms : ATTR_FOREVER_MS;
}

static void dir_attr(
    struct node *n, const struct dir_type *type, struct stat *st, double *ret_timeout)
{
	struct ask object = attr_peek(n), listing = attr_peek(n);
	struct place p;

	place_of(n, &p);
	int64_t seconds = object_seconds(&object, type, &p);
	peek_listing(&listing, type, &p);
	uint32_t changes;
	uint32_t generation =
	    node_generation(n, listing.version, listing.fresh_ms <= 0, false, &changes);
	set_times(st, seconds, generation % 1000000000);
	st->st_ctim.tv_nsec = changes % 1000000000;
	st->st_mode = attr_dir_mode(n->fs, type);
	int64_t ms = hold_ms(n->fs, object.fresh_ms), listing_ms = hold_ms(n->fs, listing.fresh_ms);
	*ret_timeout = attr_seconds(listing_ms < ms ? listing_ms : ms);
}

static off_t link_size(struct node *n)
{
	auto_buf struct buf out = BUF_INIT(64 * KIB);
	struct ask q = attr_peek(n->parent);
	struct place p;

	place_of(n, &p);
	if (row_render(&q, node_type(n->parent), &p, n->row, &out, NULL) != 0)
		return 0;
	return (off_t)out.len;
}

static void file_attr(struct node *n, struct stat *st, double *ret_timeout)
{
	int64_t mtime_ns = n->mtime_ns;

	st->st_mode = attr_row_mode(n->fs, n->row);
	*ret_timeout = 0;
	if (n->row->form == ROW_LINK) {
		st->st_size = link_size(n);
	} else if (n->row->form == ROW_STREAM) {
		st->st_size = stream_size(n, &mtime_ns);
	} else if (n->row->form == ROW_REPORT) {
		/* Once it is open, for programs that look again then (rsync): before that it would cost
		 * calls. */
		st->st_size = handles_text_size(n);
	} else if (n->text || n->row->form == ROW_DIALOG) {
		st->st_size = n->text ? (off_t)n->text->len : 0;
		*ret_timeout = attr_seconds(ATTR_FOREVER_MS);
	}
	set_times(st, mtime_ns / 1000000000, mtime_ns % 1000000000);
}

void attr_revive(struct node *n)
{
	auto_answer struct answer a = {0};
	const struct dir_type *type = node_type(n);
	struct ask q = attr_peek(n);
	const json_t *object;
	struct place p;

	if (!type || !type->subject.kind)
		return;
	q.revive = true;
	place_of(n, &p);
	dir_members(&q, type, &p, "", &a, &object, NULL);
}

void attr_of(struct node *n, struct stat *st, double *ret_timeout_s)
{
	const struct fs_options *o = &n->fs->options;
	const struct dir_type *type = node_type(n);

	*st = (struct stat){
	    .st_ino = n->ino,
	    .st_nlink = 1,
	    .st_uid = o->uid,
	    .st_gid = o->gid,
	    .st_blksize = 4096,
	};
	if (n->scratch)
		scratch_attr(n->scratch, st, ret_timeout_s);
	else if (type)
		dir_attr(n, type, st, ret_timeout_s);
	else
		file_attr(n, st, ret_timeout_s);
	st->st_blocks = (st->st_size + 511) / 512;
}
