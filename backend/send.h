/*
 * How is one attempt of a call made? The innermost layer gets credentials, encodes, signs (anew
 * each time), sends, and reads the response; the result is in the exchange, for the layers around
 * it.
 */
#ifndef ECSFS_SEND_H
#define ECSFS_SEND_H

#include "backend/layer.h"

/* NULL: no memory. `cx` is borrowed and must live longer. */
struct aws_layer *send_layer_new(struct aws_context *cx);

#endif
