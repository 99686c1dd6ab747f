/*
 * Which members does a document have? One row each, for every purpose.
 *
 * A row says the type (a number where an object belongs is refused by name), the value that AWS
 * fills in where the member is absent, whether the order of a list matters, and for services what
 * may be done to the member. Comparing documents (canon.h), showing times (shown.h) and editing
 * (service_edit.h) all read these rows.
 *
 * Pure; any thread.
 */
#ifndef ECSFS_EDIT_SHAPE_H
#define ECSFS_EDIT_SHAPE_H

#include "backend/error.h"

#include <jansson.h>

enum shape_type {
	SHAPE_ANY, /* AWS alone writes it, or validates it */
	SHAPE_STRING,
	SHAPE_INTEGER,
	SHAPE_NUMBER, /* may have a fraction */
	SHAPE_BOOLEAN,
	SHAPE_TIME, /* epoch seconds on the wire, ISO 8601 in files; both are accepted */
	SHAPE_OBJECT,
	SHAPE_LIST,	/* of objects with `members` */
	SHAPE_STRINGS,	/* a list of strings */
	SHAPE_INTEGERS, /* a list of whole numbers */
	SHAPE_MAP,	/* an object of strings, whose keys are the user's */
	SHAPE_SIZE,	/* "256", "1 vCPU" or 256 */
	SHAPE_JSON,	/* the user's own JSON: nulls and numbers stay as they are */
};

enum shape_flags {
	/* AWS adds it to described documents; it is not part of a request. */
	SHAPE_READ_ONLY = 1 << 0,
	/* An object or list of which `members` names only a part: others are allowed. */
	SHAPE_PARTIAL = 1 << 1,
	/* AWS's, changes by itself: matters only where it was edited. */
	SHAPE_DRIFTS = 1 << 3,

	/* Members of a service, for UpdateService (service_members.h). Without any of the first
	 * three the user may change it. */
	SERVICE_FIXED = 1 << 2, /* AWS's, never changes: a difference is refused */
	/* Shown in the PRIMARY deployment alone: absence at the top means nothing. */
	SERVICE_LIFTED = 1 << 4,
	/* Removed by leaving it out: `removal` is sent then. */
	SERVICE_REMOVABLE = 1 << 5,
	/* If absent in a document of unknown origin, AWS's value stays. */
	SERVICE_FILLED_IN = 1 << 6,
	SERVICE_CODE_DEPLOY = 1 << 7, /* may be changed under the CODE_DEPLOY controller */
	SERVICE_EXTERNAL = 1 << 8,    /* ... under EXTERNAL */
	SERVICE_NOT_DAEMON = 1 << 9,  /* ... not under the DAEMON scheduling strategy */
	SERVICE_CLONED = 1 << 10,     /* fixed, but part of a CreateService request */
	SERVICE_REVISED = 1 << 11,    /* part of a service revision: a rollback restores it */
	SERVICE_ORDER = 1 << 12,      /* sent although AWS has the value: scaling may move it */
};

struct shape {
	const char *name; /* NULL ends a table */
	enum shape_type type;
	/* The members of an object, or of a list's elements; NULL: AWS validates them. */
	const struct shape *members;
	/*
	 * JSON that AWS fills in where the member is absent; for an object "{}": filled in with the
	 * defaults of its members. NULL: none.
	 */
	const char *fallback;
	/*
	 * The order of a list means nothing where this is set: the members to sort by, blanks between
	 * ("" for strings and numbers). NULL: the order counts.
	 */
	const char *order;
	unsigned flags;
	/* JSON that UpdateService takes to remove it; NULL: it cannot be removed. */
	const char *removal;
};

/* A row: MEMBER("readOnly", SHAPE_BOOLEAN, .fallback = "false"). */
#define MEMBER(member, ...)                                                                        \
	{                                                                                          \
		.name = (member), .type = __VA_ARGS__                                              \
	}

/* The row of a name; NULL: the table has none. */
const struct shape *shape_named(const struct shape *members, const char *name);
/* The flags of that row; 0: the table has none. */
unsigned shape_flags(const struct shape *members, const char *name);

/*
 * 0, or -EINVAL with a sentence that names the member and its type. null is allowed, and a whole
 * number may have been written as 200.0.
 */
int shape_check(const json_t *object, const struct shape *members, struct ecsfs_error *err);
/* One member of a table, for the files that hold a single member. */
int shape_check_member(
    const json_t *value, const struct shape *members, const char *name, struct ecsfs_error *err);

/*
 * Whether every member is in the table, or in `shown` at the same place: AWS's document, which may
 * be newer than the table; NULL: none. ECS skips members that it does not know, and a misspelt one
 * would look like a change. 0, or -EINVAL with a sentence that names the unknown one.
 */
int shape_check_known(const json_t *object, const struct shape *members, const json_t *shown,
    struct ecsfs_error *err);
/* The same for one member; `shown` is still the whole document. */
int shape_check_member_known(const json_t *value, const struct shape *members, const char *name,
    const json_t *shown, struct ecsfs_error *err);

/*
 * The part of a written document that can be sent: a copy without nulls, at any depth, and with 200.0 as 200
 * where a whole number belongs; the user's own JSON stays as it is. A new reference; NULL: no memory.
 */
json_t *shape_request(const json_t *value, const struct shape *members);

#endif
