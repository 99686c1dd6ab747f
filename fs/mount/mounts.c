/*
 * Which ecsfs mounts does the kernel list? /proc/self/mountinfo (proc(5)) is searched for the type
 * fuse.ecsfs. Only mounts_status() touches a mount: it opens a file in it.
 */
#include "fs/mount/mounts.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A mount whose program is stopped never answers; one whose AWS does not answer, after some
 * seconds. */
#define STATUS_MS 5000

static int octal(const char *p)
{
	int n = 0;

	for (int i = 0; i < 3; i++) {
		if (p[i] < '0' || p[i] > '7')
			return -1;
		n = n * 8 + p[i] - '0';
	}
	return n < 256 ? n : -1;
}

/* The kernel writes blanks and backslashes of a path as \NNN (proc(5), mountinfo). */
static char *unescaped(const char *word)
{
	char *path = strdup(word), *to = path;

	for (const char *p = path; p && *p; to++) {
		int c = *p == '\\' ? octal(p + 1) : -1;

		*to = c < 0 ? *p : (char)c;
		p += c < 0 ? 1 : 4;
	}
	if (to)
		*to = '\0';
	return path;
}

static int add(struct mounts *m, const char *path, const char *source)
{
	struct mounted *at = reallocarray(m->at, m->count + 1, sizeof(*at));

	if (!at)
		return -ENOMEM;
	m->at = at;
	at[m->count] = (struct mounted){.path = unescaped(path), .source = unescaped(source)};
	m->count++;
	return at[m->count - 1].path && at[m->count - 1].source ? 0 : -ENOMEM;
}

/* "36 35 98:0 /root /path options shared:1 - fuse.ecsfs source super": the path is the fifth word,
 * type and source follow the dash. */
static int read_line(struct mounts *m, char *line)
{
	char *tail = strstr(line, " - fuse.ecsfs "), *rest, *word, *path = NULL;

	if (!tail)
		return 0;
	*tail = '\0';
	word = strtok_r(line, " ", &rest);
	for (int i = 1; word && i <= 5; i++, word = strtok_r(NULL, " ", &rest))
		path = word;
	word = strtok_r(tail + strlen(" - fuse.ecsfs "), " \n", &rest);
	return path && word ? add(m, path, word) : 0;
}

int mounts_read(struct mounts *ret)
{
	auto_fclose FILE *f = fopen("/proc/self/mountinfo", "re");
	auto_free char *line = NULL;
	size_t room = 0;
	int e = 0;

	*ret = (struct mounts){0};
	if (!f)
		return -errno;
	while (!e && getline(&line, &room, f) > 0)
		e = read_line(ret, line);
	return e;
}

void mounts_release(struct mounts *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->at[i].path);
		free(m->at[i].source);
	}
	free(m->at);
	*m = (struct mounts){0};
}

bool mounts_have(const struct mounts *m, const char *path)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->at[i].path, path) == 0)
			return true;
	return false;
}

/* A read of a status that may never end: its thread lives on then, and frees it if it does end. */
struct look {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char file[PATH_MAX];
	struct timespec until; /* constant; clock_deadline() */
	struct buf text;
	int e;
	bool done, left; /* abandoned: nobody waits for it any more */
};

static void free_look(struct look *l)
{
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	buf_release(&l->text);
	free(l);
}

static int read_file(const char *file, struct buf *out)
{
	char bytes[4096];
	ssize_t n;
	auto_close int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ECONNABORTED ? -ENOTCONN : -errno;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(out, bytes, (size_t)n);
	return n < 0 ? -errno : 0;
}

static void *look_main(void *arg)
{
	struct look *l = arg;
	int e = read_file(l->file, &l->text);

	pthread_mutex_lock(&l->lock);
	bool left = l->left;
	l->e = e;
	l->done = true;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
	if (left)
		free_look(l);
	return NULL;
}

struct look *mounts_ask(const char *path)
{
	struct look *l = calloc(1, sizeof(*l));
	pthread_t thread;

	if (!l)
		return NULL;
	pthread_mutex_init(&l->lock, NULL);
	clock_cond_init(&l->changed);
	l->text = BUF_INIT(MIB);
	l->until = clock_deadline(STATUS_MS);
	if ((size_t)snprintf(l->file, sizeof(l->file), "%s/.ecsfs/status", path) >= PATH_MAX ||
	    pthread_create(&thread, NULL, look_main, l)) {
		free_look(l);
		return NULL;
	}
	pthread_detach(thread);
	return l;
}

/* Takes the bytes that the thread has read so far, and frees the look. */
int mounts_answer(struct look *l, struct buf *out)
{
	int e = -ETIMEDOUT;

	if (!l)
		return -ENOMEM;
	pthread_mutex_lock(&l->lock);
	while (!l->done && pthread_cond_timedwait(&l->changed, &l->lock, &l->until) == 0)
		;
	bool done = l->done;
	l->left = !done;
	pthread_mutex_unlock(&l->lock);
	if (!done)
		return e;
	e = l->e;
	buf_add(out, buf_str(&l->text), l->text.len);
	free_look(l);
	return e;
}

int mounts_status(const char *path, struct buf *out)
{
	return mounts_answer(mounts_ask(path), out);
}

void mounts_status_value(const char *status, const char *key, struct buf *out)
{
	size_t len = strlen(key);

	while (*status) {
		size_t end = strcspn(status, "\n");

		if (strncmp(status, key, len) == 0 && strncmp(status + len, ": ", 2) == 0) {
			buf_add(out, status + len + 2, end - len - 2);
			return;
		}
		status += end + (status[end] == '\n');
	}
}
