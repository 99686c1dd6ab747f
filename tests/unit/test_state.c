/* Do two mounts in one process know nothing of each other, and end in turn? */
#include "backend/base/cleanup.h"
#include "backend/errlog.h"
#include "fs/files/handle.h"
#include "fs/files/local.h"
#include "fs/files/scratch.h"
#include "fs/fs.h"
#include "fs/kernel/node/failures.h"
#include "fs/state.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct row row_value = {.name = "value", .form = ROW_VALUE};
static const struct dir_type type_root = {.what = "the root"};

static struct fs one, other;

static int setup(void **state)
{
	(void)state;
	one = (struct fs){.clock = &clock_system, .errors = errlog_new(&clock_system)};
	other = (struct fs){.clock = &clock_system, .errors = errlog_new(&clock_system)};
	assert_int_equal(fs_state_new(&one, &type_root), 0);
	assert_int_equal(fs_state_new(&other, &type_root), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	errlog_free(one.errors);
	errlog_free(other.errors);
	return 0;
}

static struct node *value_of(struct fs *fs)
{
	auto_node struct node *root = node_by_id(fs, 1);
	const struct node_spec spec = {.file_name = "value", .row = &row_value};

	return node_for(root, &spec);
}

/* Something of every part that can hold something. */
static void fill(struct fs *fs)
{
	auto_node struct node *root = node_by_id(fs, 1), *value = value_of(fs), *made = NULL;
	const struct place p = {.fs = fs};
	struct ecsfs_error err;
	struct handle *h = handle_new(value, O_RDONLY);

	ecsfs_error_set(&err, 5, NULL, "it failed");
	failures_note(value, &err);
	errlog_add(fs->errors, "value", &err);
	handle_opened(h);
	handle_unref(h);
	assert_int_equal(scratch_create(root, "value~", 0600, &made), 0);
	assert_int_equal(scratch_write(made->scratch, "x", 1, 0, false, NULL), 0);
	assert_int_equal(local_add(&p, "draft", "web"), 0);
}

static void assert_empty(struct fs *fs)
{
	auto_node struct node *root = node_by_id(fs, 1), *value = node_child(root, "value");
	auto_node struct node *made = node_child(root, "value~"), *again = value_of(fs);
	auto_buf struct buf out = BUF_INIT(1024);
	const struct place p = {.fs = fs};

	assert_null(value);
	assert_null(made);
	failures_render(again, &out);
	errlog_render(fs->errors, &out);
	assert_int_equal(out.len, 0);
	assert_int_equal(handles_count(fs), 0);
	assert_false(local_has(&p, "draft", "web"));
}

static void assert_full(struct fs *fs)
{
	auto_node struct node *root = node_by_id(fs, 1), *value = node_child(root, "value");
	auto_node struct node *made = node_child(root, "value~");
	auto_buf struct buf out = BUF_INIT(1024);
	const struct place p = {.fs = fs};

	assert_non_null(made);
	failures_render(value, &out);
	assert_string_equal(buf_str(&out), "it failed");
	assert_int_equal(handles_count(fs), 1);
	assert_true(local_has(&p, "draft", "web"));
}

static void two_mounts_share_nothing(void **state)
{
	(void)state;
	fill(&one);
	assert_empty(&other);
	assert_full(&one);
	fs_state_free(&one);
	fill(&other);
	assert_full(&other);
	fs_state_free(&other);
}

static void the_first_outlives_the_second(void **state)
{
	(void)state;
	fill(&one);
	fill(&other);
	fs_state_free(&other);
	assert_full(&one);
	fs_state_free(&one);
	/* What was never made is freed as well. */
	fs_state_free(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(two_mounts_share_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_first_outlives_the_second, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
