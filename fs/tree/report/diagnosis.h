/*
 * What is wrong with a service? diagnosis gathers what AWS shows of it (findings.h says what it
 * means). It makes no call that the service's other files do not make; parts that may not be read
 * are named, and the rest goes on.
 */
#ifndef ECSFS_TREE_DIAGNOSIS_H
#define ECSFS_TREE_DIAGNOSIS_H

#include "fs/tree/tree.h"

int render_diagnosis(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err);

#endif
