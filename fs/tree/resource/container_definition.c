/*
 * What does a container of a task definition show, and what does writing one thing of it deploy? A
 * write is RegisterTaskDefinition and one UpdateService, UpdateService alone where an equal ACTIVE
 * revision is known, and nothing where AWS runs that already.
 */
#include "fs/tree/resource/container_definition.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "cache/moment.h"
#include "fs/edit/container_edit.h"
#include "fs/edit/image.h"
#include "fs/edit/lines.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/member_text.h"
#include "fs/edit/members/shown.h"
#include "fs/edit/members/task_definition_members.h"
#include "fs/edit/service_edit.h"
#include "fs/tree/write/register.h"
#include "fs/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How many tasks `images` looks at: as many as one DescribeTasks takes. */
#define IMAGES_TASKS 100

/*
 * A copy of the service that came from AWS this short a time ago is what a write is based on
 * without another look: round trips lie between any look and its UpdateService too, and another
 * client's deployment in between shows in UpdateService's response (follow_up()).
 */
#define JUST_NOW_MS 1000

/* Reading. */

/* The place's definition: of the revision, or the one that the service uses. -ENOENT: none. */
static int ask_definition(
    struct ask *q, const struct place *p, struct answer *ret, struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_TASK_DEFINITION, .a = p->family, .b = p->revision};
	auto_answer struct answer a = {0};
	const json_t *service;
	int e;

	if (!p->service)
		return ask(q, p->region, &k, ret, err);
	e = dir_members(q, &dir_service, p, "taskDefinition", &a, &service, err);
	return e
	    ? e
	    : tree_ask_task_definition(q, p, doc_string_peek(service, "taskDefinition"), ret, err);
}

static int list_containers(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	int e = ask_definition(q, p, &a, err);

	/* An EXTERNAL service has no definition: its task sets do. */
	if (e)
		return e == -ENOENT && p->service ? 0 : e;
	return tree_append_names(names, json_object_get(a.value, "containerDefinitions"), "name");
}

static int render_member(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	const struct shape *shape = shape_named(shape_container_definition, row->member);
	auto_answer struct answer a = {0};
	const json_t *container;
	int e = ask_definition(q, p, &a, err);

	if (e)
		return e;
	container = container_peek(a.value, p->container);
	if (!container)
		return ecsfs_error_set(
		    err, ENOENT, NULL, "the task definition has no container \"%s\"", p->container);
	if (!*row->member)
		shown_document(container, shape_container_definition, out);
	else if (row->form == ROW_LINES)
		lines_render(json_object_get(container, row->member), shape->members, out);
	else
		shown_member(container, shape_container_definition, row->member, out);
	return 0;
}

/* Writing. */

/* The new value of the row's member in `container`: a new reference. */
static int new_value(
    const struct commit *c, const json_t *container, json_t **ret, struct ecsfs_error *err)
{
	const char *member = c->row->member;
	const struct shape *shape = shape_named(shape_container_definition, member);
	/* Otherwise the first of many lines would be deployed alone, and replace all others. */
	bool whole = c->truncated && (c->entire || lines_none(c->text, c->len));
	size_t from = whole ? 0 : c->sent;
	json_auto_t *named = NULL;
	int e;

	if (c->row->form != ROW_LINES)
		return member_parse(c->text, c->len, shape_container_definition, member, ret, err);
	e = lines_parse(c->text + from, c->len - from, &named, err);
	if (!e)
		*ret =
		    lines_applied(json_object_get(container, member), shape->members, named, whole);
	return e;
}

/* The base of a write: the service and the definition that it uses. */
struct base {
	json_t *service, *definition;
	int64_t fetched_ms; /* of the service: mono, when AWS's response came */
};

static void base_release(struct base *b)
{
	json_decref(b->service);
	json_decref(b->definition);
}

/* The definition that the service's newest deployment uses. Borrowed. */
static const char *used_peek(const json_t *service)
{
	const json_t *primary = doc_primary_peek(service, "deployments");
	const char *arn = doc_string_peek(primary, "taskDefinition");

	return *arn ? arn : doc_string_peek(service, "taskDefinition");
}

static int base_of_service(
    struct commit *c, const struct freshness *fresh, struct base *ret, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct ask q = ask_blocking(p->region), plain = q;
	json_auto_t *change = json_pack("{s:s}", "taskDefinition", "");
	auto_answer struct answer service = {0}, definition = {0};
	const json_t *object;
	int e;

	q.fresh = *fresh;
	e = dir_object(&q, &dir_service, p, &service, &object, err);
	if (!e)
		e = service_accepts(object, change, err);
	if (!e)
		e = tree_ask_task_definition(&plain, p, used_peek(object), &definition, err);
	if (e)
		return e;
	base_release(ret);
	*ret =
	    (struct base){move_ptr(service.value), move_ptr(definition.value), service.fetched_ms};
	return 0;
}

/* The request that the write makes from a definition. `ret_same`: it changes nothing. */
static int request_on(struct commit *c, const json_t *definition, json_t **ret, bool *ret_same,
    struct ecsfs_error *err)
{
	const struct place *p = c->place;
	const json_t *container = container_peek(definition, p->container);
	json_auto_t *value = NULL;
	int e = new_value(c, container, &value, err);

	if (!e)
		e = container_check(container, c->row->member, value, err);
	json_decref(*ret);
	*ret = NULL;
	if (!e)
		e = container_edit(definition, p->container, c->row->member, value, ret, err);
	if (e)
		return e;
	*ret_same = canon_taskdef_equal(*ret, definition);
	if (!*ret_same && !strcmp(c->row->member, "image"))
		e = image_check(p, json_string_value(value), err);
	return e;
}

/*
 * The definition that another client deployed after `before` was read and that this write has
 * replaced unseen: its ARN, "" where there was none. Borrowed from `after`, the document after the
 * write.
 */
static const char *overtaken_peek(const json_t *before, const json_t *after)
{
	const json_t *known = doc_primary_peek(before, "deployments");
	double newest = json_number_value(json_object_get(known, "createdAt"));
	const char *arn = "";
	size_t i;
	json_t *deployment;

	json_array_foreach (json_object_get(after, "deployments"), i, deployment) {
		double at = json_number_value(json_object_get(deployment, "createdAt"));
		bool ours = !strcmp(doc_string_peek(deployment, "status"), "PRIMARY");

		if (!known || ours || at <= newest)
			continue;
		newest = at;
		arn = doc_string_peek(deployment, "taskDefinition");
	}
	return strcmp(arn, used_peek(before)) ? arn : "";
}

/* A deployment since the base was read must not be undone: the change is applied to it too. */
static int follow_up(struct commit *c, const struct base *base, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = tree_service_key(p);
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer after = {0}, definition = {0};
	json_auto_t *request = NULL;
	struct ecsfs_error reason = {0};
	const char *arn;
	bool same;
	int e;

	if (region_peek(p->region, &k, NULL, &after) || after.err)
		return 0;
	arn = overtaken_peek(base->service, after.value);
	if (!*arn)
		return 0;
	e = tree_ask_task_definition(&q, p, arn, &definition, &reason);
	if (!e)
		e = request_on(c, definition.value, &request, &same, &reason);
	if (!e)
		e = deploy_definition(c,
		    &(struct deployment){
			.request = request, .read_from = arn, .effort = FIND_KNOWN},
		    &reason);
	if (!e)
		return 0;
	ecsfs_error_wrap(&reason,
	    "the change was deployed, but it replaced %s, which somebody deployed meanwhile, and "
	    "could not be made on that",
	    value_arn_name(arn));
	if (err)
		*err = reason;
	return e;
}

/* One write under way, from its base to its UpdateService. */
struct change {
	struct commit *c;
	struct base base;
	struct freshness now; /* AWS's answer since the write arrived */
	bool moved;	      /* another definition was deployed since: it is the base now */
};

/*
 * Whether the service uses the base's definition by AWS's present answer. A revision never changes,
 * so only this can be stale: another mount's deployment would be undone. The answer was asked for
 * before RegisterTaskDefinition was sent, so that it costs a call, but no time.
 */
static int confirm_base(void *arg, struct ecsfs_error *err)
{
	struct change *change = arg;
	__attribute__((cleanup(base_release))) struct base now = {0};
	int e = base_of_service(change->c, &change->now, &now, err);

	if (e)
		return e;
	change->moved = strcmp(used_peek(now.service), used_peek(change->base.service)) != 0;
	base_release(&change->base);
	change->base = now;
	now = (struct base){0};
	return change->moved ? ecsfs_error_set(err, EBUSY, NULL,
				   "others deploy to this service at the same time: try again")
			     : 0;
}

static bool is_just_now(const struct change *change)
{
	const struct region *region = change->c->place->region;

	return region_now_ms(region) - change->base.fetched_ms <= JUST_NOW_MS;
}

/* Builds on the cached base. `ret_same`: the base already has the written value. */
static int deploy_on_base(struct change *change, bool *ret_same, struct ecsfs_error *err)
{
	struct commit *c = change->c;
	struct key k = tree_service_key(c->place);
	json_auto_t *request = NULL;
	int e = request_on(c, change->base.definition, &request, ret_same, err);

	change->moved = false;
	if (e || *ret_same)
		return e;
	struct deployment d = {
	    .request = request, .read_from = used_peek(change->base.service), .effort = FIND_KNOWN};
	if (!is_just_now(change)) {
		region_start(c->place->region, &k, &change->now);
		d.confirm = confirm_base;
		d.arg = change;
	}
	return deploy_definition(c, &d, err);
}

/* Only a fresh answer of AWS, without the guard, decides that nothing differs. */
static int deploy_or_nothing(struct change *change, struct ecsfs_error *err)
{
	struct commit *c = change->c;
	bool same = false;
	int e = deploy_on_base(change, &same, err);

	/* At the end of lines that were all sent: AWS answered the last of them a moment ago. */
	if (e || !same || (c->at == COMMIT_FLUSH && c->sent == c->len))
		return e;
	change->now = region_fresh_now(c->place->region);
	e = base_of_service(c, &change->now, &change->base, err);
	return e ? e : deploy_on_base(change, &same, err);
}

/* With the service entered. A definition that moved under the write is confirmed already. */
static int deploy_change(struct commit *c, struct ecsfs_error *err)
{
	struct change change = {.c = c, .now = region_fresh_now(c->place->region)};
	struct freshness known = region_fresh(c->place->region);
	struct ecsfs_error reason = {0};
	int e;

	change.now.guarded = true;
	e = base_of_service(c, &known, &change.base, &reason);
	if (!e)
		e = deploy_or_nothing(&change, &reason);
	if (change.moved) {
		reason = (struct ecsfs_error){0};
		e = deploy_or_nothing(&change, &reason);
	}
	if (!e)
		e = follow_up(c, &change.base, &reason);
	base_release(&change.base);
	if (e && err)
		*err = reason;
	return e;
}

static int commit_member(struct commit *c, struct ecsfs_error *err)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	int e = service_enter(c->place, &key, err);

	if (e)
		return e;
	e = deploy_change(c, err);
	service_leave(c->place, &key);
	return e;
}

#define MEMBER_ROW(file, text, shown, of, write)                                                   \
	{                                                                                          \
		.name = (file), .help = (text), .form = (shown), .member = (of),                   \
		.flags = (shown) == ROW_LINES ? ROW_DEPLOYS                                        \
		    : (shown) == ROW_DOCUMENT ? ROW_CLEARS                                         \
					      : 0,                                                 \
		.render = render_member, .commit = (write)                                         \
	}

/* The same rows with a commit and without. */
#define CONTAINER_ROWS(write)                                                                      \
	MEMBER_ROW("image", "the image; one of ECR is looked up before it is deployed", ROW_VALUE, \
	    "image", write),                                                                       \
	    MEMBER_ROW("environment",                                                              \
		"KEY=VALUE lines: appended ones add or change, a whole file also removes; each "   \
		"write deploys",                                                                   \
		ROW_LINES, "environment", write),                                                  \
	    MEMBER_ROW("secrets", "NAME=ARN lines, as environment", ROW_LINES, "secrets", write),  \
	    MEMBER_ROW("cpu", "CPU units, 1024 to a vCPU", ROW_VALUE, "cpu", write),               \
	    MEMBER_ROW("memory", "hard limit in MiB; empty where there is none", ROW_VALUE,        \
		"memory", write),                                                                  \
	    MEMBER_ROW("memory_reservation", "soft limit in MiB; empty where there is none",       \
		ROW_VALUE, "memoryReservation", write),                                            \
	    MEMBER_ROW("command", "a JSON array; empty where the image decides", ROW_DOCUMENT,     \
		"command", write),                                                                 \
	    MEMBER_ROW("entry_point", "a JSON array; empty where the image decides", ROW_DOCUMENT, \
		"entryPoint", write),                                                              \
	    MEMBER_ROW("container_definition.json", "the whole container definition",              \
		ROW_DOCUMENT, WHOLE_OBJECT, NULL)

static const struct row service_rows[] = {CONTAINER_ROWS(commit_member), {0}};
static const struct row revision_rows[] = {CONTAINER_ROWS(NULL), {0}};

static const struct dir_type dir_service_container = {
    .what = "a container of the service",
    .help = "a container of the task definition in use; what is written is deployed",
    .rows = service_rows,
};

static const struct dir_type dir_revision_container = {
    .what = "a container of the revision",
    .help = "a container of the revision",
    .rows = revision_rows,
};

static const struct listing service_containers = {
    .names = list_containers,
    .type = &dir_service_container,
    .part = PLACE(container),
};

static const struct listing revision_containers = {
    .names = list_containers,
    .type = &dir_revision_container,
    .part = PLACE(container),
};

const struct dir_type dir_service_containers = {
    .what = "the containers of the service",
    .help = "the containers of the task definition in use",
    .listing = &service_containers,
};

const struct dir_type dir_revision_containers = {
    .what = "the containers of the revision",
    .help = "the containers of the revision",
    .listing = &revision_containers,
};

/* services/S/images */

/* The digest that the newest of the service's tasks runs for a container, "" where none shows it.
 */
static int digest_that_runs(struct ask *q, const struct place *p, const json_t *tasks,
    const char *container, char **ret, struct ecsfs_error *err)
{
	double newest = -1;
	size_t i;
	json_t *name;

	json_array_foreach (tasks, i, name) {
		struct key k = {.kind = KIND_TASK, .a = p->cluster, .b = json_string_value(name)};
		auto_answer struct answer a = {0};
		int e = i < IMAGES_TASKS ? ask(q, p->region, &k, &a, err) : -ENOENT;

		if (e && e != -ENOENT)
			return e;
		const json_t *found =
		    doc_find_peek(json_object_get(a.value, "containers"), "name", container);
		double at = json_number_value(json_object_get(a.value, "createdAt"));
		if (!*doc_string_peek(found, "imageDigest") || at <= newest)
			continue;
		newest = at;
		free(*ret);
		*ret = strdup(doc_string_peek(found, "imageDigest"));
	}
	return 0;
}

static int render_image(struct ask *q, const struct place *p, const json_t *tasks,
    const json_t *container, struct buf *out, struct ecsfs_error *err)
{
	const char *name = doc_string_peek(container, "name");
	const char *image = doc_string_peek(container, "image");
	auto_free char *runs = NULL, *known = NULL;
	int e = digest_that_runs(q, p, tasks, name, &runs, err);

	if (!e)
		e = image_digest(q, p, image, &known);
	if (e)
		return e;
	buf_addf(out, "%s %s %s%s\n", name, image, runs ? runs : "-",
	    runs && known && strcmp(runs, known) != 0 ? " stale" : "");
	return 0;
}

int render_images(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_SERVICE_TASKS, .a = p->cluster, .b = p->service};
	auto_answer struct answer definition = {0}, tasks = {0};
	size_t i;
	json_t *container;
	int e = ask_definition(q, p, &definition, err);

	(void)row;
	if (e)
		return e == -ENOENT ? 0 : e;
	e = ask(q, p->region, &k, &tasks, err);
	json_array_foreach (json_object_get(definition.value, "containerDefinitions"), i, container)
		if (!e)
			e = render_image(q, p, tasks.value, container, out, err);
	return e;
}
