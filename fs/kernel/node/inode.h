/*
 * Which file or directory does a node id of the kernel represent?
 *
 * A directory has one node for as long as it is referenced. A plain file has a node per version of
 * its text: size and pages belong to the kernel's inode, so a text that changed under one node id
 * would be read torn. All versions of a file share st_ino; the newest one is found by its name,
 * older ones live on by number while the kernel still holds them.
 *
 * A node is kept by references: the kernel's (nlookup, as one), its children's, those of requests
 * and open files. Any thread; everything not marked otherwise is constant once the node is made.
 */
#ifndef ECSFS_INODE_H
#define ECSFS_INODE_H

#include "fs/kernel/node/node.h"
#include "fs/kernel/node/place.h"

/* The identity of a name. Strings are copied. */
struct node_spec {
	const char *file_name;
	const char *name;
	const struct dir_type *type;
	const struct row *row;
	bool listed;
	bool versioned;	   /* one node a text */
	struct text *text; /* borrowed; NULL with versioned: not known yet */
	uint64_t made_of; /* of the text: the version of the document that it shows; 0: not known */
	struct scratch *scratch;
};

/* The nodes of a mount (fs->nodes), at first the root. 0 or -ENOMEM. */
int nodes_new(struct fs *fs, const struct dir_type *root);
/* Frees everything, at unmount. */
void nodes_free(struct fs *fs);

/* Each returns a new reference, or NULL: not there, or no memory. */
struct node *node_by_id(struct fs *fs, uint64_t id);
struct node *node_child(struct node *dir, const char *file_name);
struct node *node_ref(struct node *n);
/* The node of that identity, found or made; it becomes what the name represents. */
struct node *node_for(struct node *dir, const struct node_spec *spec);
void node_unref(struct node *n);
void node_cleanup(struct node **n);
#define auto_node __attribute__((cleanup(node_cleanup)))

/* The kernel got the node once more, or forgot it `n` times. True: it is time to ask for idle nodes
 * back (notify_idle()). */
bool node_looked_up(struct node *n);
void node_forget(struct fs *fs, uint64_t id, uint64_t n);

/* The name no longer exists (unlink); the node lives while it is referenced. */
void node_detach(struct node *n);
/* A scratch file's new name; 0 or -ENOMEM. An earlier file of that name is detached. */
int node_move(struct node *n, struct node *dir, const char *file_name);

/*
 * The type of a directory's node now: the parent's local_type while the store of local names
 * has it. NULL: not a directory.
 */
const struct dir_type *node_type(struct node *n);

/* The st_ino that a name of the directory has, whether or not it is there. */
uint64_t node_ino_below(const struct node *dir, const char *file_name);

/* Relative to the mount point, "" the root; `below` NULL: the node's own. */
void node_path(struct node *n, const char *below, struct buf *out);

/* Appends the names of a directory's scratch files. */
void node_scratch_names(struct node *dir, json_t *names);

size_t nodes_count(struct fs *fs);

#endif
