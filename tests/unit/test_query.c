/* Are forms of the query protocols read as they were written, and is any text read without harm? */
#include "backend/sim/request/query.h"

#include "backend/base/limits.h"
#include "backend/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct aws_service query = {.name = "x", .protocol = AWS_QUERY, .version = "1"};
static const struct aws_service ec2 = {.name = "x", .protocol = AWS_EC2, .version = "1"};

static void encodes(const struct aws_service *service, const char *body, const char *want)
{
	json_auto_t *json = json_loads(body, 0, NULL);
	struct buf out = BUF_INIT(LIMIT_RESPONSE);

	assert_int_equal(wire_encode(service, "Do", json, &out, NULL), 0);
	assert_string_equal(buf_str(&out), want);
	buf_release(&out);
}

static void test_encode(void **state)
{
	static const char body[] =
	    "{\"A\":[\"x "
	    "y\",{\"B\":1}],\"C\":{\"D\":true},\"E\":[],\"F\":null,\"G\":\"\xc3\xa4&=\"}";

	(void)state;
	encodes(&query, body,
	    "Action=Do&Version=1&A.member.1=x%20y&A.member.2.B=1&C.D=true&G=%C3%A4%26%3D");
	encodes(&ec2, body, "Action=Do&Version=1&A.1=x%20y&A.2.B=1&C.D=true&G=%C3%A4%26%3D");
}

static void test_decode(void **state)
{
	static const struct {
		const char *form, *want;
	} rows[] = {
	    {"A.member.1=x%20y&A.member.2.B=1&C.D=true",
		"{\"A\":[\"x y\",{\"B\":\"1\"}],\"C\":{\"D\":\"true\"}}"},
	    {"A.1=x+y&A.2.B=1", "{\"A\":[\"x y\",{\"B\":\"1\"}]}"},
	    {"A.3=x", "{\"A\":[null,null,\"x\"]}"},
	    {"A.member.2.B.member.1=z", "{\"A\":[{},{\"B\":[\"z\"]}]}"},
	    /* What contradicts a part that came before is left out. */
	    {"A.1=x&A.1.B=y", "{\"A\":[\"x\"]}"},
	    {"A=x&A.B=y", "{\"A\":\"x\"}"},
	    {"A.99999999=x&B=%ff&=&&C", "{\"A\":{\"99999999\":\"x\"},\"\":\"\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_auto_t *got = query_decode(rows[i].form, strlen(rows[i].form));
		char *text = json_dumps(got, JSON_COMPACT);

		if (strcmp(text, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].form, text);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_encode),
	    cmocka_unit_test(test_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
