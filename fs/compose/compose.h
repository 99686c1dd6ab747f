/*
 * How does a compose project become the requests that register and create it? docker-compose.yml
 * with its overrides, ecs-params.yml and .env become a RegisterTaskDefinition and a CreateService
 * request.
 *
 * The semantics are those of `ecs-cli compose`, where its users had reason to rely on them; the
 * Compose Specification decides what ecs-cli refuses. The same files always make the same bytes. No
 * network, no global state; any thread.
 */
#ifndef ECSFS_COMPOSE_H
#define ECSFS_COMPOSE_H

#include "backend/base/buf.h"
#include "backend/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A file of the project, by its path below the project's directory. */
struct compose_file {
	const char *bytes;
	size_t len;
};

struct compose_input {
	const char *project;	 /* the family */
	const char *directory;	 /* where relative host paths begin, on the container instance */
	const char *home;	 /* what "~" represents; NULL: it stays */
	const char *region;	 /* of log groups that name none */
	const char *launch_type; /* EC2 or FARGATE; NULL: not said */
	const char *credentials; /* a file of registry credentials (ecs-cli registry-creds); NULL */
	const json_t *paths;	 /* all files, so that unread ones can be named; NULL: not known */
	/* False: the file does not exist. The bytes are borrowed until the conversion ends. */
	bool (*read)(void *arg, const char *path, struct compose_file *ret);
	void *arg;
};

/* The result of a conversion; release it with compose_release(). */
struct compose_output {
	json_t *task_definition; /* a RegisterTaskDefinition request */
	json_t *service; /* a CreateService request without the name; NULL: see service_error */
	struct ecsfs_error service_error;
	json_t *log_groups; /* [{"region", "name"}], each once, in the order of the containers */
	char *warnings;	    /* a line each; "" where there is none */
};

#endif
