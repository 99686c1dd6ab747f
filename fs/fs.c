/* What every part of a mount may ask of it as a whole: its accounts, its state, its figures. */
#include "fs/fs.h"

#include "cache/answers/publish.h"
#include "fs/kernel/failures.h"
#include "fs/kernel/handle.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/open.h"
#include "fs/kernel/refused.h"
#include "fs/kernel/request.h"
#include "fs/kernel/spent.h"
#include "fs/local.h"
#include "fs/scratch.h"
#include "fs/stream.h"
#include "fs/tree/rollout.h"
#include "fs/tree/tree.h"

#include <errno.h>
#include <string.h>

static size_t index_of(const struct account *a, const struct region *r)
{
	size_t i = 0;

	while (a->regions[i] && a->regions[i] != r)
		i++;
	return i;
}

void account_set_state(struct account *a, const struct region *r, enum region_state state)
{
	size_t i = index_of(a, r);

	if (a->states && a->regions[i])
		atomic_store(&a->states[i], state);
}

static bool any_answers(const struct account *a)
{
	for (size_t i = 0; a->regions[i]; i++)
		if (atomic_load(&a->states[i]) == REGION_ANSWERS)
			return true;
	return false;
}

enum region_state account_state(const struct account *a, struct region *r)
{
	size_t i = index_of(a, r);
	enum region_state state;

	if (!a->states || !a->regions[i])
		return REGION_ANSWERS;
	state = atomic_load(&a->states[i]);
	if (state == REGION_FAILS && region_has_answered(r))
		return REGION_ANSWERS;
	return state == REGION_NOT_ENABLED && !any_answers(a) ? REGION_FAILS : state;
}

struct region *account_region(const struct account *a)
{
	struct region *found = NULL;

	if (!a->regions[1])
		return a->regions[0];
	for (struct region **r = a->regions; *r; r++) {
		bool own = strcmp(region_name_peek(*r), aws_client_region_peek(a->client)) == 0;

		if (account_state(a, *r) == REGION_ANSWERS && (own || !found))
			found = *r;
	}
	return found ? found : a->regions[0];
}

void fs_refresh(struct fs *fs)
{
	for (struct account **a = fs->accounts; a && *a; a++)
		for (struct region **r = (*a)->regions; *r; r++)
			region_invalidate_all(*r);
	notify_all(fs);
}

void fs_metrics(struct fs *fs, struct buf *out)
{
	requests_render(fs, out);
	buf_addf(out, "ecsfs_fuse_nodes %zu\n", nodes_count(fs));
	buf_addf(out, "ecsfs_fuse_open_files %zu\n", handles_count(fs));
	buf_addf(out, "ecsfs_memory_bytes{of=\"answers\"} %zu\n", budget_read(&fs->budget.used));
	buf_addf(out, "ecsfs_memory_bytes{of=\"nodes\"} %zu\n", budget_read(&fs->budget.nodes));
	buf_addf(out, "ecsfs_memory_bytes{of=\"edits\"} %zu\n", budget_read(&fs->budget.edits));
}

int fs_state_new(struct fs *fs, const struct dir_type *root)
{
	static int (*const parts[])(struct fs *) = {scratches_new, locals_new, streams_new,
	    handles_new, failures_new, refusals_new, spent_new, retries_new, notify_new,
	    watches_new, requests_new};
	int e = nodes_new(fs, root);

	for (size_t i = 0; !e && i < sizeof(parts) / sizeof(parts[0]); i++)
		e = parts[i](fs);
	return e;
}

/* Nodes go last: the others hold them. */
void fs_state_free(struct fs *fs)
{
	requests_free(fs);
	notify_free(fs);
	handles_free(fs);
	streams_free(fs);
	watches_free(fs);
	retries_free(fs);
	spent_free(fs);
	refusals_free(fs);
	failures_free(fs);
	scratches_free(fs);
	locals_free(fs);
	nodes_free(fs);
}
