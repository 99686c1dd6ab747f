/* Does compact text give back the value, its members and its names? */
#include "backend/base/cleanup.h"
#include "cache/packed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static json_t *tree(const char *text)
{
	json_t *value = json_loads(text, JSON_ALLOW_NUL, NULL);

	assert_non_null(value);
	return value;
}

static void a_value_comes_back_as_it_was(void **state)
{
	static const char *const texts[] = {
	    "{}",
	    "[]",
	    "{\"z\":1,\"a\":[true,false,null],\"m\":{\"n\":{}}}",
	    "{\"real\":1700000000.123,\"whole\":1700000000.0,\"big\":9223372036854775807,\"s\":"
	    "\"\"}",
	    "{\"quotes\":\"a\\\"b\\\\\",\"braces\":\"}],{[\",\"nul\":\"a\\u0000b\",\"u\":"
	    "\"\\u00e9\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_auto_t *value = tree(texts[i]), *back = NULL;
		auto_packed struct packed *p = packed_new(value), *again = NULL;

		back = packed_value(p);
		assert_true(json_equal(value, back));
		again = packed_new(back);
		assert_string_equal(p->text, again->text);
	}
}

static void members_are_found_without_the_rest(void **state)
{
	json_auto_t *value =
	    tree("{\"a\":{\"b\":[1,{\"c\":\"}\"}]},\"b\":\"x\\\",\\\"c\\\":\\\"\",\"c\":7,"
		 "\"cc\":8,\"d\":[],\"e\":null}");
	auto_packed struct packed *p = packed_new(value);
	json_auto_t *some = packed_members(p, "c a");
	json_auto_t *none = packed_members(p, "");
	json_auto_t *strange = packed_members(p, "missing");
	json_auto_t *last = packed_members(p, "e b");

	(void)state;
	assert_int_equal(json_object_size(some), 2);
	assert_true(json_equal(json_object_get(some, "a"), json_object_get(value, "a")));
	assert_int_equal(json_integer_value(json_object_get(some, "c")), 7);
	assert_int_equal(json_object_size(none), 0);
	assert_true(json_is_object(none));
	assert_int_equal(json_object_size(strange), 0);
	assert_true(json_is_null(json_object_get(last, "e")));
	assert_string_equal(json_string_value(json_object_get(last, "b")), "x\",\"c\":\"");
}

static void another_order_is_the_same_value(void **state)
{
	json_auto_t *ab = tree("{\"a\":1,\"b\":2}"), *ba = tree("{\"b\":2,\"a\":1}");
	json_auto_t *other = tree("{\"a\":1,\"b\":3}");
	auto_packed struct packed *x = packed_new(ab), *y = packed_new(ba), *z = packed_new(other);

	(void)state;
	assert_true(packed_equal(x, y));
	assert_false(packed_equal(x, z));
	assert_false(packed_equal(x, NULL));
	assert_true(packed_equal(NULL, NULL));
}

/* Names that look like what stands between two of them, and such with escapes, too. */
static void names_are_found_in_a_listing(void **state)
{
	json_auto_t *names = json_array();
	auto_packed struct packed *p = NULL;
	struct packed_names at;
	char name[32];
	int seen = 0;

	(void)state;
	json_array_append_new(names, json_string("!\",\""));
	json_array_append_new(names, json_string("!\",\"\\"));
	for (int i = 0; i < 2000; i += 2) {
		snprintf(name, sizeof(name), "s%04d", i);
		json_array_append_new(names, json_string(name));
	}
	json_array_append_new(names, json_string("t\\"));
	json_array_append_new(names, json_string("t\\\",\\\"u"));
	json_array_append_new(names, json_string("\xc3\xa9"));
	p = packed_new(names);
	for (size_t i = 0; i < json_array_size(names); i++)
		assert_true(packed_has_name(p, json_string_value(json_array_get(names, i))));
	for (int i = -1; i < 2002; i += 2) {
		snprintf(name, sizeof(name), "s%04d", i);
		assert_false(packed_has_name(p, name));
	}
	assert_false(packed_has_name(p, ""));
	assert_false(packed_has_name(p, "s"));
	assert_false(packed_has_name(p, "\xff"));
	packed_names_from(&at, p, "s1993");
	assert_string_equal(packed_names_next(&at), "s1994");
	packed_names_from(&at, p, "s1994");
	assert_string_equal(packed_names_next(&at), "s1996");
	packed_names_from(&at, p, NULL);
	while (packed_names_next(&at))
		seen++;
	assert_int_equal(seen, 1001);
	packed_names_from(&at, p, "\xc3\xa9");
	assert_null(packed_names_next(&at));
}

/* Names that look like the seam of two others: every listing of some of them. */
static void names_of_commas(void **state)
{
	static const char *const all[] = {" ", ",", ",,", ",a", "a", "a,", "b", "c,,"};

	(void)state;
	for (unsigned set = 1; set < 1U << ARRAY_SIZE(all); set++) {
		json_auto_t *names = json_array();

		for (size_t i = 0; i < ARRAY_SIZE(all); i++)
			if (set >> i & 1)
				json_array_append_new(names, json_string(all[i]));
		auto_packed struct packed *p = packed_new(names);
		for (size_t i = 0; i < ARRAY_SIZE(all); i++)
			assert_int_equal(packed_has_name(p, all[i]), set >> i & 1);
	}
}

static void an_empty_listing_has_no_names(void **state)
{
	json_auto_t *names = json_array();
	auto_packed struct packed *p = packed_new(names);
	json_auto_t *one = packed_members(p, "a");
	struct packed_names at;

	(void)state;
	assert_false(packed_has_name(p, "a"));
	assert_false(packed_has_name(NULL, "a"));
	assert_int_equal(json_array_size(one), 0);
	packed_names_from(&at, p, "a");
	assert_null(packed_names_next(&at));
}

static void parts_are_found_in_text(void **state)
{
	static const char text[] = "{\"no\":[\"],{\"],\"docs\":[{\"id\":\"a\\\"}\",\"n\":[1,2]},{"
				   "\"id\":\"b\"}],\"empty\":[],"
				   "\"no\":7}";
	const struct packed_part all = {text, sizeof(text) - 1};
	struct packed_part docs, part, at = {0}, none = {0};
	json_auto_t *id = NULL, *seven = NULL;
	auto_packed struct packed *second = NULL;

	(void)state;
	assert_true(packed_part_member(all, "docs", &docs));
	assert_true(packed_part_is_array(docs));
	assert_true(packed_part_next(docs, &at));
	assert_true(packed_part_member(at, "id", &part));
	id = packed_part_value(part);
	assert_string_equal(json_string_value(id), "a\"}");
	assert_true(packed_part_next(docs, &at));
	second = packed_of(at);
	assert_string_equal(second->text, "{\"id\":\"b\"}");
	assert_false(packed_part_next(docs, &at));
	/* The last of two, as a parser has it. */
	assert_true(packed_part_member(all, "no", &part));
	seven = packed_part_value(part);
	assert_int_equal(json_integer_value(seven), 7);
	assert_false(packed_part_next(part, &none));
	assert_true(packed_part_member(all, "empty", &part));
	assert_false(packed_part_next(part, &none));
	assert_false(packed_part_member(all, "id", &part));
	assert_false(packed_part_member(docs, "id", &part));
}

static void equal_values_are_equal_however_they_are_written(void **state)
{
	auto_packed struct packed *a = packed_of((struct packed_part){"{\"t\":1.7e9}", 11});
	auto_packed struct packed *b = packed_of((struct packed_part){"{\"t\":1700000000.0}", 18});
	auto_packed struct packed *c = packed_of((struct packed_part){"{\"t\":1.8e9}", 11});

	(void)state;
	assert_true(packed_equal(a, b));
	assert_false(packed_equal(a, c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_value_comes_back_as_it_was),
	    cmocka_unit_test(members_are_found_without_the_rest),
	    cmocka_unit_test(another_order_is_the_same_value),
	    cmocka_unit_test(names_are_found_in_a_listing),
	    cmocka_unit_test(names_of_commas),
	    cmocka_unit_test(an_empty_listing_has_no_names),
	    cmocka_unit_test(parts_are_found_in_text),
	    cmocka_unit_test(equal_values_are_equal_however_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
