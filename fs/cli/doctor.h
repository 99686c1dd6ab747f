/* `ecsfs doctor`: whether a mount with these options would work, and where it would not. */
#ifndef ECSFS_CLI_DOCTOR_H
#define ECSFS_CLI_DOCTOR_H

int doctor_run(int argc, char **argv);

#endif
