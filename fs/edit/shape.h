/*
 * Coarse types of what is written: a number where an object belongs is refused by name before
 * anything is sent. Members that no table names are passed on; AWS judges them. Pure; any thread.
 */
#ifndef ECSFS_EDIT_SHAPE_H
#define ECSFS_EDIT_SHAPE_H

#include "backend/error.h"

#include <jansson.h>

enum shape_type {
	SHAPE_STRING,
	SHAPE_INTEGER,
	SHAPE_BOOLEAN,
	SHAPE_OBJECT,
	SHAPE_LIST,    /* of objects with `members` */
	SHAPE_STRINGS, /* a list of strings */
	SHAPE_MAP,     /* an object of strings */
	SHAPE_SIZE,    /* "256", "1 vCPU" or 256 */
};

struct shape {
	const char *name; /* NULL ends a table */
	enum shape_type type;
	const struct shape *members; /* of an object, of a list's elements; NULL: any */
};

extern const struct shape shape_task_definition[];
extern const struct shape shape_service[]; /* UpdateService's and CreateService's members */
extern const struct shape shape_run_task[];
extern const struct shape shape_cluster_capacity[];
extern const struct shape shape_cluster_settings[]; /* an object with the member `settings` */
extern const struct shape shape_managed_scaling[];

/* 0, or -EINVAL with a sentence that says which member should be what. null is allowed. */
int shape_check(const json_t *object, const struct shape *members, struct ecsfs_error *err);
/* One member of a table, for the files that hold a single member. */
int shape_check_member(
    const json_t *value, const struct shape *members, const char *name, struct ecsfs_error *err);

#endif
