/*
 * The inside of the log follower, shared by the files that make it:
 *
 *     logs.c      the follower of a mount: registry, opening and closing, metrics
 *     logconf.c   where a container's log is, from its task definition
 *     members.c   which groups and streams a logfile shows; whether a task is the service's
 *     window.c    what a first read gives
 *     forward.c   ... from a time on
 *     logfile.c   one file: which events are new to it, their lines, its spool
 *     logpage.c   pages of events, the next one asked for while one is read
 *     poller.c    rounds of FilterLogEvents over a log group
 *     lanes.c     the calls of a round
 *     pacer.c     which group is polled when
 *     livetail.c  StartLiveTail wakes the pollers
 *
 * How nothing is lost or doubled. A group has a reference: the newest time of an event seen, by the
 * event's own clock or AWS's ingestion clock, whichever is earlier; no clock of ours moves it while
 * events come. A round reads all events from the reference that was known when the round before it
 * began, less the overlap; so an event that arrives no later than the overlap after its own time is
 * read at least once. A file drops what it has: by event id, or, for its first window (GetLogEvents
 * gives no ids), by stream, times and text, as often as the window had it. A round that fails moves
 * nothing, so the next one reads from where the last complete one stood, however long ago.
 */
#ifndef ECSFS_LOGS_IMPL_H
#define ECSFS_LOGS_IMPL_H

#include "backend/base/clock.h"
#include "backend/parse/logs.h"
#include "cache/logs/logs.h"
#include "cache/logs/seen.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

/* What a first read waits, at first, before it tries again what stopped half way. */
#define LOGS_RETRY_MS 1000

/* How often a service is asked for new task definitions. */
#define LOGS_REFRESH_MS 10000

struct loggroup;
struct livetail;

/* ---- where a log is (logconf.c) ---- */

/* Strings borrowed from the task definition. */
struct logconf {
	const char *group;
	const char *region; /* NULL: the mount's */
	const char *prefix; /* NULL: none */
	const char *stream; /* awslogs-stream, NULL: none */
};

/* -ENOENT: no such container, or its driver is not awslogs, or it names no group. */
int logconf_find(const json_t *taskdef, const char *container, struct logconf *ret);
/* The stream's name: new; NULL: not known yet (no runtime id), or no memory. `task`: its document. */
char *logconf_stream(
    const struct logconf *conf, const char *container, const char *task_id, const json_t *task);

/* ---- pages (logpage.c) ---- */

/* The events of one page, with the distinct streams they are of. */
struct logpage {
	struct logscan_event *events;
	uint32_t *stream_of; /* of each event, an index into streams */
	size_t count, room;
	struct logscan_text *streams;
	uint64_t *stream_hashes;
	size_t stream_count, stream_room;
};
void logpage_release(struct logpage *p);
/* Reads what `scan` has left; the events point into the scanned page. -EIO, -ENOMEM. */
int logpage_read(struct logpage *p, struct logscan *scan);

struct ahead;
struct walk_spec;

/* A walk over the pages of one query; the next page is under way while one is read. */
struct walk {
	struct logs *logs;
	struct region *pool; /* whose workers fetch ahead */
	struct walk_spec *spec;
	char *token; /* of the next page; NULL: the first, or (begun) no more */
	bool begun;
	struct ahead *ahead;
	struct buf room;     /* for the page fetched ahead */
	bool one_by_one;     /* set after walk_begin: no page is fetched before it is asked for */
	uint64_t recent[16]; /* hashes of tokens seen, to find a circle */
	unsigned repeats;    /* in a row */
	bool circles;
	size_t pages;
};

/* Copies door and query. -ENOMEM. */
int walk_begin(struct walk *w, struct logs *l, struct region *pool, const struct logs_door *door,
    const struct logs_query *query);
/* Begins to fetch the next page. Where that cannot be, it is fetched when it is needed. */
void walk_ahead(struct walk *w);
/* Whether the page that is fetched ahead has come, is the last, and less than `bytes` of JSON. */
bool walk_ends_below(const struct walk *w, size_t bytes);
/* 1: `ret` is a page; 0: there was none left; -errno (walk_release, and begin again). */
int walk_next(struct walk *w, struct logs_page *ret, struct ecsfs_error *err);
void walk_release(struct walk *w);

/* ---- files (logfile.c) ---- */

/* A stream as one file sees it. Under the file's lock. */
struct logstream {
	char *name;
	uint64_t hash;
	char label[16]; /* what leads its lines: the task's short id and a space */
	enum { STREAM_UNKNOWN, STREAM_OURS, STREAM_NOT_OURS } owner;
	int64_t judged_ms; /* mono, when the owner was asked for */
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
	unsigned opens; /* by users; 0: it is gone from the list */
	unsigned refs;	/* opens, jobs, subscriptions in use */
	bool ready;	/* the first window is there */
	int open_err;	/* of the first window */
	struct ecsfs_error open_words;
	struct waiter *waiters; /* at the end of a file that is not ready */
	bool refreshing;
	int64_t refresh_due_ms; /* when its streams are looked up again (mono); 0: never */

	struct spool *spool; /* constant once opened */
	_Atomic int64_t mtime_ms;

	pthread_mutex_t lock; /* guards the rest; never held across a call */
	struct buf pending;   /* lines on their way to the spool */
	struct seen seen;     /* event ids given out */
	struct seen window;   /* events of the first window that may come again, with an id */
	int64_t window_newest_ms;
	int64_t cut_ms;		    /* of the window's oldest event; INT64_MIN: there is none */
	bool cut_short;		    /* there were older ones, which it left out */
	bool following;		    /* the window is done */
	bool stalled;		    /* the spool took no more */
	bool told;		    /* that more lines come than are remembered */
	struct logstream **streams; /* a table by hash, open addressing */
	size_t stream_count, stream_room;
};

/* The stream's record, made where it is not there; NULL: no memory. */
struct logstream *logfile_stream(struct logfile *f, const char *name, size_t len, uint64_t hash);
/* Adds an event's line to what is pending. */
void logfile_line(struct logfile *f, const struct logstream *s, const struct logscan_event *e);
/* Whether the event is new to the file; remembers it. */
bool logfile_accept(struct logfile *f, const struct logstream *s, const struct logscan_event *e);
/* Remembers an event of the first window. */
void logfile_window_add(
    struct logfile *f, const struct logstream *s, const struct logscan_event *e);
/* Spools what is pending. False: the spool is full; `f` is stalled and keeps it. */
bool logfile_flush(struct logfile *f);
/*
 * Gives the events of a page to a file; how many lines were new, or -errno: then the page is to be
 * read again. `sub`: NULL for a first window. Blocks where a stream's owner has to be found out.
 */
struct source;
struct sub;
int64_t deliver(struct logfile *f, const struct source *source, struct sub *sub,
    const struct logpage *page, struct ecsfs_error *err);
/* Wakes who waits at the end of a file. Without locks. */
void logfile_wake(struct logfile *f);
struct logfile *logfile_new(struct logs *l, const struct logspec *spec);
void logfile_ref(struct logfile *f);   /* logs->lock held */
void logfile_unref(struct logfile *f); /* not held */

/* ---- which streams (members.c) ---- */

/* One pattern of streams in one group that a file shows. */
struct source {
	char *group;
	char *region; /* AWS's region name */
	char *pattern;
	bool exact;	 /* the stream's name; else a prefix that a task id follows */
	char *task;	 /* exact: whose it is; NULL: it is shared by all tasks */
	bool seen;	 /* a page was read from it: it is there */
	int64_t base_ms; /* no event can be older (wall, by AWS's clock) */
};

struct sources {
	struct source *v;
	size_t count, room;
};
void sources_release(struct sources *s);
#define auto_sources __attribute__((cleanup(sources_release)))

/*
 * Asks ECS where the file's streams are; `first`: stopped tasks' definitions too. Blocks. -ENOENT: no
 * such container, or no awslogs.
 */
int members_find(struct logfile *f, bool first, struct sources *ret, struct ecsfs_error *err);
/* A stream that the service's tasks known to ECS write to, newest task first. */
struct member {
	char *stream;
	double created;
};
struct members {
	struct member *v;
	size_t count, room;
};
void members_release(struct members *m);
#define auto_members __attribute__((cleanup(members_release)))
int members_streams(
    struct logfile *f, const struct source *s, struct members *ret, struct ecsfs_error *err);
/*
 * Finds out whose the stream is, and labels it; `event_ms`: when its newest event was. Blocks; no
 * lock is held. 0, or a failure to find out.
 */
int members_judge(struct logfile *f, const struct source *s, const struct logscan_text *stream,
    uint64_t hash, int64_t event_ms, struct ecsfs_error *err);

/* ---- the first window (window.c) ---- */

/* Reads the first window and subscribes. Blocks. */
int window_prepare(struct logfile *f, struct ecsfs_error *err);
/*
 * All lines from a time on (forward.c); `ret_reference`: what following begins from. What fails half
 * way is said in .ecsfs/errors and tried again for a minute or two; what then still fails is the
 * reader's error, as a failure of the first call is. A full spool is left to following, which begins
 * where this stopped.
 */
int forward_read(struct logfile *f, struct sources *sources, int64_t start_ms,
    int64_t *ret_reference, struct ecsfs_error *err);
struct logs_door source_door(const struct logfile *f, const struct source *s);
/* A time which AWS's clock has surely passed. */
int64_t window_safe_now(const struct logfile *f);

/* How late AWS's clock was at least when the event was there. */
static inline int64_t event_reference_ms(const struct logscan_event *e)
{
	return e->ingested > 0 && e->ingested < e->timestamp ? e->ingested : e->timestamp;
}

/* ---- groups (poller.c, pacer.c) ---- */

/* A file's pattern in a group. Under logs->lock. */
struct sub {
	struct loggroup *group;
	struct logfile *file; /* a reference */
	struct source source; /* owned; `seen`: its stream may be named in a call */
	unsigned refs;
	bool gone;
	int64_t stalled_from_ms; /* where its file stopped taking lines; INT64_MAX: it takes them */
	TAILQ_ENTRY(sub) link;
};

/* One call's worth of streams: names, or a prefix. */
struct lane {
	char *prefix; /* NULL: names */
	char **names;
	size_t count;
};

/* Reading all lanes once, from a time on. The poll's job alone. */
struct round {
	bool active;
	int64_t start_ms;
	int64_t reference_ms; /* the group's when it began */
	uint64_t rewinds;     /* the group's when it began */
	struct lane *lanes;
	size_t lane_count, at;
	bool walking;
	struct walk walk;
	size_t pages, events;
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
	bool known;	       /* the references below are set */
	int64_t newest_ms;     /* the reference */
	int64_t sweep_from_ms; /* the reference when the last complete full round began */
	int64_t fast_from_ms;  /* the same of the last short or full round */
	uint64_t rewinds;      /* times that the last two were moved back */

	/* The poll's job alone. */
	struct job job;
	bool throttled;		 /* the last turn ended so */
	bool dense;		 /* the overlap is too much to read every second */
	int64_t sweep_due_ms;	 /* mono; dense: when the whole overlap is read again */
	int64_t clock_offset_ms; /* the least wall less mono seen */
	struct round fast, sweep;
	bool failing;
	char failure[64]; /* the last failure's code, to say each once */
	int64_t failure_said_ms;
};

/* Subscribes the file to a source: events from `reference_ms` less the overlap on. -ENOMEM. */
int group_subscribe(struct logfile *f, const struct source *source, int64_t reference_ms);
/* What a new subscriber's reference must not be after; INT64_MAX: there is no such group. */
int64_t group_reference(struct logs *l, struct logfile *f, const struct source *source);
/* Ends a file's subscriptions; logs->lock held. */
void group_unsubscribe_all(struct logfile *f);
/* Reads a group again from `reference_ms` less the overlap. logs->lock held. */
void group_rewind(struct loggroup *g, int64_t reference_ms);
/* One turn of a group: some pages. Returns in how many ms the next is due. */
int64_t poll_turn(struct loggroup *g);
void round_release(struct round *r);
/* Fills the lanes of an empty round from the group's subscriptions (lanes.c). Locked. -ENOMEM. */
int lanes_build(const struct loggroup *g, struct round *r);
void lane_release(struct lane *lane);
/* A time which AWS's clock has surely passed, by ours; never later because ours jumped. */
int64_t group_safe_now(struct loggroup *g);

/* Tells the pacer that something is due. Any thread, without locks. */
void pacer_kick(struct logs *l);
void pacer_kick_locked(struct logs *l);
/* Starts what is due; returns ms until the next thing is, -1: nothing is. Locked. */
int64_t pacer_run(struct logs *l);
/* A turn ended: throttled calls wait in the queue, where each has its turn, and not at AWS. Locked. */
void pacer_learn(struct logs *l, bool throttled);
int pacer_start(struct logs *l);
void pacer_stop(struct logs *l);

/* Counts a job in and out, so that logs_free can wait. */
int logs_submit(struct logs *l, struct region *pool, struct job *j);
void logs_job_done(struct logs *l);

/* Starts sessions for the groups that none watches (livetail.c). Locked. */
void livetail_watch(struct logs *l, int64_t now);
void livetail_free(struct logs *l);
/* Has a group polled at once. Locked. */
void group_wake(struct loggroup *g);

struct logs {
	struct logs_options options;			/* constant */
	region_call_fn call;				/* constant */
	int64_t (*aws_now)(const struct aws_client *c); /* constant: aws_client_now_ms */
	int64_t retry_ms;				/* constant: LOGS_RETRY_MS */

	pthread_mutex_t lock;	/* guards all below, and what says so above */
	pthread_cond_t changed; /* a file is ready, a job ended */
	pthread_cond_t due;	/* the pacer has something to look at */
	TAILQ_HEAD(, logfile) files;
	size_t file_count;
	TAILQ_HEAD(, loggroup) groups;
	TAILQ_HEAD(, loggroup) turns; /* that wait for their turn */
	size_t polling;		      /* turns under way */
	size_t narrowed;	      /* so many fewer at once than could be: AWS throttles */
	size_t unthrottled;	      /* turns in a row */
	size_t jobs;		      /* of any kind, under way */
	bool stopping;
	bool kicked;
	bool paced; /* the pacer runs */
	pthread_t pacer;
	LIST_HEAD(, livetail) tails; /* sessions, and refusals that are remembered */

	_Atomic uint64_t events, bytes, duplicates, polls;
};

#endif
