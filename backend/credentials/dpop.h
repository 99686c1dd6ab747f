/*
 * How does a call prove that it has a key? A proof of possession (RFC 9449), as `aws login` needs
 * it for its tokens. Pure; any thread.
 */
#ifndef ECSFS_CREDENTIALS_DPOP_H
#define ECSFS_CREDENTIALS_DPOP_H

#include "backend/base/buf.h"
#include "backend/error.h"

#include <stdint.h>

/*
 * Appends a proof of possession (RFC 9449) for a POST to `url` at `now_s`: a JWT signed with the
 * P-256 key in `pem` (ES256). -EINVAL where it is not such a key.
 */
int dpop_proof(
    const char *pem, const char *url, int64_t now_s, struct buf *out, struct ecsfs_error *err);

#endif
