/*
 * What does one operation on a file cost, in several file systems side by side? Each round visits
 * every target in turn, so that the machine's drift meets them alike.
 *
 *   file_cost OPERATION ROUNDS SECONDS PATH...
 *
 * OPERATION: open (open, read, close of a file), ls (the names of a directory), lsl (the same with an
 * lstat each). A line a target: median and 99th percentile in microseconds, and the number of samples.
 * SECONDS: of each cell.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct samples {
	uint32_t *ns;
	size_t n, room;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int op_open(const char *path)
{
	char bytes[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

static int list(const char *path, bool stats)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	struct stat st;
	int r = dir ? 0 : -1;

	while (r == 0 && (e = readdir(dir)))
		if (stats)
			r = fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW);
	if (dir)
		closedir(dir);
	return r;
}

static int op_ls(const char *path)
{
	return list(path, false);
}

static int op_lsl(const char *path)
{
	return list(path, true);
}

static void add(struct samples *s, uint64_t ns)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 4096;
		s->ns = realloc(s->ns, s->room * sizeof(*s->ns));
		if (!s->ns)
			abort();
	}
	s->ns[s->n++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void print(struct samples *s)
{
	qsort(s->ns, s->n, sizeof(*s->ns), compare);
	printf("%.2f %.2f %zu\n", s->ns[s->n / 2] / 1e3, s->ns[s->n * 99 / 100] / 1e3, s->n);
}

static int cell(int (*op)(const char *), const char *path, double seconds, struct samples *s)
{
	uint64_t end = now_ns() + (uint64_t)(seconds * 1e9), at = now_ns();

	do {
		uint64_t start = at;

		if (op(path) < 0) {
			fprintf(stderr, "%s: %s\n", path, strerror(errno));
			return -1;
		}
		at = now_ns();
		add(s, at - start);
	} while (at < end);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*op)(const char *path);
	} ops[] = {{"open", op_open}, {"ls", op_ls}, {"lsl", op_lsl}, {NULL, NULL}};
	int targets = argc - 4, which = 0;
	struct samples *all = targets > 0 ? calloc((size_t)targets, sizeof(*all)) : NULL;

	while (argc > 1 && ops[which].name && strcmp(ops[which].name, argv[1]) != 0)
		which++;
	if (!all || !ops[which].name)
		return 2;
	for (int round = 0; round < atoi(argv[2]); round++)
		for (int i = 0; i < targets; i++)
			if (cell(ops[which].op, argv[4 + i], atof(argv[3]), &all[i]) < 0)
				return 1;
	for (int i = 0; i < targets; i++)
		print(&all[i]);
	return 0;
}
