/*
 * What was changed, by whom, and with which result? One JSON line for every call that changed or
 * tried to change something. The newest LIMIT_JOURNAL bytes are kept for .ecsfs/journal; -o
 * journal=FILE has all.
 */
#ifndef ECSFS_JOURNAL_H
#define ECSFS_JOURNAL_H

#include "fs/table.h"

struct journal;

/* `file` may be NULL: a regular file of this user's alone (0600), no link; it is made where it does
 * not exist. `errors` gets failed writes of the file; may be NULL. 0 or -errno with a sentence. */
int journal_open(const char *file, const struct clock *clock, struct errlog *errors,
    struct journal **ret, struct ecsfs_error *err);
void journal_close(struct journal *j);

/*
 * Adds a line: `err` NULL (or not set): it succeeded. `dry`: nothing was sent. Any thread; the file
 * gets each line in one write(2), so that several writers do not mix.
 */
void journal_add(struct journal *j, const struct commit *c, const char *service, const char *action,
    const json_t *request, bool dry, const char *request_id, const struct ecsfs_error *err);

/* How many lines could not be written to the file since the mount. */
uint64_t journal_lost(struct journal *j);

/* The last journal lines, oldest first, within LIMIT_JOURNAL. */
void journal_render(struct journal *j, struct buf *out);

#endif
