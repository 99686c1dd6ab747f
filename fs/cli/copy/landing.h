/*
 * How does the local file of a copy appear whole or not at all? A regular file is written beside
 * its name, under a temporary name that no end leaves behind, signals included, and renamed when it
 * is whole. Standard output ("-"), pipes and devices are written as they are; a symbolic link leads
 * to its file. One landing a process at a time.
 *
 * Every failure is reported on stderr, with the file and the reason.
 */
#ifndef ECSFS_CLI_LANDING_H
#define ECSFS_CLI_LANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct landing {
	const char *name; /* the command's, for messages; borrowed */
	const char *path; /* as the user wrote it; borrowed */
	int fd;		  /* -1: closed */
	char *final;	  /* the final path; NULL: it is written directly */
	char *temporary;  /* NULL: the file is new */
	mode_t mode;	  /* of the existing file */
	uid_t uid;
	gid_t gid;
	bool exists;
};

/* 0 or -1 after a message. */
int landing_open(struct landing *l, const char *name, const char *path);
int landing_write(struct landing *l, const char *bytes, size_t len);
/* The file is whole: a new one gets `mode`, an existing one keeps its own. 0 or -1 after a message.
 */
int landing_commit(struct landing *l, mode_t mode);
/* Removes the file if it was not committed. */
void landing_drop(struct landing *l);

#endif
