/* Does the table of the tree keep its rules, and which tables does table_check() refuse? */
#include "fs/state.h"
#include "fs/tree/root.h"
#include "fs/tree/tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_the_table_keeps_its_rules(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct ecsfs_error err = {0};
		struct fs fs = {.many_accounts = i & 1, .many_regions = i & 2};
		if (table_check(root_type(&fs), &err))
			fail_msg("%s", err.message);
	}
}

static void assert_refused(const struct dir_type *type, const char *why)
{
	struct ecsfs_error err = {0};

	assert_int_equal(table_check(type, &err), -EINVAL);
	if (!strstr(err.message, why))
		fail_msg("%s", err.message);
}

static void test_a_member_needs_a_document_or_an_answer_of_no_name(void **state)
{
	static const struct row of_task[] = {
	    {.name = "arn", .help = "a task", .member = "taskArn", .own = {.kind = KIND_TASK}},
	    {0},
	};
	static const struct row of_caller[] = {
	    {.name = "arn", .help = "the caller", .member = "Arn", .own = {.kind = KIND_CALLER}},
	    {0},
	};
	struct dir_type root = {.what = "a root", .help = "a root", .rows = of_task};
	struct ecsfs_error err = {0};

	(void)state;
	assert_refused(&root, "a member of no document");
	root.rows = of_caller;
	assert_int_equal(table_check(&root, &err), 0);
}

static int no_names(struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	(void)q;
	(void)p;
	(void)names;
	(void)err;
	return 0;
}

static void test_names_have_one_origin(void **state)
{
	static const struct dir_type below = {.what = "an object", .help = "an object"};
	struct listing names = {
	    .type = &below, .lists = {.kind = KIND_CLUSTERS}, .part = PLACE(cluster)};
	struct dir_type root = {.what = "a root", .help = "a root", .listing = &names};
	struct ecsfs_error err = {0};

	(void)state;
	assert_int_equal(table_check(&root, &err), 0);
	names.names = no_names;
	assert_refused(&root, "names of two origins");
	names.lists.kind = KIND_NONE;
	names.trust = TRUST_FRESH;
	assert_refused(&root, "no listing that could be trusted");
	names.trust = TRUST_NO;
	names.names = NULL;
	assert_refused(&root, "a listing without names");
}

static void count_control(void *arg, const struct dir_type *type, const char *path)
{
	(void)path;
	*(int *)arg += type == &dir_control;
}

static void test_control_stands_once_in_every_mount(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct fs fs = {.many_accounts = i & 1, .many_regions = i & 2};
		int count = 0;
		table_walk(root_type(&fs), count_control, &count);
		assert_int_equal(count, 1);
		assert_string_equal(root_type(&fs)->what, "the mount");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_table_keeps_its_rules),
	    cmocka_unit_test(test_a_member_needs_a_document_or_an_answer_of_no_name),
	    cmocka_unit_test(test_names_have_one_origin),
	    cmocka_unit_test(test_control_stands_once_in_every_mount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
