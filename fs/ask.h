/*
 * How does a handler get answers? It asks, any number of times, and returns -EINPROGRESS when an
 * answer is still missing. The request is then parked, and the handler runs again from its start
 * once the answer has arrived. So the code of a row reads as if every answer were available, holds
 * nothing across a wait, and cannot see half a change.
 *
 *     err = ask(q, place->region, &key, &answer, e);
 *     if (err) return err;            (-EINPROGRESS included)
 */
#ifndef ECSFS_ASK_H
#define ECSFS_ASK_H

#include "backend/error.h"
#include "cache/region.h"

enum ask_mode {
	ASK_PEEK, /* the known answer, however old; else -ENODATA. For requests that may not park */
	ASK_PARK, /* queue a fetch and wake the request */
	ASK_BLOCK, /* wait: on workers */
};

struct ask {
	enum ask_mode mode;
	struct freshness fresh;
	bool
	    revive; /* ASK_PEEK: an answer past its TTL is fetched for the next reader, without a wait */
	/* The file is made from known answers: once AWS has failed to answer, no part is waited
	 * for. */
	bool report;
	const char *wanted;    /* the only name of a listing that is read; NULL: all */
	struct waiter *waiter; /* ASK_PARK: the request's; one wait at a time */
	int64_t fresh_ms; /* out: the least TTL left of the answers used; INT64_MAX: none used */
	int64_t fetched_wall_ms; /* out: the oldest of them; 0: none used */
	bool stale;	   /* out: one of them is past its TTL, served while AWS is unreachable */
	bool unanswered;   /* out: one could not be had at all, since AWS could not be asked */
	uint64_t version;  /* out: differs when the version of any answer used differs */
	uint64_t answered; /* out: the version of the last answer */
	/* Called for every key asked for; may be NULL. */
	void (*asked)(void *arg, struct region *r, const struct key *k);
	void *asked_arg;
};

/*
 * 0: `ret` holds a value. -ENOENT, -EACCES, ...: the answer, or the failure to get one, with its
 * sentence in `err`. -EINPROGRESS: parked. -ENODATA: ASK_PEEK and nothing known. -EALREADY: it is of
 * the version that q->fresh.has names.
 */
int ask(struct ask *q, struct region *r, const struct key *k, struct answer *ret,
    struct ecsfs_error *err);

/* Whether a report goes on without a part whose ask ended with `e`: AWS cannot be asked for it now. */
bool ask_without(const struct ask *q, int e);

/* Asks that wait, for code on a worker. */
struct ask ask_blocking(const struct region *r);

#endif
