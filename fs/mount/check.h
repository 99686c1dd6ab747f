/*
 * Do the regions of a mount answer? Each is asked for its clusters, all at once, which fills that
 * answer. The results are kept for the tree, in account.states.
 */
#ifndef ECSFS_CHECK_H
#define ECSFS_CHECK_H

#include "backend/error.h"
#include "fs/fs.h"

struct checks;

/*
 * Asks, and waits until one region answers and the others have had three seconds; for all where
 * none does, and while the user is asked for a code. The others go on in the background. 0, or the
 * failure of the first region where every one failed. `ret` is set either way; free it after the
 * clients were cancelled.
 */
int checks_run(struct fs *fs, struct checks **ret, struct ecsfs_error *err);
/* Waits for the checks that still run. NULL is fine. */
void checks_free(struct checks *c);

#endif
