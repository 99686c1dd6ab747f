/*
 * What was meant by a name that is not there? Programs look up many of those (editors, git, file managers), so a
 * sentence is made only for a name that a person could have typed.
 */
#ifndef ECSFS_MISTYPED_H
#define ECSFS_MISTYPED_H

struct request;

/* Notes in .ecsfs/errors which name the LOOKUP of a missing name may have meant. By known names:
 * makes no call. */
void mistyped_note(struct request *rq);

#endif
