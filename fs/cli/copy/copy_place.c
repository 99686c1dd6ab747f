/*
 * Which container and path does an argument of `ecsfs cp` name, and how is a command run there?
 * DIR:PATH names a container's path if DIR has an exec file. The script's exit statuses become
 * messages here.
 */
#include "fs/cli/copy/copy_place.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "backend/base/words.h"

#include <string.h>

bool copy_place_split(const char *word, struct copy_place *ret)
{
	for (const char *colon = strchr(word, ':'); colon; colon = strchr(colon + 1, ':')) {
		auto_free char *dir = strndup(word, (size_t)(colon - word)), *exec = NULL;

		if (!dir || asprintf(&exec, "%s/exec", dir) < 0)
			return false;
		if (colon[1] && access(exec, F_OK) == 0 && talk_in_mount(exec)) {
			*ret = (struct copy_place){move_ptr(dir), colon + 1};
			return true;
		}
	}
	return false;
}

void copy_progress(uint64_t bytes)
{
	static int64_t shown_ms;
	int64_t now = clock_mono(&clock_system);

	if (now - shown_ms < 200 || !isatty(STDERR_FILENO))
		return;
	shown_ms = now;
	fprintf(stderr, "\r%.1f MiB", (double)bytes / (double)MIB);
}

int copy_place_run(
    const struct copy_place *p, const char *command, int in, talk_take take, void *arg)
{
	struct talk t;
	int status = talk_open(&t, "cp", p->dir);

	t.take = take;
	t.take_arg = arg;
	t.fed = copy_progress;
	if (!status)
		status = talk_start(&t, command);
	if (!status)
		status = talk_run(&t, in);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	talk_close(&t);
	return status;
}

int copy_place_report(const struct copy_place *p, int status, const char *words)
{
	if (!status)
		return 0;
	if (status == COPY_NO_PATH)
		fprintf(
		    stderr, "ecsfs cp: %s: no such file or directory in the container\n", p->path);
	else if (status == COPY_NO_DIRECTORY)
		fprintf(stderr, "ecsfs cp: %s: not a directory in the container\n", p->path);
	else if (status == COPY_NO_NAME)
		fprintf(stderr,
		    "ecsfs cp: %s: is a directory in the container, and standard input has no "
		    "name: name the file\n",
		    p->path);
	else if (status == COPY_NO_TAR)
		fputs(
		    "ecsfs cp: the container has no tar, which a directory needs: copy its files\n",
		    stderr);
	else if (status != TALK_FAILED && *words)
		fprintf(stderr, "ecsfs cp: %s: in the container: %.*s\n", p->path,
		    (int)strcspn(words, "\r\n"), words);
	else if (status != TALK_FAILED)
		fprintf(stderr, "ecsfs cp: %s: copying ended with status %d in the container\n",
		    p->path, status);
	return 1;
}

void copy_add_word(struct buf *command, const char *variable, const char *word)
{
	buf_addf(command, "%s=%s", variable, *word == '-' ? "./" : "");
	words_quote(command, word);
	buf_adds(command, "; ");
}

char *copy_last_name(const char *path)
{
	size_t len = strlen(path);
	const char *from;

	while (len && path[len - 1] == '/')
		len--;
	from = len ? memrchr(path, '/', len) : NULL;
	from = from ? from + 1 : path;
	len -= (size_t)(from - path);
	if ((len == 1 && from[0] == '.') || (len == 2 && !strncmp(from, "..", 2)))
		len = 0;
	return strndup(from, len);
}
