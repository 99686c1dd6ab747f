/*
 * What is known of a kind of answer? Its row of cache/kinds.def, and what follows from it: whether
 * a key is valid, and whether a document is the key's. Pure; any thread.
 */
#ifndef ECSFS_KINDS_H
#define ECSFS_KINDS_H

#include "backend/error.h"
#include "cache/fetch/forms.h"
#include "cache/key.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct fetch;

enum ttl_class {
	TTL_RESOURCE, /* ttl_ms */
	TTL_SLOW,     /* ttl_slow_ms, or 0 where ttl_ms is 0 */
	TTL_NUMBERS,  /* ttl_ms; ttl_slow_ms for readers that only ask whether it is there */
	TTL_FOREVER,  /* until it is invalidated */
	TTL_CONTENT,  /* likewise, but ttl_ms for readers of status or tags */
};

struct kind_row {
	const char *name; /* for metrics */
	enum ttl_class ttl;
	enum name_form form_a, form_b, form_c;
	size_t batch;	    /* keys that one call takes; 0: one */
	bool by_cluster;    /* keys of one batch have part a in common */
	bool lists;	    /* the value is a listing: an array of names */
	enum kind siblings; /* the listing whose names are this answer's siblings; KIND_NONE */
	/*
	 * Answers every item of f, or fails as a whole with -errno. Items left unanswered are not
	 * there. Blocks; runs without a lock.
	 */
	int (*fetch)(struct fetch *f, struct ecsfs_error *err);
	/* The call, as far as `fetch` takes it from here (fetch.h). */
	const char *service; /* NULL: "ecs" */
	const char *action;
	const char *request; /* its constant members, as JSON; NULL: none */
	const char *keys;    /* the member that the key's own part, or all of a batch, fill */
	const char *answers; /* the response's member that holds the value, or a list of them */
	const char *id;	     /* the member of a document that names it */
	const char *newest;  /* a time of the elements: the newest comes first; NULL: AWS's order */
	const char *gone_status; /* of a document that counts as absent; NULL: none */
	/* Members that a Describe has because `include` names them, and other responses lack. */
	const char *const *included;
};

/* By kind (kind_table.c). */
extern const struct kind_row kind_rows[];
const struct kind_row *kind_row(enum kind kind);
/* How many keys one call takes. */
size_t kind_batch(enum kind kind);
/* The part of a key that names the object among those of its batch. */
const char *key_own_name(const struct key *k);
/* A key of the same kind with another name. Borrowed. */
struct key key_sibling(const struct key *k, const char *name);

/* Whether the parts can be names of AWS at all, and no part is missing or too many. */
bool key_valid(const struct key *k);
/* Whether a response is about the object that the key names: its name and cluster match. A response
 * that lacks them is accepted. */
bool key_names(const struct key *k, const json_t *doc);
/* The same, by the ARN (or last part) alone; NULL: false. */
bool key_is_arn(const struct key *k, const char *arn);
/* Whether an ARN ends in CLUSTER/NAME of another cluster. The old, shorter form names none. */
bool arn_of_other_cluster(const char *arn, const char *cluster);
/* Whether the document says that its object is gone. */
bool kind_gone(const struct kind_row *row, const json_t *doc);

#endif
