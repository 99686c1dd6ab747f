/*
 * How is a scalar read by the rules of YAML 1.1? Its type, its value as a boolean and as text.
 * Pure; any thread.
 */
#ifndef ECSFS_PARSE_YAML_SCALAR_H
#define ECSFS_PARSE_YAML_SCALAR_H

#include "backend/parse/yaml.h"
#include <stdbool.h>

enum yaml_type { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_STRING };
/* The type of a scalar by YAML 1.1. Sexagesimal numbers, dates and times are strings here. */
enum yaml_type yaml_type(const struct yaml_node *n);

/* True for NULL too. */
bool yaml_is_null(const struct yaml_node *n);

/* The value of a YAML_BOOL, or of the same words in quotes; -1: not a boolean. */
int yaml_bool(const struct yaml_node *n);

/*
 * A scalar's value as text: numbers are printed again (1.0 is 1, 0755 is 493), null is "", all else
 * is unchanged. Memory of the arena; NULL: no memory.
 */
const char *yaml_value(struct yaml_arena *a, const struct yaml_node *n);

#endif
