/*
 * Which names does a directory have that AWS decides, and does one of them exist? Read from the row
 * of a directory type (struct listing in fs/table.h); a name is checked for its form before AWS is
 * asked. Whatever asks returns -EINPROGRESS as ask() does.
 */
#ifndef ECSFS_LISTING_H
#define ECSFS_LISTING_H

#include "fs/table.h"

/* Whether the listing can tell its names; else they are only found. */
bool listing_has_names(const struct listing *l);
/* Appends them to the array; none where the endpoint lacks the service and they are optional. */
int listing_names(const struct listing *l, struct ask *q, const struct place *p, json_t *names,
    struct ecsfs_error *err);
/* Whether a name has the form that AWS takes here. Asks nothing. */
bool listing_valid(const struct listing *l, const char *name);
/* Whether the names have this one. 0 or -ENOENT. */
int listing_has(const struct listing *l, struct ask *q, const struct place *p, const char *name,
    struct ecsfs_error *err);
/* Whether the name exists, listed or not; `p` has it filled in. 0 or -ENOENT. */
int listing_find(const struct listing *l, struct ask *q, const struct place *p, const char *name,
    struct ecsfs_error *err);

/* Appends the file name of a listed name. */
void listing_file_name(const struct listing *l, const char *name, struct buf *out);

#endif
