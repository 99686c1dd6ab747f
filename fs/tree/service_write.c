#include "fs/tree/write.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/edit/canon.h"
#include "fs/edit/doc.h"
#include "fs/edit/member_text.h"
#include "fs/edit/readings.h"
#include "fs/edit/service_edit.h"
#include "fs/edit/service_members.h"
#include "fs/edit/shown.h"
#include "fs/kernel/caller.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

void memory_key(const struct place *p, const char *what, const char *name, struct buf *out)
{
	buf_addf(out, "%s %s %s %s/%s", what, p->account ? p->account->name : "",
	    region_name_peek(p->region), p->cluster ? p->cluster : "", name ? name : "");
}

int ask_now(const struct place *p, const struct key *k, json_t **ret, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	struct freshness now = region_fresh_now(p->region);
	int e = region_get(p->region, k, &now, &a, err);

	if (e || a.err)
		return e ? e : a.err;
	*ret = move_ptr(a.value);
	return 0;
}

int ask_revision_now(const struct place *p, const char *arn, json_t **ret, struct ecsfs_error *err)
{
	struct revision revision;
	struct key k = {.kind = KIND_TASK_DEFINITION};

	if (!tree_revision(arn, &revision) ||
	    !region_name_valid(KIND_TASK_DEFINITION, revision.number))
		return ecsfs_error_set(err, ENOENT, NULL, "\"%s\" is not a revision", arn);
	k.a = revision.family;
	k.b = revision.number;
	return ask_now(p, &k, ret, err);
}

int render_service_document(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *service;
	int e = dir_object(q, &dir_service, p, &a, &service, err);

	(void)row;
	if (e)
		return e;
	/* A look-up gives out the size, and a commit's comparison nothing. */
	if (q->mode == ASK_PARK && q->fresh.use != FRESH_LOOKUP)
		readings_note(p->fs->readings, doc_string_peek(service, "serviceArn"), service);
	shown_document(service, shape_service, out);
	return 0;
}

void forget_service_document(const struct place *p)
{
	struct key k = tree_service_key(p);
	auto_answer struct answer known = {0};

	if (region_peek(p->region, &k, "serviceArn", &known) == 0 && !known.err)
		readings_forget(p->fs->readings, doc_string_peek(known.value, "serviceArn"));
}

/* A service of the same name that was made anew is another one: its readings say nothing. */
static json_t *base_of(const struct place *p, const json_t *written, const json_t *theirs,
    pid_t writer, const char **ret_edited)
{
	json_t *base = readings_recognise(
	    p->fs->readings, doc_string_peek(theirs, "serviceArn"), written, writer, ret_edited);

	if (base &&
	    json_equal(json_object_get(base, "createdAt"), json_object_get(theirs, "createdAt")))
		return base;
	json_decref(base);
	return NULL;
}

static int send_changes(struct commit *c, const json_t *changes, struct ecsfs_error *err)
{
	bool forced = doc_true(changes, "forceNewDeployment");

	if (json_object_size(changes) == 0)
		return 0;
	return service_update(c, changes, forced ? AWS_ONCE : 0, err);
}

int commit_service(struct commit *c, struct ecsfs_error *err)
{
	struct key k = tree_service_key(c->place);
	struct service_edit edit = {0};
	json_auto_t *document = NULL, *written = NULL, *theirs = NULL, *base = NULL;
	json_auto_t *changes = NULL;
	pid_t writer = caller_process(c->caller.pid);
	int e = value_parse_document(c->text, c->len, false, &document, err);

	if (!e)
		e = service_unwrap(document, c->place->service, &written, err);
	if (!e)
		e = shape_check(written, shape_service, err);
	if (!e)
		e = ask_now(c->place, &k, &theirs, err);
	if (e)
		return e;
	base = base_of(c->place, written, theirs, writer, &edit.edited);
	edit.base = base;
	edit.written = written;
	edit.theirs = theirs;
	e = service_edit(&edit, &changes, err);
	if (!e)
		e = send_changes(c, changes, err);
	if (!e && base && !c->place->fs->options.dry_run)
		readings_note_written(c->place->fs->readings, doc_string_peek(theirs, "serviceArn"),
		    written, base, changes, writer);
	return e;
}

/* What the table does not know may be a member that AWS has shown. */
static int check_known(struct commit *c, const json_t *value, struct ecsfs_error *err)
{
	struct key k = tree_service_key(c->place);
	json_auto_t *now = NULL;
	int e;

	if (!shape_check_member_known(value, shape_service, c->row->member, NULL, NULL))
		return 0;
	e = ask_now(c->place, &k, &now, err);
	return e ? e : shape_check_member_known(value, shape_service, c->row->member, now, err);
}

/*
 * Whether the service holds the value already: by what is cached, and where that says yes, by what
 * AWS says now, since a write that sends nothing must not rest on an old picture.
 */
static int holds_already(
    struct commit *c, const char *member, const json_t *value, bool *ret, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = tree_service_key(p);
	auto_answer struct answer known = {0};
	json_auto_t *now = NULL;
	int e;

	*ret = false;
	if (!region_peek(p->region, &k, NULL, &known) && !known.err &&
	    !canon_service_member_equal(known.value, member, value, doc_peek(known.value, member)))
		return 0;
	e = ask_now(p, &k, &now, err);
	if (!e)
		*ret = canon_service_member_equal(now, member, value, doc_peek(now, member));
	return e;
}

/*
 * One member, from its own file. What AWS has already is not sent again, but for a count: scaling
 * may move that between the look and the write.
 */
int commit_service_member(struct commit *c, struct ecsfs_error *err)
{
	const char *member = c->row->member;
	json_auto_t *value = NULL, *changes = json_object();
	bool held = false;
	int e = member_parse(c->text, c->len, shape_service, member, &value, err);

	if (!e)
		e = check_known(c, value, err);
	if (!e && !service_member_is(member, SERVICE_ORDER))
		e = holds_already(c, member, value, &held, err);
	if (e || held)
		return e;
	e = doc_set(changes, member, value);
	if (!e)
		e = service_force_where_needed(changes);
	return e ? e : send_changes(c, changes, err);
}
