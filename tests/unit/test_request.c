/*
 * Is a request answered once whatever happens? It is parked, woken, interrupted, timed out and
 * passed to a worker. libfuse's side of it is played by the functions at the top.
 */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/reply.h"
#include "fs/kernel/run.h"
#include "fs/state.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A request as libfuse has it. */
struct fuse_req {
	struct fuse_ctx ctx;
	pthread_mutex_t lock; /* libfuse calls back under it, and takes it to set the callback */
	fuse_interrupt_func_t interrupted;
	void *data;
	int replies, result;		   /* answers.lock */
	enum { FREE, HELD, HELD_UP } hold; /* answers.lock: its reply stops in the middle */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
} answers = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};

const struct fuse_ctx *fuse_req_ctx(fuse_req_t req)
{
	return &req->ctx;
}

void fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data)
{
	pthread_mutex_lock(&req->lock);
	req->interrupted = func;
	req->data = data;
	pthread_mutex_unlock(&req->lock);
}

int fuse_reply_err(fuse_req_t req, int err)
{
	pthread_mutex_lock(&answers.lock);
	while (req->hold != FREE) {
		req->hold = HELD_UP;
		pthread_cond_broadcast(&answers.changed);
		pthread_cond_wait(&answers.changed, &answers.lock);
	}
	req->replies++;
	req->result = err;
	pthread_cond_broadcast(&answers.changed);
	pthread_mutex_unlock(&answers.lock);
	return 0;
}

static struct fuse_req new_req(pid_t pid)
{
	return (struct fuse_req){.ctx.pid = pid, .lock = PTHREAD_MUTEX_INITIALIZER, .result = -1};
}

static void interrupt(struct fuse_req *req)
{
	pthread_mutex_lock(&req->lock);
	if (req->interrupted)
		req->interrupted(req, req->data);
	pthread_mutex_unlock(&req->lock);
}

static int replies(struct fuse_req *req)
{
	pthread_mutex_lock(&answers.lock);
	int n = req->replies;
	pthread_mutex_unlock(&answers.lock);
	return n;
}

/* Waits for its answer. */
static int answer_to(struct fuse_req *req)
{
	pthread_mutex_lock(&answers.lock);
	while (!req->replies)
		pthread_cond_wait(&answers.changed, &answers.lock);
	assert_int_equal(req->replies, 1);
	int result = req->result;
	pthread_mutex_unlock(&answers.lock);
	return result;
}

static struct fs fs;

void *fuse_req_userdata(fuse_req_t req)
{
	(void)req;
	return &fs;
}

static const struct dir_type type_root = {.what = "the root"};
static struct region *region; /* its workers are what is used of it */
static _Atomic int64_t now_ms;
static struct account *no_accounts[] = {NULL};

/* What the handlers below do, and did. */
static struct {
	bool ready;
	int wakes_at_once; /* runs whose answer comes before they are parked */
	int runs;
	struct waiter *waiter;
} now;

static int64_t hand(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock clock_by_hand = {.mono_ms = hand, .wall_ms = hand};

static void open_region(void)
{
	struct region_options options = {.name = "us-east-1", .clock = &clock_by_hand};

	region = region_new(NULL, &options);
	assert_non_null(region);
}

static int setup(void **state)
{
	(void)state;
	memset(&now, 0, sizeof(now));
	fs.options.timeout_ms = 30000;
	open_region();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	region_free(region);
	return 0;
}

/* The nodes stay until the watcher has ended, which may let go of a request after its answer. */
static int setup_nodes(void **state)
{
	(void)state;
	fs = (struct fs){.clock = &clock_by_hand, .accounts = no_accounts, .many_accounts = true};
	assert_int_equal(fs_state_new(&fs, &type_root), 0);
	return 0;
}

static int teardown_nodes(void **state)
{
	(void)state;
	requests_shutdown(&fs);
	fs_state_free(&fs);
	return 0;
}

/* A process that has ended: its signals are found to end it. */
static pid_t ended(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

static int ask_something(struct request *rq, struct ecsfs_error *err)
{
	(void)err;
	now.runs++;
	if (now.ready)
		return request_reply_ok(rq);
	now.waiter = &rq->waiter;
	if (now.wakes_at_once-- > 0) {
		now.ready = now.wakes_at_once == 0;
		rq->waiter.wake(&rq->waiter);
	}
	return -EINPROGRESS;
}

static void start(struct fuse_req *req, enum request_kind kind)
{
	request_go(request_new(req, kind, 1), ask_something);
}

static void wake(void)
{
	now.waiter->wake(now.waiter);
}

static void one_that_waits_runs_again_when_woken(void **state)
{
	struct fuse_req req = new_req(getpid());

	(void)state;
	start(&req, REQ_OPEN);
	assert_int_equal(replies(&req), 0);
	wake();
	assert_int_equal(replies(&req), 0);
	now.ready = true;
	wake();
	assert_int_equal(answer_to(&req), 0);
	assert_int_equal(now.runs, 3);
	assert_null(req.interrupted);
}

static void one_woken_before_it_is_parked_runs_again(void **state)
{
	struct fuse_req req = new_req(getpid());

	(void)state;
	now.wakes_at_once = 3;
	start(&req, REQ_OPEN);
	assert_int_equal(answer_to(&req), 0);
	assert_int_equal(now.runs, 4);
}

static void a_signal_that_ends_the_caller_ends_the_request(void **state)
{
	struct fuse_req req = new_req(ended());

	(void)state;
	start(&req, REQ_READ);
	interrupt(&req);
	assert_int_equal(answer_to(&req), EINTR);
	now.ready = true;
	wake();
	assert_int_equal(replies(&req), 1);
	assert_int_equal(now.runs, 1);
}

static void an_interrupt_that_came_before_is_seen(void **state)
{
	struct fuse_req req = new_req(ended());
	struct request *rq = request_new(&req, REQ_READ, 1);

	(void)state;
	rq->interrupted = true;
	request_go(rq, ask_something);
	assert_int_equal(answer_to(&req), EINTR);
	wake();
}

static void a_signal_that_ends_nobody_ends_nothing(void **state)
{
	struct fuse_req alive = new_req(getpid()), elsewhere = new_req(0), seen = new_req(ended());
	struct waiter *first, *second, *last;

	(void)state;
	start(&seen, REQ_READ);
	last = now.waiter;
	start(&alive, REQ_READ);
	first = now.waiter;
	start(&elsewhere, REQ_WRITE);
	second = now.waiter;
	interrupt(&alive);
	interrupt(&elsewhere);
	/* The watcher looks at the oldest one last. */
	interrupt(&seen);
	assert_int_equal(answer_to(&seen), EINTR);
	assert_int_equal(replies(&alive) + replies(&elsewhere), 0);
	last->wake(last);
	now.ready = true;
	first->wake(first);
	second->wake(second);
	assert_int_equal(answer_to(&alive), 0);
	assert_int_equal(answer_to(&elsewhere), 0);
}

static void no_answer_in_time_is_reported(void **state)
{
	struct fuse_req req = new_req(getpid());

	(void)state;
	fs.options.timeout_ms = 20;
	start(&req, REQ_OPEN);
	now_ms += 20;
	assert_int_equal(answer_to(&req), ETIMEDOUT);
	now.ready = true;
	wake();
	assert_int_equal(replies(&req), 1);
}

static int known(struct request *rq, struct ecsfs_error *err)
{
	(void)err;
	return request_reply_ok(rq);
}

static void what_is_known_is_given_at_the_deadline(void **state)
{
	struct fuse_req req = new_req(getpid());
	struct request *rq;

	(void)state;
	fs.options.timeout_ms = 20;
	rq = request_new(&req, REQ_OPEN, 1);
	rq->late = known;
	request_go(rq, ask_something);
	now_ms += 20;
	assert_int_equal(answer_to(&req), 0);
	wake();
}

/* A handler that leaves the rest to a worker, which waits at the gate. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int worked;

static int behind_the_gate(struct request *rq, struct ecsfs_error *err)
{
	(void)rq;
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	worked++;
	return ecsfs_error_set(err, EBUSY, NULL, "so it ended");
}

static int by_a_worker(struct request *rq, struct ecsfs_error *err)
{
	(void)err;
	return request_job(rq, region, false, behind_the_gate);
}

static void a_job_runs_once_and_its_result_is_returned(void **state)
{
	struct fuse_req req = new_req(getpid());

	(void)state;
	worked = 0;
	request_go(request_new(&req, REQ_WRITE, 1), by_a_worker);
	assert_int_equal(answer_to(&req), EBUSY);
	assert_int_equal(worked, 1);
}

static int held_up_by_the_gate(struct request *rq, struct ecsfs_error *err)
{
	(void)err;
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return request_reply_ok(rq);
}

static int request_reply_now(struct request *rq, struct ecsfs_error *err)
{
	(void)err;
	return request_reply_ok(rq);
}

static void what_may_be_held_up_holds_up_no_other(void **state)
{
	struct fuse_req slow[20], other = new_req(getpid()), list = new_req(getpid());

	(void)state;
	now.ready = true;
	pthread_mutex_lock(&gate);
	for (size_t i = 0; i < 20; i++) {
		slow[i] = new_req(getpid());
		request_go_aside(
		    request_new(&slow[i], REQ_READ, 1), ASIDE_READ, held_up_by_the_gate);
	}
	start(&other, REQ_OPEN);
	assert_int_equal(answer_to(&other), 0);
	request_go_aside(request_new(&list, REQ_READDIR, 1), ASIDE_LIST, request_reply_now);
	assert_int_equal(answer_to(&list), 0);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(replies(&slow[i]), 0);
	pthread_mutex_unlock(&gate);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(answer_to(&slow[i]), 0);
}

static void a_job_goes_on_without_its_caller(void **state)
{
	struct fuse_req req = new_req(ended());

	(void)state;
	worked = 0;
	pthread_mutex_lock(&gate);
	request_go(request_new(&req, REQ_WRITE, 1), by_a_worker);
	interrupt(&req);
	assert_int_equal(answer_to(&req), EINTR);
	pthread_mutex_unlock(&gate);
	/* Waits for the workers. */
	region_free(region);
	assert_int_equal(worked, 1);
	assert_int_equal(replies(&req), 1);
	open_region();
}

static void so_many_wait_and_no_more(void **state)
{
	struct fuse_req *reqs = calloc(LIMIT_PARKED + 1, sizeof(*reqs));
	struct waiter **waiters = calloc(LIMIT_PARKED, sizeof(*waiters));

	(void)state;
	assert_non_null(reqs);
	assert_non_null(waiters);
	for (size_t i = 0; i < LIMIT_PARKED; i++) {
		reqs[i] = new_req(getpid());
		start(&reqs[i], REQ_OPEN);
		waiters[i] = now.waiter;
	}
	reqs[LIMIT_PARKED] = new_req(getpid());
	start(&reqs[LIMIT_PARKED], REQ_OPEN);
	assert_int_equal(answer_to(&reqs[LIMIT_PARKED]), EBUSY);
	wake();
	/* A request that has a place keeps it. */
	waiters[0]->wake(waiters[0]);
	assert_int_equal(replies(&reqs[0]), 0);
	now.ready = true;
	for (size_t i = 0; i < LIMIT_PARKED; i++) {
		waiters[i]->wake(waiters[i]);
		assert_int_equal(answer_to(&reqs[i]), 0);
	}
	free(waiters);
	free(reqs);
}

static void *wake_it(void *arg)
{
	struct waiter *w = arg;

	w->wake(w);
	return NULL;
}

static void *shut_down(void *arg)
{
	struct fuse_req *slow = arg;

	requests_shutdown(&fs);
	/* The device may be closed now. */
	return replies(slow) ? arg : NULL;
}

static void set_hold(struct fuse_req *req, int hold)
{
	pthread_mutex_lock(&answers.lock);
	req->hold = hold;
	pthread_cond_broadcast(&answers.changed);
	pthread_mutex_unlock(&answers.lock);
}

static void wait_until_held_up(struct fuse_req *req)
{
	pthread_mutex_lock(&answers.lock);
	while (req->hold != HELD_UP)
		pthread_cond_wait(&answers.changed, &answers.lock);
	pthread_mutex_unlock(&answers.lock);
}

/* The last one: nothing waits any more behind it. */
static void at_the_end_all_are_answered(void **state)
{
	struct fuse_req waiting = new_req(getpid()), late = new_req(getpid()),
			slow = new_req(getpid());
	struct waiter *first, *slows;
	pthread_t worker, end;
	void *result;

	(void)state;
	start(&waiting, REQ_OPEN);
	first = now.waiter;
	start(&slow, REQ_OPEN);
	slows = now.waiter;
	/* A worker is in the middle of its reply. */
	now.ready = true;
	set_hold(&slow, HELD);
	pthread_create(&worker, NULL, wake_it, slows);
	wait_until_held_up(&slow);
	now.ready = false;
	pthread_create(&end, NULL, shut_down, &slow);
	assert_int_equal(answer_to(&waiting), EINTR);
	/* A chance to end too early. */
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	set_hold(&slow, FREE);
	pthread_join(end, &result);
	pthread_join(worker, NULL);
	assert_non_null(result);
	start(&late, REQ_OPEN);
	assert_int_equal(answer_to(&late), EINTR);
	first->wake(first);
	wake();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(one_that_waits_runs_again_when_woken),
	    TEST(one_woken_before_it_is_parked_runs_again),
	    TEST(a_signal_that_ends_the_caller_ends_the_request),
	    TEST(an_interrupt_that_came_before_is_seen),
	    TEST(a_signal_that_ends_nobody_ends_nothing),
	    TEST(no_answer_in_time_is_reported),
	    TEST(what_is_known_is_given_at_the_deadline),
	    TEST(a_job_runs_once_and_its_result_is_returned),
	    TEST(what_may_be_held_up_holds_up_no_other),
	    TEST(a_job_goes_on_without_its_caller),
	    TEST(so_many_wait_and_no_more),
	    TEST(at_the_end_all_are_answered),
	};

	return cmocka_run_group_tests(tests, setup_nodes, teardown_nodes);
}
