/*
 * Does a request fit AWS's service model? Which members are required, of what type, and which
 * values an enumeration has is generated from the published model by backend/sim/request/model.py.
 */
#ifndef ECSFS_SIM_MODEL_H
#define ECSFS_SIM_MODEL_H

#include "backend/sim/api.h"

/*
 * Fails the call with SerializationException where a type is wrong (or, with `strict`, a member is
 * unknown), and with InvalidParameterException or ClientException where a required member is
 * missing or a value is not one of an enumeration.
 */
int model_check(struct sim_call *c, bool strict);

/*
 * A structure: its name, then "NAME:TYPE ..." with a star before a required member. TYPE is s, i,
 * b, d, t (time), m (map of strings), [TYPE], {STRUCTURE}, or A|B|C, an enumeration.
 */
struct model_shape {
	const char *name, *members;
};

extern const struct model_shape model_shapes[];
extern const size_t model_shape_count; /* sorted by name */

#endif
