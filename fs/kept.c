#include "fs/kept.h"

#include "backend/base/cleanup.h"
#include "fs/scratch.h"

#include <stdlib.h>
#include <string.h>

/* The node at a path of made directories; a new reference, NULL: there is none. */
static struct node *find(struct node *dir, const char *path)
{
	struct node *n = node_ref(dir);

	while (n && *path) {
		auto_free char *part = strndup(path, strcspn(path, "/"));
		struct node *child = part ? node_child(n, part) : NULL;

		path += strcspn(path, "/");
		path += strspn(path, "/");
		node_unref(n);
		n = child;
		if (n && !n->scratch) {
			node_unref(n);
			n = NULL;
		}
	}
	return n;
}

char *kept_read(struct node *dir, const char *path, size_t *ret_len)
{
	auto_node struct node *n = find(dir, path);
	auto_text struct text *t = n && n->scratch && !n->type ? scratch_text(n->scratch) : NULL;
	char *copy = t ? malloc(t->len + 1) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, t->bytes, t->len + 1);
	*ret_len = t->len;
	return copy;
}

void kept_names(struct node *dir, json_t *names)
{
	node_scratch_names(dir, names);
}

uint64_t kept_generation(const struct fs *fs)
{
	return scratch_generation(fs);
}
