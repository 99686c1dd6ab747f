/*
 * What does compose/ do with a project? Projects exist in this mount alone. The files of a project
 * are copied into its directory; the files beside them show what they make, and register it. A
 * conversion is kept until a file changes.
 */
#include "fs/compose/convert.h"
#include "fs/files/local.h"
#include "fs/tree/tree.h"
#include "fs/tree/write/register.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/config/settings.h"
#include "fs/caller.h"
#include "fs/compose/compose.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/remembered/memory.h"
#include "fs/files/kept.h"
#include "fs/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PROJECT "project"
#define MAX_READ 256 /* files that one conversion reads */

/* The files that a conversion has read; it borrows their bytes until it ends. */
struct reading {
	struct node *dir;
	char *bytes[MAX_READ];
	size_t count;
	char *torn; /* the path of one that a part is missing of; NULL: none */
};

static bool read_file(void *arg, const char *path, struct compose_file *ret)
{
	struct reading *r = arg;
	bool torn = false;

	if (r->count == MAX_READ)
		return false;
	ret->bytes = r->bytes[r->count] = kept_read(r->dir, path, &ret->len, &torn);
	r->count += ret->bytes != NULL;
	if (torn && !r->torn)
		r->torn = strdup(path);
	return ret->bytes != NULL;
}

static void reading_release(struct reading *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->bytes[i]);
	free(r->torn);
}

/* The newest file of `ecs-cli registry-creds`: its name ends in its time. NULL: none. Borrowed. */
static const char *credentials_peek(const json_t *paths)
{
	const char *newest = NULL;
	const json_t *one;
	size_t i;

	json_array_foreach (paths, i, one) {
		const char *name = json_string_value(one), *end = strrchr(name, '.');

		if (strncmp(name, "ecs-registry-creds_", 19) == 0 && end &&
		    strcmp(end, ".yml") == 0 && (!newest || strcmp(name, newest) > 0))
			newest = name;
	}
	return newest;
}

/*
 * The result of a project's conversion, as one document: generation, warnings, task_definition,
 * service and log_groups; or the failure.
 */
static json_t *convert(const struct place *p, uint64_t generation)
{
	auto_buf struct buf directory = BUF_INIT(LIMIT_VALUE);
	json_auto_t *paths = json_array();
	const struct aws_settings *settings = aws_client_settings_peek(p->account->client);
	struct reading r = {.dir = p->files};
	struct compose_input in = {
	    .project = p->project,
	    .home = settings->home,
	    .region = region_name_peek(p->region),
	    .launch_type = settings->launch_type,
	    .paths = paths,
	    .read = read_file,
	    .arg = &r,
	};
	struct compose_output out;
	struct ecsfs_error err = {0};
	json_t *made;

	/* Relative host paths begin in one place for every mount, so that the same files make the
	 * same definition everywhere. */
	buf_addf(&directory, "/compose/%s", p->project);
	in.directory = buf_str(&directory);
	kept_paths(p->files, paths);
	in.credentials = credentials_peek(paths);
	int e = compose_convert(&in, &out, &err);
	if (r.torn)
		e = ecsfs_error_set(&err, EFBIG, NULL,
		    "%s is not whole: it is larger than a project's file may be, and its last "
		    "write was "
		    "refused (write it again)",
		    r.torn);
	if (!e)
		made = json_pack("{s:O, s:O*, s:O, s:s, s:s, s:i}", "task_definition",
		    out.task_definition, "service", out.service, "log_groups", out.log_groups,
		    "warnings", out.warnings, "service_error", out.service_error.message,
		    "service_errno", out.service_error.err);
	else
		made = json_pack("{s:i, s:s, s:s*}", "errno", err.err, "error", err.message,
		    "warnings", out.warnings);
	compose_release(&out);
	reading_release(&r);
	json_object_set_new(made, "generation", json_integer((json_int_t)generation));
	return made;
}

/* A new reference, from memory if no file has changed since, even for a failed conversion. */
static int result_of(const struct place *p, json_t **ret, struct ecsfs_error *err)
{
	uint64_t generation = kept_generation(p->fs);
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	json_auto_t *made = NULL;

	if (!p->files)
		return act_refuse(err, ENOENT, "there is no project \"%s\"", p->project);
	memory_key(p, "made of", p->project, &key);
	made = memory_get(p->fs->memory, buf_str(&key));
	if (!made || (uint64_t)doc_integer(made, "generation") != generation) {
		json_decref(made);
		made = convert(p, generation);
		if (!made)
			return act_refuse(err, ENOMEM, "out of memory");
		memory_put(p->fs->memory, buf_str(&key), made);
	}
	*ret = move_ptr(made);
	return 0;
}

/* The failure of a conversion: -errno; 0: none. */
static int failure_of(const json_t *made, struct ecsfs_error *err)
{
	int e = (int)doc_integer(made, "errno");

	return e ? ecsfs_error_set(err, e, NULL, "%s", doc_string_peek(made, "error")) : 0;
}

/* The same for one that succeeded. */
static int made_of(const struct place *p, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *made = NULL;
	int e = result_of(p, &made, err);

	if (!e)
		e = failure_of(made, err);
	if (!e)
		*ret = move_ptr(made);
	return e;
}

/* For a row: files change without an answer of AWS, so the kernel keeps nothing. */
static int ask_made(struct ask *q, const struct place *p, json_t **ret, struct ecsfs_error *err)
{
	q->fresh_ms = 0;
	return made_of(p, ret, err);
}

static int render_definition(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	json_auto_t *made = NULL;
	int e = ask_made(q, p, &made, err);

	(void)row;
	if (!e)
		value_render_document(json_object_get(made, "task_definition"), out);
	return e;
}

static int render_service(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	json_auto_t *made = NULL;
	int e = ask_made(q, p, &made, err);

	(void)row;
	if (!e && doc_integer(made, "service_errno"))
		return ecsfs_error_set(err, (int)doc_integer(made, "service_errno"), NULL, "%s",
		    doc_string_peek(made, "service_error"));
	if (!e)
		value_render_document(json_object_get(made, "service"), out);
	return e;
}

/* A conversion that failed still warns: its error comes first, and reading ends with it. */
static int render_warnings(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	json_auto_t *made = NULL;
	int e;

	(void)row;
	q->fresh_ms = 0;
	e = result_of(p, &made, err);
	if (e)
		return e;
	if (*doc_string_peek(made, "error"))
		buf_addf(out, "error: %s\n", doc_string_peek(made, "error"));
	if (doc_integer(made, "service_errno"))
		buf_addf(out, "service.json: error: %s\n", doc_string_peek(made, "service_error"));
	buf_adds(out, doc_string_peek(made, "warnings"));
	return failure_of(made, err);
}

static int render_log_groups(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	json_auto_t *made = NULL;
	const json_t *group;
	size_t i;
	int e = ask_made(q, p, &made, err);

	(void)row;
	if (e)
		return e;
	json_array_foreach (json_object_get(made, "log_groups"), i, group)
		buf_addf(out, "%s %s\n", doc_string_peek(group, "region"),
		    doc_string_peek(group, "name"));
	return 0;
}

/* Whether AWS shows the group; false also where asking is denied. */
static bool has_group(const struct commit *c, const char *region, const char *name)
{
	json_auto_t *request = json_pack("{s:s}", "logGroupNamePrefix", name), *answer = NULL;
	struct aws_client *client = region_client_peek(c->place->region);

	return !aws_call(client, region, "logs", "DescribeLogGroups", request, &answer, NULL) &&
	    doc_find_peek(json_object_get(answer, "logGroups"), "logGroupName", name);
}

static int create_group(struct commit *c, const json_t *group, struct ecsfs_error *err)
{
	const char *region = doc_string_peek(group, "region"),
		   *name = doc_string_peek(group, "name");
	json_auto_t *request = json_pack("{s:s}", "logGroupName", name);
	struct ecsfs_error why = {0};
	int e;

	if (has_group(c, region, name))
		return 0;
	e = act_call_in(c, region, "logs", "CreateLogGroup", request, 0, NULL, &why);
	/* It was made meanwhile, or looking for it is denied. */
	if (!e || e == -EEXIST)
		return 0;
	ecsfs_error_wrap(&why, "%s in %s", name, region);
	if (err)
		*err = why;
	return e;
}

/* A copy of a project contains the text of these files: copying it must not run their action. */
static int made_for_write(struct commit *c, json_t **ret, struct ecsfs_error *err)
{
	char name[16] = "";

	caller_name(c->caller.pid, name, sizeof(name));
	if (c->at == COMMIT_RENAME || strcmp(name, "cp") == 0)
		return act_refuse(err, EPERM,
		    "a copy of another project's file does nothing: echo > %s", c->row->name);
	return made_of(c->place, ret, err);
}

static int commit_log_groups(struct commit *c, struct ecsfs_error *err)
{
	json_auto_t *made = NULL;
	const json_t *group;
	size_t i;
	int e = made_for_write(c, &made, err);

	if (e)
		return e;
	json_array_foreach (json_object_get(made, "log_groups"), i, group) {
		e = create_group(c, group, err);
		if (e)
			return e;
	}
	return 0;
}

/* The project is the family: the same as a family's register. */
static int commit_project(struct commit *c, struct ecsfs_error *err)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_RESPONSE);
	json_auto_t *made = NULL;
	struct place family = *c->place;
	struct commit as_family = *c;
	int e = made_for_write(c, &made, err);

	if (e)
		return e;
	value_render_document(json_object_get(made, "task_definition"), &text);
	if (buf_failed(&text))
		return act_refuse(err, EFBIG, "the task definition is too large");
	family.family = c->place->project;
	as_family.place = &family;
	as_family.text = buf_str(&text);
	as_family.len = text.len;
	return commit_register(&as_family, err);
}

static int render_project(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	struct place family = *p;

	family.family = p->project;
	q->fresh_ms = 0;
	return render_registered(q, &family, row, out, err);
}

static const struct row project_rows[] = {
    {
	.name = "task_definition.json",
	.help = "the RegisterTaskDefinition request made from the project's files",
	.form = ROW_DOCUMENT,
	.render = render_definition,
    },
    {
	.name = "service.json",
	.help = "a CreateService request of run_params, to be copied into a new service",
	.form = ROW_DOCUMENT,
	.render = render_service,
    },
    {
	.name = "warnings",
	.help = "a line for everything that was ignored or changed: file, line, what, why",
	.form = ROW_REPORT,
	.flags = ROW_PARTLY,
	.render = render_warnings,
    },
    {
	.name = "log_groups",
	.help = "the awslogs groups: region and name; any line creates those that are missing",
	.flags = ROW_EMPTY_OK,
	.render = render_log_groups,
	.commit = commit_log_groups,
    },
    {
	.name = "register",
	.help = "any line registers, unless the newest revision is the same; reads the revision",
	.flags = ROW_EMPTY_OK,
	.render = render_project,
	.commit = commit_project,
    },
    {0},
};

/* A file that is read as YAML may not exceed the reader's limit. */
static size_t limit_of_file(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && (strcasecmp(end, ".yml") == 0 || strcasecmp(end, ".yaml") == 0)
	    ? LIMIT_YAML
	    : LIMIT_KEPT_FILE;
}

/* The directories that a project's files need. */
const struct dir_type dir_project_files = {
    .what = "a directory of a project",
    .help = "files of a compose project",
    .keeps = &dir_project_files,
    .kept_limit = limit_of_file,
};

const struct dir_type dir_project = {
    .what = "a project",
    .help = "a compose project: docker-compose.yml, ecs-params.yml, .env and what they name",
    .rows = project_rows,
    .keeps = &dir_project_files,
    .kept_limit = limit_of_file,
};

static int list_projects(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	(void)q;
	(void)err;
	local_names(p, PROJECT, names);
	return 0;
}

static int find_project(struct ask *q, const struct place *p, struct ecsfs_error *err)
{
	(void)q;
	(void)err;
	return local_has(p, PROJECT, p->project) ? 0 : -ENOENT;
}

/* A project's name is the family that it registers. */
static bool is_project(const char *name)
{
	return region_name_valid(KIND_LATEST, name);
}

static const struct listing projects = {
    .names = list_projects,
    .find = find_project,
    .type = &dir_project,
    .part = PLACE(project),
    .valid = is_project,
};

static int make_project(struct commit *c, struct ecsfs_error *err)
{
	int e = local_add(c->place, PROJECT, c->place->project);

	if (e == -EDQUOT)
		return act_refuse(err, EDQUOT, "too many projects in this mount: rmdir one");
	return e;
}

static int drop_project(struct commit *c, struct ecsfs_error *err)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);

	memory_key(c->place, "made of", c->place->project, &key);
	memory_forget(c->place->fs->memory, buf_str(&key));
	if (local_remove(c->place, PROJECT, c->place->project))
		return 0;
	return act_refuse(err, ENOENT, "there is no project \"%s\"", c->place->project);
}

const struct dir_type dir_projects = {
    .what = "the projects",
    .help = "compose projects of this mount: mkdir creates one, rmdir deletes it with its files",
    .listing = &projects,
    .make = make_project,
    .drop = drop_project,
    .local_type = &dir_project,
    .local_kind = PROJECT,
};
