#include "backend/config/ecs_cli.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

struct document {
	yaml_document_t yaml;
	char *path;
	char *text; /* wiped at the end: it may hold keys */
};

static void document_release(struct document *d)
{
	for (yaml_node_t *n = d->yaml.nodes.start; n < d->yaml.nodes.top; n++)
		if (n->type == YAML_SCALAR_NODE)
			OPENSSL_cleanse(n->data.scalar.value, n->data.scalar.length);
	yaml_document_delete(&d->yaml);
	free(d->path);
	secret_free(d->text);
}

static const char *scalar_peek(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
						      : NULL;
}

static yaml_node_t *member_peek(struct document *d, const yaml_node_t *map, const char *key)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		const char *name = scalar_peek(yaml_document_get_node(&d->yaml, p->key));

		if (name && !strcmp(name, key))
			return yaml_document_get_node(&d->yaml, p->value);
	}
	return NULL;
}

/* A member's text, NULL where it is absent or empty. */
static const char *value_peek(struct document *d, const yaml_node_t *map, const char *key)
{
	const char *value = scalar_peek(member_peek(d, map, key));

	return value && *value ? value : NULL;
}

static int parse(struct document *d, struct ecsfs_error *err)
{
	yaml_parser_t parser;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)d->text, strlen(d->text));
	if (!yaml_parser_load(&parser, &d->yaml)) {
		memset(&d->yaml, 0, sizeof(d->yaml));
		r = ecsfs_error_set(err, EINVAL, NULL, "%s:%zu: %s", d->path,
		    parser.problem_mark.line + 1, parser.problem ? parser.problem : "not YAML");
	}
	yaml_parser_delete(&parser);
	return r;
}

static int load(struct document *d, const char *home, const char *name, struct ecsfs_error *err)
{
	auto_secret_buf struct buf text = BUF_INIT(LIMIT_CONFIG_FILE);
	int r;

	if (asprintf(&d->path, "%s/.ecs/%s", home ? home : "", name) < 0) {
		d->path = NULL;
		return -ENOMEM;
	}
	r = file_read(d->path, false, &text);
	if (r)
		return ecsfs_error_set(
		    err, -r, NULL, "%s cannot be read: %s", d->path, strerror(-r));
	if (file_stamp(d->path).mode & S_IWOTH)
		log_warn("%s can be written by everybody: chmod 600 it", d->path);
	d->text = buf_detach(&text, NULL);
	return d->text ? parse(d, err) : -ENOMEM;
}

static void list_names(struct document *d, const yaml_node_t *map, struct buf *out)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		const char *name = scalar_peek(yaml_document_get_node(&d->yaml, p->key));

		buf_addf(out, "%s%s", out->len ? ", " : "", name ? name : "?");
	}
}

/* The entry `name` of the member `group`. */
static int find(struct document *d, const char *group, const char *name, const yaml_node_t **ret,
    struct ecsfs_error *err)
{
	yaml_node_t *map = member_peek(d, yaml_document_get_root_node(&d->yaml), group);
	auto_buf struct buf names = BUF_INIT(LIMIT_CONFIG_FILE);

	*ret = member_peek(d, map, name);
	if (*ret)
		return 0;
	list_names(d, map, &names);
	return ecsfs_error_set(err, EINVAL, NULL, "%s has no '%s' under %s; there are: %s", d->path,
	    name, group, names.len ? buf_str(&names) : "none");
}

static int get_cluster(struct document *d, const char *home, const char *name, char **ret_cluster,
    char **ret_region, struct ecsfs_error *err)
{
	const yaml_node_t *entry;
	const char *cluster, *region;
	int r = load(d, home, "config", err);

	if (!r)
		r = find(d, "clusters", name, &entry, err);
	if (r)
		return r;
	cluster = value_peek(d, entry, "cluster");
	region = value_peek(d, entry, "region");
	if (!cluster)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "%s: '%s' names no cluster", d->path, name);
	*ret_cluster = strdup(cluster);
	*ret_region = region ? strdup(region) : NULL;
	return *ret_cluster && !region == !*ret_region ? 0 : -ENOMEM;
}

int ecs_cli_cluster(const char *home, const char *name, char **ret_cluster, char **ret_region,
    struct ecsfs_error *err)
{
	struct document d = {0};
	int r = get_cluster(&d, home, name, ret_cluster, ret_region, err);

	document_release(&d);
	return r == -ENOMEM ? ecsfs_error_set(err, ENOMEM, NULL, "out of memory") : r;
}

static int get_profile(struct document *d, const char *home, const char *name,
    struct credentials_provider **ret, struct ecsfs_error *err)
{
	const yaml_node_t *entry;
	const char *key, *secret;
	auto_free char *title = NULL;
	int r = load(d, home, "credentials", err);

	if (!r)
		r = find(d, "ecs_profiles", name, &entry, err);
	if (r)
		return r;
	key = value_peek(d, entry, "aws_access_key_id");
	secret = value_peek(d, entry, "aws_secret_access_key");
	if (!key || !secret)
		return ecsfs_error_set(err, EINVAL, NULL, "%s: '%s' has no %s", d->path, name,
		    key ? "aws_secret_access_key" : "aws_access_key_id");
	if (asprintf(&title, "ecs-cli (profile %s)", name) < 0)
		return -ENOMEM;
	*ret =
	    credentials_static_new(title, key, secret, value_peek(d, entry, "aws_session_token"));
	return *ret ? 0 : -ENOMEM;
}

int ecs_cli_profile(
    const char *home, const char *name, struct credentials_provider **ret, struct ecsfs_error *err)
{
	struct document d = {0};
	int r = get_profile(&d, home, name, ret, err);

	document_release(&d);
	return r == -ENOMEM ? ecsfs_error_set(err, ENOMEM, NULL, "out of memory") : r;
}
