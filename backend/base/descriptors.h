/*
 * What happens when file descriptors run out? A mount keeps a connection for each call under way
 * and a spool for each open log; without a descriptor left it must answer EMFILE, get well again by
 * itself, and end cleanly.
 */
#ifndef ECSFS_BASE_DESCRIPTORS_H
#define ECSFS_BASE_DESCRIPTORS_H

#include <stdbool.h>

/*
 * Before any thread: allows as many descriptors as the system lets this process have (at most
 * 65,536), and loads what would be loaded when a thread is cancelled, which needs a descriptor then.
 */
void descriptors_prepare(void);

/* Whether no more can be opened now. Any thread. */
bool descriptors_short(void);

#endif
