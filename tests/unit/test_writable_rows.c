/*
 * What do the writable rows of the whole table make of an empty line? Either it is refused, or the row's
 * help says what it does.
 */
#include "fs/files/gather.h"
#include "fs/tree/root.h"
#include "fs/tree/tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What an open file makes of a text that a shell's single write brings, or close(2) of a program's. */
static int due(const struct row *row, const char *text, enum gather_end how)
{
	struct gather g;
	size_t end;

	gather_init(&g);
	int e = gather_put(&g, row, text, strlen(text), 0, false, NULL);
	if (!e)
		e = gather_due(&g, row, how, &end, NULL);
	gather_release(&g);
	return e;
}

/* Either it is refused, or the help says that any line does, an empty one too. */
static void assert_empty_line(const struct row *row, const char *path, int *count)
{
	bool means = row->flags & ROW_EMPTY_OK;

	if (!row->commit)
		return;
	*count += 1;
	for (int i = 0; i < 4; i++) {
		enum gather_end how = i & 1 ? GATHER_CLOSED : GATHER_ENDED;

		if (due(row, i & 2 ? " \t\n" : "\n", how) != (means ? 1 : -EINVAL))
			fail_msg("%s/%s: an empty line", path, row->name ? row->name : "NAME");
	}
	if (means && !strstr(row->help, "any line ") && !strstr(row->help, "an empty line "))
		fail_msg("%s/%s: the help does not say what an empty line does", path, row->name);
	if (row->form == ROW_LINES || (row->flags & ROW_CLEARS))
		assert_int_equal(due(row, "[]\n", GATHER_ENDED), 1);
}

static void look_at_rows(void *arg, const struct dir_type *type, const char *path)
{
	for (const struct row *row = type->rows; row && row->name; row++)
		assert_empty_line(row, path, arg);
	if (type->listing && type->listing->row)
		assert_empty_line(type->listing->row, path, arg);
}

static void test_an_empty_line_is_refused_or_says_something(void **state)
{
	struct fs fs = {0};
	int count = 0;

	(void)state;
	table_walk(root_type(&fs), look_at_rows, &count);
	assert_true(count > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_empty_line_is_refused_or_says_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
