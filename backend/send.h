/*
 * The innermost layer: one attempt. It gets credentials, encodes, signs (anew each time), sends, and
 * understands the response; what it found stands in the exchange for the layers around it.
 */
#ifndef ECSFS_SEND_H
#define ECSFS_SEND_H

#include "backend/layer.h"

/* NULL: no memory. `cx` is borrowed and must live longer. */
struct aws_layer *send_layer_new(struct aws_context *cx);

#endif
