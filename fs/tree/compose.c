/*
 * compose/: projects of this mount alone. The files of a project are copied into its directory; what
 * they make is read from the files beside them.
 */
#include "fs/tree/write.h"

#include "fs/value.h"

#include <errno.h>

#define PROJECT "project"

/* The directories that a project's files need. */
const struct dir_type dir_project_files = {
    .what = "a directory of a project",
    .help = "files of a compose project",
    .keeps = &dir_project_files,
};

const struct dir_type dir_project = {
    .what = "a project",
    .help = "a compose project: docker-compose.yml, ecs-params.yml, .env and what they name",
    .keeps = &dir_project_files,
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
		return act_refuse(err, EDQUOT, "too many projects");
	return e;
}

static int drop_project(struct commit *c, struct ecsfs_error *err)
{
	if (local_remove(c->place, PROJECT, c->place->project))
		return 0;
	return act_refuse(err, ENOENT, "there is no project \"%s\"", c->place->project);
}

const struct dir_type dir_projects = {
    .what = "the projects",
    .help = "compose projects of this mount: mkdir makes one, rmdir drops it with its files",
    .listing = &projects,
    .make = make_project,
    .drop = drop_project,
    .local_type = &dir_project,
    .local_kind = PROJECT,
};
