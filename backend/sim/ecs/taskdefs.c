/*
 * How are task definitions listed, described, deregistered and deleted? Registering is in
 * register.c.
 */
#include "backend/sim/ecs/taskdefs.h"

#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/page.h"
#include "backend/sim/state.h"

#include <stdlib.h>
#include <string.h>

static const char *const status_names[] = {"ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"};

json_t *taskdef_render(const struct taskdef *td)
{
	json_t *o = json_copy(td->doc);

	doc_put_str(o, "status", status_names[td->status]);
	doc_put_time(o, "deregisteredAt", td->deregistered_ms);
	return o;
}

static bool family_matches(const struct family *f, const char *prefix, const char *status)
{
	bool active = family_latest(f) != NULL;

	if (prefix && strncmp(f->name, prefix, strlen(prefix)) != 0)
		return false;
	if (!f->revisions.count)
		return false;
	if (!status || strcmp(status, "ALL") == 0)
		return true;
	return active == (strcmp(status, "ACTIVE") == 0);
}

static int act_list_task_definition_families(struct sim_call *c)
{
	const char *prefix = doc_str(c->in, "familyPrefix");
	const char *status = doc_str(c->in, "status");
	struct page p;

	if (page_open(&p, c, 100, 100) < 0)
		return -1;
	for (size_t i = p.after; i < c->region->families.count; i++) {
		const struct family *f = c->region->families.items[i];

		if (family_matches(f, prefix, status) && !page_add(&p, i + 1, json_string(f->name)))
			break;
	}
	return page_close(&p, "families");
}

/* Every revision that passes the filters, in AWS's order; the caller frees the items. */
static struct vec matching(struct sim_call *c)
{
	const char *family = doc_str(c->in, "familyPrefix");
	const char *status = doc_str(c->in, "status");
	const char *sort = doc_str(c->in, "sort");
	bool down = sort && strcmp(sort, "DESC") == 0;
	struct vec all = {0};

	for (size_t i = 0; i < c->region->families.count; i++) {
		const struct family *f = c->region->families.items[i];

		if (family && strcmp(f->name, family) != 0)
			continue;
		for (size_t j = 0; j < f->revisions.count; j++) {
			struct taskdef *td = f->revisions.items[j];

			if (strcmp(status_names[td->status], status ? status : "ACTIVE") == 0)
				vec_push(&all, td);
		}
	}
	for (size_t i = 0; down && i < all.count / 2; i++) {
		void *swap = all.items[i];

		all.items[i] = all.items[all.count - 1 - i];
		all.items[all.count - 1 - i] = swap;
	}
	return all;
}

static int act_list_task_definitions(struct sim_call *c)
{
	struct vec all;
	struct page p;

	if (page_open(&p, c, 100, 100) < 0)
		return -1;
	all = matching(c);
	for (size_t i = p.after; i < all.count; i++) {
		if (!page_add(&p, i + 1, json_string(((struct taskdef *)all.items[i])->arn)))
			break;
	}
	vec_release(&all);
	return page_close(&p, "taskDefinitionArns");
}

/* Whether what follows the colon, if there is one, is a revision. Fails the call. */
static int check_revision(struct sim_call *c, const char *text, bool needed)
{
	const char *colon = strchr(sim_last_part(text), ':');
	char *end = NULL;

	if (!colon && !needed)
		return 0;
	if (!colon)
		return sim_fail(c, 400, "ClientException", "Revision is missing.");
	if (strtol(colon + 1, &end, 10) < 1 || *end)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Invalid revision number. Number: %.64s", colon + 1);
	return 0;
}

static int act_describe_task_definition(struct sim_call *c)
{
	const char *text = doc_str(c->in, "taskDefinition");
	const struct taskdef *td;

	if (check_revision(c, text, false) < 0)
		return -1;
	td = sim_taskdef_find(c->region, text);
	if (!td)
		return sim_fail(c, 400, "ClientException", "Unable to describe task definition.");
	doc_put_new(c->out, "taskDefinition", taskdef_render(td));
	if (doc_lists(c->in, "include", "TAGS"))
		doc_put_new(c->out, "tags", td->tags ? json_incref(td->tags) : json_array());
	return 0;
}

static int act_deregister_task_definition(struct sim_call *c)
{
	const char *text = doc_str(c->in, "taskDefinition");
	struct taskdef *td;

	if (check_revision(c, text, true) < 0)
		return -1;
	td = sim_taskdef_find(c->region, text);
	if (!td)
		return sim_fail(
		    c, 400, "ClientException", "The specified task definition does not exist.");
	if (td->status == TASKDEF_ACTIVE) {
		td->status = TASKDEF_INACTIVE;
		td->deregistered_ms = c->now_ms;
	}
	doc_put_new(c->out, "taskDefinition", taskdef_render(td));
	return 0;
}

static int act_delete_task_definitions(struct sim_call *c)
{
	const json_t *names = doc_get(c->in, "taskDefinitions");
	json_t *list = json_array(), *failures = json_array();
	const json_t *name;
	size_t i;

	doc_put_new(c->out, "taskDefinitions", list);
	doc_put_new(c->out, "failures", failures);
	if (json_array_size(names) < 1 || json_array_size(names) > 10)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Between 1 and 10 task definitions can be deleted at once.");
	json_array_foreach (names, i, name) {
		const char *text = json_string_value(name);
		struct taskdef *td =
		    strchr(sim_last_part(text), ':') ? sim_taskdef_find(c->region, text) : NULL;

		if (!td) {
			sim_failure(failures, text, "MISSING", NULL);
		} else if (td->status == TASKDEF_ACTIVE) {
			sim_failure(failures, td->arn, "TASK_DEFINITION_ACTIVE",
			    "The specified task definition is still in ACTIVE status. Please "
			    "deregister the "
			    "target and try again.");
		} else {
			td->status = TASKDEF_DELETING;
			json_array_append_new(list, taskdef_render(td));
		}
	}
	return 0;
}

const struct sim_action sim_task_definition_actions[] = {
    {"ListTaskDefinitions", act_list_task_definitions},
    {"ListTaskDefinitionFamilies", act_list_task_definition_families},
    {"DescribeTaskDefinition", act_describe_task_definition},
    {"DeregisterTaskDefinition", act_deregister_task_definition},
    {"DeleteTaskDefinitions", act_delete_task_definitions},
    {0},
};
