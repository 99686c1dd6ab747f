/*
 * Which accounts and regions does a mount show? Made from the options after the fork, asked once
 * whether they answer, ended together.
 */
#ifndef ECSFS_SESSION_H
#define ECSFS_SESSION_H

#include "fs/cli/options/options.h"

struct checks;
struct sim;

struct session {
	struct fs fs;
	struct sim *sim; /* --demo */
	struct checks *checks;
};

/*
 * Works out settings, clients and regions; starts the simulated region for --demo. 0 or -errno with
 * one sentence. Release it either way.
 */
int session_open(const struct options *o, struct session *ret, struct ecsfs_error *err);

/*
 * Asks whether the regions answer (check.h). Wrong keys and an endpoint that does not answer are
 * failures; where there are several regions, those of all of them. A refusal of the call alone is
 * not a failure.
 */
int session_check(struct session *s, struct ecsfs_error *err);

/* Ends every call under way and to come. */
void session_cancel(struct session *s);
void session_close(struct session *s);

/* Prints the settings that would be used, for --print-credential-source: a paragraph for each
 * profile. */
int session_describe(const struct options *o, struct buf *out, struct ecsfs_error *err);

#endif
