/* Does a buffer keep its ceiling, its NUL and its failure, and hand its bytes over? */
#include "backend/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void appends(void **state)
{
	auto_buf struct buf b = BUF_INIT(1000);

	(void)state;
	assert_string_equal(buf_str(&b), "");
	buf_adds(&b, "one ");
	buf_addc(&b, '2');
	buf_addf(&b, " %s %d", "three", 4);
	buf_add(&b, "\0x", 2);
	assert_string_equal(buf_str(&b), "one 2 three 4");
	assert_int_equal(b.len, 15);
	assert_int_equal(b.data[b.len], '\0');
	buf_consume(&b, 4);
	assert_string_equal(buf_str(&b), "2 three 4");
	buf_consume(&b, 1000);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	for (int i = 0; i < 100; i++)
		buf_adds(&b, "0123456789");
	assert_int_equal(b.len, 1000);
	assert_false(buf_failed(&b));
}

static void ceiling(void **state)
{
	auto_buf struct buf b = BUF_INIT(4);

	(void)state;
	buf_adds(&b, "1234");
	assert_false(buf_failed(&b));
	buf_addc(&b, '5');
	assert_true(buf_failed(&b));
	assert_string_equal(buf_str(&b), "");
	buf_addc(&b, '1');
	assert_true(buf_failed(&b));
	assert_null(buf_detach(&b, NULL));
	buf_reset(&b);
	assert_false(buf_failed(&b));
	buf_addf(&b, "%d", 12345);
	assert_true(buf_failed(&b));
	buf_release(&b);
	assert_false(buf_failed(&b));
	assert_int_equal(b.max, 4);
}

static void expecting(void **state)
{
	auto_buf struct buf b = BUF_INIT(100);

	(void)state;
	buf_expect(&b, 101);
	assert_null(b.data);
	buf_expect(&b, 100);
	assert_string_equal(buf_str(&b), "");
	const char *room = b.data;
	for (int i = 0; i < 20; i++)
		buf_adds(&b, "12345");
	assert_ptr_equal(b.data, room);
	assert_int_equal(b.len, 100);
	buf_expect(&b, 1);
	assert_false(buf_failed(&b));
}

/* Megabytes have memory of their own kind: what was there before, and what comes, stays whole. */
static void expecting_megabytes(void **state)
{
	const size_t part = 1000, parts = 5000;
	auto_buf struct buf b = BUF_INIT(part * parts + 2);
	char bytes[1000];

	(void)state;
	buf_adds(&b, "ab");
	buf_expect(&b, part * parts);
	assert_string_equal(buf_str(&b), "ab");
	char *data = b.data;
	for (size_t i = 0; i < parts; i++) {
		memset(bytes, 'a' + (int)(i % 26), sizeof(bytes));
		buf_add(&b, bytes, sizeof(bytes));
	}
	assert_false(buf_failed(&b));
	assert_ptr_equal(b.data, data);
	assert_int_equal(b.len, part * parts + 2);
	for (size_t i = 0; i < parts; i++)
		assert_int_equal(b.data[2 + i * part], 'a' + (int)(i % 26));
	buf_addc(&b, 'x');
	assert_true(buf_failed(&b));
}

static void handing_over(void **state)
{
	auto_buf struct buf b = BUF_INIT(100);
	size_t len = 1;
	char *s = buf_detach(&b, &len);

	(void)state;
	assert_string_equal(s, "");
	assert_int_equal(len, 0);
	free(s);
	buf_adds(&b, "x");
	s = buf_detach(&b, &len);
	assert_string_equal(s, "x");
	assert_int_equal(len, 1);
	assert_int_equal(b.len, 0);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(appends),
	    cmocka_unit_test(ceiling),
	    cmocka_unit_test(expecting),
	    cmocka_unit_test(expecting_megabytes),
	    cmocka_unit_test(handing_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
