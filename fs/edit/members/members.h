/*
 * Which members do the smaller requests have, and the parts that several documents share? Task
 * definitions and services have files of their own. Constant; any thread.
 */
#ifndef ECSFS_EDIT_MEMBERS_H
#define ECSFS_EDIT_MEMBERS_H

#include "fs/edit/members/shape.h"

/* Shared parts. */
extern const struct shape shape_tag[], shape_name_value[], shape_secret[], shape_type_value[];
extern const struct shape shape_type_expression[], shape_type_field[];
extern const struct shape shape_ephemeral_storage[], shape_log_configuration[];
extern const struct shape shape_strategy_item[], shape_network_configuration[];

/* Requests. */
extern const struct shape shape_run_task[];
extern const struct shape shape_cluster_capacity[];
extern const struct shape shape_cluster_settings[]; /* an object with the member `settings` */
extern const struct shape shape_managed_scaling[];

/* Documents that are only shown: their times alone. */
extern const struct shape shape_task[], shape_container[], shape_container_instance[];
extern const struct shape shape_run_answer[]; /* RunTask's: tasks and failures */
extern const struct shape shape_service_deployment[], shape_service_revision[];

/* Of ECR. */
extern const struct shape shape_repository[], shape_image[];

#endif
