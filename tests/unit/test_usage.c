/* Is every option and command in the help, and does it fit a terminal? */
#include "fs/cli/options/option_table.h"
#include "fs/cli/options/option_value.h"
#include "fs/cli/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text_of(void (*print)(FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	print(f);
	fclose(f);
	return text;
}

/* The number of lines; none is wider than a terminal. */
static size_t lines_within(const char *text, size_t width)
{
	size_t n = 0;

	for (; *text; text += strcspn(text, "\n") + 1, n++)
		if (strcspn(text, "\n") > width)
			fail_msg("too wide: %.100s", text);
	return n;
}

static void test_help_fits_a_terminal(void **state)
{
	char *text = text_of(usage_print);

	(void)state;
	assert_in_range(lines_within(text, 79), 10, 24);
	free(text);
}

static void test_every_option_is_in_every_text(void **state)
{
	void (*const prints[])(FILE *) = {usage_print, usage_print_all};
	char *man = text_of(usage_print_man);

	(void)state;
	for (size_t t = 0; t < 2; t++) {
		char *text = text_of(prints[t]);

		lines_within(text, 79);
		for (size_t i = 0; option_at(i); i++) {
			char name[64];

			option_dashed(option_at(i), name, sizeof(name));
			if (!strstr(text, name))
				fail_msg("not in text %zu: %s", t, name);
		}
		free(text);
	}
	for (size_t i = 0; option_at(i); i++)
		if (!strstr(man, option_at(i)->help + 1) && !strpbrk(option_at(i)->help, "-"))
			fail_msg("not in the man page: %s", option_at(i)->help);
	free(man);
}

/* What the table calls a default is one: parsed as a user would write it. */
static void test_rows_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; option_at(i); i++) {
		const struct option_row *row = option_at(i);
		struct options o;

		option_defaults(&o);
		assert_true((row->type == OPT_FLAG) == (row->arg == NULL));
		if (row->value && option_set(&o, row, row->value, ",") != 0)
			fail_msg("%s: the default %s is refused", row->name, row->value);
		assert_ptr_equal(option_find(row->name, strlen(row->name)), row);
		if (row->letter)
			assert_ptr_equal(option_find_letter(row->letter), row);
		option_release_all(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_help_fits_a_terminal),
	    cmocka_unit_test(test_every_option_is_in_every_text),
	    cmocka_unit_test(test_rows_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
