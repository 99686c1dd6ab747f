/*
 * What is known of a compose service on its way to a container definition, and how is a member set?
 * Each key of compose is converted in the file of its name.
 */
#ifndef ECSFS_COMPOSE_MEMBER_H
#define ECSFS_COMPOSE_MEMBER_H

#include "fs/compose/load/project.h"

struct container {
	struct compose *c;
	const char *name;
	const char *what;		 /* "services.NAME", for messages */
	const struct yaml_node *key;	 /* its name in the compose file, for messages */
	const struct yaml_node *service; /* the mapping in compose */
	const struct yaml_node *params;	 /* the mapping in ecs-params; NULL: none */
	json_t *definition;
	json_t *linux_parameters;
	int64_t cpu, memory, reservation; /* 0: not said */
	bool essential_given;
	bool essential;
	bool awaited; /* another container waits for its end: it cannot be essential */
};

/* "services.NAME.KEY", of the arena. */
const char *container_key(const struct container *k, const char *key);

/* Whether it is an empty array or object. */
bool container_is_empty(const json_t *value);

/* Sets a member unless the value is NULL or empty; takes ownership of it. */
void container_put(struct container *k, const char *member, json_t *value);

/* Appends the conversion of one item of a key. */
typedef void (*container_item)(struct container *k, const struct yaml_node *n, json_t *list);
/* Sets a member to the converted items of a sequence: `brief` takes scalars, `full` mappings. */
void container_put_items(struct container *k, const char *member, const struct yaml_node *n,
    const char *what, container_item brief, container_item full);

#endif
