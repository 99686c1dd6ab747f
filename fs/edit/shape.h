/*
 * Coarse types of what is written: a number where an object belongs is refused by name before
 * anything is sent, and so is a member that neither a table nor AWS's own document names: ECS skips
 * what it does not know, and a slip of the pen would look like a change. Pure; any thread.
 */
#ifndef ECSFS_EDIT_SHAPE_H
#define ECSFS_EDIT_SHAPE_H

#include "backend/error.h"

#include <jansson.h>

enum shape_type {
	SHAPE_ANY, /* only AWS writes it, or AWS alone judges it */
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
	const struct shape *members; /* of an object, of a list's elements; NULL: AWS judges */
};

extern const struct shape shape_task_definition[];
extern const struct shape shape_service[]; /* Describe's, UpdateService's and CreateService's */
extern const struct shape shape_run_task[];
extern const struct shape shape_cluster_capacity[];
extern const struct shape shape_cluster_settings[]; /* an object with the member `settings` */
extern const struct shape shape_managed_scaling[];

/* 0, or -EINVAL with a sentence that says which member should be what. null is allowed. */
int shape_check(const json_t *object, const struct shape *members, struct ecsfs_error *err);
/* One member of a table, for the files that hold a single member. */
int shape_check_member(
    const json_t *value, const struct shape *members, const char *name, struct ecsfs_error *err);

/*
 * Whether every member is one that the table has, or `shown` at the same place: AWS's document,
 * which may be newer than the table; NULL: none. 0, or -EINVAL with a sentence that names the other.
 */
int shape_check_known(const json_t *object, const struct shape *members, const json_t *shown,
    struct ecsfs_error *err);
/* Of one member; `shown` is still the whole document. */
int shape_check_member_known(const json_t *value, const struct shape *members, const char *name,
    const json_t *shown, struct ecsfs_error *err);

#endif
