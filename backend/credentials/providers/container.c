/*
 * Which credentials does a container have? Those of ECS tasks (a path on 169.254.170.2), EKS Pod
 * Identity, Greengrass and others (a whole URL). Plain http goes to this machine and the two
 * metadata addresses only.
 */
#include "backend/credentials/answer.h"
#include "backend/credentials/provider.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ECS_ENDPOINT "http://169.254.170.2"

enum { TIMEOUT_MS = 2000, ATTEMPTS = 3, WAIT_MS = 1000 };

struct container {
	struct credentials_provider provider;
	struct provider_env *env;
	char *url;
	char *token_file; /* NULL: none */
	char *token;	  /* NULL: none */
};

static bool is_allowed_host(const char *host)
{
	static const char *const allowed[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
	struct in_addr v4;
	struct in6_addr v6;
	char bare[INET6_ADDRSTRLEN];

	if (!strcasecmp(host, "localhost"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (!strcasecmp(host, allowed[i]))
			return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (*host != '[' || strlen(host) - 2 >= sizeof(bare))
		return false;
	snprintf(bare, sizeof(bare), "%.*s", (int)strlen(host) - 2, host + 1);
	return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Parsed by libcurl, which will also connect, so that both see the same host. `kind`: of the
 * variable; even a value meant as a path may name another host ("@HOST/"). */
static int check_url(const char *url, const char *kind, struct ecsfs_error *err)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL;
	int r = 0;

	if (!parts || curl_url_set(parts, CURLUPART_URL, url, 0) ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0))
		r = ecsfs_error_set(err, EINVAL, NULL, "AWS_CONTAINER_CREDENTIALS_%s_URI is not %s",
		    kind, strcmp(kind, "FULL") ? "a path" : "a URL");
	else if (strcasecmp(scheme, "https") &&
	    (strcasecmp(scheme, "http") || !is_allowed_host(host)))
		r = ecsfs_error_set(err, EACCES, NULL,
		    "AWS_CONTAINER_CREDENTIALS_%s_URI names %s over %s: keys are taken by https, "
		    "or "
		    "by http from this machine, 169.254.170.2, 169.254.170.23 or fd00:ec2::23",
		    kind, host, scheme);
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(parts);
	return r;
}

/* The whole Authorization header; nothing where no token is configured. */
static int add_authorization(const struct container *c, struct buf *header, struct ecsfs_error *err)
{
	const char *value;
	int r = 0;

	if (!c->token_file && !c->token)
		return 0;
	buf_adds(header, "Authorization: ");
	if (c->token_file)
		r = file_read(c->token_file, true, header);
	else
		buf_adds(header, c->token);
	if (r)
		return ecsfs_error_set(err, EACCES, NULL,
		    "the container's authorization token %s cannot be read: %s", c->token_file,
		    strerror(-r));
	value = buf_str(header);
	if (strpbrk(value, "\r\n") || strlen(value) != header->len)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the container's authorization token holds a line break: remove it");
	return 0;
}

static int understand(
    const struct http_response *answer, struct credentials **ret, struct ecsfs_error *err)
{
	auto_secret_json json_t *json = provider_json(&answer->body);

	if (answer->status != 200)
		return ecsfs_error_set(err, EACCES, NULL,
		    "the container's credentials endpoint answered %d: check the task's role",
		    answer->status);
	if (!json)
		return ecsfs_error_set(
		    err, EIO, NULL, "the container's credentials endpoint returned no JSON object");
	return provider_credentials(
	    json, &names_metadata, "the container's credentials endpoint", NULL, ret, err);
}

static int container_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct container *c = (struct container *)self;
	auto_secret_buf struct buf authorization = BUF_INIT(LIMIT_CREDENTIAL_RESPONSE);
	const char *headers[3] = {"Accept: application/json"};
	struct http_request rq = {.method = "GET",
	    .url = c->url,
	    .headers = headers,
	    .connect_timeout_ms = TIMEOUT_MS,
	    .timeout_ms = TIMEOUT_MS,
	    .no_proxy = true};
	struct http_response answer;
	int r = add_authorization(c, &authorization, err);

	if (r)
		return r;
	if (authorization.len)
		headers[1] = buf_str(&authorization);
	r = provider_exchange(c->env, &rq, ATTEMPTS, WAIT_MS, &answer, err);
	r = r ? (err ? ecsfs_error_wrap(err, "container credentials") : r)
	      : understand(&answer, ret, err);
	provider_response_release(&answer);
	return r;
}

static void container_destroy(struct credentials_provider *self)
{
	struct container *c = (struct container *)self;

	free(c->url);
	free(c->token_file);
	secret_free(c->token);
	free(c);
}

static int take_environment(struct container *c, struct ecsfs_error *err)
{
	const char *relative = getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	const char *file = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	int r;

	if (asprintf(&c->url, "%s%s", relative ? ECS_ENDPOINT : "", relative ? relative : full) <
	    0) {
		c->url = NULL;
		return -ENOMEM;
	}
	r = check_url(c->url, relative ? "RELATIVE" : "FULL", err);
	if (r)
		return r;
	c->token_file = file ? strdup(file) : NULL;
	c->token = token && !file ? strdup(token) : NULL;
	return !file == !c->token_file && (file || !token == !c->token) ? 0 : -ENOMEM;
}

static int container_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	struct container *c;
	int r;

	*ret = NULL;
	if (!getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") &&
	    !getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	r = take_environment(c, err);
	if (r) {
		container_destroy(&c->provider);
		return r;
	}
	c->env = seed->env;
	c->provider.name = "container";
	c->provider.fetch = container_fetch;
	c->provider.destroy = container_destroy;
	*ret = &c->provider;
	return 0;
}

const struct provider_kind kind_container = {
    .name = "container", .where = TOP, .make = container_make, .eager = true};
