/*
 * Which provider is asked first? botocore's order. The first that is configured is the one: if it
 * fails, so does the fetch. Only instance metadata, asked last, may turn out to be absent.
 */
#include "backend/credentials/chain.h"
#include "backend/credentials/answer.h"
#include "backend/credentials/provider.h"

#include "backend/base/cleanup.h"
#include "backend/base/log.h"
#include "backend/base/pause.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct provider_kind *const kinds[] = {&kind_environment, &kind_assume_role,
    &kind_web_identity, &kind_sso, &kind_credentials_file, &kind_login, &kind_process,
    &kind_config_file, &kind_container, &kind_imds};

struct chain {
	struct credentials_provider provider;
	struct provider_env env;
	struct cancel_pause pause;
	bool explicit_profile;
	struct config *fresh; /* the files as they are since they changed; NULL: the settings' */
	struct config_stamp chosen;	    /* the files that `inner` was chosen from */
	struct config_stamp tried;	    /* and those last examined, even without success */
	struct credentials_provider *inner; /* NULL: not chosen yet, or none */
	const struct provider_kind *row;    /* that made it */
	/* Strings that a provider's name points to: one for each row, made when first needed, so
	 * that a name stays valid while it is read. */
	char *names[ARRAY_SIZE(kinds)];
};

static int choose(const struct provider_seed *seed, unsigned most,
    const struct provider_kind **ret_row, struct credentials_provider **ret,
    struct ecsfs_error *err)
{
	*ret = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct provider_kind *row = kinds[i];
		int r;

		if (row->where > most)
			continue;
		r = row->make(seed, ret, err);
		if (r == -ENOMEM)
			return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
		if (r < 0)
			return r;
		*ret_row = row;
		if (*ret)
			return 0;
		log_debug("credentials: no %s for profile %s", row->name, seed->profile);
	}
	return 0;
}

int chain_source_profile(const struct provider_seed *parent, const char *profile,
    struct credentials_provider **ret, struct ecsfs_error *err)
{
	struct provider_seed seed = {
	    .env = parent->env, .config = parent->config, .profile = profile};
	const struct provider_kind *row;
	int r = choose(&seed, ANYWHERE, &row, ret, err);

	if (!r && !*ret)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the source profile '%s' has no credentials: add keys to it, or name another "
		    "one",
		    profile);
	return r;
}

static const struct config *config_peek(const struct chain *c)
{
	return c->fresh ? c->fresh : c->env.settings->config;
}

/* Reads the files again if they changed; the chosen provider stays until they can be read. */
static int reload(struct chain *c, struct ecsfs_error *err)
{
	struct config *fresh = NULL;
	int r;

	c->tried = config_stamp_now(config_peek(c));
	if (config_stamp_equal(&c->tried, &c->chosen))
		return 0;
	r = config_load(c->env.settings->home, &fresh, err);
	if (r)
		return r;
	config_free(c->fresh);
	c->fresh = fresh;
	return 0;
}

static size_t index_of(const struct provider_kind *kind)
{
	size_t i = 0;

	while (kinds[i] != kind)
		i++;
	return i;
}

static void take_name(
    struct chain *c, const struct provider_kind *row, struct credentials_provider *inner)
{
	char **name = &c->names[index_of(row)];

	if (!*name)
		*name = strdup(inner->name);
	if (*name)
		c->provider.name = *name;
}

static int choose_again(struct chain *c, struct ecsfs_error *err)
{
	struct provider_seed seed = {.env = &c->env,
	    .config = config_peek(c),
	    .profile = c->env.settings->profile,
	    .use_environment = !c->explicit_profile};
	unsigned most = c->explicit_profile ? TOP : NOT_EXPLICIT;
	struct credentials_provider *inner = NULL;
	const struct provider_kind *row = NULL;
	int r = choose(&seed, most, &row, &inner, err);

	if (r)
		return r;
	c->chosen = config_stamp_read(seed.config);
	credentials_provider_free(c->inner);
	c->inner = inner;
	c->row = inner ? row : NULL;
	if (inner)
		take_name(c, row, inner);
	if (inner && c->explicit_profile && row->where == TOP && row->eager)
		log_warn("the profile '%s' has no credentials: those of the %s are used",
		    seed.profile, row->name);
	return 0;
}

static int ensure_chosen(struct chain *c, struct ecsfs_error *err)
{
	struct config_stamp read;
	int r = reload(c, err);

	if (r)
		return r;
	read = config_stamp_read(config_peek(c));
	if (c->inner && config_stamp_equal(&read, &c->chosen))
		return 0;
	return choose_again(c, err);
}

static int no_credentials(const struct chain *c, struct ecsfs_error *err)
{
	return provider_none(&c->env, "is turned off", err);
}

static int chain_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct chain *c = (struct chain *)self;
	struct ecsfs_error own = {0};
	int r = ensure_chosen(c, &own);

	if (!r)
		r = c->inner ? c->inner->fetch(c->inner, ret, &own) : no_credentials(c, &own);
	if (!r) {
		c->env.may_ask = false;
		return 0;
	}
	if (err)
		*err = own;
	return r;
}

static bool chain_changed(struct credentials_provider *self)
{
	struct chain *c = (struct chain *)self;
	struct config_stamp now = config_stamp_now(config_peek(c));

	if (!config_stamp_equal(&now, &c->tried))
		return true;
	return c->inner && c->inner->changed && c->inner->changed(c->inner);
}

static void chain_cancel(struct credentials_provider *self)
{
	struct chain *c = (struct chain *)self;

	c->env.cancelled = true;
	cancel_pause_cancel(&c->pause);
	http_cancel(c->env.http);
}

static void chain_destroy(struct credentials_provider *self)
{
	struct chain *c = (struct chain *)self;

	credentials_provider_free(c->inner);
	for (size_t i = 0; i < ARRAY_SIZE(c->names); i++)
		free(c->names[i]);
	config_free(c->fresh);
	http_free(c->env.http);
	cancel_pause_release(&c->pause);
	free(c);
}

struct credentials_provider *chain_new(const struct aws_settings *settings, bool explicit_profile)
{
	struct chain *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->env.settings = settings;
	c->explicit_profile = explicit_profile;
	c->env.may_ask = true;
	c->env.http = http_new();
	cancel_pause_init(&c->pause);
	c->env.pause = &c->pause.pause;
	c->tried = c->chosen = config_stamp_read(settings->config);
	c->provider.name = "none yet";
	c->provider.fetch = chain_fetch;
	c->provider.changed = chain_changed;
	c->provider.cancel = chain_cancel;
	c->provider.destroy = chain_destroy;
	if (c->env.http)
		return &c->provider;
	chain_destroy(&c->provider);
	return NULL;
}

int chain_choose(struct credentials_provider *chain, const char **ret_kind, struct ecsfs_error *err)
{
	struct chain *c = (struct chain *)chain;
	int r = ensure_chosen(c, err);

	if (!r)
		*ret_kind = c->inner ? c->row->name : NULL;
	return r;
}

bool chain_is_eager(const struct credentials_provider *chain)
{
	const struct chain *c = (const struct chain *)chain;

	return c->inner && c->row->eager;
}
