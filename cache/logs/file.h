/*
 * Which events are new to an open log? Holds its lines and its spool. A file does not know where
 * its events come from; deliver.h passes them in, and follower.h explains how each line appears
 * exactly once. Its own lock is never held across a call to AWS.
 */
#ifndef ECSFS_LOGS_FILE_H
#define ECSFS_LOGS_FILE_H

#include "backend/base/buf.h"
#include "backend/parse/logscan.h"
#include "cache/logs/follower.h"
#include "cache/logs/seen.h"
#include "cache/spool.h"

/* A stream as one file sees it. Under the file's lock. */
struct logstream {
	char *name;
	uint64_t hash;
	char label[16]; /* what leads its lines: the task's short id and a space */
	enum { STREAM_UNKNOWN, STREAM_OURS, STREAM_NOT_OURS } owner;
	int64_t owner_asked_ms; /* mono, when the owner was asked for */
	int64_t
	    window_ingested_ms; /* the latest ingestion in its first window; INT64_MIN: none read */
};

struct logfile {
	struct logs *logs; /* constant, as the six below */
	struct region *region;
	char *cluster, *service, *task, *container;
	int64_t since_ms;
	char *path; /* for .ecsfs/errors */

	/* Under logs->lock. */
	TAILQ_ENTRY(logfile) link;
	unsigned opens;	     /* by users; 0: no longer in the list */
	unsigned refs;	     /* opens, jobs, subscriptions in use */
	bool ready;	     /* the first window is there */
	int64_t patience_ms; /* mono: until then an open waits for it; 0: no longer */
	int open_err;	     /* of the first window */
	struct ecsfs_error open_words;
	struct waiter *waiters; /* opens, and readers at the end of a file that is not ready */
	bool refreshing;
	int64_t refresh_due_ms; /* when its streams are looked up again (mono); 0: never */

	struct stop *stop;   /* constant; set with the last close */
	struct spool *spool; /* constant once opened */
	_Atomic int64_t mtime_ms;

	pthread_mutex_t lock; /* guards the rest; never held across a call */
	struct buf pending;   /* lines on their way to the spool */
	struct seen seen;     /* event ids delivered */
	struct seen window;   /* events of the first window that may come again, with an id */
	int64_t window_newest_ms;
	int64_t cut_ms;		    /* of the window's oldest event; INT64_MIN: there is none */
	bool cut_short;		    /* there were older ones, which it omitted */
	bool following;		    /* the window is done */
	bool stalled;		    /* the spool is full */
	bool overflowed;	    /* more lines arrive than are remembered: reported */
	struct logstream **streams; /* a table by hash, open addressing */
	size_t stream_count, stream_room;
};

/* The stream's record, made where it is not there; NULL: no memory. */
struct logstream *logfile_stream(struct logfile *f, const char *name, size_t len, uint64_t hash);
/* Adds an event's line to what is pending. */
void logfile_line(struct logfile *f, const struct logstream *s, const struct logscan_event *e);
/*
 * The hash of an event's id, 0 where it has none. Called some events before logfile_accept(), which
 * then finds that part of the table of known ids in the processor's cache.
 */
uint64_t logfile_expect(const struct logfile *f, const struct logscan_event *e);
/* Whether the event is new to the file; remembers it. `id`: what logfile_expect() returned. */
bool logfile_accept(
    struct logfile *f, const struct logstream *s, const struct logscan_event *e, uint64_t id);
/* Remembers an event of the first window. */
void logfile_window_add(
    struct logfile *f, const struct logstream *s, const struct logscan_event *e);
/* Spools what is pending. False: the spool is full; `f` is stalled and keeps it. */
bool logfile_flush(struct logfile *f);
/* Wakes the readers at the end of a file. Without locks. */
void logfile_wake(struct logfile *f);
struct logfile *logfile_new(struct logs *l, const struct logspec *spec);
void logfile_ref(struct logfile *f);   /* logs->lock held */
void logfile_unref(struct logfile *f); /* not held */

/* A time that AWS's clock has certainly passed: the wall clock less the largest skew it accepts. */
int64_t logfile_safe_now(const struct logfile *f);

/* Lower bound of AWS's time when the event existed. */
static inline int64_t event_reference_ms(const struct logscan_event *e)
{
	return e->ingested > 0 && e->ingested < e->timestamp ? e->ingested : e->timestamp;
}

#endif
