/* What does an open file have to send, write by write? */
#include "fs/files/gather.h"

#include "backend/base/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct row row_value = {.form = ROW_VALUE};
static const struct row row_action = {.form = ROW_VALUE, .flags = ROW_EMPTY_OK | ROW_ACTION};
static const struct row row_lines = {.form = ROW_LINES};
static const struct row row_deploys = {.form = ROW_LINES, .flags = ROW_DEPLOYS};
static const struct row row_document = {.form = ROW_DOCUMENT};
static const struct row row_dialog = {.form = ROW_DIALOG};

static struct gather g;
static const struct row *row;

/* The last text that was due. */
static char sent[256];

static int begin(const struct row *r)
{
	gather_release(&g);
	gather_init(&g);
	row = r;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gather_release(&g);
	return 0;
}

/* What becomes due: 1 and the text in `sent`, 0 or -errno. Lines: those not sent before. */
static int due(enum gather_end how)
{
	size_t end = 0, from = row->form == ROW_LINES ? g.lines_sent : 0;
	int e = gather_due(&g, row, how, &end, NULL);

	sent[0] = '\0';
	if (e != 1)
		return e;
	snprintf(sent, sizeof(sent), "%.*s", (int)(end - from), g.text.data + from);
	gather_sent(&g, row, end);
	return 1;
}

static int put_at(off_t off, const char *text, enum gather_end how)
{
	int e = gather_put(&g, row, text, strlen(text), off, false, NULL);

	return e ? e : due(how);
}

/* The next bytes, of a program or a shell. */
static int put_as(const char *text, bool shell)
{
	size_t len = strlen(text);
	bool ended = shell || (len && text[len - 1] == '\n');
	int e = gather_put(&g, row, text, len, 0, true, NULL);

	return e ? e : due(ended ? GATHER_ENDED : GATHER_OPEN);
}

static int program(const char *text)
{
	return put_as(text, false);
}

static int shell(const char *text)
{
	return put_as(text, true);
}

#define assert_sent(expression, text)                                                              \
	do {                                                                                       \
		assert_int_equal((expression), 1);                                                 \
		assert_string_equal(sent, text);                                                   \
	} while (0)

static void a_value_in_pieces_is_sent_by_its_newline(void **state)
{
	(void)state;
	begin(&row_value);
	assert_int_equal(program("1"), 0);
	assert_int_equal(program("2"), 0);
	assert_sent(program("\n"), "12\n");
	assert_int_equal(due(GATHER_CLOSED), 0);
	begin(&row_value);
	assert_sent(program("12\n"), "12\n");
	assert_int_equal(program("\n"), 0);
	assert_int_equal(due(GATHER_CLOSED), 0);
}

static void one_without_newline_is_sent_by_close_once(void **state)
{
	(void)state;
	begin(&row_value);
	assert_int_equal(program("1"), 0);
	assert_int_equal(program("2"), 0);
	assert_sent(due(GATHER_CLOSED), "12");
	assert_int_equal(due(GATHER_CLOSED), 0);
	/* A copy of the descriptor goes on. */
	assert_sent(program("3\n"), "123\n");
}

static void a_shells_is_sent_at_once_and_again_only_if_it_grows(void **state)
{
	(void)state;
	begin(&row_value);
	assert_sent(shell("4"), "4");
	assert_int_equal(shell("\n"), 0);
	assert_int_equal(due(GATHER_CLOSED), 0);
	begin(&row_value);
	assert_sent(shell("4"), "4");
	assert_sent(shell("2"), "42");
	assert_int_equal(due(GATHER_CLOSED), 0);
}

static void bytes_are_placed_by_their_offsets(void **state)
{
	(void)state;
	begin(&row_value);
	/* The first write is the start, wherever it lies. */
	assert_int_equal(put_at(7, "12", GATHER_OPEN), 0);
	assert_int_equal(put_at(7, "3", GATHER_OPEN), 0);
	assert_sent(put_at(9, "4\n", GATHER_ENDED), "324\n");
	assert_sent(put_at(8, "9", GATHER_ENDED), "394\n");
	assert_int_equal(put_at(3, "1", GATHER_OPEN), -EINVAL);
	begin(&row_value);
	assert_int_equal(put_at(0, "1", GATHER_OPEN), 0);
	assert_int_equal(put_at(2, "3\n", GATHER_ENDED), -EINVAL);
}

static int truncate_to(off_t size)
{
	return gather_truncate(&g, row, size, NULL);
}

static void what_is_truncated_is_gone(void **state)
{
	(void)state;
	begin(&row_value);
	assert_int_equal(program("123"), 0);
	assert_int_equal(truncate_to(2), 0);
	assert_sent(due(GATHER_CLOSED), "12");
	assert_int_equal(truncate_to(0), 0);
	assert_int_equal(due(GATHER_CLOSED), 0);
	/* Wherever the descriptor stands now. */
	assert_sent(put_at(3, "5\n", GATHER_ENDED), "5\n");
	assert_int_equal(truncate_to(5), 0);
	assert_int_equal(due(GATHER_CLOSED), 0);
}

/* A size alone is no text; programs that write and then set the length of what they wrote go on. */
static void a_size_is_that_of_the_text(void **state)
{
	(void)state;
	begin(&row_value);
	assert_int_equal(truncate_to(5), -EINVAL);
	assert_int_equal(put_at(3, "5\n", GATHER_ENDED), 1);
	assert_int_equal(truncate_to(100), -EINVAL);
	assert_int_equal(truncate_to(2), -EINVAL);
	begin(&row_document);
	assert_sent(program("{\"a\": 1}\n"), "{\"a\": 1}\n");
	assert_int_equal(program("\n"), 0);
	assert_int_equal(truncate_to(10), 0);
	assert_int_equal(truncate_to(11), -EINVAL);
	assert_int_equal(truncate_to(9), -EINVAL);
	begin(&row_lines);
	assert_sent(program("a=1\n"), "a=1\n");
	assert_int_equal(truncate_to(4), 0);
	assert_int_equal(truncate_to(5), -EINVAL);
}

static void an_action_acts_once(void **state)
{
	(void)state;
	begin(&row_action);
	assert_int_equal(program("deploy"), 0);
	assert_sent(program(" now\n"), "deploy now\n");
	assert_int_equal(program("again\n"), 0);
	assert_int_equal(truncate_to(0), 0);
	assert_int_equal(program("again\n"), 0);
	assert_int_equal(due(GATHER_CLOSED), 0);
	begin(&row_action);
	assert_sent(program("\n"), "\n");
}

static void an_empty_value_is_refused(void **state)
{
	(void)state;
	begin(&row_value);
	assert_int_equal(program("\n"), -EINVAL);
	begin(&row_value);
	assert_int_equal(program(" "), 0);
	assert_int_equal(due(GATHER_CLOSED), -EINVAL);
	begin(&row_value);
	assert_int_equal(due(GATHER_CLOSED), 0);
}

/* Of whatever form: an unset variable of a script is no text. */
static void an_empty_text_is_refused(void **state)
{
	static const struct row *const rows[] = {
	    &row_lines, &row_deploys, &row_document, &row_dialog};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(rows[i]);
		assert_int_equal(shell("\n"), -EINVAL);
		begin(rows[i]);
		assert_int_equal(put_at(0, " \n", GATHER_OPEN), 0);
		assert_int_equal(due(GATHER_CLOSED), -EINVAL);
		assert_int_equal(gather_check(rows[i], "\n\n", 2, NULL), -EINVAL);
		assert_int_equal(gather_check(rows[i], "", 0, NULL), -EINVAL);
	}
	assert_int_equal(gather_check(&row_action, "", 0, NULL), 0);
}

/* What a program goes on with after an empty line is the text. */
static void an_empty_line_before_the_text_or_in_it(void **state)
{
	(void)state;
	begin(&row_document);
	assert_int_equal(put_at(0, "\n", GATHER_OPEN), 0);
	assert_sent(put_at(1, "{}\n", GATHER_ENDED), "\n{}\n");
	begin(&row_lines);
	assert_int_equal(put_at(0, "\n", GATHER_OPEN), 0);
	assert_sent(put_at(1, "a=1\n", GATHER_ENDED), "\na=1\n");
	assert_int_equal(program("\n"), 0);
	assert_sent(program("b=1\n"), "b=1\n");
	assert_int_equal(due(GATHER_CLOSED), 0);
}

static void brackets_say_that_there_are_no_lines(void **state)
{
	(void)state;
	begin(&row_lines);
	assert_sent(shell("[]\n"), "[]\n");
	assert_int_equal(shell("\n"), 0);
	assert_int_equal(due(GATHER_CLOSED), 0);
	assert_int_equal(shell("a=1\n"), -EINVAL);
	begin(&row_lines);
	assert_sent(shell("[]"), "[]");
	assert_int_equal(shell("=1\n"), -EINVAL);
}

static void too_much_is_refused(void **state)
{
	char *long_value = malloc(LIMIT_VALUE + 2);

	(void)state;
	assert_non_null(long_value);
	memset(long_value, '1', LIMIT_VALUE + 1);
	begin(&row_value);
	assert_int_equal(gather_put(&g, row, long_value, LIMIT_VALUE, 0, false, NULL), 0);
	assert_int_equal(gather_put(&g, row, "1", 1, LIMIT_VALUE, false, NULL), -EFBIG);
	assert_int_equal(gather_check(row, long_value, LIMIT_VALUE + 1, NULL), -EFBIG);
	free(long_value);
}

static void lines_are_sent_whole(void **state)
{
	(void)state;
	begin(&row_lines);
	assert_sent(program("a=1\nb="), "a=1\n");
	assert_int_equal(program("2"), 0);
	assert_sent(program("\nc=3\nd"), "b=2\nc=3\n");
	assert_sent(program("=4\n"), "d=4\n");
	assert_int_equal(program("e=5"), 0);
	assert_sent(due(GATHER_CLOSED), "e=5");
	assert_int_equal(due(GATHER_CLOSED), 0);
}

/* Each commit is a deployment: a buffer's end in the middle of a line is none's. */
static void lines_that_deploy_wait_for_a_write_that_ends_one(void **state)
{
	(void)state;
	begin(&row_deploys);
	assert_int_equal(program("a=1\nb="), 0);
	assert_int_equal(program("2\nc"), 0);
	assert_int_equal(gather_lines(&g), 2);
	assert_sent(program("=3\n"), "a=1\nb=2\nc=3\n");
	assert_int_equal(gather_lines(&g), 0);
	assert_int_equal(program("d=4\ne"), 0);
	assert_sent(due(GATHER_CLOSED), "d=4\ne");
	begin(&row_deploys);
	assert_sent(shell("a=1\nb"), "a=1\nb");
}

static void what_no_layout_of_json_breaks_off_at(void **state)
{
	static const struct {
		const char *text;
		bool stops;
	} texts[] = {{"[\"a\"\n", true}, {"[\"a\"", true}, {"{\"a\": 1 \n", true}, {"[[1]\n", true},
	    {"[\n", false}, {"{", false}, {"[\"a\",\n", false}, {"{\"a\": \n", false},
	    {"[\n\"a\"\n", false}, {"\n\n[\"a\"", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		begin(&row_document);
		assert_int_equal(shell(texts[i].text), 0);
		assert_int_equal(gather_stops_short(&g, row), texts[i].stops);
	}
	begin(&row_dialog);
	assert_int_equal(shell("{\"a\": 1"), 0);
	assert_true(gather_stops_short(&g, row));
	begin(&row_document);
	assert_sent(shell("[\"a\"]"), "[\"a\"]");
	assert_false(gather_stops_short(&g, row));
	begin(&row_value);
	assert_sent(shell("[1"), "[1");
	assert_false(gather_stops_short(&g, row));
}

static void a_shells_unfinished_line_is_ended_or_sent_longer(void **state)
{
	(void)state;
	begin(&row_lines);
	assert_sent(shell("a=1"), "a=1");
	assert_int_equal(shell("\n"), 0);
	assert_sent(shell("b=1"), "b=1");
	assert_sent(shell("2\nc=3\n"), "b=12\nc=3\n");
	/* Back at a line that was sent. */
	assert_sent(put_at(2, "9", GATHER_ENDED), "a=9\nb=12\nc=3\n");
}

static void a_document_is_sent_by_the_write_that_completes_it(void **state)
{
	(void)state;
	begin(&row_document);
	assert_int_equal(program("{\"a\":\n"), 0);
	assert_int_equal(program("{}"), 0);
	assert_sent(program("}"), "{\"a\":\n{}}");
	assert_int_equal(program(" \n"), 0);
	assert_int_equal(due(GATHER_CLOSED), 0);
	assert_int_equal(program("{}"), -EINVAL);
	/* From the start on it is another one. */
	assert_sent(put_at(0, "{}\n", GATHER_ENDED), "{}\n");
	begin(&row_document);
	assert_int_equal(program("{\"a\""), 0);
	assert_int_equal(due(GATHER_CLOSED), -EINVAL);
	begin(&row_document);
	assert_int_equal(program("hello\n"), -EINVAL);
}

static void a_dialog_takes_requests_one_after_the_other(void **state)
{
	(void)state;
	begin(&row_dialog);
	assert_sent(program("{}\n"), "{}\n");
	assert_int_equal(put_at(90, "{\"a\":", GATHER_OPEN), 0);
	assert_sent(put_at(95, "1}", GATHER_OPEN), "{\"a\":1}");
	assert_int_equal(program("\n"), 0);
	assert_int_equal(program("web"), 0);
	assert_sent(program(":1\n"), "web:1\n");
	assert_int_equal(program("\n"), 0);
	assert_sent(program("web:1\n"), "web:1\n");
	assert_sent(program("{}"), "{}");
	assert_sent(shell("web:1"), "web:1");
	assert_sent(shell("2"), "web:12");
	assert_int_equal(due(GATHER_CLOSED), 0);
}

static void whether_it_matters_who_writes(void **state)
{
	(void)state;
	begin(&row_value);
	assert_false(gather_waits(&g, row));
	assert_int_equal(program("1"), 0);
	assert_true(gather_waits(&g, row));
	begin(&row_document);
	assert_int_equal(program("{"), 0);
	assert_false(gather_waits(&g, row));
	begin(&row_dialog);
	assert_int_equal(program("{"), 0);
	assert_false(gather_waits(&g, row));
	begin(&row_dialog);
	assert_int_equal(program("web"), 0);
	assert_true(gather_waits(&g, row));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_value_in_pieces_is_sent_by_its_newline, teardown),
	    cmocka_unit_test_teardown(one_without_newline_is_sent_by_close_once, teardown),
	    cmocka_unit_test_teardown(
		a_shells_is_sent_at_once_and_again_only_if_it_grows, teardown),
	    cmocka_unit_test_teardown(bytes_are_placed_by_their_offsets, teardown),
	    cmocka_unit_test_teardown(what_is_truncated_is_gone, teardown),
	    cmocka_unit_test_teardown(a_size_is_that_of_the_text, teardown),
	    cmocka_unit_test_teardown(an_action_acts_once, teardown),
	    cmocka_unit_test_teardown(an_empty_value_is_refused, teardown),
	    cmocka_unit_test_teardown(an_empty_text_is_refused, teardown),
	    cmocka_unit_test_teardown(an_empty_line_before_the_text_or_in_it, teardown),
	    cmocka_unit_test_teardown(brackets_say_that_there_are_no_lines, teardown),
	    cmocka_unit_test_teardown(too_much_is_refused, teardown),
	    cmocka_unit_test_teardown(lines_are_sent_whole, teardown),
	    cmocka_unit_test_teardown(lines_that_deploy_wait_for_a_write_that_ends_one, teardown),
	    cmocka_unit_test_teardown(what_no_layout_of_json_breaks_off_at, teardown),
	    cmocka_unit_test_teardown(a_shells_unfinished_line_is_ended_or_sent_longer, teardown),
	    cmocka_unit_test_teardown(a_document_is_sent_by_the_write_that_completes_it, teardown),
	    cmocka_unit_test_teardown(a_dialog_takes_requests_one_after_the_other, teardown),
	    cmocka_unit_test_teardown(whether_it_matters_who_writes, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
