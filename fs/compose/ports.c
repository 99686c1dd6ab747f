/*
 * How is a port converted? From "[IP:][HOST:]CONTAINER[/PROTOCOL]", with ranges, or from the long
 * form.
 */
#include "fs/compose/ports.h"

#include "backend/parse/yaml_scalar.h"

#include "backend/base/cleanup.h"
#include "fs/compose/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PORT 65535
#define MAX_MAPPINGS 1000 /* of a container; ECS takes a hundred */

struct range {
	int first, last; /* 0, 0: none */
};

struct port {
	struct range host, container;
	const char *protocol, *name, *app_protocol;
};

static bool parse_number(const char **at, int *ret)
{
	char *end;
	long n;

	if (**at < '0' || **at > '9')
		return false;
	n = strtol(*at, &end, 10);
	*at = end;
	*ret = (int)n;
	return n >= 0 && n <= MAX_PORT;
}

static bool parse_range(const char *text, struct range *ret)
{
	if (!parse_number(&text, &ret->first))
		return false;
	ret->last = ret->first;
	if (*text == '-') {
		text++;
		if (!parse_number(&text, &ret->last))
			return false;
	}
	return !*text && ret->first <= ret->last;
}

static void refuse(struct container *k, const struct yaml_node *n, const char *text)
{
	compose_fail(k->c, n,
	    "%s.ports: \"%s\" is not a port: CONTAINER, HOST:CONTAINER or IP:HOST:CONTAINER, each "
	    "a "
	    "number up to 65535 or a range, and /tcp or /udp",
	    k->what, text);
}

static json_t *mapping(const struct port *p, int container, int host)
{
	json_t *m = json_pack("{s:i, s:s}", "containerPort", container, "protocol", p->protocol);

	if (host)
		json_object_set_new(m, "hostPort", json_integer(host));
	if (p->name)
		json_object_set_new(m, "name", json_string(p->name));
	if (p->app_protocol)
		json_object_set_new(m, "appProtocol", json_string(p->app_protocol));
	return m;
}

/* One mapping a port. A range of host ports for one container port is a mapping for each of them. */
static bool add_mappings(json_t *list, const struct port *p)
{
	int containers = p->container.last - p->container.first + 1;
	int hosts = p->host.first ? p->host.last - p->host.first + 1 : 0;
	int count = containers > hosts ? containers : hosts;

	if (!p->container.first || (hosts && hosts != containers && containers != 1) ||
	    (size_t)count + json_array_size(list) > MAX_MAPPINGS)
		return false;
	for (int i = 0; i < count; i++)
		json_array_append_new(list,
		    mapping(p, p->container.first + (containers == 1 ? 0 : i),
			hosts ? p->host.first + i : 0));
	return true;
}

static void warn_address(struct container *k, const struct yaml_node *n, const char *address)
{
	if (*address && strcmp(address, "0.0.0.0") != 0)
		compose_warn(k->c, n,
		    "%s.ports: the address %s is ignored: ECS listens on all (0.0.0.0)", k->what,
		    address);
}

static bool take_protocol(
    struct container *k, const struct yaml_node *n, const char *protocol, struct port *p)
{
	p->protocol = strcasecmp(protocol, "udp") == 0 ? "udp" : "tcp";
	if (strcasecmp(protocol, "udp") == 0 || strcasecmp(protocol, "tcp") == 0)
		return true;
	compose_fail(k->c, n, "%s.ports: ECS has tcp and udp, not \"%s\"", k->what, protocol);
	return false;
}

/* Splits "IP:HOST:CONTAINER" from its end: an IPv6 address has colons of its own. */
static void add_short(struct container *k, const struct yaml_node *n, json_t *list)
{
	const char *text = compose_text(k->c, n, container_key(k, "ports"));
	char *copy = yaml_strndup(k->c->arena, text, strlen(text)), *slash, *container,
	     *host = NULL;
	struct port p = {.protocol = "tcp"};

	if (!copy) {
		compose_no_memory(k->c);
		return;
	}
	slash = strchr(copy, '/');
	if (slash) {
		*slash = '\0';
		if (!take_protocol(k, n, slash + 1, &p))
			return;
	}
	container = strrchr(copy, ':');
	if (container) {
		*container++ = '\0';
		host = strrchr(copy, ':');
		if (host)
			*host++ = '\0';
		else
			host = copy;
	} else {
		container = copy;
	}
	if (host && host != copy)
		warn_address(k, n, copy);
	if (!parse_range(container, &p.container) ||
	    (host && *host && !parse_range(host, &p.host)) || !add_mappings(list, &p))
		refuse(k, n, text);
}

static const char *member(struct container *k, const struct yaml_node *n, const char *key)
{
	const struct yaml_node *value = yaml_get(n, key);

	return yaml_is_null(value)
	    ? NULL
	    : compose_text(k->c, value, compose_below(k->c, container_key(k, "ports"), key));
}

static void add_long(struct container *k, const struct yaml_node *n, json_t *list)
{
	const char *target = member(k, n, "target"), *published = member(k, n, "published");
	const char *protocol = member(k, n, "protocol"), *address = member(k, n, "host_ip");
	struct port p = {
	    .name = member(k, n, "name"),
	    .app_protocol = member(k, n, "app_protocol"),
	};

	if (!take_protocol(k, n, protocol ? protocol : "tcp", &p))
		return;
	if (address)
		warn_address(k, n, address);
	if (!target)
		compose_fail(k->c, n, "%s.ports: target is missing", k->what);
	else if (!parse_range(target, &p.container) ||
	    (published && *published && !parse_range(published, &p.host)) ||
	    !add_mappings(list, &p))
		refuse(k, n, published ? published : target);
}

void convert_ports(struct container *k, const struct yaml_node *n)
{
	container_put_items(k, "portMappings", n, container_key(k, "ports"), add_short, add_long);
}
