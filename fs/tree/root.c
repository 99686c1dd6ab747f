/*
 * What is at the top of the mount? One region of one account shows its tree at once; several are in
 * directories of regions, and those in directories of accounts. `.ecsfs` is at the top once.
 */
#include "fs/tree/root.h"

#include "cache/answer.h"
#include "fs/tree/tree.h"

#include "backend/config/settings.h"
#include "fs/tree/report/overview.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

static const struct account *account_of(const struct place *p)
{
	return p->account ? p->account : p->fs->accounts[0];
}

/* `cluster`: only where the configuration of the ECS CLI names one. */

static const char *default_cluster(const struct place *p)
{
	return aws_client_settings_peek(account_of(p)->client)->ecs_cluster;
}

static int list_cluster_link(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	(void)q;
	(void)err;
	if (!default_cluster(p))
		return 0;
	return json_array_append_new(names, json_string("cluster")) ? -ENOMEM : 0;
}

static int render_cluster_link(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	const char *cluster = default_cluster(p);

	(void)q;
	(void)row;
	if (!cluster)
		return ecsfs_error_set(err, ENOENT, NULL, "no cluster is configured");
	buf_adds(out, "clusters/");
	value_encode_name(cluster, out);
	return 0;
}

static bool is_cluster_link(const char *name)
{
	return !strcmp(name, "cluster");
}

static const struct row row_cluster_link = {
    .help = "named cluster: the one that --cluster-config names",
    .form = ROW_LINK,
    .render = render_cluster_link,
};

static const struct listing list_links = {
    .names = list_cluster_link,
    .row = &row_cluster_link,
    .part = PLACE(name),
    .valid = is_cluster_link,
};

/* One region's tree. */

#define REGION_CHILDREN                                                                            \
	{"clusters", &dir_clusters, false}, {"task_definitions", &dir_task_definitions, false},    \
	    {"repositories", &dir_repositories, false}, {"compose", &dir_projects, false},         \
	{                                                                                          \
		"capacity_providers", &dir_capacity_providers, false                               \
	}

static void enter_region(struct place *p)
{
	p->account = (struct account *)account_of(p);
	p->region = NULL;
	for (struct region **r = p->account->regions; *r; r++)
		if (!strcmp(region_name_peek(*r), p->name))
			p->region = *r;
}

static const struct row region_rows[] = {
    {
	.name = "overview",
	.help = "one line per cluster: status, services, tasks, container instances",
	.form = ROW_REPORT,
	.render = render_region_overview,
    },
    {0},
};

static const struct child region_children[] = {REGION_CHILDREN, {0}};

const struct dir_type dir_region = {
    .what = "a region",
    .help = "one region of the account",
    .rows = region_rows,
    .children = region_children,
    .listing = &list_links,
    .enter = enter_region,
};

/* Where an account has one region, its directory is the region's tree. */

static void enter_account(struct place *p)
{
	p->account = NULL;
	for (struct account **a = p->fs->accounts; *a; a++)
		if (!strcmp((*a)->name, p->name))
			p->account = *a;
}

static void enter_account_region(struct place *p)
{
	enter_account(p);
	p->region = p->account ? p->account->regions[0] : NULL;
}

static int list_regions(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	(void)err;
	for (struct region **r = account_of(p)->regions; *r; r++) {
		if (p->fs->all_regions && account_state(account_of(p), *r) == REGION_NOT_ENABLED)
			continue;
		if (json_array_append_new(names, json_string(region_name_peek(*r))))
			return -ENOMEM;
	}
	/* No answer's version shows the kernel that a region was enabled since. */
	q->version += json_array_size(names);
	if (p->fs->all_regions)
		q->fresh_ms = 0;
	return 0;
}

/* A region that was not enabled is asked again, to notice when it is. */
static int find_region(struct ask *q, const struct place *p, struct ecsfs_error *err)
{
	const struct key k = {.kind = KIND_CLUSTERS};
	auto_answer struct answer a = {0};
	struct ecsfs_error own = {0};
	int e;

	if (!p->region)
		return -ENOENT;
	if (account_state(p->account, p->region) != REGION_NOT_ENABLED)
		return 0;
	e = ask(q, p->region, &k, &a, &own);
	if (e == 0)
		account_set_state(p->account, p->region, REGION_ANSWERS);
	if (e == -EACCES && strcmp(own.code, "UnrecognizedClientException") == 0)
		ecsfs_error_wrap(&own, "the region %s is not enabled for this account", p->name);
	if (err)
		*err = own;
	return e;
}

static int list_accounts(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	(void)q;
	(void)err;
	for (struct account **a = p->fs->accounts; *a; a++)
		if (json_array_append_new(names, json_string((*a)->name)))
			return -ENOMEM;
	return 0;
}

static const struct listing regions = {
    .names = list_regions,
    .find = find_region,
    .type = &dir_region,
    .part = PLACE(name),
};

static const struct dir_type dir_account = {
    .what = "an account",
    .help = "the regions of one profile",
    .listing = &regions,
    .enter = enter_account,
};

static const struct dir_type dir_account_region = {
    .what = "an account",
    .help = "the region of one profile",
    .rows = region_rows,
    .children = region_children,
    .listing = &list_links,
    .enter = enter_account_region,
};

static const struct listing accounts = {
    .names = list_accounts,
    .type = &dir_account,
    .part = PLACE(name),
};

static const struct listing accounts_of_one_region = {
    .names = list_accounts,
    .type = &dir_account_region,
    .part = PLACE(name),
};

/* The four roots. */

static const struct child root_children[] = {REGION_CHILDREN, {".ecsfs", &dir_control, false}, {0}};
static const struct child control_child[] = {{".ecsfs", &dir_control, false}, {0}};

static const struct dir_type root_region = {
    .what = "the mount",
    .help = "one region of one account",
    .rows = region_rows,
    .children = root_children,
    .listing = &list_links,
};

static const struct dir_type root_regions = {
    .what = "the mount",
    .help = "several regions of one account",
    .children = control_child,
    .listing = &regions,
};

static const struct dir_type root_accounts_of_one_region = {
    .what = "the mount",
    .help = "one region of several accounts",
    .children = control_child,
    .listing = &accounts_of_one_region,
};

static const struct dir_type root_accounts = {
    .what = "the mount",
    .help = "several regions of several accounts",
    .children = control_child,
    .listing = &accounts,
};

const struct dir_type *root_type(const struct fs *fs)
{
	if (fs->options.cluster)
		return &root_cluster;
	if (fs->many_accounts)
		return fs->many_regions ? &root_accounts : &root_accounts_of_one_region;
	return fs->many_regions ? &root_regions : &root_region;
}
