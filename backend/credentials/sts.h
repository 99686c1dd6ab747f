/*
 * How is a role assumed? The calls go through the same layers as all others (send and retry), with
 * settings of their own: signed by a source's credentials, or not at all, and to an endpoint that
 * --endpoint-url does not move.
 */
#ifndef ECSFS_CREDENTIALS_STS_H
#define ECSFS_CREDENTIALS_STS_H

#include "backend/credentials/provider.h"

struct sts;

/* `source` is a cached provider, owned from here on in every case; NULL: calls are not signed.
 * NULL: no memory. */
struct sts *sts_new(struct provider_env *env, struct credentials_provider *source);
void sts_free(struct sts *s);
/* The source, borrowed; NULL: none. */
struct credentials_provider *sts_source_peek(const struct sts *s);

/* Calls `action`, one of AssumeRole and AssumeRoleWithWebIdentity. */
int sts_assume(struct sts *s, const char *action, const json_t *request, struct credentials **ret,
    struct ecsfs_error *err);

#endif
