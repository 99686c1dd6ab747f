/*
 * How is one key, or a batch of keys, fetched? By one call or a few. A fetch runs on a worker, for
 * itself, without a lock.
 */
#ifndef ECSFS_FETCH_H
#define ECSFS_FETCH_H

#include "cache/answer.h"
#include "cache/fetch/kinds.h"
#include "cache/options.h"
#include "cache/packed.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/queue.h>

struct region;

struct fetch_item {
	const struct key *key; /* lives as long as the fetch */
	/* The answer, owned: as a tree, as text or as both. Both NULL: none. */
	json_t *value;
	struct packed *packed;
	int err;		   /* -errno, the object's answer or a failure */
	struct ecsfs_error *words; /* of err, owned; NULL: none */
};

/* An answer in the response to another key than those of this fetch. */
struct fetch_extra {
	struct key key;
	json_t *value;
	struct packed *packed; /* as an item's */
	STAILQ_ENTRY(fetch_extra) link;
};
STAILQ_HEAD(fetch_extras, fetch_extra);

struct fetch {
	struct aws_client *client;
	const char *region; /* where; borrowed */
	region_call_fn call;
	const struct clock *clock;
	const atomic_bool *wanted; /* NULL: it has waiters from the start */
	struct stop *stop;	   /* ends its calls with EINTR; NULL: nothing does */
	int64_t deadline_ms;	   /* mono, of all its calls together; 0: the client's own bound */
	struct fetch_item *items;
	size_t n;
	struct fetch_extras extras;
	/* Returns the answer known for another key, however old (region_peek); NULL in tests. */
	int (*peek)(
	    struct region *owner, const struct key *k, const char *only, struct answer *ret);
	struct region *owner;
};

/* The row of the fetch's kind, and a new body of its constant members. */
const struct kind_row *fetch_row(const struct fetch *f);
json_t *fetch_body(const struct fetch *f);
/* The row's call with a body; and, paged, all elements of its `answers`. `ret` is new. */
int fetch_row_call(struct fetch *f, const json_t *body, json_t **ret, struct ecsfs_error *err);
int fetch_row_pages(struct fetch *f, json_t *body, json_t **ret, struct ecsfs_error *err);
/* The same as far as `most_pages`; `ret_more`: there are more. */
int fetch_row_some_pages(struct fetch *f, int most_pages, json_t *body, json_t **ret,
    bool *ret_more, struct ecsfs_error *err);
/* The row's call; its response as compact text, which an object begins. `ret` is new. */
int fetch_row_text(struct fetch *f, const json_t *body, struct buf *ret, struct ecsfs_error *err);

/* A call to AWS that is not the row's; `ret` is new. */
int fetch_call(struct fetch *f, const char *service, const char *action, const json_t *body,
    json_t **ret, struct ecsfs_error *err);

/*
 * A fetcher: all elements of a list of one object, as documents; the row's `keys` has the object's name,
 * `cluster` the key's first part where it has two, and `newest` sorts.
 */
int fetch_elements(struct fetch *f, struct ecsfs_error *err);

/* Answers an item. The value is stolen. */
void fetch_answer(struct fetch_item *it, json_t *value);
/* The same with text; stolen. */
void fetch_answer_text(struct fetch_item *it, struct packed *text);
/* Answers an item with an error. */
void fetch_refuse(struct fetch_item *it, const struct ecsfs_error *why);
static inline bool fetch_answered(const struct fetch_item *it)
{
	return it->value || it->packed || it->err;
}

/* Adds an answer to another key; the parts are copied, the value is stolen. */
void fetch_add_extra(struct fetch *f, const struct key *k, json_t *value);
/* Packs every answer that there is. */
void fetch_pack(struct fetch *f);
/* Frees the items' answers and the extras. */
void fetch_release(struct fetch *f);

/* A string member, "" where it is none. Borrowed. */
const char *fetch_string_peek(const json_t *doc, const char *member);
/* The last part of an ARN, behind its last slash or colon. Borrowed. */
const char *arn_name_peek(const char *arn);
/* The names of an array of ARNs, sorted, each once. New. */
json_t *arn_names(const json_t *arns);
/* Sorts an array of strings and drops duplicates. New. */
json_t *names_sorted(const json_t *strings);
/* The documents by a member that is a time, the newest first; equal ones stay in their order. New. */
json_t *docs_newest_first(const json_t *docs, const char *time);

#endif
