/*
 * Who subscribes to a log group, and from where is it read next? One group is polled for any number
 * of files and streams; it ends with its last subscription.
 */
#ifndef ECSFS_LOGS_GROUP_H
#define ECSFS_LOGS_GROUP_H

#include "cache/logs/round.h"
#include "cache/logs/streams.h"

/* How soon a group with new lines is read again. */
#define GROUP_INTERVAL_MIN_MS 1000
/* How soon a group is read again that is woken while it is read: the minimum for every wake-up. */
#define GROUP_FLOOR_MS 200

/* A file's pattern in a group. Under logs->lock. */
struct sub {
	struct loggroup *group;
	struct logfile *file; /* a reference */
	struct source source; /* owned; `seen`: its stream may be named in a call */
	unsigned refs;
	bool gone;
	int64_t stalled_from_ms; /* time at which its file was full; INT64_MAX: it is not */
	TAILQ_ENTRY(sub) link;
};

struct loggroup {
	struct logs *logs; /* constant, as the four below */
	struct aws_client *client;
	struct region *pool; /* whose workers poll */
	char *region;
	char *name;

	/* Under logs->lock. */
	TAILQ_ENTRY(loggroup) link;
	TAILQ_ENTRY(loggroup) turn; /* while it waits for its turn */
	TAILQ_HEAD(, sub) subs;
	enum { GROUP_IDLE, GROUP_WAITING, GROUP_RUNNING } state;
	int64_t due_ms; /* mono */
	int64_t interval_ms;
	bool woken;	       /* poll again as soon as this poll ends */
	int64_t polled_ms;     /* mono, when the last poll began */
	bool known;	       /* the references below are set */
	int64_t newest_ms;     /* the reference */
	int64_t sweep_from_ms; /* the reference when the last complete full round began */
	int64_t fast_from_ms;  /* the same of the last short or full round */
	uint64_t rewinds;      /* times that the last two were moved back */
	struct stop *stop;     /* of its calls; set when nobody subscribes any more */

	/* The poll's job alone. */
	struct job job;
	bool throttled;		 /* the last turn ended so */
	bool dense;		 /* the overlap is too much to read every second */
	int64_t sweep_due_ms;	 /* mono; dense: when the whole overlap is read again */
	int64_t clock_offset_ms; /* the least wall less mono seen */
	struct round fast, sweep;
	bool failing;
	char failure[64]; /* the last failure's code, so that each is reported once */
	int64_t failure_said_ms;
};

/* Subscribes the file to a source: events from `reference_ms` less the overlap on. -ENOMEM. */
int group_subscribe(struct logfile *f, const struct source *source, int64_t reference_ms);
/* The latest reference that a new subscriber may have; INT64_MAX: there is no such group. */
int64_t group_reference(struct logs *l, struct logfile *f, const struct source *source);
/* Ends a file's subscriptions; logs->lock held. */
void group_unsubscribe_all(struct logfile *f);
/* Reads a group again from `reference_ms` less the overlap. logs->lock held. */
void group_rewind(struct loggroup *g, int64_t reference_ms);
/* A time that AWS's clock has certainly passed, by our clock; a jump of our clock never makes it
 * later. */
int64_t group_safe_now(struct loggroup *g);

/* Has a group polled at once, but not sooner than GROUP_FLOOR_MS after its last poll. Locked. */
void group_wake(struct loggroup *g);
/* Frees a group without subscriptions whose poll is not running. logs->lock held. */
void group_free(struct loggroup *g);

/* Every subscription, each with a reference of its own and of its file; NULL: out of memory. */
struct sub **group_hold_subs(struct loggroup *g, size_t *ret_count);
/* Gives them back, and frees the array. */
void group_release_subs(struct loggroup *g, struct sub **subs, size_t count);

#endif
