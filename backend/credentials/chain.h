/*
 * Which provider has a profile's credentials? The first of the chain that is configured, in
 * botocore's order. Any thread.
 */
#ifndef ECSFS_CREDENTIALS_CHAIN_H
#define ECSFS_CREDENTIALS_CHAIN_H

#include "backend/credentials/provider.h"

/*
 * The provider of a role's source profile: as the chain, but from this profile alone, without the
 * environment, the container or the instance. -EINVAL where the profile has none.
 */
int chain_source_profile(const struct provider_seed *parent, const char *profile,
    struct credentials_provider **ret, struct ecsfs_error *err);

/*
 * The whole chain for `settings` (borrowed, outlives it), whose profile was named by an option or
 * not. Chooses at the first fetch, and again when the shared files changed. NULL: no memory.
 */
struct credentials_provider *chain_new(const struct aws_settings *settings, bool explicit_profile);

/* Chooses now, without fetching. `ret_kind`: "environment", "assume-role", ...; NULL: none. Static. */
int chain_choose(
    struct credentials_provider *chain, const char **ret_kind, struct ecsfs_error *err);

/* Whether only a fetch can show that the chosen provider has credentials (a process, metadata). */
bool chain_is_eager(const struct credentials_provider *chain);

#endif
