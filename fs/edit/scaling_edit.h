/*
 * What does an edited document of Application Auto Scaling send? The members of one Register or
 * Put, or a refusal that names the member. Pure; any thread.
 */
#ifndef ECSFS_EDIT_SCALING_EDIT_H
#define ECSFS_EDIT_SCALING_EDIT_H

#include "backend/error.h"
#include "fs/edit/members/shape.h"

#include <jansson.h>

/* The members of the three kinds of documents; members that only AWS writes are SHAPE_READ_ONLY. A
 * member with a `removal` may be left out of a Put, which removes it. */
extern const struct shape scaling_target_members[], scaling_policy_members[],
    scaling_action_members[];

struct scaling_edit {
	const char *what; /* "the policy" */
	const struct shape *members;
	const char *name; /* the member that names it beside ResourceId; NULL: none */
	bool whole;	  /* Put replaces the document; Register changes the members it names */
	const json_t *written; /* shape_check() has passed it */
	const json_t *theirs;  /* AWS's present document; NULL: none */
	const json_t *base;    /* the reading that was edited (readings_nearest); NULL: unknown */
	const json_t *newest;  /* the newest reading; NULL: none */
};

/*
 * 0 and a new object of the members to send, empty where nothing was changed; or
 * -EINVAL  a member was removed that cannot be, one that AWS writes was changed, or the capacity's
 *          minimum is above its maximum
 * -ESTALE  a member was changed here and at AWS since it was read; or the document is an older copy
 * Without a base, and where it does not name its resource, members that are left out stay as they
 * are. A document that makes a resource may be the copy of another's: AWS's own members of it are
 * dropped, but it must be one of an ECS service's task count.
 */
int scaling_edit(const struct scaling_edit *edit, json_t **ret, struct ecsfs_error *err);

/* 0, or -EINVAL: MinCapacity is negative or above MaxCapacity. NULL and absent members pass. */
int scaling_check_capacity(const json_t *doc, struct ecsfs_error *err);

#endif
