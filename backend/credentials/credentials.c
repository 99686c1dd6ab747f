/*
 * How are secrets kept and released? Strings are copied into the struct and overwritten before they
 * are freed, also in buffers and JSON trees.
 */
#include "backend/credentials/credentials.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct credentials {
	atomic_int refs;
	int64_t expires_ms;
	char *access_key_id;
	char *secret_access_key;
	char *session_token; /* NULL: none */
	char *account_id;    /* NULL: unknown */
};

void secret_free(char *secret)
{
	if (secret)
		OPENSSL_cleanse(secret, strlen(secret));
	free(secret);
}

void secret_buf_release(struct buf *b)
{
	if (b->data)
		OPENSSL_cleanse(b->data, b->cap);
	buf_release(b);
}

static void wipe_json(json_t *json)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_string(json))
		OPENSSL_cleanse((char *)json_string_value(json), json_string_length(json));
	json_array_foreach (json, i, value)
		wipe_json(value);
	json_object_foreach (json, key, value)
		wipe_json(value);
}

void secret_json_free(json_t *json)
{
	wipe_json(json);
	json_decref(json);
}

struct credentials *credentials_new(const char *access_key_id, const char *secret_access_key,
    const char *session_token, const char *account_id, int64_t expires_ms)
{
	struct credentials *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	atomic_init(&c->refs, 1);
	c->expires_ms = expires_ms;
	c->access_key_id = strdup(access_key_id);
	c->secret_access_key = strdup(secret_access_key);
	c->session_token = session_token ? strdup(session_token) : NULL;
	c->account_id = account_id ? strdup(account_id) : NULL;
	if (c->access_key_id && c->secret_access_key && !c->session_token == !session_token &&
	    !c->account_id == !account_id)
		return c;
	credentials_unref(c);
	return NULL;
}

struct credentials *credentials_ref(struct credentials *c)
{
	if (c)
		atomic_fetch_add(&c->refs, 1);
	return c;
}

void credentials_unref(struct credentials *c)
{
	if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	secret_free(c->access_key_id);
	secret_free(c->secret_access_key);
	secret_free(c->session_token);
	free(c->account_id);
	free(c);
}

const char *credentials_access_key_id_peek(const struct credentials *c)
{
	return c->access_key_id;
}

const char *credentials_secret_peek(const struct credentials *c)
{
	return c->secret_access_key;
}

const char *credentials_session_token_peek(const struct credentials *c)
{
	return c->session_token;
}

const char *credentials_account_id_peek(const struct credentials *c)
{
	return c->account_id;
}

int64_t credentials_expires_ms(const struct credentials *c)
{
	return c->expires_ms;
}

void credentials_provider_cancel(struct credentials_provider *p)
{
	if (p && p->cancel)
		p->cancel(p);
}

void credentials_provider_free(struct credentials_provider *p)
{
	if (p)
		p->destroy(p);
}

struct fixed {
	struct credentials_provider provider;
	struct credentials *credentials;
	char name[];
};

static int fixed_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct credentials *c = ((struct fixed *)self)->credentials;

	if (!*c->access_key_id || !*c->secret_access_key)
		return ecsfs_error_set(err, EACCES, NULL, "%s: the %s is empty: set it", self->name,
		    *c->access_key_id ? "secret access key" : "access key id");
	*ret = credentials_ref(c);
	return 0;
}

static void fixed_destroy(struct credentials_provider *self)
{
	credentials_unref(((struct fixed *)self)->credentials);
	free(self);
}

struct credentials_provider *credentials_static_new(const char *name, const char *access_key_id,
    const char *secret_access_key, const char *session_token)
{
	struct fixed *f = calloc(1, sizeof(*f) + strlen(name) + 1);

	if (!f)
		return NULL;
	strcpy(f->name, name);
	f->provider.name = f->name;
	f->provider.fetch = fixed_fetch;
	f->provider.destroy = fixed_destroy;
	f->credentials = credentials_new(access_key_id, secret_access_key, session_token, NULL, 0);
	if (f->credentials)
		return &f->provider;
	free(f);
	return NULL;
}
