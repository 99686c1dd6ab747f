/*
 * Which files does the tree have? The tree is data. A file is a struct row, a directory kind is a
 * struct dir_type; look-up, readdir, getattr, open, read, write, the help text and the generated
 * tests all read the same rows, and no second place knows a file's name.
 *
 * Every file can be read, so that tools that read a whole tree (grep -r, tar, rsync) end without a
 * complaint: one that has nothing to show (force_new_deployment, stop) reads as empty. A commit
 * makes it writable. A row is one paragraph of designated initialisers; { 0 } ends a table.
 * table_check() is run by a unit test and refuses a table that breaks these rules.
 */
#ifndef ECSFS_TABLE_H
#define ECSFS_TABLE_H

#include "backend/base/buf.h"
#include "backend/error.h"
#include "cache/answers/publish.h"
#include "fs/ask.h"
#include "fs/fs.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Where a directory is: the objects that the names of the path represent. Filled by walking up from
 * an inode; strings are borrowed from the inodes on the way and live as long as the request.
 */
struct place {
	struct fs *fs;
	struct account *account; /* NULL above the accounts */
	struct region *region;	 /* NULL above the regions, and in .ecsfs */
	const char *cluster, *service, *task, *container, *deployment;
	const char *instance, *family, *revision, *provider;
	const char *repository, *image; /* ECR: an image by its tag or digest */
	const char *project;		/* of compose/ */
	const char *scaling;		/* a scaling policy or scheduled action */
	const char *when;		/* logs/since/WHEN */
	const char *api_service;	/* .ecsfs/api/SERVICE */
	struct node *files; /* the outermost directory above that keeps files (fs/files/kept.h) */
	const char *name;   /* the last name of the path: a listed file's own */
	struct stop *stop;  /* set when the opener of the file has gone; NULL: not known */
};
#define PLACE(member) offsetof(struct place, member)

/* A key of the cache whose parts are those of a place. */
struct place_key {
	enum kind kind; /* KIND_NONE: there is no such key */
	size_t of[2];	/* PLACE(...); 0: no such part */
};

struct row;
struct dir_type;
struct shape;

/* The calling thread, from the kernel. */
struct caller {
	uid_t uid;
	gid_t gid;
	pid_t pid; /* a thread's id, as FUSE gives it */
};

/*
 * One write under way: on a worker thread, once; the text is checked for size only. `text` is
 * NUL-terminated behind `len` and may hold NULs. The journal, -o dry_run and the error file are
 * served by act.h, through which every call of a commit goes.
 */
struct commit {
	const struct place *place;
	const struct dir_type *type; /* of the directory that has the row, or where one is made */
	const struct row *row;	     /* NULL: make or drop of a directory */
	const char *path;	     /* relative to the mount point, for journal and errors */
	const char *text;
	size_t len;
	enum commit_at {
		COMMIT_WRITE,  /* inside the write(2) that completed the text, or whole lines */
		COMMIT_FLUSH,  /* at close(2): the rest that was not sent; the end of ROW_LINES */
		COMMIT_RENAME, /* a scratch file renamed onto the row: text is the whole */
	} at;
	bool truncated; /* the open emptied the file: the text represents the whole */
	struct caller caller;
	int64_t deadline_ms; /* mono: the writer gets ETIMEDOUT then; 0: none */
	size_t sent;	     /* ROW_LINES: bytes of `text`, whole lines, that were sent before */
	/*
	 * ROW_LINES: the text is probably complete. Not in a write of a shell, nor in one that
	 * brings a single line, since line after line may follow, nor in one that a full buffer or
	 * a chunk cut off; nor in a flush while another process has the file open.
	 */
	bool entire;
	struct buf *answer;	   /* ROW_DIALOG: the text that the open file reads afterwards */
	struct region_write began; /* the last call that changed something (fs/act.h) */
};

enum row_form {
	ROW_VALUE,    /* one value a file */
	ROW_DOCUMENT, /* JSON, gathered until complete */
	ROW_LINES,    /* tags: lines act as they come, the flush ends what O_TRUNC began */
	ROW_LINK,     /* a symbolic link; render gives the target */
	ROW_STREAM,   /* grows: direct I/O, one inode for all its length */
	ROW_DIALOG, /* run_task, .ecsfs/api: a JSON request in, its answer out, on one open file */
	ROW_CONVERSATION, /* exec: each open file is a conversation (fs/files/conversation.h) */
	ROW_CONTROL,	  /* .ecsfs: rendered at open, direct I/O */
	/* Made from many answers (overview, diagnosis): the same, but a stat asks for none of them.
	 */
	ROW_REPORT,
};

enum row_flags {
	ROW_HIDDEN = 1 << 0,   /* looked up, not listed: its open blocks (rollout) */
	ROW_ALWAYS = 1 << 1,   /* its open always asks AWS */
	ROW_EMPTY_OK = 1 << 2, /* a write of an empty line is meaningful (force_new_deployment) */
	ROW_ACTION = 1 << 3,   /* a write does something, once for each open file (rollback) */
	/* Needs a service of AWS that an endpoint may lack: it reads as empty there (EOPNOTSUPP).
	 */
	ROW_OPTIONAL = 1 << 4,
	/* ROW_LINES: a commit is a deployment: whole lines of a program wait for a write that ends one. */
	ROW_DEPLOYS = 1 << 5,
	/* ROW_REPORT: text that render appends before it fails is read first, then the failure. */
	ROW_PARTLY = 1 << 6,
	/* ROW_DOCUMENT: [] is the empty list (ROW_LINES: always). */
	ROW_CLEARS = 1 << 7,
};

/* A growing file. `open` runs on a worker and may block; nothing else may. A stream that is opened is closed. */
struct stream_ops {
	int (*open)(const struct place *p, const struct row *row, void **ret_stream,
	    struct ecsfs_error *err);
	/* After open(): 0: it may be read; -EINPROGRESS: w is woken when to ask again. NULL: it may. */
	int (*ready)(void *stream, struct waiter *w, struct ecsfs_error *err);
	/* Takes back ready()'s waiter: the opener has gone. False: it was woken, or is. With `ready` only. */
	bool (*leave)(void *stream, struct waiter *w);
	void (*close)(void *stream); /* wakes every waiter that it still holds */
	struct spool *(*spool)(void *stream);
	int64_t (*mtime_ms)(void *stream); /* wall */
	/*
	 * A read at the end. 0: end of file (for now). -EINPROGRESS: w is woken when it grew or ended.
	 * Other -errno: it ended badly. NULL: always end of file.
	 */
	int (*at_end)(void *stream, struct waiter *w, struct ecsfs_error *err);
	/* Wakes all that at_end has parked: one of them may belong to a file that is closed. NULL: no need. */
	void (*look_again)(void *stream);
};

/* How a conversation is started, as the open file requests it. */
struct conversation_start {
	bool terminal;	     /* bytes of a terminal of this size, not clean ones */
	unsigned cols, rows; /* 0: the other end's default */
	/* Bytes can be read or written, or it ended. On a thread of the implementation, no lock
	 * held. */
	void (*changed)(void *arg);
	void (*done)(void *arg); /* after close: `arg` is not used any more */
	void *arg;
};

/* The implementation of a ROW_CONVERSATION. `start` runs on a worker and may block; nothing else may. */
struct conversation_ops {
	/* c->text is the first line, without its newline. 0 and the conversation, or -errno with a
	 * sentence; `done` is called after 0 alone. */
	int (*start)(struct commit *c, const struct conversation_start *start, void **ret,
	    struct ecsfs_error *err);
	/* Bytes; 0: it ended well; -EINPROGRESS: wait for `changed`; other -errno: its failure. */
	ssize_t (*read)(void *conversation, void *bytes, size_t len, struct ecsfs_error *err);
	/* Bytes taken, at least one; -EINPROGRESS; -EPIPE when it takes no more. */
	ssize_t (*write)(
	    void *conversation, const void *bytes, size_t len, struct ecsfs_error *err);
	void (*end_input)(void *conversation);
	void (*resize)(void *conversation, unsigned cols, unsigned rows);
	/* 0 and the exit status; -EINPROGRESS; -errno with a sentence where it failed otherwise. */
	int (*status)(void *conversation, int *ret_status, struct ecsfs_error *err);
	void (*close)(void *conversation);
};

/* As a row's member: all of the object. */
#define WHOLE_OBJECT ""

/*
 * An answer with a call of its own, which a row shows in place of the directory's object: of this
 * kind, and of the ARN in the member `named` of that object; NULL: of the names of the directory's
 * document, where it has one. The answer may be an array (a kind with fetch_elements): `member` is then WHOLE_OBJECT,
 * and `members` are those of each element.
 */
struct own_answer {
	enum kind kind; /* KIND_NONE: the row shows the directory's object */
	const char *named;
	const struct shape
	    *members; /* of the answer (fs/edit/members/shape.h); NULL: it has no times */
};

struct row {
	const char
	    *name; /* NULL where the directory lists the names (`suffix` is then the ending) */
	const char *help; /* one line, for .ecsfs/help and README */
	enum row_form form;
	unsigned flags;
	/*
	 * The member of the directory's object that is shown, camelCase as AWS calls it; NULL: render
	 * does it. Scalars as text, times as ISO 8601 UTC, objects and arrays as pretty JSON, in
	 * ROW_LINES a list of tags as lines.
	 */
	const char *member;
	struct own_answer own; /* `member` is then one of this answer */
	/*
	 * Appends the file's text. -ENOENT means that the object no longer exists, -EINPROGRESS
	 * that an answer is awaited; an absent value is an empty text and 0. NULL with member ==
	 * NULL: always empty.
	 */
	int (*render)(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
	    struct ecsfs_error *err);
	/* Parses, refuses or sends. 0 or -errno with a sentence. NULL: not writable. */
	int (*commit)(struct commit *c, struct ecsfs_error *err);
	/* touch(1) of the file: drops the mount's memory of it. May not ask. NULL: nothing. */
	void (*forget)(const struct place *p);
	const struct stream_ops *stream;
	const struct conversation_ops *conversation;
};

struct child {
	const char *name;
	const struct dir_type *type;
	bool hidden; /* looked up, not listed */
};

/* Whether a name exists because the known listing has it, without a call for its object. */
enum listing_trust {
	TRUST_NO,
	TRUST_FRESH, /* while the listing is within its TTL */
	TRUST_ANY,   /* of any age: the call for its content will show if it no longer exists */
};

/* Names that AWS decides, in a directory (fs/listing.h). Exactly one of type and row is set. */
struct listing {
	/*
	 * The answer that has the names; without one, `names` appends them to the array (as AWS has
	 * them, not encoded). May ask.
	 */
	struct place_key lists;
	int (*names)(struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err);
	enum kind kind; /* of the objects: another form of name is ENOENT without asking */
	enum listing_trust trust;
	/*
	 * Whether `p`, whose name part is filled in, exists although perhaps not listed: 0,
	 * -ENOENT, -EINPROGRESS, ... May ask. NULL: the object is asked for where `lists` is set and
	 * the names are directories; otherwise the names decide.
	 */
	int (*find)(struct ask *q, const struct place *p, struct ecsfs_error *err);
	const struct dir_type *type; /* they are directories */
	const struct row *row;	     /* they are files or links */
	const char *suffix;   /* ".log": every file name ends in it, the place's part does not */
	size_t part;	      /* PLACE(...) which a name fills, also of files */
	const char *expected; /* the form of a name, for sentences; NULL: any */
	/* The sentence of a name that has that form and is not there; NULL: it says enough itself. */
	const char *missing;
	bool (*valid)(const char *name); /* where `kind` does not say it; NULL: any */
	bool unlisted;			 /* logs/since: names are found, none is listed */
	bool optional; /* needs a service that an endpoint may lack: it has no names there */
	/* Files: a new name may be made; the row's commit of its text creates it. */
	bool makes;
	/* Files: the action of unlinking one, with -o allow_delete; as a directory's drop. NULL:
	 * EPERM. */
	int (*remove)(struct commit *c, struct ecsfs_error *err);
};

struct dir_type {
	const char *what; /* "a service": for sentences */
	const char *help;
	const struct row *rows;
	const struct child *children;
	const struct listing *listing;
	/*
	 * The document that member rows read; a directory may have none. `object` picks the part of
	 * it that the directory represents, borrowed (NULL callback: all; NULL return: no longer
	 * exists).
	 */
	struct place_key subject;
	const json_t *(*object)(const json_t *doc, const struct place *p);
	const char *object_of; /* the members of the document that `object` reads; NULL: all */
	const struct shape
	    *members; /* of that object (fs/edit/members/shape.h); NULL: it has no times */
	const char *time_member; /* of the object: the directory's times; NULL: the mount's start */
	/* Epoch seconds, where no member of the object itself is the directory's time (asked before
	 * time_member); 0: no time. NULL: time_member says it. */
	double (*time)(const json_t *object);
	const char *time_of;	/* the members that `time` reads, separated by spaces; NULL: all */
	const char *arn_member; /* of the object: xattr user.ecs.arn, tags; NULL: none */
	/*
	 * mkdir NAME / rmdir NAME in a directory of this type; on a worker; c->place has the name
	 * filled in, c->text is NULL. NULL: EPERM. `drop` needs -o allow_delete unless the name is local.
	 */
	int (*make)(struct commit *c, struct ecsfs_error *err);
	int (*drop)(struct commit *c, struct ecsfs_error *err);
	/*
	 * Directories of this mount alone (service drafts, empty families), made in here by `make`
	 * through local_add(): the type of a name while the store has it under `local_kind`.
	 * Checked before AWS is asked; listed with the names of the listing.
	 */
	const struct dir_type *local_type;
	const char *local_kind;
	/*
	 * How a directory in here is copied, for the sentence that refuses `cp -r`: mkdir NAME, then cp
	 * OTHER/copy_from NAME/copy_to. NULL: not at all.
	 */
	const char *copy_from, *copy_to;
	/*
	 * Files and directories of any name can be made in here; this mount keeps them in memory until
	 * they are removed. Directories made in here are of this type. NULL: editors' files alone.
	 */
	const struct dir_type *keeps;
	/* The most bytes that a kept file of that name may have; NULL: limited by the total only.
	 */
	size_t (*kept_limit)(const char *name);
	/*
	 * Called when a path was walked into a directory of this type, with place.name (and the
	 * listing's part) filled: sets the object of the name (place.account, place.region). Not
	 * called for the mount's root. May not ask. NULL: nothing to set.
	 */
	void (*enter)(struct place *p);
};

/* The root of one region's tree. */
extern const struct dir_type dir_region;
extern const struct dir_type dir_control;

/* The key of a place; strings are borrowed from it. */
struct key place_key(const struct place *p, const struct place_key *k);

/* Every dir_type once, for help and checks: calls fn for each reachable from `root`, with the
 * path of its first place ("clusters/CLUSTER/services", "" the root). */
void table_walk(const struct dir_type *root,
    void (*fn)(void *arg, const struct dir_type *type, const char *path), void *arg);
/* Returns 0 or -EINVAL with the first broken rule in `err`: doubled names, a '/' in one, a row with
 * nothing to show and no commit, without help, a listing with both or neither of type and row. */
int table_check(const struct dir_type *root, struct ecsfs_error *err);

/* Modes before umask: 0400 or 0600 of a row; 0500 or 0700 of a directory (0700 where a row is
 * writable or names can be made). Read-only mounts remove the write bits. */
unsigned row_mode(const struct row *row, bool read_only);
unsigned dir_mode(const struct dir_type *type, bool read_only);
/* Whether a file's text depends on nothing but the version of its directory's document. */
bool row_is_of_document(const struct row *row);
bool row_writable(const struct row *row);
/* Whether a file in directories of this type is writable. */
bool dir_has_writable_row(const struct dir_type *type);

/*
 * The document's object of a directory: asks for type->subject and picks type->object. `ret` keeps
 * the document alive; the object is borrowed from it. -ENOENT when it no longer exists.
 */
int dir_object(struct ask *q, const struct dir_type *type, const struct place *p,
    struct answer *ret, const json_t **ret_object, struct ecsfs_error *err);

/*
 * The same, where only some of the object's members are read (names separated by spaces, "" none):
 * the rest may be missing, which saves parsing it.
 */
int dir_members(struct ask *q, const struct dir_type *type, const struct place *p,
    const char *members, struct answer *ret, const json_t **ret_object, struct ecsfs_error *err);

/* The answer of row->own; no value where `named` is absent. */
int row_own(struct ask *q, const struct dir_type *type, const struct place *p,
    const struct row *row, struct answer *ret, struct ecsfs_error *err);

/* The text of any row, by render or by member; empty where it has neither. */
int row_render(struct ask *q, const struct dir_type *type, const struct place *p,
    const struct row *row, struct buf *out, struct ecsfs_error *err);

#endif
