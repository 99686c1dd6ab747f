/*
 * What do the tables of several resources share? Names out of ARNs, keys, look-ups, and asking AWS now.
 */
#include "fs/tree/tree.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "cache/moment.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/tags.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

struct key tree_service_key(const struct place *p)
{
	return (struct key){.kind = KIND_SERVICE, .a = p->cluster, .b = p->service};
}

int tree_render_revision(struct ask *q, const struct dir_type *type, const struct place *p,
    const char *member, struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *object;
	int e = dir_members(q, type, p, member, &a, &object, err);

	if (e)
		return e;
	const char *arn = doc_string_peek(object, member);
	if (*arn)
		buf_addf(out, "%s\n", value_arn_name(arn));
	return 0;
}

const char *tree_task_address(const json_t *task)
{
	const json_t *interface =
	    doc_find_peek(json_object_get(task, "attachments"), "type", "ElasticNetworkInterface");

	return doc_string_peek(
	    doc_find_peek(json_object_get(interface, "details"), "name", "privateIPv4Address"),
	    "value");
}

bool tree_withheld(int e)
{
	return e == -EACCES || e == -EPERM || e == -EINVAL || e == -EOPNOTSUPP || e == -ENOENT;
}

int tree_append_names(json_t *names, const json_t *array, const char *member)
{
	size_t i;
	json_t *element;

	json_array_foreach (array, i, element) {
		const char *name = value_arn_name(doc_string_peek(element, member));
		if (json_array_append_new(names, json_string(name)))
			return -ENOMEM;
	}
	return 0;
}

bool tree_revision(const char *arn, struct revision *ret)
{
	const char *name = value_arn_name(arn);
	const char *colon = strrchr(name, ':');

	if (!colon || colon == name || !colon[1])
		return false;
	size_t len = (size_t)(colon - name);
	if (len >= sizeof(ret->family) || strlen(colon + 1) >= sizeof(ret->number))
		return false;
	memcpy(ret->family, name, len);
	ret->family[len] = '\0';
	strcpy(ret->number, colon + 1);
	return true;
}

int tree_ask_task_definition(struct ask *q, const struct place *p, const char *arn,
    struct answer *ret, struct ecsfs_error *err)
{
	struct revision revision;

	if (!tree_revision(arn, &revision))
		return ecsfs_error_set(err, ENOENT, NULL, "no task definition is named");
	struct key k = {KIND_TASK_DEFINITION, revision.family, revision.number, NULL};
	q->fresh.constant = true;
	int e = ask(q, p->region, &k, ret, err);
	q->fresh.constant = false;
	return e;
}

int tree_failures(const json_t *answer, struct ecsfs_error *err)
{
	const json_t *failure = json_array_get(json_object_get(answer, "failures"), 0);

	if (!failure)
		return 0;
	const char *reason = doc_string_peek(failure, "reason");
	const char *detail = doc_string_peek(failure, "detail");
	return ecsfs_error_set(err, aws_failure_errno(reason), reason, "%s%s%s: %s", reason,
	    *detail ? ": " : "", detail, doc_string_peek(failure, "arn"));
}

/* Whether the text can be a name; AWS decides whether the definition exists. */
static bool is_task_definition_name(const char *text)
{
	struct revision revision;
	const char *name = strncmp(text, "arn:", 4) == 0 ? value_arn_name(text) : text;

	if (name != text && !strstr(text, ":task-definition/"))
		return false;

	if (!strchr(name, ':'))
		return region_name_valid(KIND_LATEST, name);
	return tree_revision(name, &revision) && region_name_valid(KIND_LATEST, revision.family) &&
	    region_name_valid(KIND_TASK_DEFINITION, revision.number);
}

int tree_check_definition_name(const char *name, struct ecsfs_error *err)
{
	if (is_task_definition_name(name))
		return 0;
	return act_refuse(err, EINVAL,
	    "\"%.100s\" is neither FAMILY nor FAMILY:REVISION nor the ARN of a task definition",
	    name);
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
		return ecsfs_error_set(
		    err, ENOENT, NULL, "\"%s\" is not the ARN of a revision (FAMILY:NUMBER)", arn);
	k.a = revision.family;
	k.b = revision.number;
	return ask_now(p, &k, ret, err);
}

void memory_key(const struct place *p, const char *what, const char *name, struct buf *out)
{
	buf_addf(out, "%s %s %s %s/%s", what, p->account ? p->account->name : "",
	    region_name_peek(p->region), p->cluster ? p->cluster : "", name ? name : "");
}
