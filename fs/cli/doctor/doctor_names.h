/*
 * Which names do probes ask about? Those of earlier responses, else names that do not exist.
 *
 * In the text of a request "$cluster" is replaced. $none is a random name that does not exist,
 * valid as a name or an id wherever one is expected; $none_cluster and $none_deployment are ARNs of
 * it.
 */
#ifndef ECSFS_CLI_DOCTOR_NAMES_H
#define ECSFS_CLI_DOCTOR_NAMES_H

#include <jansson.h>

/* New names of an account's region; `cluster` NULL: the first one that is listed. NULL: no memory. */
json_t *doctor_names_new(
    const char *partition, const char *region, const char *account, const char *cluster);

/* The request `text` with these names; new, NULL where it is not valid JSON. */
json_t *doctor_names_fill(const json_t *names, const char *text);

/* Takes the string at `path` ("clusterArns.0": members and indices) of a response, if there is one. */
void doctor_names_learn(json_t *names, const char *name, const json_t *response, const char *path);

#endif
