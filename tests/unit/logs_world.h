/*
 * How is a log follower tested? With a scripted ECS and CloudWatch Logs in the place of
 * aws_request, and a clock moved by hand. AWS's rules for pages hold; failures are set in `cw`.
 */
#ifndef ECSFS_TESTS_LOGS_WORLD_H
#define ECSFS_TESTS_LOGS_WORLD_H

#include "cache/logs/deliver.h"
#include "cache/logs/file.h"
#include "cache/logs/first_read.h"
#include "cache/logs/follower.h"
#include "cache/logs/group.h"
#include "cache/logs/logs.h"
#include "cache/logs/placement.h"
#include "cache/logs/poll/live_tail.h"
#include "cache/logs/poll/poller.h"
#include "cache/logs/poll/schedule.h"
#include "cache/logs/range_read.h"
#include "cache/spool.h"

/* What CloudWatch is and what was asked of it. Guarded by lock. */
struct cloudwatch {
	pthread_mutex_t lock;
	json_t *events;	 /* {group, logStreamName, timestamp, ingestionTime, eventId, message} */
	json_t *streams; /* "group stream": those that are there */
	size_t page;	 /* events a page */
	bool names_missing_fail;
	/* Faults of FilterLogEvents. */
	int fail_err; /* every call fails so */
	char fail_code[64];
	int fail_after;	 /* calls that still succeed */
	int fail_count;	 /* so many fail, and the next succeed; 0: all fail */
	bool loop;	 /* the sent token is returned without end */
	bool repeat;	 /* every page but the first is given twice */
	bool empty;	 /* every page is preceded by an empty one with a token */
	bool backwards;	 /* events of a page come in the wrong order */
	bool by_arrival; /* the pages come in the order of ingestion */
	/* Faults of GetLogEvents. */
	int expired; /* so many calls with a token are refused */
	bool hollow; /* the newest page holds no events */
	/* Counts. */
	int filters, gets, describes, lists, most_names;
	int64_t last_start_ms;
	char last_prefix[256];
	size_t last_names;
	/* StartLiveTail: a session goes on until it is ended. */
	pthread_cond_t tail_changed;
	int tails;	  /* sessions asked for */
	int tail_running; /* under way */
	int tail_err;	  /* every session is refused so */
	bool tail_end;	  /* one session is ended by AWS */
	bool held;	  /* GetLogEvents waits until it is let go */
	bool tail_short;  /* every session ends as soon as it began */
	bool tail_broken; /* what comes next has a wrong sum */
	char *tail_group; /* an update names it; "": an update without events; NULL: none is due */
};
extern struct cloudwatch cw;
extern struct spools spools_;

/* Both clocks, from a moment in 2026. */
int64_t world_now(void);

int logs_world_setup(void **state);
int logs_world_teardown(void **state);
/* Makes the follower anew with other options; before any file is open. */
void logs_world_options(const struct logs_options *options);

/* The cluster "prod" has a service "web" of tasks that begin "a", whose containers log to GROUP. */
#define GROUP "/ecs/web"
#define TASK_A "aaaaaaaa000000000000000000000001"
#define TASK_B "aaaaaaaa11111111000000000000000b"
#define TASK_OTHER "bbbbbbbb000000000000000000000001" /* of the service "api" */
#define TASK_NONE "cccccccc000000000000000000000001"  /* of no service that ECS knows */
#define STREAM_A "web/app/" TASK_A
#define STREAM_B "web/app/" TASK_B

/* Makes stream and event; arrives now. */
void put(const char *stream, int64_t time_ms, const char *message);
void put_bytes(const char *stream, int64_t time_ms, const char *message, size_t len);
void make_stream(const char *stream);
/* The stream and its events are gone. */
void delete_stream(const char *stream);

struct logfile *open_task(const char *task);
struct logfile *open_service(void);
struct logfile *open_since(const char *task, int64_t since_ms);
/* Opens a task's log that fails, at once or at its end: the errno. */
int open_fails(const char *task, int64_t since_ms);

/* Lets time pass, second by second, and every poll that is due then end. */
void pass(int seconds);
/* The file's whole text; freed at the next call. */
const char *text_of(struct logfile *f);
size_t pollers(void);
/* Has the session that is under way say that something came to a group; returns once it is taken. */
/* A session (logs_tail.c). */
int cw_live_tail(const struct aws_request *rq, struct ecsfs_error *err);
/* Has GetLogEvents wait, or lets it go. */
void hold_events(bool held);
/* Opens a task's log without waiting for its first window. */
struct logfile *begin_open(const char *task);
void tail_say(const char *group);
/* Waits until so many sessions are under way. */
void tail_wait(int running);
const char *errors(void); /* of .ecsfs/errors; freed at the next call */

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, logs_world_setup, logs_world_teardown)

#endif
