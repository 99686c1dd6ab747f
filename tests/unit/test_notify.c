/*
 * What is the kernel asked to forget? Idle nodes, by number where it can (NOTIFY_PRUNE), files by
 * name where it is older. libfuse's and the kernel's side is played by the functions at the top.
 */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/kernel/node/idle.h"
#include "fs/kernel/node/showing.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/request.h"
#include "fs/state.h"

#include <errno.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PRUNE = 9 };

static int device = -1; /* what the notifications are written to */

int fuse_session_fd(struct fuse_session *se)
{
	(void)se;
	return device;
}

static struct {
	pthread_mutex_t lock;
	char name[64];
	fuse_ino_t dir;
	int count;
} dropped = {.lock = PTHREAD_MUTEX_INITIALIZER};

int fuse_lowlevel_notify_inval_entry(
    struct fuse_session *se, fuse_ino_t dir, const char *name, size_t len)
{
	(void)se;
	pthread_mutex_lock(&dropped.lock);
	snprintf(dropped.name, sizeof(dropped.name), "%.*s", (int)len, name);
	dropped.dir = dir;
	dropped.count++;
	pthread_mutex_unlock(&dropped.lock);
	return 0;
}

/* The file whose text is stored, and what a second reader is told meanwhile. */
static struct {
	struct node *node;
	int count;
	bool given_meanwhile;
} stored;

int fuse_lowlevel_notify_store(struct fuse_session *se, fuse_ino_t ino, off_t offset,
    struct fuse_bufvec *bytes, enum fuse_buf_copy_flags flags)
{
	(void)se, (void)ino, (void)offset, (void)bytes, (void)flags;
	stored.count++;
	stored.given_meanwhile = notify_store(stored.node);
	return 0;
}

static _Atomic int64_t now_ms;

static int64_t now(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock clock_by_hand = {.mono_ms = now, .wall_ms = now};

static const struct row rows[] = {
    {.name = "last_status", .help = "its state", .form = ROW_VALUE, .member = "lastStatus"},
    {0},
};
static const struct row log_row = {
    .name = "CONTAINER.log", .help = "a log", .form = ROW_STREAM, .member = ""};
static const struct listing list_logs = {.row = &log_row, .part = PLACE(name)};
static const struct dir_type type_logs = {.what = "logs", .listing = &list_logs};
static const struct dir_type type_task = {.what = "a task", .rows = rows};
static const struct listing list_tasks = {.type = &type_task, .part = PLACE(task)};
static const struct dir_type type_tasks = {.what = "tasks", .listing = &list_tasks};
static const struct dir_type type_root = {.what = "the root"};

static struct fs fs;
static int kernel = -1; /* the other end of the device */
static struct node *tasks;

static void start_session(struct fuse_session *se, bool can_prune)
{
	static struct account *none[] = {NULL};
	int ends[2];

	now_ms = 1000000;
	fs = (struct fs){
	    .clock = &clock_by_hand,
	    .accounts = none,
	    .many_accounts = true,
	    .options.ttl_ms = 5000,
	    .budget.limit = LIMIT_CACHE,
	};
	dropped.count = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	kernel = ends[0];
	device = ends[1];
	if (!can_prune) {
		/* Its write(2) is EINVAL, as that of a notification that the kernel does not know. */
		close(device);
		device = epoll_create1(EPOLL_CLOEXEC);
	}
	assert_int_equal(fs_state_new(&fs, &type_root), 0);
	assert_int_equal(notify_start(&fs, se), 0);
	auto_node struct node *root = node_by_id(&fs, 1);
	tasks = node_for(root, &(struct node_spec){.file_name = "tasks", .type = &type_tasks});
	node_looked_up(tasks);
}

static void start(bool can_prune)
{
	start_session(NULL, can_prune);
}

static void stop(void)
{
	node_unref(tasks);
	notify_stop(&fs);
	fs_state_free(&fs);
	close(kernel);
	close(device);
}

/* A task's directory that the kernel holds, with its file; returns the file's number. */
static uint64_t look_up_task(const char *name, uint64_t *ret_dir)
{
	auto_node struct node *dir = node_for(
	    tasks, &(struct node_spec){.file_name = name, .type = &type_task, .listed = true});
	auto_text struct text *text = text_new("RUNNING\n", 8);
	auto_node struct node *file = node_for(dir,
	    &(struct node_spec){
		.file_name = "last_status", .row = rows, .versioned = true, .text = text});

	node_looked_up(dir);
	node_looked_up(file);
	*ret_dir = dir->id;
	return file->id;
}

/* Something is looked up, as in a mount in use. True: idle nodes are due. */
static bool look_up_another(void)
{
	return node_looked_up(tasks);
}

struct pruned {
	size_t count;
	uint64_t ids[512];
};

/* Waits for the next message. */
static void read_pruned(struct pruned *p)
{
	struct {
		struct fuse_out_header head;
		uint32_t count, padding;
		uint64_t spare, ids[512];
	} m;
	ssize_t len = read(kernel, &m, sizeof(m));

	assert_int_equal(len, m.head.len);
	assert_int_equal(m.head.unique, 0);
	assert_int_equal(m.head.error, PRUNE);
	assert_int_equal((size_t)len, offsetof(typeof(m), ids) + m.count * sizeof(uint64_t));
	p->count = m.count;
	memcpy(p->ids, m.ids, m.count * sizeof(uint64_t));
}

static void test_what_nobody_looks_up_is_asked_back(void **state)
{
	struct pruned p;
	uint64_t dir, file;

	(void)state;
	start(true);
	file = look_up_task("one", &dir);
	now_ms += IDLE_MS + fs.options.ttl_ms;
	assert_false(look_up_another());
	now_ms += 1;
	assert_true(look_up_another());
	notify_idle(&fs);
	read_pruned(&p);
	/* The directory holds its file, and the kernel could not give it back. */
	assert_int_equal(p.count, 1);
	assert_true(p.ids[0] == file);
	/* Asked once, not with every look-up: it may be open. */
	now_ms += 1500;
	assert_false(look_up_another());
	/* The directory's turn is when its last file is gone. */
	node_forget(&fs, file, 1);
	now_ms += 1500;
	assert_true(look_up_another());
	notify_idle(&fs);
	read_pruned(&p);
	assert_int_equal(p.count, 1);
	assert_true(p.ids[0] == dir);
	node_forget(&fs, dir, 1);
	assert_null(node_by_id(&fs, dir));
	stop();
}

static void test_a_look_up_keeps_it(void **state)
{
	uint64_t dir;

	(void)state;
	start(true);
	for (int i = 0; i < 10; i++) {
		look_up_task("one", &dir);
		now_ms += IDLE_MS + fs.options.ttl_ms;
		assert_false(look_up_another());
	}
	stop();
}

static void test_above_their_part_the_oldest_go(void **state)
{
	struct pruned p;
	uint64_t dir, first;
	char name[32];

	(void)state;
	start(true);
	fs.budget.limit = 256 * KIB;
	first = look_up_task("first", &dir);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "task%d", i);
		look_up_task(name, &dir);
	}
	assert_true(budget_read(&fs.budget.nodes) > budget_of_nodes(&fs.budget));
	assert_false(look_up_another());
	now_ms += 1001;
	assert_true(look_up_another());
	notify_idle(&fs);
	read_pruned(&p);
	assert_int_equal(p.count, 512);
	assert_true(p.ids[0] == first);
	stop();
}

static void look_up_log(void)
{
	auto_node struct node *logs =
	    node_for(tasks, &(struct node_spec){.file_name = "logs", .type = &type_logs});
	auto_node struct node *log = node_for(
	    logs, &(struct node_spec){.file_name = "app.log", .row = &log_row, .listed = true});
	node_looked_up(logs);
	node_looked_up(log);
}

static int files_dropped(void)
{
	pthread_mutex_lock(&dropped.lock);
	int count = dropped.count;
	pthread_mutex_unlock(&dropped.lock);
	return count;
}

static void test_an_older_kernel_drops_files(void **state)
{
	uint64_t dir;

	(void)state;
	start(false);
	look_up_task("one", &dir);
	look_up_log();
	/* The first one teaches that pruning is not known. */
	while (!files_dropped()) {
		now_ms += IDLE_MS + fs.options.ttl_ms + 1;
		notify_idle(&fs);
		sched_yield();
	}
	notify_stop(&fs);
	/* Not the log: a look-up beside it may be waiting, and holds the lock that this takes. */
	assert_string_equal(dropped.name, "last_status");
	assert_true(dropped.dir == dir);
	stop();
}

/* A READ would lock the pages that are being stored, and wait for the thread that waits for them. */
static void test_pages_that_are_being_stored_are_not_given(void **state)
{
	uint64_t dir;

	(void)state;
	start_session((struct fuse_session *)&device, true);
	stored.node = node_by_id(&fs, look_up_task("one", &dir));
	stored.given_meanwhile = true;
	assert_true(notify_store(stored.node));
	assert_false(stored.given_meanwhile);
	assert_true(notify_store(stored.node));
	assert_int_equal(stored.count, 1);
	node_unref(stored.node);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_nobody_looks_up_is_asked_back),
	    cmocka_unit_test(test_a_look_up_keeps_it),
	    cmocka_unit_test(test_above_their_part_the_oldest_go),
	    cmocka_unit_test(test_an_older_kernel_drops_files),
	    cmocka_unit_test(test_pages_that_are_being_stored_are_not_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
