/*
 * What do the files that take a whole task definition send? A document equal to the definition in
 * use sends nothing; one equal to an existing revision deploys that; only a new one is registered.
 * Also the empty families and the end of a revision.
 */
#include "fs/tree/write/register.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "fs/edit/container_edit.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/task_definition_members.h"
#include "fs/edit/remembered/memory.h"
#include "fs/edit/remembered/serial.h"
#include "fs/edit/service_edit.h"
#include "fs/edit/taskdef_edit.h"
#include "fs/files/local.h"
#include "fs/tree/write/service_write.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

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

/* Tags may have changed since the definition was cached; the rest of a revision never does. */
static int tags_are_so_still(const struct place *p, const char *arn, const json_t *request,
    bool *ret, struct ecsfs_error *err)
{
	json_auto_t *definition = NULL;
	int e;

	*ret = !doc_peek(request, "tags");
	if (*ret)
		return 0;
	e = ask_revision_now(p, arn, &definition, err);
	if (!e)
		*ret = canon_taskdef_equal(request, definition);
	return e;
}

/*
 * Whether the service runs the definition of `request`: by the cache, and if so by a fresh answer
 * of AWS, since then nothing will be sent.
 */
static int is_in_use(struct commit *c, const json_t *service, const json_t *request, bool *ret,
    struct ecsfs_error *err)
{
	const struct place *p = c->place;
	const char *arn = doc_string_peek(service, "taskDefinition");
	struct key k = tree_service_key(p);
	json_auto_t *definition = NULL, *now = NULL;
	int e;

	*ret = false;
	if (!*arn)
		return 0;
	e = document_in_use(p, service, &definition, err);
	if (e == -ENOENT)
		return 0;
	if (e || !canon_taskdef_equal(request, definition))
		return e;
	e = ask_now(p, &k, &now, err);
	if (e || strcmp(doc_string_peek(now, "taskDefinition"), arn) != 0)
		return e;
	return tags_are_so_still(p, arn, request, ret, err);
}

/* The revision that the document was read from: the ARN that it names, "" where it names none. */
static const char *read_from_peek(const json_t *written)
{
	const json_t *inner = doc_peek(written, "taskDefinition");

	return doc_string_peek(inner ? inner : written, "taskDefinitionArn");
}

/* A member newer than the table is known by the revision that the document was read from. */
static int check_known(
    const struct place *p, const json_t *written, const json_t *request, struct ecsfs_error *err)
{
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer a = {0};
	const char *arn = read_from_peek(written);

	if (!shape_check_known(request, shape_task_definition, NULL, NULL))
		return 0;
	if (tree_ask_task_definition(&q, p, arn, &a, NULL))
		return shape_check_known(request, shape_task_definition, NULL, err);
	return shape_check_known(request, shape_task_definition, a.value, err);
}

/* `arn`: the revision that AWS registered from the written text, "" where none is known. */
static int check_images(
    const struct place *p, const json_t *request, const char *arn, struct ecsfs_error *err)
{
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer a = {0};

	if (!container_check_images(request, NULL, NULL))
		return 0;
	tree_ask_task_definition(&q, p, arn, &a, NULL);
	return container_check_images(request, a.value, err);
}

/* The one UpdateService. `made`: the revision was registered for it, and stays if it fails. */
static int deploy(struct commit *c, const struct deployment *d, const char *arn, bool made,
    struct ecsfs_error *err)
{
	json_auto_t *members = json_pack("{s:s}", "taskDefinition", arn);
	struct ecsfs_error reason = {0};
	int e = d->confirm ? d->confirm(d->arg, &reason) : 0;

	if (!e)
		e = service_update(c, members, 0, &reason);
	if (e && made)
		ecsfs_error_wrap(&reason,
		    "%s was registered, but the service was not updated (the same document written "
		    "again uses that revision)",
		    value_arn_name(arn));
	if (e && err)
		*err = reason;
	return e;
}

/* Whether a revision was deregistered since it was cached. */
static bool is_inactive(const struct place *p, const char *arn)
{
	json_auto_t *definition = NULL;

	return !ask_revision_now(p, arn, &definition, NULL) &&
	    strcmp(doc_string_peek(definition, "status"), "ACTIVE") != 0;
}

int deploy_definition(struct commit *c, const struct deployment *d, struct ecsfs_error *err)
{
	json_auto_t *found = registration_find(c->place, d->request, d->read_from, d->effort);
	json_auto_t *made = NULL;
	struct ecsfs_error reason = {0};
	const char *arn = doc_string_peek(found, "taskDefinitionArn");
	int e = found ? deploy(c, d, arn, false, &reason) : 0;

	if (found && !(e == -EINVAL && is_inactive(c->place, arn))) {
		if (e && err)
			*err = reason;
		return e;
	}
	e = registration_make(c, d->request, &made, err);
	if (e)
		return e;
	/* Under -o dry_run there is no new revision: its family represents it. */
	arn = made ? doc_string_peek(made, "taskDefinitionArn")
		   : doc_string_peek(d->request, "family");
	return *arn
	    ? deploy(c, d, arn, true, err)
	    : act_refuse(err, EIO, "RegisterTaskDefinition: the response names no revision");
}

int service_enter(const struct place *p, struct buf *key, struct ecsfs_error *err)
{
	memory_key(p, "deploys", p->service, key);
	if (!serial_enter(p->fs->serial, buf_str(key), p->fs->options.timeout_ms))
		return 0;
	return act_refuse(err, EBUSY,
	    "another write of this mount to the same service's task definition is still under way: "
	    "try again later");
}

void service_leave(const struct place *p, struct buf *key)
{
	serial_leave(p->fs->serial, buf_str(key));
}

/* With the service entered. */
static int deploy_written(
    struct commit *c, const json_t *written, const json_t *request, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer a = {0};
	json_auto_t *change = json_pack("{s:s}", "taskDefinition", "");
	const char *read_from = read_from_peek(written);
	const json_t *service;
	bool same = false;
	int e = dir_object(&q, &dir_service, p, &a, &service, err);

	if (!e)
		e = service_accepts(service, change, err);
	if (!e)
		e = is_in_use(c, service, request, &same, err);
	if (e || same)
		return e;
	const char *used = doc_string_peek(service, "taskDefinition");
	e = check_images(p, request, *read_from ? read_from : used, err);
	if (e)
		return e;
	/* An edited copy of the revision in use hardly equals another revision. */
	bool edited = !strcmp(read_from, used);
	const struct deployment d = {.request = request,
	    .read_from = read_from,
	    .effort = edited ? FIND_CONFIRMED : FIND_NEWEST};
	return deploy_definition(c, &d, err);
}

int commit_service_task_definition(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	json_auto_t *written = NULL, *request = NULL;
	int e = value_parse_document(c->text, c->len, false, &written, err);

	if (!e)
		e = taskdef_request(written, NULL, &request, err);
	if (!e)
		e = check_known(p, written, request, err);
	if (!e)
		e = service_enter(p, &key, err);
	if (e)
		return e;
	e = deploy_written(c, written, request, err);
	service_leave(p, &key);
	return e;
}

/* Remembers the text that the file shows afterwards. */
static void remember_registered(const struct place *p, const json_t *definition)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);

	memory_key(p, "registered in", p->family, &key);
	memory_put(p->fs->memory, buf_str(&key), json_object_get(definition, "taskDefinitionArn"));
	local_remove(p, FAMILY_DRAFT, p->family);
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
		definition =
		    registration_find(c->place, request, read_from_peek(written), FIND_NEWEST);
	/* Those of a compose project were checked by its conversion, which passes on what ecs-cli does. */
	if (!e && !definition && !c->place->project)
		e = check_images(c->place, request, read_from_peek(written), err);
	if (!e && !definition)
		e = registration_make(c, request, &definition, err);
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
    .what = "a new family",
    .help = "a new family: exists only in this mount until a revision is registered",
    .rows = draft_rows,
};

int make_family(struct commit *c, struct ecsfs_error *err)
{
	int e = local_add(c->place, FAMILY_DRAFT, c->place->family);

	if (e == -EDQUOT)
		return act_refuse(err, EDQUOT, "too many empty families in this mount: rmdir one");
	return e;
}

int drop_family(struct commit *c, struct ecsfs_error *err)
{
	if (local_remove(c->place, FAMILY_DRAFT, c->place->family))
		return 0;
	return act_refuse(err, EPERM, "a family exists while it has revisions; remove those first");
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
	if (!e && answer)
		definition = registration_definition(answer, NULL);
	act_settle(c, &k, e, definition);
	return e;
}
