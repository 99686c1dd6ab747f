/*
 * Does a handler go on, wait, or fail? ask() maps each mode (park, block, peek) to the region's
 * functions and keeps account of the oldest answer that a handler has used.
 */
#include "fs/ask.h"

#include "cache/answer.h"
#include "cache/moment.h"

#include <errno.h>
#include <string.h>

static void account_for(struct ask *q, const struct answer *a)
{
	if (a->fresh_ms < q->fresh_ms)
		q->fresh_ms = a->fresh_ms;
	if (!q->fetched_wall_ms || a->fetched_wall_ms < q->fetched_wall_ms)
		q->fetched_wall_ms = a->fetched_wall_ms;
	q->stale |= a->stale;
	q->answered = a->version;
	q->version = (q->version ^ a->version) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* Whether AWS could not be asked, in contrast to its saying no. */
static bool is_outage(int e)
{
	return e == -ETIMEDOUT || e == -EHOSTUNREACH || e == -ECONNREFUSED || e == -ECONNRESET ||
	    e == -ENETUNREACH || e == -EIO || e == -EBUSY || e == -EAGAIN;
}

static int fetch(struct ask *q, struct region *r, const struct key *k, struct answer *ret,
    struct ecsfs_error *err)
{
	switch (q->mode) {
	case ASK_PEEK:
		if (q->revive)
			region_revive(r, k, q->fresh.only);
		return region_peek(r, k, q->fresh.only, ret);
	case ASK_PARK:
		return region_ask(r, k, &q->fresh, q->waiter, ret, err);
	case ASK_BLOCK:
		return region_get(r, k, &q->fresh, ret, err);
	}
	return -EINVAL;
}

int ask(struct ask *q, struct region *r, const struct key *k, struct answer *ret,
    struct ecsfs_error *err)
{
	memset(ret, 0, sizeof(*ret));
	if (q->asked)
		q->asked(q->asked_arg, r, k);

	q->fresh.hurried = q->stale || q->unanswered;
	q->fresh.known_only = q->report;
	int e = fetch(q, r, k, ret, err);
	q->unanswered |= is_outage(e);
	if (e) {
		/* The kernel must not cache an answer that could not be fetched. */
		q->fresh_ms = 0;
		return e;
	}
	account_for(q, ret);
	if (ret->err == 0)
		return q->fresh.has && q->fresh.has == ret->version ? -EALREADY : 0;
	e = ret->err < 0 ? ret->err : -ret->err;
	answer_release(ret);
	memset(ret, 0, sizeof(*ret));
	if (err && !err->err)
		ecsfs_error_set(err, -e, NULL, "%s", strerror(-e));
	return e;
}

bool ask_without(const struct ask *q, int e)
{
	bool outage = q->stale || q->unanswered;

	return q->report && outage && e && e != -EINPROGRESS && e != -ENODATA;
}

struct ask ask_blocking(const struct region *r)
{
	return (struct ask){
	    .mode = ASK_BLOCK,
	    .fresh = region_fresh(r),
	    .fresh_ms = INT64_MAX,
	};
}
