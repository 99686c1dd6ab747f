/*
 * In which order are the parts of a mount made and dropped? Every part is a pair of functions;
 * nodes are dropped last, since all others hold them.
 */
#include "fs/state.h"

#include "cache/answers/publish.h"
#include "fs/files/handle.h"
#include "fs/files/local.h"
#include "fs/files/scratch.h"
#include "fs/files/stream.h"
#include "fs/kernel/node/failures.h"
#include "fs/kernel/node/inode.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/open.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/refused.h"
#include "fs/kernel/spent.h"
#include "fs/tree/growing/rollout.h"

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

/* Nodes are dropped last: the others hold them. */
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
