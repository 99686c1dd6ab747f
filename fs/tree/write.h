/*
 * What writing a row, making and dropping a directory sends: the commits of the tables, apart from
 * the tables. Each is a row's commit (fs/table.h: struct commit) or a directory's make or drop.
 */
#ifndef ECSFS_TREE_WRITE_H
#define ECSFS_TREE_WRITE_H

#include "fs/tree/tree.h"

/* service_write.c */
int commit_service(struct commit *c, struct ecsfs_error *err);
/* The row's member, whatever its type. */
int commit_service_member(struct commit *c, struct ecsfs_error *err);
/* Renders service.json, and remembers the reading: what comes back is compared with it. */
int render_service_document(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err);
/* Forgets the readings. */
void forget_service_document(const struct place *p);

/* service_make.c: drafts, CreateService, DeleteService. */
extern const struct dir_type dir_service_draft;
#define SERVICE_DRAFT "service"
int make_service(struct commit *c, struct ecsfs_error *err);
int drop_service(struct commit *c, struct ecsfs_error *err);

/* cluster_write.c */
int make_cluster(struct commit *c, struct ecsfs_error *err);
int drop_cluster(struct commit *c, struct ecsfs_error *err);
int commit_capacity_providers(struct commit *c, struct ecsfs_error *err);
int commit_settings(struct commit *c, struct ecsfs_error *err);
int commit_managed_scaling(struct commit *c, struct ecsfs_error *err);

/* run.c: tasks. */
int commit_run_task(struct commit *c, struct ecsfs_error *err);
int render_run_task(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err);
int commit_protection(struct commit *c, struct ecsfs_error *err);

/* tags_write.c: of whatever the directory's type is. */
int commit_tags(struct commit *c, struct ecsfs_error *err);

/* rollback.c */
int commit_rollback(struct commit *c, struct ecsfs_error *err);

/* rollout.c: the growing file of a deployment. */
extern const struct stream_ops stream_rollout;

/* api.c: .ecsfs/api */
extern const struct dir_type dir_api;

/* A key of fs->memory: `what` about `name` in the place's region and cluster. */
void memory_key(const struct place *p, const char *what, const char *name, struct buf *out);

/* Asks AWS now for a document and waits: 0 and a new reference, or -errno. Worker. */
int ask_now(const struct place *p, const struct key *k, json_t **ret, struct ecsfs_error *err);
/* The same of the revision that an ARN names; -ENOENT: it names none. */
int ask_revision_now(const struct place *p, const char *arn, json_t **ret, struct ecsfs_error *err);

#endif
