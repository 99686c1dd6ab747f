/*
 * What does a service manager learn? By sd_notify(3): that the mount is ready, and that it ends.
 * Without $NOTIFY_SOCKET nothing happens.
 */
#ifndef ECSFS_SUPERVISOR_H
#define ECSFS_SUPERVISOR_H

/* `state`: lines such as "READY=1" and "STATUS=mounted on /mnt". */
void supervisor_tell(const char *state);

#endif
