/*
 * Reads /proc/self/mountinfo (proc(5)) for mounts of type fuse.ecsfs. The mounts themselves are not
 * touched but by mounts_status(), which opens a file in one.
 */
#include "fs/cli/mounts.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

int mounts_status(const char *path, struct buf *out)
{
	char file[PATH_MAX], bytes[4096];
	ssize_t n;

	if ((size_t)snprintf(file, sizeof(file), "%s/.ecsfs/status", path) >= sizeof(file))
		return -ENAMETOOLONG;
	auto_close int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ECONNABORTED ? -ENOTCONN : -errno;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(out, bytes, (size_t)n);
	return n < 0 ? -errno : 0;
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
