/*
 * One compose service as a container definition.
 */
#ifndef ECSFS_COMPOSE_CONTAINER_H
#define ECSFS_COMPOSE_CONTAINER_H

#include "fs/compose/project.h"

struct container {
	struct compose *c;
	const char *name;
	const char *what;		 /* "services.NAME", for messages */
	const struct yaml_node *key;	 /* its name in the compose file, for messages */
	const struct yaml_node *service; /* what compose says; a mapping */
	const struct yaml_node *params;	 /* what ecs-params says; NULL: nothing */
	json_t *definition;
	json_t *linux_parameters;
	int64_t cpu, memory, reservation; /* 0: not said */
	bool essential_given;
	bool essential;
	bool awaited; /* another container waits for its end: it cannot be essential */
};

/* Fills the definition from the keys of compose; a key that does not exist is a failure. */
void container_convert(struct container *k);

/* "services.NAME.KEY", of the arena. */
const char *container_key(const struct container *k, const char *key);

/* Sets a member unless the value is NULL or empty; takes it over. */
void container_put(struct container *k, const char *member, json_t *value);

/* ports.c, volumes.c, linux.c, health.c: the keys that have a form of their own. */
void convert_ports(struct container *k, const struct yaml_node *n);
void convert_volumes(struct container *k, const struct yaml_node *n);
void convert_volumes_from(struct container *k, const struct yaml_node *n);
void convert_devices(struct container *k, const struct yaml_node *n);
void convert_tmpfs(struct container *k, const struct yaml_node *n);
/* "PATH:size=64m,OPTION": one tmpfs of the container. */
void add_tmpfs(struct container *k, const struct yaml_node *at, const char *text);
void convert_shm_size(struct container *k, const struct yaml_node *n);
void convert_ulimits(struct container *k, const struct yaml_node *n);
void convert_healthcheck(struct container *k, const struct yaml_node *n);
/* Warns of a health check that ECS will refuse. */
void health_warn(struct container *k);
/* test or command: a text is a shell's command. */
json_t *health_command(struct compose *c, const struct yaml_node *n, const char *what);
void convert_depends_on(struct container *k, const struct yaml_node *n);
void convert_deploy(struct container *k, const struct yaml_node *n);

/* Adds what compose's top-level volumes declare to the task definition. */
void volumes_declare(struct compose *c);
/* A volume of the task definition by its name; NULL: none. Borrowed. */
json_t *volumes_find(const struct compose *c, const char *name);

#endif
