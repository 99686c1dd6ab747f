/*
 * Where is the container's end of `ecsfs cp`? Its name, the command that runs there, and the
 * result.
 */
#ifndef ECSFS_CLI_COPY_PLACE_H
#define ECSFS_CLI_COPY_PLACE_H

#include "backend/base/buf.h"
#include "fs/cli/exec/talk.h"

struct copy_place {
	char *dir;	  /* of the container */
	const char *path; /* in the container; borrowed from the argument */
};

/* Exit statuses of the commands of copy_in.c and copy_out.c. */
enum copy_status {
	COPY_NO_PATH = 44,
	COPY_NO_TAR = 45,
	COPY_FAILED = 48, /* a program failed; the last bytes are its message, see copy_out.c */
	COPY_NO_DIRECTORY = 49,
	COPY_NO_NAME = 50,
};

/* "DIR:PATH" where DIR is a container's directory. `ret->dir` is new. */
bool copy_place_split(const char *word, struct copy_place *ret);
/* Runs a command between `in` (-1: none) and `take`. Its exit status, or TALK_FAILED after a message. */
int copy_place_run(
    const struct copy_place *p, const char *command, int in, talk_take take, void *arg);
/*
 * Prints the failure where `status` is not 0; `words` is the container's message, "" for none.
 * Returns the exit status of the program: 0 or 1.
 */
int copy_place_report(const struct copy_place *p, int status, const char *words);
/* Counts bytes on a terminal's last line, a few times a second. */
void copy_progress(uint64_t bytes);
/* "NAME=" and the word quoted for sh; a leading dash cannot be taken for an option. */
void copy_add_word(struct buf *command, const char *variable, const char *word);
/* The last name of a path, new; "" where the path is the directory itself (., .., /). NULL: no memory. */
char *copy_last_name(const char *path);

#endif
