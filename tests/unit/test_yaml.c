/* How does the YAML reader handle values, places, anchors and merge keys, and hostile text? */
#include "backend/parse/yaml.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/parse/yaml_parse.h"
#include "backend/parse/yaml_scalar.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct yaml_arena *arena;
static struct ecsfs_error err;

static int setup(void **state)
{
	(void)state;
	arena = yaml_arena_new();
	err = (struct ecsfs_error){0};
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	yaml_arena_free(arena);
	return 0;
}

static struct yaml_node *parse(const char *text)
{
	struct yaml_node *n;

	if (yaml_parse(arena, "f.yml", text, strlen(text), &n, &err))
		fail_msg("%s", err.message);
	return n;
}

static void assert_refused(const char *text, size_t len, int errno_wanted, const char *words)
{
	struct yaml_node *n;

	err = (struct ecsfs_error){0};
	assert_int_equal(yaml_parse(arena, "f.yml", text, len, &n, &err), -errno_wanted);
	assert_null(n);
	if (!strstr(err.message, words))
		fail_msg("\"%s\" is not in: %s", words, err.message);
}

static void test_places(void **state)
{
	const struct yaml_node *n = parse("a: 1\nb:\n  - x\n  - {c: 2}\n");
	const struct yaml_node *list = yaml_get(n, "b");

	(void)state;
	assert_int_equal(n->kind, YAML_MAPPING);
	assert_int_equal(list->count, 2);
	assert_int_equal(list->items[0]->line, 3);
	assert_int_equal(list->items[0]->column, 5);
	assert_int_equal(yaml_get(list->items[1], "c")->line, 4);
	assert_string_equal(list->items[1]->file, "f.yml");
	assert_null(yaml_get(n, "z"));
	assert_null(yaml_get(list, "a"));
}

static void test_empty_files(void **state)
{
	(void)state;
	assert_null(parse(""));
	assert_null(parse("# only a comment\n"));
	assert_true(yaml_is_null(parse("---\n")));
}

static void test_scalars(void **state)
{
	static const struct {
		const char *text;
		enum yaml_type type;
		const char *value;
	} cases[] = {
	    {"1.0", YAML_FLOAT, "1"},
	    {"1.50", YAML_FLOAT, "1.5"},
	    {"1.10", YAML_FLOAT, "1.1"},
	    {"0755", YAML_INT, "493"},
	    {"0o17", YAML_INT, "15"},
	    {"08", YAML_FLOAT, "8"},
	    {"10_000", YAML_INT, "10000"},
	    {"0x1F", YAML_INT, "31"},
	    {"0b101", YAML_INT, "5"},
	    {"-0x10", YAML_INT, "-16"},
	    {"+5", YAML_INT, "5"},
	    {"-0", YAML_INT, "0"},
	    {"1e3", YAML_STRING, "1e3"},
	    {"1e+3", YAML_FLOAT, "1000"},
	    {"1.5e-7", YAML_FLOAT, "1.5e-07"},
	    {"0.0001", YAML_FLOAT, "0.0001"},
	    {"1e+21", YAML_FLOAT, "1e+21"},
	    {"1000000.0", YAML_FLOAT, "1e+06"},
	    {"12345.125", YAML_FLOAT, "12345.125"},
	    {".5", YAML_FLOAT, "0.5"},
	    {"5.", YAML_STRING, "5."},
	    {"1.2.3", YAML_STRING, "1.2.3"},
	    {"2020-01-02", YAML_STRING, "2020-01-02"},
	    {"22:22", YAML_STRING, "22:22"},
	    {"1234567890123", YAML_INT, "1234567890123"},
	    {"18446744073709551615", YAML_INT, "18446744073709551615"},
	    {"18446744073709551616", YAML_FLOAT, "1.8446744073709552e+19"},
	    {"0x", YAML_STRING, "0x"},
	    {"-", YAML_STRING, NULL},
	    {"yes", YAML_BOOL, "yes"},
	    {"Off", YAML_BOOL, "Off"},
	    {"tRue", YAML_STRING, "tRue"},
	    {"~", YAML_NULL, ""},
	    {"null", YAML_NULL, ""},
	    {"'1.0'", YAML_STRING, "1.0"},
	    {"\"yes\"", YAML_STRING, "yes"},
	    {"!!str 1.0", YAML_STRING, "1.0"},
	    {".inf", YAML_FLOAT, ".inf"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[80];
		const struct yaml_node *n;

		if (!cases[i].value)
			continue;
		snprintf(text, sizeof(text), "k: %s\n", cases[i].text);
		n = yaml_get(parse(text), "k");
		if (yaml_type(n) != cases[i].type)
			fail_msg("%s has the type %d", cases[i].text, yaml_type(n));
		assert_string_equal(yaml_value(arena, n), cases[i].value);
	}
}

static void test_anchors_and_merge_keys(void **state)
{
	const struct yaml_node *n = parse("x: &x {a: 1, b: 2}\n"
					  "y: &y {b: 3, c: 4}\n"
					  "z:\n  <<: [*x, *y]\n  a: 9\n"
					  "q: {'<<': 5}\n"
					  "w: *x\n");
	const struct yaml_node *z = yaml_get(n, "z");

	(void)state;
	assert_int_equal(z->count, 3);
	assert_string_equal(yaml_text(yaml_get(z, "a")), "9");
	assert_string_equal(yaml_text(yaml_get(z, "b")), "2");
	assert_string_equal(yaml_text(yaml_get(z, "c")), "4");
	assert_string_equal(yaml_text(yaml_get(yaml_get(n, "q"), "<<")), "5");
	assert_ptr_equal(yaml_get(n, "w"), yaml_get(n, "x"));
	assert_null(yaml_notes_peek(arena));
}

static void test_an_anchor_can_be_set_again(void **state)
{
	const struct yaml_node *n = parse("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");

	(void)state;
	assert_string_equal(yaml_text(yaml_get(n, "b")), "1");
	assert_string_equal(yaml_text(yaml_get(n, "d")), "2");
}

static void test_the_last_of_equal_keys_counts_and_is_noted(void **state)
{
	const struct yaml_node *n = parse("a: 1\nb: 2\na: 3\n");

	(void)state;
	assert_int_equal(n->count, 2);
	assert_string_equal(yaml_text(yaml_get(n, "a")), "3");
	assert_non_null(yaml_notes_peek(arena));
	assert_int_equal(yaml_notes_peek(arena)->what, YAML_DOUBLED);
	assert_int_equal(yaml_notes_peek(arena)->at->line, 3);
}

static void test_tags(void **state)
{
	const struct yaml_node *n = parse("a: !!binary |\n  aGVs\n  bG8=\nb: !!int '0755'\n"
					  "c: !!str 5\nd: !!float 1\ne: !!bool 'yes'\nf: ! 5\n"
					  "g: !!null ''\nh: !reset []\ni: !!map {}\nj: !!seq []\n");

	(void)state;
	assert_string_equal(yaml_text(yaml_get(n, "a")), "hello");
	assert_int_equal(yaml_get(n, "a")->len, 5);
	assert_string_equal(yaml_value(arena, yaml_get(n, "b")), "493");
	assert_int_equal(yaml_type(yaml_get(n, "c")), YAML_STRING);
	assert_string_equal(yaml_value(arena, yaml_get(n, "d")), "1");
	assert_int_equal(yaml_type(yaml_get(n, "e")), YAML_BOOL);
	assert_int_equal(yaml_type(yaml_get(n, "f")), YAML_STRING);
	assert_true(yaml_is_null(yaml_get(n, "g")));
	assert_null(yaml_notes_peek(arena));
}

static void test_a_tag_that_means_nothing_is_noted(void **state)
{
	static const char *const texts[] = {"a:\n- !mine x\n", "a:\n  !!set {x, y}\n",
	    "a:\n- !!seq 5\n", "a:\n  !!map [1]\n", "a:\n- !!python/object:os.system {}\n",
	    "a:\n- !!INT 5\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		parse(texts[i]);
		assert_non_null(yaml_notes_peek(arena));
		assert_int_equal(yaml_notes_peek(arena)->what, YAML_UNKNOWN_TAG);
		assert_int_equal(yaml_notes_peek(arena)->at->line, 2);
	}
}

#define REFUSED(text, e, words) assert_refused(text, strlen(text), e, words)

static void test_what_is_not_yaml(void **state)
{
	(void)state;
	REFUSED("a: [1,\n", EINVAL, "f.yml:2:");
	REFUSED("a: b: c\n", EINVAL, "f.yml:1:");
	REFUSED("a:\n- !!int abc\n", EINVAL, "f.yml:2: !!int: \"abc\" is not a whole number");
	REFUSED("a: !!float x\n", EINVAL, "f.yml:1: !!float: \"x\" is not a number");
	REFUSED("a: !!bool 1\n", EINVAL, "is not a boolean");
	REFUSED("a: !!null x\n", EINVAL, "is not null");
	REFUSED("a: !!binary '%%'\n", EINVAL, "f.yml:1: !!binary: the value is not base64");
	REFUSED("a:\n\t- b\n", EINVAL, "f.yml:2:");
	REFUSED("a: *nosuch\n", EINVAL, "there is no anchor &nosuch");
	REFUSED("a: &x [*x]\n", EINVAL, "is inside the node");
	REFUSED("<<: 5\n", EINVAL, "must be a mapping");
	REFUSED("<<: [{a: 1}, 5]\n", EINVAL, "must be a mapping");
	assert_refused("a: \xff\xfe\n", 6, EINVAL, "f.yml");
	assert_refused("a\0b: 1\n", 7, EINVAL, "f.yml");
}

static void test_alias_bombs(void **state)
{
	char text[4096] = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";

	(void)state;
	for (int i = 1; i < 10; i++) {
		char line[128];

		snprintf(line, sizeof(line),
		    "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1, i - 1,
		    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
		strcat(text, line);
	}
	REFUSED(text, EFBIG, "aliases are written out");
}

/* Merge keys copy pairs: their bomb is refused before it is made. */
static void test_merge_bombs(void **state)
{
	auto_free char *text = calloc(1, 200000);
	char *at = text + sprintf(text, "a: &a {");

	(void)state;
	for (int i = 0; i < 1000; i++)
		at += sprintf(at, "k%d: 1,", i);
	at += sprintf(at, "}\nb: {<<: [");
	for (int i = 0; i < 30000; i++)
		at += sprintf(at, "*a,");
	sprintf(at, "]}\n");
	REFUSED(text, EFBIG, "f.yml");
}

static void test_depth(void **state)
{
	char text[2100] = "";

	(void)state;
	for (int i = 0; i < 1000; i++)
		strcat(text, "[");
	REFUSED(text, EINVAL, "nested deeper than");
	text[0] = '\0';
	for (int i = 0; i < 60; i++)
		strcat(text, "[");
	for (int i = 0; i < 60; i++)
		strcat(text, "]");
	assert_non_null(parse(text));
}

static void test_a_deep_alias_is_as_deep_as_what_it_names(void **state)
{
	char text[512] = "a: &a ";

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(text, "[");
	for (int i = 0; i < 40; i++)
		strcat(text, "]");
	strcat(text, "\nb: ");
	for (int i = 0; i < 40; i++)
		strcat(text, "[");
	strcat(text, "*a");
	for (int i = 0; i < 40; i++)
		strcat(text, "]");
	strcat(text, "\n");
	REFUSED(text, EINVAL, "nested deeper than");
}

static void test_large_files(void **state)
{
	auto_free char *text = malloc(10 * MIB);

	(void)state;
	memset(text, 'a', 10 * MIB);
	assert_refused(text, 10 * MIB, EFBIG, "exceed the limit");
}

static void assert_invalid(const char *text, const char *words)
{
	assert_refused(text, strlen(text), EINVAL, words);
}

static void test_a_second_document(void **state)
{
	(void)state;
	assert_invalid("a: 1\n---\nb: 2\n", "f.yml:3: a second YAML document");
	assert_invalid("---\na: 1\n...\n\n---\n- x\n", "f.yml:6: a second YAML document");
	assert_invalid("---\n---\na: 1\n", "f.yml:3: a second YAML document");
	assert_invalid("a: 1\n---\n''\n---\n", "f.yml:3: a second YAML document");
	/* Nothing behind the first document is skipped. */
	assert_invalid("a: 1\n---\n{", "f.yml:3: ");
}

static void test_an_empty_second_document_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(parse("%YAML 1.1\n---\na: 1\n---\n")->count, 1);
	assert_int_equal(parse("a: 1\n...\n# done\n")->count, 1);
}

static void test_many_keys_are_read_quickly(void **state)
{
	auto_free char *text = malloc(MIB);
	char *at = text;

	(void)state;
	for (int i = 0; i < 15000; i++)
		at += sprintf(at, "key%d: 1\n", i);
	assert_int_equal(parse(text)->count, 15000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(test_places),
	    CASE(test_empty_files),
	    CASE(test_scalars),
	    CASE(test_anchors_and_merge_keys),
	    CASE(test_an_anchor_can_be_set_again),
	    CASE(test_the_last_of_equal_keys_counts_and_is_noted),
	    CASE(test_tags),
	    CASE(test_a_tag_that_means_nothing_is_noted),
	    CASE(test_what_is_not_yaml),
	    CASE(test_alias_bombs),
	    CASE(test_merge_bombs),
	    CASE(test_depth),
	    CASE(test_a_deep_alias_is_as_deep_as_what_it_names),
	    CASE(test_large_files),
	    CASE(test_a_second_document),
	    CASE(test_an_empty_second_document_says_nothing),
	    CASE(test_many_keys_are_read_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
