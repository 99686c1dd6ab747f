/*
 * How does the tree read files that a user put into a mount? It walks the nodes below a directory;
 * the bytes are those of their scratch files.
 */
#include "fs/files/kept.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/files/scratch.h"

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

char *kept_read(struct node *dir, const char *path, size_t *ret_len, bool *ret_torn)
{
	auto_node struct node *n = find(dir, path);
	auto_text struct text *t = n && n->scratch && !n->type ? scratch_text(n->scratch) : NULL;
	char *copy = t ? malloc(t->len + 1) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, t->bytes, t->len + 1);
	*ret_len = t->len;
	*ret_torn = scratch_torn(n->scratch);
	return copy;
}

/* `prefix`: the path of `dir`, "" or ending in a slash. Directories nest as deep as scratch.c
 * allows. */
static void add_paths(struct node *dir, const char *prefix, json_t *paths)
{
	json_auto_t *names = json_array();
	const json_t *one;
	size_t i;

	node_scratch_names(dir, names);
	json_array_foreach (names, i, one) {
		const char *name = json_string_value(one);
		auto_node struct node *n = node_child(dir, name);
		auto_buf struct buf path = BUF_INIT(LIMIT_VALUE);

		if (!n || !n->scratch)
			continue;
		buf_addf(&path, "%s%s", prefix, name);
		if (!n->type) {
			json_array_append_new(paths, json_string(buf_str(&path)));
			continue;
		}
		buf_addc(&path, '/');
		add_paths(n, buf_str(&path), paths);
	}
}

void kept_paths(struct node *dir, json_t *paths)
{
	add_paths(dir, "", paths);
}

uint64_t kept_generation(const struct fs *fs)
{
	return scratch_generation(fs);
}
