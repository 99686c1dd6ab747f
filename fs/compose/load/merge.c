/*
 * Which rule merges a key? Mappings by key, lists appended, and the keys of a service's table by
 * their own rule (ports, volumes, command).
 */
#include "fs/compose/load/merge.h"

#include "backend/base/cleanup.h"
#include "backend/parse/yaml_scalar.h"

#include <stdio.h>
#include <string.h>

/* Keys and items are compared each with each: more than any file has. */
enum { MANY_KEYS = 4000, MANY_ITEMS = 1000 };

typedef struct yaml_node *(*merge_fn)(
    struct compose *c, struct yaml_node *under, struct yaml_node *over);

static bool has_tag(const struct yaml_node *n, const char *tag)
{
	return n->tag && strcmp(n->tag, tag) == 0;
}

static void put(struct yaml_node *map, struct yaml_node *key, struct yaml_node *value)
{
	map->pairs[map->count++] = (struct yaml_pair){key, value};
}

static struct yaml_node *replace(struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	(void)c;
	(void)under;
	return over;
}

/* `rule` says how the values of a key are merged. */
static struct yaml_node *merge_mappings(struct compose *c, struct yaml_node *under,
    struct yaml_node *over, merge_fn (*rule)(const char *key))
{
	struct yaml_node *map = NULL;

	if (under->count > MANY_KEYS || over->count > MANY_KEYS) {
		compose_fail(c, over, "a mapping of more than %d keys is not merged", MANY_KEYS);
		return under;
	}
	map = yaml_collection(c->arena, over, YAML_MAPPING, under->count + over->count);
	if (!map) {
		compose_no_memory(c);
		return under;
	}
	for (size_t i = 0; i < under->count; i++) {
		const struct yaml_pair *p = &under->pairs[i];
		const char *key = yaml_text(p->key);
		struct yaml_node *later = key ? yaml_get(over, key) : NULL;

		if (later && has_tag(later, "!reset"))
			continue;
		if (!later || (yaml_is_null(later) && !has_tag(later, "!override")))
			put(map, p->key, p->value);
		else if (has_tag(later, "!override"))
			put(map, p->key, later);
		else
			put(map, p->key, rule(key)(c, p->value, later));
	}
	for (size_t i = 0; i < over->count; i++) {
		const char *key = yaml_text(over->pairs[i].key);

		if (key && !yaml_get(under, key) && !has_tag(over->pairs[i].value, "!reset"))
			put(map, over->pairs[i].key, over->pairs[i].value);
	}
	return map;
}

static merge_fn rule_any(const char *key);

/* By the kinds of the two values. */
static struct yaml_node *merge_any(
    struct compose *c, struct yaml_node *under, struct yaml_node *over);

static struct yaml_node *as_sequence(struct compose *c, struct yaml_node *n)
{
	struct yaml_node *list;

	if (n->kind == YAML_SEQUENCE)
		return n;
	list = yaml_collection(c->arena, n, YAML_SEQUENCE, 1);
	if (!list) {
		compose_no_memory(c);
		return n;
	}
	if (!yaml_is_null(n))
		list->items[list->count++] = n;
	return list;
}

/* Whether two items name the same thing, so that the later one replaces the earlier. */
typedef bool (*same_fn)(struct compose *c, const struct yaml_node *a, const struct yaml_node *b);

static bool same_text(struct compose *c, const struct yaml_node *a, const struct yaml_node *b)
{
	(void)c;
	return yaml_text(a) && yaml_text(b) && strcmp(a->text, b->text) == 0;
}

static struct yaml_node *append(
    struct compose *c, struct yaml_node *under, struct yaml_node *over, same_fn same)
{
	struct yaml_node *first = as_sequence(c, under), *second = as_sequence(c, over);
	struct yaml_node *list =
	    yaml_collection(c->arena, over, YAML_SEQUENCE, first->count + second->count);

	if (first->count > MANY_ITEMS || second->count > MANY_ITEMS) {
		compose_fail(c, over, "a list of more than %d items is not merged", MANY_ITEMS);
		return under;
	}
	if (!list || first->kind != YAML_SEQUENCE || second->kind != YAML_SEQUENCE) {
		compose_no_memory(c);
		return under;
	}
	for (size_t i = 0; i < first->count; i++)
		list->items[list->count++] = first->items[i];
	for (size_t i = 0; i < second->count; i++) {
		size_t at = 0;

		while (at < list->count && !same(c, list->items[at], second->items[i]))
			at++;
		list->items[at] = second->items[i];
		list->count += at == list->count;
	}
	return list;
}

static struct yaml_node *merge_lists(
    struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	return append(c, under, over, same_text);
}

/* A port's identity: its short form without defaults. */
static void port_name(struct compose *c, const struct yaml_node *n, char out[256])
{
	static const char *const parts[] = {"host_ip", "published", "target", "protocol"};
	const char *text = yaml_text(n);
	char *tcp;

	out[0] = '\0';
	if (text) {
		snprintf(out, 256, "%s", text);
		tcp = strstr(out, "/tcp");
		if (tcp && !tcp[4])
			*tcp = '\0';
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct yaml_node *part = yaml_get(n, parts[i]);
		const char *value = yaml_text(part) ? yaml_value(c->arena, part) : NULL;
		size_t len = strlen(out);

		if (value && *value && !(i == 3 && strcmp(value, "tcp") == 0))
			snprintf(
			    out + len, 256 - len, "%s%s", len ? i == 3 ? "/" : ":" : "", value);
	}
}

static bool same_port(struct compose *c, const struct yaml_node *a, const struct yaml_node *b)
{
	char x[256], y[256];

	port_name(c, a, x);
	port_name(c, b, y);
	return strcmp(x, y) == 0;
}

static struct yaml_node *merge_ports(
    struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	return append(c, under, over, same_port);
}

/* Where a volume is mounted: the second part, or the only one. */
static void volume_target(const struct yaml_node *n, char out[512])
{
	const char *text = yaml_text(n), *target = yaml_text(yaml_get(n, "target"));
	const char *colon = text ? strchr(text, ':') : NULL;

	if (colon)
		target = colon + 1;
	else if (text)
		target = text;
	snprintf(out, 512, "%.*s", target ? (int)strcspn(target, ":") : 0, target ? target : "");
}

static bool same_volume(struct compose *c, const struct yaml_node *a, const struct yaml_node *b)
{
	char x[512], y[512];

	(void)c;
	volume_target(a, x);
	volume_target(b, y);
	return *x && strcmp(x, y) == 0;
}

static struct yaml_node *merge_volumes(
    struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	return append(c, under, over, same_volume);
}

/* "KEY=VALUE" items by their keys, and mappings: as a mapping. */
static struct yaml_node *as_mapping(struct compose *c, struct yaml_node *n)
{
	struct yaml_node *map;

	if (n->kind != YAML_SEQUENCE)
		return n;
	map = yaml_collection(c->arena, n, YAML_MAPPING, n->count);
	if (!map) {
		compose_no_memory(c);
		return n;
	}
	for (size_t i = 0; i < n->count; i++) {
		struct yaml_node *item = n->items[i], *key, *value;
		const char *text = yaml_text(item), *equals = text ? strchr(text, '=') : NULL;

		if (!text)
			return n;
		key = yaml_string(
		    c->arena, item, text, equals ? (size_t)(equals - text) : strlen(text));
		value = yaml_string(
		    c->arena, item, equals ? equals + 1 : "", equals ? strlen(equals + 1) : 0);
		if (!key || !value) {
			compose_no_memory(c);
			return n;
		}
		/* Without a value it is null, which .env may fill. */
		value->plain = !equals;
		put(map, key, value);
	}
	return map;
}

static merge_fn rule_replace(const char *key)
{
	(void)key;
	return replace;
}

/* Null is a value here: it takes the variable of .env. */
static struct yaml_node *merge_pairs(
    struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	struct yaml_node *first = as_mapping(c, under), *second = as_mapping(c, over), *map;

	if (first->kind != YAML_MAPPING || second->kind != YAML_MAPPING)
		return merge_any(c, under, over);
	map = merge_mappings(c, first, second, rule_replace);
	for (size_t i = 0; i < map->count; i++) {
		const char *key = yaml_text(map->pairs[i].key);
		struct yaml_node *later = key ? yaml_get(second, key) : NULL;

		if (later && yaml_is_null(later))
			map->pairs[i].value = later;
	}
	return map;
}

/* Options belong to a driver: another driver has others. */
static struct yaml_node *merge_logging(
    struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	const char *before = yaml_text(yaml_get(under, "driver"));
	const char *after = yaml_text(yaml_get(over, "driver"));

	if (before && after && strcmp(before, after) != 0)
		return over;
	return merge_any(c, under, over);
}

static merge_fn rule_health(const char *key)
{
	return strcmp(key, "test") == 0 ? replace : rule_any(key);
}

static struct yaml_node *merge_health(
    struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	if (under->kind != YAML_MAPPING || over->kind != YAML_MAPPING)
		return over;
	return merge_mappings(c, under, over, rule_health);
}

static struct yaml_node *merge_any(
    struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	if (under->kind == YAML_MAPPING && over->kind == YAML_MAPPING)
		return merge_mappings(c, under, over, rule_any);
	if (under->kind == YAML_SEQUENCE || over->kind == YAML_SEQUENCE)
		return under->kind == YAML_MAPPING || over->kind == YAML_MAPPING
		    ? over
		    : merge_lists(c, under, over);
	return over;
}

static merge_fn rule_any(const char *key)
{
	(void)key;
	return merge_any;
}

/* The keys of a service that have their own rule. */
static merge_fn rule_service(const char *key)
{
	static const struct {
		const char *key;
		merge_fn rule;
	} rules[] = {{"command", replace}, {"entrypoint", replace}, {"image", replace},
	    {"ports", merge_ports}, {"volumes", merge_volumes}, {"environment", merge_pairs},
	    {"labels", merge_pairs}, {"sysctls", merge_pairs}, {"depends_on", merge_pairs},
	    {"log_opt", merge_pairs}, {"logging", merge_logging}, {"healthcheck", merge_health},
	    {"dns", merge_lists}, {"dns_search", merge_lists}, {"env_file", merge_lists},
	    {"tmpfs", merge_lists}};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (strcmp(rules[i].key, key) == 0)
			return rules[i].rule;
	return merge_any;
}

struct yaml_node *merge_service(struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	if (!under || yaml_is_null(under))
		return over;
	if (!over || yaml_is_null(over))
		return under;
	if (under->kind != YAML_MAPPING || over->kind != YAML_MAPPING)
		return over;
	return merge_mappings(c, under, over, rule_service);
}

static merge_fn rule_services(const char *key)
{
	(void)key;
	return merge_service;
}

static struct yaml_node *merge_services(
    struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	if (under->kind != YAML_MAPPING || over->kind != YAML_MAPPING)
		return over;
	return merge_mappings(c, under, over, rule_services);
}

static merge_fn rule_file(const char *key)
{
	return strcmp(key, "services") == 0 ? merge_services : merge_any;
}

struct yaml_node *merge_files(struct compose *c, struct yaml_node *under, struct yaml_node *over)
{
	if (!under || !over || under->kind != YAML_MAPPING || over->kind != YAML_MAPPING)
		return over ? over : under;
	return merge_mappings(c, under, over, rule_file);
}
