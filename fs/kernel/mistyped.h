/*
 * What was meant by a name that is not there? Programs look up many of those (editors, git, file managers), so a
 * sentence is made only for a name that a person could have typed.
 */
#ifndef ECSFS_MISTYPED_H
#define ECSFS_MISTYPED_H

struct request;

/* Notes in .ecsfs/errors what the LOOKUP of a name that is not there may have meant. From what is known: asks
 * nothing. */
void mistyped_note(struct request *rq);

#endif
