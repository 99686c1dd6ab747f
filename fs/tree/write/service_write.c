/*
 * What does writing a service's files send? Every change is one UpdateService with the members that
 * differ; only a fresh answer of AWS, never the cache, decides that nothing differs.
 */
#include "fs/tree/write/service_write.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "cache/moment.h"
#include "fs/caller.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/member_text.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/members/shown.h"
#include "fs/edit/remembered/readings.h"
#include "fs/edit/service_edit.h"
#include "fs/tree/write/last_deployment.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

/* The cached document of the service, however old; NULL: none. */
static const json_t *known_service(const struct place *p, struct answer *a)
{
	struct key k = tree_service_key(p);

	return region_peek(p->region, &k, NULL, a) || a->err ? NULL : a->value;
}

/*
 * A forced deployment whose response was lost: it took effect if another deployment than `before`'s
 * is PRIMARY now and began after the request left (some seconds are left for clocks).
 */
static bool took_effect(struct commit *c, const json_t *before, int64_t sent_ms)
{
	auto_answer struct answer a = {0};
	struct freshness now = region_fresh_now(c->place->region);
	struct key k = tree_service_key(c->place);

	if (!before || region_get(c->place->region, &k, &now, &a, NULL) || a.err)
		return false;
	const json_t *primary = doc_primary_peek(a.value, "deployments");
	const char *was = doc_string_peek(doc_primary_peek(before, "deployments"), "id");
	double began = json_number_value(json_object_get(primary, "createdAt"));
	return primary && strcmp(doc_string_peek(primary, "id"), was) != 0 &&
	    began * 1000 >= (double)(sent_ms - 5000);
}

static json_t *update_request(const struct place *p, const json_t *members)
{
	json_auto_t *request =
	    json_pack("{s:s, s:s}", "cluster", p->cluster, "service", p->service);

	if (!request || json_object_update(request, (json_t *)members))
		return NULL;
	return move_ptr(request);
}

/*
 * Refuses members that the service's kind does not take: by a cached answer of any age, and if that
 * refuses, by one within the TTL, since a deployment controller can be replaced. Unknown: AWS
 * decides.
 */
static int check_accepted(
    const struct place *p, const json_t *before, const json_t *members, struct ecsfs_error *err)
{
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer a = {0};
	const json_t *now;
	int e;

	if (!before || !service_accepts(before, members, NULL))
		return 0;
	e = dir_object(&q, &dir_service, p, &a, &now, err);
	return e ? e : service_accepts(now, members, err);
}

int service_update(struct commit *c, const json_t *members, unsigned flags, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = tree_service_key(p);
	auto_answer struct answer known = {0};
	json_auto_t *request = update_request(p, members), *answer = NULL;
	struct ecsfs_error reason = {0};

	if (!request)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	const json_t *before = known_service(p, &known);
	int e = check_accepted(p, before, members, err);
	if (e)
		return e;
	int64_t sent_ms = aws_client_now_ms(region_client_peek(p->region));
	e = act_ecs(c, "UpdateService", request, flags, "service", &answer, &reason);
	json_t *service = json_object_get(answer, "service");
	if (service) {
		region_publish(p->region, &k, service, &c->began);
		last_deployment_note(p, service);
	}
	if (!e)
		return 0;
	region_invalidate(p->region, &k);
	if (reason.lost_answer && (flags & AWS_ONCE) && took_effect(c, before, sent_ms))
		return 0;
	if (err)
		*err = reason;
	return e;
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
	/* A look-up returns only the size, and a commit's comparison nothing: neither is a reading.
	 */
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

/* A service created again under the same name is another one: readings of the old one do not count.
 */
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
	int e = member_parse_document(c->text, c->len, &document, err);

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

/* A member that the table does not know may be one that AWS has shown. */
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
 * Whether the service already has the value: by the cache, and if so by a fresh answer of AWS,
 * since a write that sends nothing must not rest on an old snapshot.
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
 * One member, from its own file. A value that AWS already has is not sent again, except a count:
 * scaling may move it between the look and the write.
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
