/*
 * New revisions of task definitions. A document that says what is in use already registers nothing,
 * and a registration whose answer was lost is looked for before it is repeated.
 */
#include "fs/tree/write.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/edit/canon.h"
#include "fs/edit/doc.h"
#include "fs/edit/memory.h"
#include "fs/edit/service_edit.h"
#include "fs/edit/task_definition_members.h"
#include "fs/edit/taskdef_edit.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

/* Clocks differ: a revision this much older than the request still counts as its result. */
#define CLOCK_SLACK_MS 5000

/* The definition of an answer with the tags that stand beside it inside: a new reference. */
static json_t *with_tags(const json_t *answer)
{
	json_t *definition = doc_copy(json_object_get(answer, "taskDefinition"));
	const json_t *tags = doc_peek(answer, "tags");

	if (definition && tags)
		doc_set(definition, "tags", tags);
	return definition;
}

static void publish(const struct place *p, json_t *definition)
{
	struct revision revision;
	struct key k = {.kind = KIND_TASK_DEFINITION};

	if (!tree_revision(doc_string_peek(definition, "taskDefinitionArn"), &revision))
		return;
	k.a = revision.family;
	k.b = revision.number;
	region_publish(p->region, &k, definition);
}

/* The family's newest revision, where it is what a lost request asked for: a new reference. */
static json_t *found_registered(const struct place *p, const json_t *request, int64_t sent_ms)
{
	struct key k = {.kind = KIND_LATEST, .a = doc_string_peek(request, "family")};
	json_auto_t *newest = NULL;
	double at;

	if (ask_now(p, &k, &newest, NULL))
		return NULL;
	at = json_number_value(json_object_get(newest, "registeredAt")) * 1000;
	if (at < (double)(sent_ms - CLOCK_SLACK_MS) || !canon_taskdef_equal(request, newest))
		return NULL;
	return move_ptr(newest);
}

/* One try. `ret` is NULL under -o dry_run. */
static int try_register(
    struct commit *c, const json_t *request, json_t **ret, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	int64_t sent_ms = aws_client_now_ms(region_client_peek(p->region));
	json_auto_t *answer = NULL;
	int e =
	    act_ecs(c, "RegisterTaskDefinition", request, AWS_ONCE, "taskDefinition", &answer, err);

	if (!e && answer)
		*ret = with_tags(answer);
	else if (e && err->lost_answer && (*ret = found_registered(p, request, sent_ms)))
		e = 0;
	if (*ret)
		publish(p, *ret);
	return e;
}

/* Registers, once more where the first request is known not to have arrived. */
static int register_definition(
    struct commit *c, const json_t *request, json_t **ret, struct ecsfs_error *err)
{
	struct ecsfs_error reason = {0};
	int e = try_register(c, request, ret, &reason);

	if (e && reason.lost_answer) {
		reason = (struct ecsfs_error){0};
		e = try_register(c, request, ret, &reason);
	}
	if (e && err)
		*err = reason;
	return e;
}

static int document_in_use(
    const struct place *p, const json_t *service, json_t **ret, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	struct ask q = ask_blocking(p->region);
	int e =
	    tree_ask_task_definition(&q, p, doc_string_peek(service, "taskDefinition"), &a, err);

	if (!e)
		*ret = move_ptr(a.value);
	return e;
}

/*
 * Whether the service runs what `request` says: by what is cached, and where that says yes, by what
 * AWS says now, since then nothing will be sent.
 */
static int is_in_use(struct commit *c, const json_t *service, const json_t *request, bool *ret,
    struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = {.kind = KIND_SERVICE, .a = p->cluster, .b = p->service};
	json_auto_t *definition = NULL, *now = NULL;
	int e;

	*ret = false;
	if (!*doc_string_peek(service, "taskDefinition"))
		return 0;
	e = document_in_use(p, service, &definition, err);
	if (e == -ENOENT)
		return 0;
	if (e || !canon_taskdef_equal(request, definition))
		return e;
	e = ask_now(p, &k, &now, err);
	if (!e)
		*ret = !strcmp(doc_string_peek(now, "taskDefinition"),
		    doc_string_peek(service, "taskDefinition"));
	return e;
}

/* Whether it can be deployed, as far as is known: who may not read definitions may deploy them. */
static bool is_active(const struct place *p, const char *arn)
{
	struct revision revision;
	struct key k = {.kind = KIND_TASK_DEFINITION};
	json_auto_t *definition = NULL;

	if (!tree_revision(arn, &revision))
		return false;
	k.a = revision.family;
	k.b = revision.number;
	return ask_now(p, &k, &definition, NULL) ||
	    !strcmp(doc_string_peek(definition, "status"), "ACTIVE");
}

/* The revision that a failed write of the same document left behind: its ARN (a new
 * reference), else NULL. */
static json_t *pending_arn(const struct place *p, const char *key, const json_t *request)
{
	json_auto_t *pending = memory_get(p->fs->memory, key);
	const json_t *before = json_object_get(pending, "request");

	if (!before || !canon_taskdef_equal(request, before) ||
	    !canon_taskdef_equal(before, request) || !is_active(p, doc_string_peek(pending, "arn")))
		return NULL;
	return json_incref(json_object_get(pending, "arn"));
}

static void remember_pending(
    const struct place *p, const char *key, const json_t *request, const json_t *arn)
{
	json_auto_t *pending = json_pack("{s:O, s:O}", "request", request, "arn", arn);

	memory_put(p->fs->memory, key, pending);
}

/* The ARN of a revision that `request` describes, a new string; the family's name under -o dry_run. */
static int obtain_revision(
    struct commit *c, const char *key, const json_t *request, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *definition = NULL;
	int e;

	*ret = pending_arn(c->place, key, request);
	if (*ret)
		return 0;
	e = register_definition(c, request, &definition, err);
	if (e)
		return e;
	*ret = json_incref(definition ? json_object_get(definition, "taskDefinitionArn")
				      : json_object_get(request, "family"));
	if (definition && *ret)
		remember_pending(c->place, key, request, *ret);
	return *ret ? 0 : act_refuse(err, EIO, "the answer names no task definition");
}

static int deploy(struct commit *c, const char *arn, const char *key, struct ecsfs_error *err)
{
	json_auto_t *members = json_pack("{s:s}", "taskDefinition", arn);
	struct ecsfs_error reason = {0};
	int e = service_update(c, members, 0, &reason);

	if (!e) {
		memory_forget(c->place->fs->memory, key);
		return 0;
	}
	ecsfs_error_wrap(&reason,
	    "%s was registered, but the service was not updated (the same document written again "
	    "uses that revision)",
	    value_arn_name(arn));
	if (err)
		*err = reason;
	return e;
}

/* What is newer than the table is known by the revision that the document was read from. */
static int check_known(
    const struct place *p, const json_t *written, const json_t *request, struct ecsfs_error *err)
{
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer a = {0};
	const json_t *inner = doc_peek(written, "taskDefinition");
	const char *arn = doc_string_peek(inner ? inner : written, "taskDefinitionArn");

	if (!shape_check_known(request, shape_task_definition, NULL, NULL))
		return 0;
	if (tree_ask_task_definition(&q, p, arn, &a, NULL))
		return shape_check_known(request, shape_task_definition, NULL, err);
	return shape_check_known(request, shape_task_definition, a.value, err);
}

int commit_service_task_definition(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct ask q = ask_blocking(p->region);
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	auto_answer struct answer a = {0};
	json_auto_t *written = NULL, *request = NULL, *arn = NULL;
	json_auto_t *change = json_pack("{s:s}", "taskDefinition", "");
	const json_t *service;
	bool same = false;
	int e = value_parse_document(c->text, c->len, false, &written, err);

	if (!e)
		e = taskdef_request(written, NULL, &request, err);
	if (!e)
		e = check_known(p, written, request, err);
	if (!e)
		e = dir_object(&q, &dir_service, p, &a, &service, err);
	if (!e)
		e = service_accepts(service, change, err);
	if (!e)
		e = is_in_use(c, service, request, &same, err);
	if (e || same)
		return e;
	memory_key(p, "registered for", p->service, &key);
	e = obtain_revision(c, buf_str(&key), request, &arn, err);
	return e ? e : deploy(c, json_string_value(arn), buf_str(&key), err);
}

/* What the file shows afterwards. */
static void remember_registered(const struct place *p, const json_t *definition)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);

	memory_key(p, "registered in", p->family, &key);
	memory_put(p->fs->memory, buf_str(&key), json_object_get(definition, "taskDefinitionArn"));
	local_remove(p, FAMILY_DRAFT, p->family);
}

/* The family's newest revision where it is what `request` says: a new reference. Who may not read
 * definitions may still register them. */
static json_t *newest_if_equal(const struct place *p, const json_t *request)
{
	struct key k = {.kind = KIND_LATEST, .a = p->family};
	json_auto_t *newest = NULL;

	if (ask_now(p, &k, &newest, NULL) || !canon_taskdef_equal(request, newest))
		return NULL;
	return move_ptr(newest);
}

int commit_register(struct commit *c, struct ecsfs_error *err)
{
	json_auto_t *written = NULL, *request = NULL, *definition = NULL;
	int e = value_parse_document(c->text, c->len, false, &written, err);

	if (!e)
		e = taskdef_request(written, c->place->family, &request, err);
	if (!e)
		e = check_known(c->place, written, request, err);
	if (!e)
		definition = newest_if_equal(c->place, request);
	if (!e && !definition)
		e = register_definition(c, request, &definition, err);
	if (!e && definition)
		remember_registered(c->place, definition);
	return e;
}

int render_registered(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	json_auto_t *arn = NULL;

	(void)q;
	(void)row;
	(void)err;
	memory_key(p, "registered in", p->family, &key);
	arn = memory_get(p->fs->memory, buf_str(&key));
	if (arn)
		buf_addf(out, "%s\n", value_arn_name(json_string_value(arn)));
	return 0;
}

static const struct row draft_rows[] = {
    {
	.name = "register",
	.help = "write a RegisterTaskDefinition request for the first revision",
	.form = ROW_DOCUMENT,
	.render = render_registered,
	.commit = commit_register,
    },
    {0},
};

const struct dir_type dir_family_draft = {
    .what = "an empty family",
    .help = "a family to be: of this mount alone until a revision is registered",
    .rows = draft_rows,
};

int make_family(struct commit *c, struct ecsfs_error *err)
{
	int e = local_add(c->place, FAMILY_DRAFT, c->place->family);

	if (e == -EDQUOT)
		return act_refuse(err, EDQUOT, "too many empty families");
	return e;
}

int drop_family(struct commit *c, struct ecsfs_error *err)
{
	if (local_remove(c->place, FAMILY_DRAFT, c->place->family))
		return 0;
	return act_refuse(err, EPERM, "a family is there while it has revisions: rmdir those");
}

int drop_revision(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = {.kind = KIND_TASK_DEFINITION, .a = p->family, .b = p->revision};
	json_auto_t *request = json_object(), *answer = NULL, *definition = NULL;
	int e;

	json_object_set_new(
	    request, "taskDefinition", json_sprintf("%s:%s", p->family, p->revision));
	e = act_ecs(c, "DeregisterTaskDefinition", request, 0, "taskDefinition", &answer, err);
	if (e)
		region_invalidate(p->region, &k);
	else if (answer && (definition = with_tags(answer)))
		region_publish(p->region, &k, definition);
	return e;
}
