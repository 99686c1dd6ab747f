/* Which network interfaces of EC2 do tasks have? */
#include "backend/sim/around/around.h"
#include "backend/sim/doc.h"
#include "backend/sim/request/query.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define MOST_IDS 1000

/* "eni-0" and the first 16 digits of the task's id. */
static struct task *task_of(struct sim_region *r, const char *id)
{
	for (size_t i = 0; i < r->clusters.count; i++) {
		const struct cluster *k = r->clusters.items[i];

		for (size_t j = 0; j < k->tasks.count; j++) {
			struct task *t = k->tasks.items[j];

			if (t->address && t->status != TASK_STOPPED &&
			    strncmp(id, "eni-0", 5) == 0 && strncmp(id + 5, t->id, 16) == 0)
				return t;
		}
	}
	return NULL;
}

static bool is_public(const struct task *t)
{
	const json_t *network =
	    t->revision ? doc_get(t->revision->doc, "networkConfiguration") : NULL;
	const char *assign = doc_str(doc_get(network, "awsvpcConfiguration"), "assignPublicIp");

	return assign && strcmp(assign, "ENABLED") == 0;
}

static json_t *interface_render(const struct task *t, const char *id)
{
	struct in_addr a = {.s_addr = htonl(t->address)};
	char own[INET_ADDRSTRLEN], public[32];
	json_t *o = json_object(), *association;

	inet_ntop(AF_INET, &a, own, sizeof(own));
	snprintf(public, sizeof(public), "203.0.113.%u", (t->address & 0xff) % 254 + 1);
	doc_put_str(o, "networkInterfaceId", id);
	doc_put_str(o, "status", "in-use");
	doc_put_str(o, "privateIpAddress", own);
	if (!is_public(t))
		return o;
	association = json_object();
	doc_put_str(association, "publicIp", public);
	doc_put_str(association, "ipOwnerId", "amazon");
	doc_put_new(o, "association", association);
	return o;
}

static int describe_network_interfaces(struct sim_call *c)
{
	const json_t *ids = doc_get(c->in, "NetworkInterfaceId"), *id;
	json_t *set = json_array();
	size_t i;

	doc_put_new(c->out, "networkInterfaceSet", set);
	if (json_array_size(ids) < 1 || json_array_size(ids) > MOST_IDS)
		return sim_fail(c, 400, "InvalidParameterValue",
		    "between 1 and %d network interfaces must be named", MOST_IDS);
	json_array_foreach (ids, i, id) {
		const char *text = json_string_value(id);
		const struct task *t = text ? task_of(c->region, text) : NULL;

		if (!t)
			return sim_fail(c, 400, "InvalidNetworkInterfaceID.NotFound",
			    "The networkInterface ID '%.60s' does not exist", text ? text : "");
		json_array_append_new(set, interface_render(t, text));
	}
	return 0;
}

const struct sim_action sim_network_actions[] = {
    {"DescribeNetworkInterfaces", describe_network_interfaces},
    {0},
};
