/* How is a provider chosen, and what is it made from? For the files of credentials/ alone. */
#ifndef ECSFS_CREDENTIALS_PROVIDER_H
#define ECSFS_CREDENTIALS_PROVIDER_H

#include "backend/config/config.h"
#include "backend/config/values.h"
#include "backend/credentials/credentials.h"
#include "backend/http/http.h"
#include "backend/layer.h"

#include <stdatomic.h>

/* Shared by all providers of a chain; borrowed by each, outlives them all. */
struct provider_env {
	const struct aws_settings *settings; /* endpoints, region, clock, CA bundle, home */
	struct http *http;
	struct pause *pause;
	/* Whether a person may be asked: until the first credentials are fetched. */
	bool may_ask;
	atomic_bool cancelled;
};

/* Input of a provider's constructor; borrowed while it runs. */
struct provider_seed {
	struct provider_env *env;
	const struct config *config;
	const char *profile;
	bool use_environment; /* the environment's web identity may be used for the profile */
};

/*
 * A constructor. Sets `ret` to a new provider where the configuration names one of its kind for
 * the profile, to NULL where it names none (0 both times); -errno and a sentence where it does so
 * wrongly. Sends nothing, runs nothing.
 */
typedef int (*provider_make)(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);

/* A kind of provider: one row, in the provider's file; chain.c lists them in their order. */
struct provider_kind {
	const char *name;
	enum {
		ANYWHERE,     /* also for a role's source profile */
		TOP,	      /* only for the mount's own profile */
		NOT_EXPLICIT, /* likewise, and only if no option named the profile */
	} where;
	provider_make make;
	bool eager; /* only a fetch shows whether it exists, as in botocore */
};
extern const struct provider_kind kind_environment, kind_assume_role, kind_web_identity, kind_sso,
    kind_credentials_file, kind_login, kind_process, kind_config_file, kind_container, kind_imds;

/* The code of the error that says that nothing is configured, or that there is no metadata. */
#define NO_CREDENTIALS "NoCredentials"

#endif
