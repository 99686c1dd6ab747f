/*
 * How does a service begin and end? A draft of this mount alone becomes a service with the first
 * write that says enough for CreateService; DeleteService is called without force.
 */
#include "fs/tree/write/service_make.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/member_text.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/remembered/memory.h"
#include "fs/edit/service_create.h"
#include "fs/edit/service_edit.h"
#include "fs/files/local.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

/* CreateService's InvalidParameter for a name that is taken, recognised by the existing service. */
static int refused_create(struct commit *c, int e, struct ecsfs_error *err)
{
	struct key k = tree_service_key(c->place);
	json_auto_t *service = NULL;

	if (e != -EINVAL || ask_now(c->place, &k, &service, NULL))
		return e;
	e = strcmp(doc_string_peek(service, "status"), "DRAINING") ? -EEXIST : -EBUSY;
	if (e == -EEXIST && err)
		ecsfs_error_wrap(err,
		    "somebody has created a service of this name since mkdir (rmdir drops this "
		    "draft)");
	if (err)
		err->err = -e;
	return e;
}

/* Key of fs->memory: a CreateService whose answer was lost may have made the service. */
static void doubt_key(const struct place *p, struct buf *out)
{
	memory_key(p, "creation in doubt of", p->service, out);
}

static void remember_doubt(const struct place *p)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);

	doubt_key(p, &key);
	memory_put(p->fs->memory, buf_str(&key), json_true());
}

static int create(struct commit *c, const json_t *request, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = tree_service_key(p);
	json_auto_t *answer = NULL;
	struct ecsfs_error reason = {0};
	json_t *service;
	int e = act_ecs(c, "CreateService", request, 0, "service", &answer, &reason);

	if (e && reason.lost_answer)
		remember_doubt(p);
	if (e && err)
		*err = reason;
	service = json_object_get(answer, "service");
	if (!e && service)
		local_remove(p, SERVICE_DRAFT, p->service);
	act_settle(c, &k, e, service);
	return e ? refused_create(c, e, err) : 0;
}

/* A clone may have members newer than the table, if AWS shows them for the original. */
static int check_known(const struct place *p, const json_t *written, struct ecsfs_error *err)
{
	struct key k = {
	    .kind = KIND_SERVICE,
	    .a = value_arn_name(doc_string_peek(written, "clusterArn")),
	    .b = value_arn_name(doc_string_peek(written, "serviceArn")),
	};
	json_auto_t *original = NULL;

	if (!shape_check_known(written, shape_service, NULL, NULL))
		return 0;
	if (region_name_valid(KIND_CLUSTER, k.a) && region_name_valid(KIND_SERVICE, k.b))
		ask_now(p, &k, &original, NULL);
	return shape_check_known(written, shape_service, original, err);
}

static int commit_draft(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	json_auto_t *document = NULL, *written = NULL, *request = NULL;
	int e = member_parse_document(c->text, c->len, &document, err);

	if (!e)
		e = service_unwrap(document, p->service, &written, err);
	if (!e)
		e = service_create_request(written, p->cluster, p->service, &request, err);
	if (!e)
		e = check_known(p, written, err);
	return e ? e : create(c, request, err);
}

/* A service without tasks: the desired count is written next. */
static int commit_draft_task_definition(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	auto_free char *name = NULL;
	json_auto_t *written = NULL, *request = NULL;
	int e = value_parse_line(c->text, c->len, &name, err);

	if (!e)
		e = tree_check_definition_name(name, err);
	if (e)
		return e;
	written = json_pack("{s:s, s:i}", "taskDefinition", name, "desiredCount", 0);
	e = service_create_request(written, p->cluster, p->service, &request, err);
	return e ? e : create(c, request, err);
}

static const struct row draft_rows[] = {
    {
	.name = "service.json",
	.help =
	    "write a CreateService request, or another service's document, to create the service",
	.form = ROW_DOCUMENT,
	.commit = commit_draft,
    },
    {
	.name = "task_definition",
	.help = "write FAMILY or FAMILY:REVISION to create the service, with no tasks yet",
	.commit = commit_draft_task_definition,
    },
    {0},
};

const struct dir_type dir_service_draft = {
    .what = "a new service",
    .help = "a draft: exists only in this mount until service.json or task_definition is written",
    .rows = draft_rows,
};

int make_service(struct commit *c, struct ecsfs_error *err)
{
	int e = local_add(c->place, SERVICE_DRAFT, c->place->service);

	if (e == -EDQUOT)
		return act_refuse(err, EDQUOT, "too many drafts in this mount: rmdir one");
	return e;
}

/* The tasks of the service itself and of the deployments that it replaces. */
static bool has_tasks(const json_t *service)
{
	size_t i;
	json_t *deployment;

	if (doc_integer(service, "desiredCount") > 0 || doc_integer(service, "runningCount") > 0 ||
	    doc_integer(service, "pendingCount") > 0)
		return true;
	json_array_foreach (json_object_get(service, "deployments"), i, deployment)
		if (doc_integer(deployment, "desiredCount") > 0)
			return true;
	return false;
}

/*
 * A REPLICA service that is still scaled above zero, or whose tasks still run, is not empty; nor is
 * one that `had` tasks; the last one may have ended since AWS refused.
 */
static int refused_delete(struct commit *c, bool had, int e, struct ecsfs_error *err)
{
	struct key k = tree_service_key(c->place);
	json_auto_t *service = NULL;

	if (e != -EINVAL || ask_now(c->place, &k, &service, NULL))
		return e;
	if (doc_is_daemon(service) || !(had || has_tasks(service)))
		return e;
	if (err)
		err->err = ENOTEMPTY;
	return -ENOTEMPTY;
}

/* A draft whose creation is in doubt is looked up: the service may exist, unseen. */
static int check_doubt(const struct place *p, struct ecsfs_error *err)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	json_auto_t *doubt = NULL, *service = NULL;
	struct key k = tree_service_key(p);

	doubt_key(p, &key);
	doubt = memory_get(p->fs->memory, buf_str(&key));
	if (!doubt)
		return 0;
	int e = ask_now(p, &k, &service, err);
	if (e && e != -ENOENT)
		return e;
	memory_forget(p->fs->memory, buf_str(&key));
	if (e)
		return 0;
	local_remove(p, SERVICE_DRAFT, p->service);
	return act_refuse(err, EBUSY,
	    "the service exists: a CreateService whose response was lost has created it (rmdir "
	    "again "
	    "deletes it, with -o allow_delete)");
}

static int drop_draft(const struct place *p, struct ecsfs_error *err)
{
	int e = check_doubt(p, err);

	if (!e)
		local_remove(p, SERVICE_DRAFT, p->service);
	return e;
}

int drop_service(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = tree_service_key(p);
	json_auto_t *request = NULL, *answer = NULL;
	json_auto_t *gone =
	    json_pack("{s:s, s:s}", "serviceName", p->service, "status", "INACTIVE");
	auto_answer struct answer before = {0};
	json_t *service;
	int e;

	if (local_has(p, SERVICE_DRAFT, p->service))
		return drop_draft(p, err);
	bool had = region_peek(p->region, &k, NULL, &before) == 0 && has_tasks(before.value);
	request = json_pack("{s:s, s:s}", "cluster", p->cluster, "service", p->service);
	e = act_ecs(c, "DeleteService", request, 0, "service", &answer, err);
	service = json_object_get(answer, "service");
	act_settle(c, &k, e, service || p->fs->options.dry_run ? service : gone);
	return e ? refused_delete(c, had, e, err) : 0;
}
