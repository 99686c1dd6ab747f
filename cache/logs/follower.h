/*
 * How does a log line reach its file exactly once? Here is what the files of a mount's log follower
 * share, the counting of its jobs, and the rules that the parts keep.
 *
 * A logfile (file.h) shows the lines of one open log. Its sources (streams.h) are patterns of streams
 * in log groups. A group (group.h) is polled for all files that subscribe to it: a poll (poller.h)
 * reads a round of pages (round.h, lanes.h, pages.h) and hands each page to the files (deliver.h).
 * schedule.h says which group is polled when; live_tail.h wakes it early. The first lines of an open are
 * read by first_read.h, or from a time on by range_read.h.
 *
 * How nothing is lost or doubled. A group has a reference: the newest time of an event seen, by the
 * event's own clock or AWS's ingestion clock, whichever is earlier; no clock of ours moves it while
 * events come. A round reads all events from the reference that was known when the round before it
 * began, less the overlap; so an event that arrives no later than the overlap after its own time is
 * read at least once. A file drops what it has: by event id, or, for its first window (GetLogEvents
 * gives no ids), by stream, times and text, as often as the window had it. A round that fails moves
 * nothing, so the next one reads from where the last complete one stood, however long ago.
 *
 * How a line reaches a reader. logfile_flush() appends it to the file's spool (cache/spool.h), which
 * only grows: a line that arrived late stands behind those that were there. fs/tree/growing/log.c
 * makes the spool a file of the tree; fs/files/stream.c reads it and says its size, by which
 * `tail -f` sees that there is more behind the place where it stopped.
 */
#ifndef ECSFS_LOGS_FOLLOWER_H
#define ECSFS_LOGS_FOLLOWER_H

#include "backend/parse/logs.h"
#include "cache/logs/options.h"
#include "cache/options.h"
#include "cache/region.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

/* How long to wait, at first, before a read that failed half way is tried again. */
#define LOGS_RETRY_MS 1000

/* How far our clock may be from AWS's: it refuses signatures that are off by more. */
#define LOGS_SKEW_MS ((int64_t)5 * 60 * 1000)

/* How often ECS is asked for new task definitions of a service whose log is open. */
#define LOGS_REFRESH_MS 10000

struct loggroup;
struct live_tail;

struct logs {
	struct logs_options options;			/* constant */
	region_call_fn call;				/* constant */
	int64_t (*aws_now)(const struct aws_client *c); /* constant: aws_client_now_ms */
	int64_t retry_ms;				/* constant: LOGS_RETRY_MS */
	void (*poll)(struct job *j);			/* constant: poll_run, of a group's job */

	pthread_mutex_t lock;	/* guards all below, and members above that say so */
	pthread_cond_t changed; /* a file is ready, a job ended */
	pthread_cond_t due;	/* the scheduler has something to look at */
	TAILQ_HEAD(, logfile) files;
	size_t file_count;
	TAILQ_HEAD(, loggroup) groups;
	TAILQ_HEAD(, loggroup) turns; /* that wait for their turn */
	size_t polling;		      /* turns under way */
	size_t narrowed;	      /* turns fewer at once than allowed: AWS throttles */
	size_t unthrottled;	      /* turns in a row */
	size_t jobs;		      /* of any kind, under way */
	bool stopping;
	bool kicked;
	struct waiter *overdue; /* waited long enough: the scheduler wakes them, without the lock */
	bool scheduling;	/* the scheduler runs */
	pthread_t scheduler;
	LIST_HEAD(, live_tail) tails; /* sessions, and refusals that are remembered */

	_Atomic uint64_t events, bytes, duplicates, polls;
};

/*
 * Queues a job on the pool of CloudWatch Logs and counts it, so that logs_free() can wait for it: the
 * job calls logs_job_done() as its last act. -EINTR once the follower stops, -EBUSY, -EAGAIN.
 */
int logs_submit(struct logs *l, struct region *pool, struct job *j);
int logs_submit_locked(struct logs *l, struct region *pool, struct job *j); /* logs->lock held */
void logs_job_done(struct logs *l);

/* Wakes the scheduler to check what is due. logs->lock held. */
void logs_kick_locked(struct logs *l);

#endif
