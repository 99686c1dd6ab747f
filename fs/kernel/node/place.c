/*
 * How is a place filled in? The nodes are walked from the root down; each name sets the member that
 * its parent's listing names, then enter() of the directory kind may set more.
 */
#include "fs/kernel/node/place.h"

#include "fs/kernel/node/node.h"

enum { MAX_DEPTH = 32 };

static void enter(struct place *p, const struct dir_type *parent, const struct dir_type *type,
    const char *name, bool listed)
{
	p->name = name;
	if (listed && parent->listing)
		*(const char **)((char *)p + parent->listing->part) = name;
	if (type && type->enter)
		type->enter(p);
}

static void place_root(struct fs *fs, struct place *p)
{
	*p = (struct place){.fs = fs, .cluster = fs->options.cluster};
	if (!fs->many_accounts && fs->accounts) {
		p->account = fs->accounts[0];
		if (!fs->many_regions && p->account)
			p->region = p->account->regions[0];
	}
}

void place_of(struct node *n, struct place *p)
{
	struct node *chain[MAX_DEPTH];
	struct fs *fs = n->fs;
	int depth = 0;

	for (; n->parent && depth < MAX_DEPTH; n = n->parent)
		chain[depth++] = n;
	place_root(fs, p);
	while (depth-- > 0) {
		struct node *at = chain[depth];

		enter(p, at->parent->type, at->type, at->name, at->listed);
		if (!p->files && at->type && at->type->keeps)
			p->files = at;
	}
}

void place_below(struct node *dir, const char *name, bool listed, struct place *p)
{
	const struct listing *l = dir->type->listing;

	place_of(dir, p);
	enter(p, dir->type, listed && l ? l->type : NULL, name, listed);
}
