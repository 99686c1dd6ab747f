/*
 * What do the families and revisions of task definitions show?
 */
#include "cache/answer.h"
#include "fs/tree/resource/container_definition.h"
#include "fs/tree/write/register.h"
#include "fs/tree/write/tags_write.h"

#include "fs/edit/members/doc.h"
#include "fs/edit/members/task_definition_members.h"
#include "fs/value.h"

#include <errno.h>

/*
 * A family exists while it has a revision. One with INACTIVE revisions only is not listed and has
 * no newest one, but running tasks may still refer to it: its first revision is asked for then.
 */
static int find_family(struct ask *q, const struct place *p, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	struct key latest = {.kind = KIND_LATEST, .a = p->family};
	struct key first = {.kind = KIND_TASK_DEFINITION, .a = p->family, .b = "1"};
	int e = ask(q, p->region, &latest, &a, err);

	return e == -ENOENT ? ask(q, p->region, &first, &a, err) : e;
}

static const struct listing families = {
    .lists = {.kind = KIND_FAMILIES},
    .kind = KIND_LATEST,
    .trust = TRUST_FRESH,
    .find = find_family,
    .type = &dir_family,
    .part = PLACE(family),
};

const struct dir_type dir_task_definitions = {
    .what = "the task definitions",
    .help = "the ACTIVE families",
    .listing = &families,
    .make = make_family,
    .drop = drop_family,
    .copy_from = "REVISION/task_definition.json",
    .copy_to = "register",
    .local_type = &dir_family_draft,
    .local_kind = FAMILY_DRAFT,
};

/* A family. */

static const struct listing revisions = {
    .lists = {KIND_REVISIONS, {PLACE(family)}},
    .kind = KIND_TASK_DEFINITION,
    .trust = TRUST_FRESH,
    .type = &dir_task_definition,
    .part = PLACE(revision),
};

static int render_latest(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_LATEST, .a = p->family};
	auto_answer struct answer a = {0};
	int e = ask(q, p->region, &k, &a, err);

	(void)row;
	if (!e)
		buf_addf(out, "%" JSON_INTEGER_FORMAT, doc_integer(a.value, "revision"));
	return e;
}

static const struct row family_rows[] = {
    {
	.name = "latest",
	.help = "the newest ACTIVE revision",
	.form = ROW_LINK,
	.render = render_latest,
    },
    {
	.name = "register",
	.help = "write a task definition to register it; reads the last revision made here",
	.form = ROW_DOCUMENT,
	.render = render_registered,
	.commit = commit_register,
    },
    {0},
};

const struct dir_type dir_family = {
    .what = "a family",
    .help = "a family of task definitions: ACTIVE revisions are listed, any can be looked up",
    .rows = family_rows,
    .listing = &revisions,
    .drop = drop_revision,
};

/* A revision. */

static const struct row revision_rows[] = {
    {
	.name = "task_definition.json",
	.help = "the DescribeTaskDefinition document, its tags inside",
	.form = ROW_DOCUMENT,
	.member = WHOLE_OBJECT,
    },
    {
	.name = "arn",
	.help = "the revision's ARN",
	.member = "taskDefinitionArn",
    },
    {
	.name = "status",
	.help = "ACTIVE, INACTIVE or DELETE_IN_PROGRESS",
	.member = "status",
    },
    {
	.name = "registered_at",
	.help = "when it was registered",
	.member = "registeredAt",
    },
    {
	.name = "tags",
	.help = "KEY=VALUE lines",
	.form = ROW_LINES,
	.member = "tags",
	.commit = commit_tags,
    },
    {0},
};

static const struct child revision_children[] = {
    {"containers", &dir_revision_containers, false},
    {0},
};

const struct dir_type dir_task_definition = {
    .what = "a revision",
    .help = "a revision of a task definition; it never changes but for status and tags",
    .rows = revision_rows,
    .children = revision_children,
    .subject = {KIND_TASK_DEFINITION, {PLACE(family), PLACE(revision)}},
    .members = shape_task_definition,
    .time_member = "registeredAt",
    .arn_member = "taskDefinitionArn",
};
