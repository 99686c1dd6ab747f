/*
 * How is a whole task definition written? For a service's task_definition.json and a family's
 * register.
 */
#ifndef ECSFS_TREE_REGISTER_H
#define ECSFS_TREE_REGISTER_H

#include "fs/tree/write/registration.h"

int commit_service_task_definition(struct commit *c, struct ecsfs_error *err);
int commit_register(struct commit *c, struct ecsfs_error *err);
int render_registered(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err);

extern const struct dir_type dir_family_draft;
#define FAMILY_DRAFT "family"
int make_family(struct commit *c, struct ecsfs_error *err);
int drop_family(struct commit *c, struct ecsfs_error *err);
int drop_revision(struct commit *c, struct ecsfs_error *err);

/* The definition to deploy: `request` is RegisterTaskDefinition's; the next two as of registration_find(). */
struct deployment {
	const json_t *request;
	const char *read_from;
	enum find_effort effort;
	/* Called before UpdateService; a failure (-errno, with a sentence) is returned in its
	 * place. NULL: no confirmation is needed. */
	int (*confirm)(void *arg, struct ecsfs_error *err);
	void *arg;
};

/*
 * Deploys to the service of c's place: an equal ACTIVE revision, else a new one, and one
 * UpdateService. An error of the second call mentions that the revision exists.
 */
int deploy_definition(struct commit *c, const struct deployment *d, struct ecsfs_error *err);

/*
 * Between reading a service's definition and its update no other worker of this mount may do the
 * same. `key` is an empty buffer for service_leave(). 0, or -EBUSY with a sentence.
 */
int service_enter(const struct place *p, struct buf *key, struct ecsfs_error *err);
void service_leave(const struct place *p, struct buf *key);

#endif
