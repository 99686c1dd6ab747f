/*
 * Where are the bytes of files that exist in this mount only? In the heap, below
 * LIMIT_SCRATCH_BYTES for all of them; files of editors are swept KEEP_MS after their last close.
 */
#include "fs/files/scratch.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_MS = 10 * 60 * 1000, MAX_DEPTH = 16 };

struct scratch {
	struct fs *fs;	      /* constant */
	struct scratch *next; /* all that follows: `lock` */
	struct node *node;    /* a reference while it is linked */
	bool linked;
	bool kept; /* until it is removed */
	bool is_dir;
	bool torn; /* a write was refused since the file was emptied last */
	int opens;
	int64_t closed_ms; /* mono; of the last close, at first of the making */
	char *bytes;
	size_t len, room;
	size_t limit; /* of len */
	mode_t mode;
	int64_t mtime_ns;
};

/* One mount's. */
struct scratches {
	pthread_mutex_t lock;
	struct scratch *files; /* linked ones; lock */
	size_t file_count;     /* linked ones; lock */
	size_t byte_count;     /* of linked and open ones; lock */
	_Atomic uint64_t generation;
};

uint64_t scratch_generation(const struct fs *fs)
{
	return atomic_load(&fs->scratches->generation);
}

/* Called after the change, so that a reader of the new number sees the new bytes. */
static void changed(const struct scratch *s)
{
	if (s->kept)
		atomic_fetch_add(&s->fs->scratches->generation, 1);
}

static int64_t now_ns(const struct fs *fs)
{
	return clock_wall(fs->clock) * INT64_C(1000000);
}

/* Under the lock; the node's reference goes to the caller. */
static struct node *unlink_locked(struct scratch *s)
{
	struct scratch **at = &s->fs->scratches->files;

	if (!s->linked)
		return NULL;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->linked = false;
	s->fs->scratches->file_count--;
	return s->node;
}

/* Frees the bytes of one that has neither a name nor an open file. The rest is freed with its node.
 */
static void drop_bytes(struct scratch *s)
{
	if (s->linked || s->opens > 0)
		return;
	s->fs->scratches->byte_count -= s->room;
	free(s->bytes);
	s->bytes = NULL;
	s->len = s->room = 0;
}

static size_t limit_below(struct node *dir, const char *name)
{
	const struct dir_type *type = node_type(dir);

	return type->keeps && type->kept_limit ? type->kept_limit(name) : LIMIT_SCRATCH_BYTES;
}

static int too_large(size_t limit, struct ecsfs_error *err)
{
	return ecsfs_error_set(err, EFBIG, NULL, "the file would exceed the limit of %zu bytes%s",
	    limit, limit == LIMIT_SCRATCH_BYTES ? " of all files in memory" : "");
}

static int make(
    struct node *dir, const char *name, const struct dir_type *type, mode_t mode, struct node **ret)
{
	struct scratch *s = calloc(1, sizeof(*s));
	struct scratches *all = dir->fs->scratches;
	struct node_spec spec = {.file_name = name, .type = type, .scratch = s};

	if (!s)
		return -ENOMEM;
	s->fs = dir->fs;
	scratch_sweep(dir->fs);
	s->kept = node_type(dir)->keeps != NULL;
	s->is_dir = type != NULL;
	s->limit = limit_below(dir, name);
	s->mode = mode & 0777;
	s->mtime_ns = now_ns(s->fs);
	s->closed_ms = clock_mono(s->fs->clock);
	pthread_mutex_lock(&all->lock);
	bool full = all->file_count >= LIMIT_SCRATCH_FILES;
	if (!full)
		all->file_count++;
	pthread_mutex_unlock(&all->lock);
	*ret = full ? NULL : node_for(dir, &spec);
	if (!*ret) {
		free(s);
		if (full)
			return -EDQUOT;
		pthread_mutex_lock(&all->lock);
		all->file_count--;
		pthread_mutex_unlock(&all->lock);
		return -ENOMEM;
	}
	pthread_mutex_lock(&all->lock);
	s->node = node_ref(*ret);
	s->linked = true;
	s->next = all->files;
	all->files = s;
	pthread_mutex_unlock(&all->lock);
	changed(s);
	return 0;
}

int scratch_create(struct node *dir, const char *name, mode_t mode, struct node **ret)
{
	return make(dir, name, NULL, mode, ret);
}

/* The number of made directories from `dir` up. */
static int depth_of(const struct node *dir)
{
	int depth = 0;

	for (; dir && dir->scratch; dir = dir->parent)
		depth++;
	return depth;
}

int scratch_mkdir(struct node *dir, const char *name, mode_t mode, struct node **ret)
{
	*ret = NULL;
	if (depth_of(dir) >= MAX_DEPTH)
		return -EDQUOT;
	return make(dir, name, node_type(dir)->keeps, mode, ret);
}

void scratch_remove(struct node *n)
{
	struct scratch *s = n->scratch;

	pthread_mutex_lock(&s->fs->scratches->lock);
	struct node *held = unlink_locked(s);
	drop_bytes(s);
	pthread_mutex_unlock(&s->fs->scratches->lock);
	if (held)
		node_detach(held);
	changed(s);
	node_unref(held);
}

int scratch_rename(struct node *n, struct node *dir, const char *name, struct ecsfs_error *err)
{
	struct scratch *s = n->scratch;
	size_t limit = limit_below(dir, name);

	pthread_mutex_lock(&s->fs->scratches->lock);
	bool large = s->len > limit;
	pthread_mutex_unlock(&s->fs->scratches->lock);
	if (large)
		return too_large(limit, err);
	struct node *old = node_child(dir, name);
	if (old && old != n && old->scratch)
		scratch_remove(old);
	node_unref(old);
	int e = node_move(n, dir, name);
	if (e)
		return e;
	pthread_mutex_lock(&s->fs->scratches->lock);
	bool kept = node_type(dir)->keeps != NULL, was = n->scratch->kept;
	n->scratch->kept = kept;
	n->scratch->limit = limit;
	pthread_mutex_unlock(&s->fs->scratches->lock);
	if (kept || was)
		atomic_fetch_add(&s->fs->scratches->generation, 1);
	return 0;
}

void scratch_opened(struct scratch *s)
{
	pthread_mutex_lock(&s->fs->scratches->lock);
	s->opens++;
	pthread_mutex_unlock(&s->fs->scratches->lock);
}

void scratch_closed(struct scratch *s)
{
	pthread_mutex_lock(&s->fs->scratches->lock);
	s->opens--;
	s->closed_ms = clock_mono(s->fs->clock);
	drop_bytes(s);
	pthread_mutex_unlock(&s->fs->scratches->lock);
}

/* Room for `size` bytes. Under the lock. */
static int reserve(struct scratch *s, size_t size, struct ecsfs_error *err)
{
	size_t room = s->room ? s->room : 4096;
	char *bytes;

	if (size > s->limit)
		return too_large(s->limit, err);
	if (size <= s->room)
		return 0;
	while (room < size)
		room *= 2;
	if (s->fs->scratches->byte_count - s->room + room > LIMIT_SCRATCH_BYTES)
		return too_large(LIMIT_SCRATCH_BYTES, err);
	bytes = realloc(s->bytes, room);
	if (!bytes)
		return -ENOMEM;
	s->fs->scratches->byte_count += room - s->room;
	s->bytes = bytes;
	s->room = room;
	return 0;
}

static int resize(struct scratch *s, size_t size, struct ecsfs_error *err)
{
	int e = reserve(s, size, err);

	if (e)
		return e;
	if (size > s->len)
		memset(s->bytes + s->len, 0, size - s->len);
	s->len = size;
	s->mtime_ns = now_ns(s->fs);
	return 0;
}

int scratch_write(struct scratch *s, const void *bytes, size_t len, off_t off, bool append,
    struct ecsfs_error *err)
{
	int e = 0;

	pthread_mutex_lock(&s->fs->scratches->lock);
	size_t at = append ? s->len : (size_t)off;
	if (at > LIMIT_SCRATCH_BYTES || len > LIMIT_SCRATCH_BYTES - at)
		e = too_large(s->limit, err);
	else if (at + len > s->len)
		e = resize(s, at + len, err);
	s->torn |= e != 0;
	if (!e && len) {
		memcpy(s->bytes + at, bytes, len);
		s->mtime_ns = now_ns(s->fs);
	}
	pthread_mutex_unlock(&s->fs->scratches->lock);
	changed(s);
	return e;
}

int scratch_truncate(struct scratch *s, off_t size, struct ecsfs_error *err)
{
	if (size < 0 || (uint64_t)size > LIMIT_SCRATCH_BYTES)
		return too_large(LIMIT_SCRATCH_BYTES, err);
	pthread_mutex_lock(&s->fs->scratches->lock);
	int e = resize(s, (size_t)size, err);
	s->torn &= e || size != 0;
	pthread_mutex_unlock(&s->fs->scratches->lock);
	changed(s);
	return e;
}

size_t scratch_read(struct scratch *s, void *out, size_t len, off_t off)
{
	pthread_mutex_lock(&s->fs->scratches->lock);
	size_t left = (uint64_t)off < s->len ? s->len - (size_t)off : 0;
	if (len > left)
		len = left;
	if (len)
		memcpy(out, s->bytes + off, len);
	pthread_mutex_unlock(&s->fs->scratches->lock);
	return len;
}

bool scratch_torn(struct scratch *s)
{
	pthread_mutex_lock(&s->fs->scratches->lock);
	bool torn = s->torn;
	pthread_mutex_unlock(&s->fs->scratches->lock);
	return torn;
}

struct text *scratch_text(struct scratch *s)
{
	pthread_mutex_lock(&s->fs->scratches->lock);
	struct text *t = text_new(s->bytes, s->len);
	pthread_mutex_unlock(&s->fs->scratches->lock);
	return t;
}

void scratch_attr(struct scratch *s, struct stat *st, double *ret_timeout_s)
{
	pthread_mutex_lock(&s->fs->scratches->lock);
	st->st_mode = (s->is_dir ? S_IFDIR : S_IFREG) | s->mode;
	st->st_size = (off_t)s->len;
	st->st_mtim.tv_sec = s->mtime_ns / 1000000000;
	st->st_mtim.tv_nsec = s->mtime_ns % 1000000000;
	st->st_atim = st->st_ctim = st->st_mtim;
	pthread_mutex_unlock(&s->fs->scratches->lock);
	*ret_timeout_s = 0;
}

void scratch_chmod(struct scratch *s, mode_t mode)
{
	pthread_mutex_lock(&s->fs->scratches->lock);
	s->mode = mode & 0777;
	pthread_mutex_unlock(&s->fs->scratches->lock);
}

void scratch_utimes(struct scratch *s, int64_t mtime_ns)
{
	pthread_mutex_lock(&s->fs->scratches->lock);
	s->mtime_ns = mtime_ns;
	pthread_mutex_unlock(&s->fs->scratches->lock);
}

void scratch_clear(struct node *dir)
{
	json_auto_t *names = json_array();
	const json_t *name;
	size_t i;

	node_scratch_names(dir, names);
	json_array_foreach (names, i, name) {
		auto_node struct node *n = node_child(dir, json_string_value(name));

		if (!n || !n->scratch)
			continue;
		if (n->type)
			scratch_clear(n);
		scratch_remove(n);
	}
}

static struct node *next_expired(struct scratches *all, int64_t now)
{
	struct node *n = NULL;

	pthread_mutex_lock(&all->lock);
	for (const struct scratch *s = all->files; s && !n; s = s->next)
		if (!s->kept && s->opens == 0 && now - s->closed_ms >= KEEP_MS)
			n = node_ref(s->node);
	pthread_mutex_unlock(&all->lock);
	return n;
}

void scratch_sweep(struct fs *fs)
{
	int64_t now = clock_mono(fs->clock);
	struct node *n;

	while ((n = next_expired(fs->scratches, now))) {
		scratch_remove(n);
		node_unref(n);
	}
}

int scratches_new(struct fs *fs)
{
	fs->scratches = calloc(1, sizeof(*fs->scratches));
	if (!fs->scratches)
		return -ENOMEM;
	pthread_mutex_init(&fs->scratches->lock, NULL);
	return 0;
}

void scratches_free(struct fs *fs)
{
	struct scratches *all = fs->scratches;

	if (!all)
		return;
	while (all->files) {
		struct node *n = node_ref(all->files->node);

		scratch_remove(n);
		node_unref(n);
	}
	pthread_mutex_destroy(&all->lock);
	free(all);
	fs->scratches = NULL;
}
