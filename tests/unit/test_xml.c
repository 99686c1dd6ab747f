/* Which JSON does a response in XML become, and which text is refused? */
#include "backend/parse/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void converts(const char *xml, const char *want)
{
	json_auto_t *json = NULL;
	struct ecsfs_error err = {0};
	char *got;

	assert_int_equal(xml_to_json(xml, strlen(xml), &json, &err), 0);
	got = json_dumps(json, JSON_COMPACT);
	assert_string_equal(got, want);
	free(got);
}

static void refuses(const char *xml)
{
	json_t *json = NULL;
	struct ecsfs_error err = {0};

	assert_int_equal(xml_to_json(xml, strlen(xml), &json, &err), -EIO);
	assert_null(json);
	assert_true(err.message[0]);
}

static void documents(void **state)
{
	(void)state;
	converts("<a/>", "{\"a\":\"\"}");
	converts(
	    "<?xml version=\"1.0\"?>\n<a x=\"1\">t&amp;<![CDATA[<]]>&#65;</a>", "{\"a\":\"t&<A\"}");
	converts("<n:a xmlns:n=\"u\"><n:b>1</n:b> <c> 2 </c></n:a>",
	    "{\"a\":{\"b\":\"1\",\"c\":\" 2 \"}}");
	converts("<a><l><member>1</member></l><e/></a>", "{\"a\":{\"l\":[\"1\"],\"e\":\"\"}}");
	converts("<a><member><b>1</b></member><member/></a>", "{\"a\":[{\"b\":\"1\"},\"\"]}");
	converts("<a><s><item><b>1</b></item></s><t/></a>",
	    "{\"a\":{\"s\":[{\"b\":\"1\"}],\"t\":\"\"}}");
	converts("<a><b>1</b><b>2</b><b>3</b></a>", "{\"a\":{\"b\":[\"1\",\"2\",\"3\"]}}");
}

static void no_documents(void **state)
{
	char deep[2000] = "";

	(void)state;
	refuses("");
	refuses("{}");
	refuses("<a>");
	refuses("<a></b>");
	refuses("<a/><b/>");
	refuses("<a>\xff</a>");
	refuses("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>");
	for (int i = 0; i < 65; i++)
		strcat(deep, "<a>");
	for (int i = 0; i < 65; i++)
		strcat(deep, "</a>");
	refuses(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documents),
	    cmocka_unit_test(no_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
