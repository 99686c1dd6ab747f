/*
 * The actions of ECS, each one function, and what they share. A task definition's or a tag list's
 * checks fail the call and return -1.
 */
#ifndef ECSFS_SIM_ACTIONS_H
#define ECSFS_SIM_ACTIONS_H

#include "backend/sim/api.h"
#include "backend/sim/state.h"

/* Whether `tags` may be set on a resource that has `old` (NULL: none). */
int sim_check_tags(struct sim_call *c, const json_t *tags, const json_t *old);
/* The definition that a service or task may use: it exists and is ACTIVE. NULL failed the call. */
struct taskdef *sim_taskdef_usable(struct sim_call *c);
/* Whether launchType, capacityProviderStrategy and networkConfiguration suit `td`. */
int sim_check_launch(
    struct sim_call *c, const struct cluster *k, const struct taskdef *td, const json_t *doc);
int sim_check_deployment_configuration(struct sim_call *c, const json_t *conf, bool daemon);
int sim_check_load_balancers(struct sim_call *c, const struct taskdef *td, const json_t *list);
/* For idempotency: equal requests have equal hashes. */
uint64_t sim_hash_json(const json_t *in);

/* Registers a checked RegisterTaskDefinition request. */
struct taskdef *taskdef_add(struct sim_region *r, const json_t *in, int64_t now_ms);
json_t *taskdef_render(const struct taskdef *td);

int act_list_clusters(struct sim_call *c);
int act_describe_clusters(struct sim_call *c);
int act_create_cluster(struct sim_call *c);
int act_delete_cluster(struct sim_call *c);
int act_update_cluster(struct sim_call *c);
int act_update_cluster_settings(struct sim_call *c);
int act_put_cluster_capacity_providers(struct sim_call *c);

int act_list_services(struct sim_call *c);
int act_list_services_by_namespace(struct sim_call *c);
int act_describe_services(struct sim_call *c);
int act_create_service(struct sim_call *c);
int act_update_service(struct sim_call *c);
int act_delete_service(struct sim_call *c);
int act_describe_task_sets(struct sim_call *c);

int act_list_service_deployments(struct sim_call *c);
int act_describe_service_deployments(struct sim_call *c);
int act_describe_service_revisions(struct sim_call *c);
int act_stop_service_deployment(struct sim_call *c);
int act_continue_service_deployment(struct sim_call *c);

int act_list_tasks(struct sim_call *c);
int act_describe_tasks(struct sim_call *c);
int act_run_task(struct sim_call *c);
int act_start_task(struct sim_call *c);
int act_stop_task(struct sim_call *c);
int act_execute_command(struct sim_call *c); /* exec/actions.c */
int act_get_task_protection(struct sim_call *c);
int act_update_task_protection(struct sim_call *c);

int act_list_task_definitions(struct sim_call *c);
int act_list_task_definition_families(struct sim_call *c);
int act_describe_task_definition(struct sim_call *c);
int act_register_task_definition(struct sim_call *c);
int act_deregister_task_definition(struct sim_call *c);
int act_delete_task_definitions(struct sim_call *c);

int act_list_container_instances(struct sim_call *c);
int act_describe_container_instances(struct sim_call *c);
int act_update_container_instances_state(struct sim_call *c);
int act_list_attributes(struct sim_call *c);
int act_describe_capacity_providers(struct sim_call *c);
int act_create_capacity_provider(struct sim_call *c);
int act_update_capacity_provider(struct sim_call *c);
int act_delete_capacity_provider(struct sim_call *c);
int act_list_account_settings(struct sim_call *c);

int act_list_tags(struct sim_call *c);
int act_tag_resource(struct sim_call *c);
int act_untag_resource(struct sim_call *c);

#endif
