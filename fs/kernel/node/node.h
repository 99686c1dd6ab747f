/*
 * What is kept of a node? The struct alone: inode.h finds, makes and drops nodes, place.h gives its
 * place, showing.h the keys that a directory shows, idle.h the nodes that nobody uses. Each of them
 * names the members that are its own.
 */
#ifndef ECSFS_NODE_H
#define ECSFS_NODE_H

#include "fs/kernel/node/text.h"
#include "fs/table.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/queue.h>

struct scratch;

enum { NODE_KEYS = 4 };

/* A note that a directory shows the answer of a key. */
struct shown {
	uint64_t hash; /* of the key; 0: unused */
	struct node *dir;
	struct shown *next;
};

struct node {
	struct fs *fs;
	uint64_t id;
	uint64_t ino;
	struct node
	    *parent;	 /* a reference; NULL: the root. Moves with a scratch file (table lock) */
	char *file_name; /* as the kernel knows it; moves with a scratch file (table lock) */
	char *name; /* the name it represents: decoded, without a suffix; often file_name itself */
	const struct dir_type *type; /* of a directory, when AWS has it: use node_type() */
	const struct row *row;	     /* of a file */
	bool listed;		     /* a name of the parent's listing */
	struct text *text;	     /* of a plain file; NULL: not known yet */
	_Atomic uint64_t
	    made_of;		 /* the version of the document that the text shows; 0: not known */
	struct scratch *scratch; /* of an editor's file */
	_Atomic int64_t mtime_ns;   /* wall: when this version was first seen */
	atomic_int writers;	    /* of a file: open files that may write it */
	atomic_int stored;	    /* whether its text was stored in the kernel (notify_store()) */
	atomic_int lookups_waiting; /* of a directory: parked LOOKUPs of its fixed names */

	/* How often the directory's content changed as far as GETATTR knows; table lock. */
	uint64_t seen_version;
	uint32_t generation;
	uint32_t changes; /* of them: by another version */
	bool expiry_told;

	/* inode.c's own; table lock. */
	long refs;
	uint64_t nlookup;
	bool current;	    /* found by its name */
	struct shown *keys; /* NODE_KEYS of a directory that shows any; NULL: none */
	struct node *next_id, *next_name, *next_sibling, *children;
	size_t below; /* nodes whose parent it is, older versions too */

	/* idle.c's; table lock. */
	TAILQ_ENTRY(node) idle;
	bool queued;	    /* in the order of idle ones */
	int64_t touched_ms; /* mono: when the kernel last looked it up, or was asked to forget it */
};

#endif
