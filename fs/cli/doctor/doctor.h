/*
 * Would a mount with these options work (`ecsfs doctor`)? One check a line, and what to do about
 * each failure.
 */
#ifndef ECSFS_CLI_DOCTOR_H
#define ECSFS_CLI_DOCTOR_H

int doctor_run(int argc, char **argv);

#endif
