/* Which JSON object does a response of the query protocols become? Pure; any thread. */
#ifndef ECSFS_XML_H
#define ECSFS_XML_H

#include "backend/error.h"

#include <jansson.h>
#include <stddef.h>

/*
 * Converts a document; `ret` gets a new object with one member, the root element. An element with
 * children is an object, one without is a string (its text); names lose their prefix, attributes
 * and text between children are dropped. Children named "member", or "item" as EC2 calls them, make
 * their parent an array; other names that repeat become an array under that name. -EIO with a
 * sentence where it is not XML, nests deeper than 64, or has a DOCTYPE (no response of AWS has one,
 * and entities can be made to grow without end); -ENOMEM.
 */
int xml_to_json(const char *bytes, size_t len, json_t **ret, struct ecsfs_error *err);

#endif
