/*
 * diagnosis: gathers what AWS shows of a service (findings.h says what it means). It asks nothing that
 * the service's other files do not ask; what may not be looked at is named, and the rest goes on.
 */
#ifndef ECSFS_TREE_DIAGNOSIS_H
#define ECSFS_TREE_DIAGNOSIS_H

#include "fs/tree/tree.h"

int render_diagnosis(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err);

#endif
