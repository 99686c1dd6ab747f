/*
 * What there is to know about each kind of answer, one row a kind (kinds.c).
 */
#ifndef ECSFS_KINDS_H
#define ECSFS_KINDS_H

#include "cache/fetch/fetch.h"
#include "cache/region.h"

enum ttl_class {
	TTL_RESOURCE, /* ttl_ms */
	TTL_SLOW,     /* ttl_slow_ms, but no longer than every open where ttl_ms is 0 */
	TTL_FOREVER,  /* until it is invalidated */
};

enum name_form {
	FORM_NONE,
	FORM_NAME,
	FORM_ID,
	FORM_REVISION,
	FORM_ARN,
	FORM_REGISTRY, /* ACCOUNT/REGION */
	FORM_REPOSITORY,
	FORM_IMAGE, /* a tag or a digest */
	FORM_TEXT,  /* what a task definition says: not empty, without control characters */
};

struct kind_row {
	const char *name; /* for metrics */
	enum ttl_class ttl;
	enum name_form form_a, form_b, form_c;
	size_t batch;	 /* keys that one call takes */
	bool by_cluster; /* keys of one batch have part a in common */
	enum kind
	    siblings; /* the listing whose names are this document's siblings; KIND_COUNT: none */
	/*
	 * Answers every item of f, or fails as a whole with -errno. Items left unanswered are not
	 * there. Blocks; runs without a lock.
	 */
	int (*fetch)(struct fetch *f, struct ecsfs_error *err);
	const char *gone_status; /* a document of this `status` is not there; NULL: none is */
	/* Members that a Describe has because `include` names them, and other answers lack. */
	const char *const *included;
};

const struct kind_row *kind_row(enum kind kind);

/* Whether the parts can be names of ECS at all, and no part is missing or too many. */
bool key_valid(const struct key *k);
bool name_form_valid(enum name_form form, const char *name);

/* Whether its answers are listings: arrays of names. */
bool kind_lists(enum kind kind);
/* Whether the document says that its object is gone. */
bool kind_gone(const struct kind_row *row, const json_t *doc);

#endif
