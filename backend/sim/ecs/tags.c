/* Which tags has a resource of each kind, and how are they changed? */
#include "backend/sim/ecs/tags.h"

#include "backend/base/text.h"
#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/state.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool reserved(const char *key)
{
	return strncasecmp(key, "aws:", 4) == 0;
}

/* Letters and digits of any script, spaces, and + - = . _ : / @. */
static bool tag_text_ok(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x80 &&
		    !strchr(
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 +-=._:/@",
			*s))
			return false;
	}
	return true;
}

static const char *tag_key(const json_t *list, size_t i)
{
	return doc_str(json_array_get(list, i), "key");
}

static int find_key(const json_t *list, const char *key)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (strcmp(tag_key(list, i), key) == 0)
			return (int)i;
	}
	return -1;
}

static int check_one(struct sim_call *c, const json_t *tag)
{
	const char *key = doc_str(tag, "key");
	const char *value = doc_str(tag, "value");

	if (!key || !*key)
		return sim_fail(c, 400, "InvalidParameterException", "Tag key can not be blank.");
	if (reserved(key))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Some tags contain invalid characters. aws: prefixed tag key names are not "
		    "allowed for "
		    "external use.");
	if (text_characters(key) > 128 || (value && text_characters(value) > 256))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Tag key or value is too long: keys have at most 128 characters, values 256.");
	if (!tag_text_ok(key) || (value && !tag_text_ok(value)))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Some tags contain invalid characters. Valid characters: UTF-8 letters, "
		    "spaces, numbers "
		    "and _.:/=+-@.");
	return 0;
}

/* The list with those of `tags` added or changed; new. */
static json_t *merged(const json_t *old, const json_t *tags)
{
	json_t *list = old ? json_copy((json_t *)old) : json_array();
	const json_t *tag;
	size_t i;

	json_array_foreach (tags, i, tag) {
		int at = find_key(list, doc_str(tag, "key"));
		json_t *one = json_object();

		doc_take(one, tag, "key");
		doc_put_str(one, "value", doc_str(tag, "value") ? doc_str(tag, "value") : "");
		if (at >= 0)
			json_array_set_new(list, (size_t)at, one);
		else
			json_array_append_new(list, one);
	}
	return list;
}

int sim_check_tags(struct sim_call *c, const json_t *tags, const json_t *old)
{
	const json_t *tag;
	json_t *all;
	size_t i, count;

	json_array_foreach (tags, i, tag) {
		if (check_one(c, tag) < 0)
			return -1;
	}
	for (i = 0; i < json_array_size(tags); i++) {
		if (find_key(tags, tag_key(tags, i)) != (int)i)
			return sim_fail(c, 400, "InvalidParameterException",
			    "Duplicate tag keys are not allowed.");
	}
	all = merged(old, tags);
	count = json_array_size(all);
	json_decref(all);
	if (count > 50)
		return sim_fail(c, 400, "InvalidParameterException",
		    "The number of tags exceeds the limit of 50 tags on a resource.");
	return 0;
}

static json_t **missing(struct sim_call *c, const char *code, const char *message)
{
	sim_fail(c, 400, code, "%s", message);
	return NULL;
}

static json_t **tags_in_cluster(struct sim_call *c, const char *kind, const char *path)
{
	char name[256];
	const char *slash = strchr(path, '/');
	struct cluster *k;
	struct service *s;
	struct task *t;
	struct instance *n;

	if (!slash || (size_t)(slash - path) >= sizeof(name))
		return missing(c, "InvalidParameterException",
		    "Long arn format must be used for tagging operations");
	memcpy(name, path, (size_t)(slash - path));
	name[slash - path] = '\0';
	k = map_get(&c->region->cluster_names, name);
	if (!k || !k->active)
		return missing(c, "ClusterNotFoundException", "Cluster not found.");
	if (strcmp(kind, "service") == 0) {
		s = sim_service_find(k, slash + 1);
		return s && s->status != SERVICE_INACTIVE
		    ? &s->tags
		    : missing(c, "InvalidParameterException",
			  "The specified service is inactive. Specify an active service and try "
			  "again.");
	}
	if (strcmp(kind, "task") == 0) {
		t = sim_task_find(k, c->region, slash + 1);
		if (t && t->stop)
			return missing(c, "InvalidParameterException",
			    "The specified task is stopped. Specify a running task and try again.");
		return t
		    ? &t->tags
		    : missing(c, "InvalidParameterException", "The specified task was not found.");
	}
	n = sim_instance_find(c->region, k, slash + 1);
	return n ? &n->tags
		 : missing(c, "InvalidParameterException",
		       "The specified container instance was not found.");
}

/* Where the tags of an ARN are kept. NULL: the call has failed. */
static json_t **tags_of(struct sim_call *c)
{
	const char *arn = doc_str(c->in, "resourceArn");
	char prefix[256], kind[40];
	struct cluster *k;
	struct taskdef *td;
	struct provider *p;
	int n = 0;

	if (!arn || sscanf(arn, "arn:aws:ecs:%*[^:]:%*[^:]:%39[^/]/%n", kind, &n) != 1 || !n)
		return missing(c, "InvalidParameterException", "Invalid resource ARN.");
	snprintf(prefix, sizeof(prefix), "arn:aws:ecs:%s:%s:", c->region_name, c->account);
	if (strncmp(arn, prefix, strlen(prefix)) != 0)
		return missing(c, "InvalidParameterException",
		    "The specified ARN is not of this account and region.");
	if (strcmp(kind, "cluster") == 0) {
		k = map_get(&c->region->cluster_names, arn + n);
		return k && k->active
		    ? &k->tags
		    : missing(c, "ClusterNotFoundException", "Cluster not found.");
	}
	if (strcmp(kind, "task-definition") == 0) {
		td = strchr(arn + n, ':') ? sim_taskdef_find(c->region, arn) : NULL;
		return td ? &td->tags
			  : missing(c, "InvalidParameterException",
				"The specified task definition was not found.");
	}
	if (strcmp(kind, "capacity-provider") == 0) {
		p = sim_provider_find(c->region, arn);
		return p && p->group ? &p->tags
				     : missing(c, "InvalidParameterException",
					   "The specified capacity provider cannot be tagged.");
	}
	if (strcmp(kind, "service") == 0 || strcmp(kind, "task") == 0 ||
	    strcmp(kind, "container-instance") == 0)
		return tags_in_cluster(c, kind, arn + n);
	return missing(
	    c, "InvalidParameterException", "Resource type is not supported for tagging.");
}

static int act_list_tags(struct sim_call *c)
{
	json_t **tags = tags_of(c);

	if (!tags)
		return -1;
	doc_put_new(c->out, "tags", *tags ? json_incref(*tags) : json_array());
	return 0;
}

static int act_tag_resource(struct sim_call *c)
{
	json_t **tags = tags_of(c);
	json_t *list;

	if (!tags || sim_check_tags(c, doc_get(c->in, "tags"), *tags) < 0)
		return -1;
	list = merged(*tags, doc_get(c->in, "tags"));
	json_decref(*tags);
	*tags = list;
	return 0;
}

static int act_untag_resource(struct sim_call *c)
{
	json_t **tags = tags_of(c);
	const json_t *key;
	json_t *list;
	size_t i;

	if (!tags)
		return -1;
	json_array_foreach (doc_get(c->in, "tagKeys"), i, key) {
		if (reserved(json_string_value(key)))
			return sim_fail(c, 400, "InvalidParameterException",
			    "aws: prefixed tag key names are not allowed for external use.");
	}
	list = *tags ? json_copy(*tags) : json_array();
	json_array_foreach (doc_get(c->in, "tagKeys"), i, key) {
		int at = find_key(list, json_string_value(key));

		if (at >= 0)
			json_array_remove(list, (size_t)at);
	}
	json_decref(*tags);
	*tags = list;
	return 0;
}

const struct sim_action sim_tag_actions[] = {
    {"ListTagsForResource", act_list_tags},
    {"TagResource", act_tag_resource},
    {"UntagResource", act_untag_resource},
    {0},
};
