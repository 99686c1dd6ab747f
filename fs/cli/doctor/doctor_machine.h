/* Can this machine mount with FUSE, and where? The local checks of `ecsfs doctor`. */
#ifndef ECSFS_CLI_DOCTOR_MACHINE_H
#define ECSFS_CLI_DOCTOR_MACHINE_H

#include "fs/cli/doctor/doctor_report.h"
#include "fs/cli/options/options.h"

/* Changes nothing but o->mountpoint, which becomes absolute. */
void doctor_machine(struct report *r, struct options *o);

#endif
