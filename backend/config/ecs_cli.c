/*
 * Which cluster and which keys does an ECS CLI user have? Both YAML files are loaded for each
 * question, into an arena that is wiped.
 */
#include "backend/config/ecs_cli.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "backend/parse/yaml.h"
#include "backend/parse/yaml_parse.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct document {
	struct yaml_arena *arena; /* wiped at the end: it may hold keys */
	struct yaml_node *root;
	char *path;
};

static void document_release(struct document *d)
{
	yaml_arena_free(d->arena);
	free(d->path);
}

/* A member's text, NULL where it is absent or empty. */
static const char *value_peek(const struct yaml_node *map, const char *key)
{
	const char *value = yaml_text(yaml_get(map, key));

	return value && *value ? value : NULL;
}

static int load(struct document *d, const char *home, const char *name, struct ecsfs_error *err)
{
	auto_secret_buf struct buf text = BUF_INIT(LIMIT_CONFIG_FILE);
	int r;

	d->arena = yaml_arena_new();
	if (!d->arena || asprintf(&d->path, "%s/.ecs/%s", home ? home : "", name) < 0) {
		d->path = NULL;
		return -ENOMEM;
	}
	r = file_read(d->path, false, &text);
	if (r)
		return ecsfs_error_set(
		    err, -r, NULL, "%s cannot be read: %s", d->path, strerror(-r));
	return yaml_parse(d->arena, d->path, buf_str(&text), text.len, &d->root, err);
}

/* The names of the entries of the member `group`: a new array. */
static json_t *names_of(const struct document *d, const char *group)
{
	const struct yaml_node *map = yaml_get(d->root, group);
	json_t *names = json_array();

	for (size_t i = 0; map && map->kind == YAML_MAPPING && i < map->count; i++)
		if (yaml_text(map->pairs[i].key))
			json_array_append_new(names, json_string(map->pairs[i].key->text));
	return names;
}

static json_t *names_in(const char *home, const char *file, const char *group)
{
	struct document d = {0};
	json_t *names;

	load(&d, home, file, NULL);
	names = names_of(&d, group);
	document_release(&d);
	return names;
}

json_t *ecs_cli_clusters(const char *home)
{
	return names_in(home, "config", "clusters");
}

json_t *ecs_cli_profiles(const char *home)
{
	return names_in(home, "credentials", "ecs_profiles");
}

/* The entry `name` of the member `group`. */
static int find(struct document *d, const char *group, const char *name,
    const struct yaml_node **ret, struct ecsfs_error *err)
{
	const struct yaml_node *map = yaml_get(d->root, group);
	auto_buf struct buf names = BUF_INIT(LIMIT_CONFIG_FILE);
	json_auto_t *all = NULL;
	const json_t *one;
	size_t i;

	if (file_stamp(d->path).mode & S_IWOTH)
		log_warn("%s can be written by everybody: chmod 600 it", d->path);
	*ret = yaml_get(map, name);
	if (*ret)
		return 0;
	all = names_of(d, group);
	json_array_foreach (all, i, one)
		buf_addf(&names, "%s%s", names.len ? ", " : "", json_string_value(one));
	return ecsfs_error_set(err, EINVAL, NULL, "%s has no '%s' under %s; there are: %s", d->path,
	    name, group, names.len ? buf_str(&names) : "none");
}

void ecs_cli_cluster_release(struct ecs_cli_cluster *c)
{
	free(c->cluster);
	free(c->region);
	free(c->launch_type);
	*c = (struct ecs_cli_cluster){0};
}

static bool copy_value(const struct yaml_node *entry, const char *key, char **ret)
{
	const char *value = value_peek(entry, key);

	*ret = value ? strdup(value) : NULL;
	return !value || *ret;
}

static int get_cluster(struct document *d, const char *home, const char *name,
    struct ecs_cli_cluster *ret, struct ecsfs_error *err)
{
	const struct yaml_node *entry;
	const char *launch_type;
	int r = load(d, home, "config", err);

	if (!r)
		r = find(d, "clusters", name, &entry, err);
	if (r)
		return r;
	if (!value_peek(entry, "cluster"))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "%s: '%s' names no cluster: add cluster: NAME", d->path, name);
	launch_type = value_peek(entry, "default_launch_type");
	if (launch_type && strcmp(launch_type, "EC2") && strcmp(launch_type, "FARGATE"))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "%s: default_launch_type of '%s': \"%s\" is neither EC2 nor FARGATE", d->path,
		    name, launch_type);
	return copy_value(entry, "cluster", &ret->cluster) &&
		copy_value(entry, "region", &ret->region) &&
		copy_value(entry, "default_launch_type", &ret->launch_type)
	    ? 0
	    : -ENOMEM;
}

int ecs_cli_cluster(
    const char *home, const char *name, struct ecs_cli_cluster *ret, struct ecsfs_error *err)
{
	struct document d = {0};
	int r;

	*ret = (struct ecs_cli_cluster){0};
	r = get_cluster(&d, home, name, ret, err);
	document_release(&d);
	if (r)
		ecs_cli_cluster_release(ret);
	return r == -ENOMEM ? ecsfs_error_set(err, ENOMEM, NULL, "out of memory") : r;
}

static int get_profile(struct document *d, const char *home, const char *name,
    struct credentials_provider **ret, struct ecsfs_error *err)
{
	const struct yaml_node *entry;
	const char *key, *secret;
	auto_free char *title = NULL;
	int r = load(d, home, "credentials", err);

	if (!r)
		r = find(d, "ecs_profiles", name, &entry, err);
	if (r)
		return r;
	key = value_peek(entry, "aws_access_key_id");
	secret = value_peek(entry, "aws_secret_access_key");
	if (!key || !secret)
		return ecsfs_error_set(err, EINVAL, NULL, "%s: '%s' has no %s: add it", d->path,
		    name, key ? "aws_secret_access_key" : "aws_access_key_id");
	if (asprintf(&title, "ecs-cli (profile %s)", name) < 0)
		return -ENOMEM;
	*ret = credentials_static_new(title, key, secret, value_peek(entry, "aws_session_token"));
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
