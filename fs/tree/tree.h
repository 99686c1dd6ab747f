/*
 * What do the tables of several resources share? The tables are in one file a resource; each
 * exports its directory types to the others, here.
 */
#ifndef ECSFS_TREE_TREE_H
#define ECSFS_TREE_TREE_H

#include "fs/act.h"
#include "fs/table.h"

extern const struct dir_type dir_clusters, dir_cluster, root_cluster;
extern const struct dir_type dir_services, dir_service;
extern const struct dir_type dir_deployments, dir_deployment;
extern const struct dir_type dir_service_deployments, dir_service_deployment;
extern const struct dir_type dir_service_tasks, dir_service_stopped_tasks, dir_instance_tasks;
extern const struct dir_type dir_tasks, dir_stopped_tasks, dir_task, dir_containers, dir_container;
extern const struct dir_type dir_container_instances, dir_container_instance;
extern const struct dir_type dir_task_definitions, dir_family, dir_task_definition;
extern const struct dir_type dir_capacity_providers, dir_capacity_provider;
extern const struct dir_type dir_projects, dir_project, dir_project_files;
extern const struct dir_type dir_repositories, dir_repository, dir_images, dir_image;
extern const struct dir_type dir_task_logs, dir_service_logs;
extern const struct dir_type dir_metrics, dir_autoscaling;

extern const struct dir_type dir_api;

/* The key of the place's service. */
struct key tree_service_key(const struct place *p);

/* FAMILY:REVISION of the task definition ARN that is the object's `member`. */
int tree_render_revision(struct ask *q, const struct dir_type *type, const struct place *p,
    const char *member, struct buf *out, struct ecsfs_error *err);

/* The private address of a task's network interface (awsvpc); "": it has none. Borrowed. */
const char *tree_task_address(const json_t *task);

/* Whether a failure to get an answer is permanent (denied, unknown action): a text made from
 * several answers goes on without it. */
bool tree_withheld(int e);

/* Appends "NAME" of every element's `member` to names. */
int tree_append_names(json_t *names, const json_t *array, const char *member);

/* The parts of a task definition's ARN. */
struct revision {
	char family[256];
	char number[16];
};
/* False: invalid, or too long. */
bool tree_revision(const char *arn, struct revision *ret);

/* Asks for the task definition of an ARN. -ENOENT: it names none. */
int tree_ask_task_definition(struct ask *q, const struct place *p, const char *arn,
    struct answer *ret, struct ecsfs_error *err);

/*
 * The refusal in a response of status 200: failures[0] as an error. 0: it holds no failure. NULL (a
 * dry run) is no failure.
 */
int tree_failures(const json_t *answer, struct ecsfs_error *err);

/* -EINVAL: it is neither FAMILY nor FAMILY:REVISION nor a task definition's ARN. */
int tree_check_definition_name(const char *name, struct ecsfs_error *err);

/* A key of fs->memory: `what` about `name` in the place's region and cluster. */
void memory_key(const struct place *p, const char *what, const char *name, struct buf *out);

/* Asks AWS now for a document and waits: 0 and a new reference, or -errno. Worker. */
int ask_now(const struct place *p, const struct key *k, json_t **ret, struct ecsfs_error *err);
/* The same for the revision that an ARN names; -ENOENT: it names none. */
int ask_revision_now(const struct place *p, const char *arn, json_t **ret, struct ecsfs_error *err);

#endif
