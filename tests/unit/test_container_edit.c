/*
 * What may be written to one member of one container, and what does the definition look like then?
 */
#include "fs/edit/container_edit.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char definition_text[] =
    "{\"family\":\"web\",\"revision\":3,\"status\":\"ACTIVE\",\"newer\":{\"than\":[\"us\",{"
    "\"deep\":[1,2.5,false,{},[]]}]},"
    "\"tags\":[{\"key\":\"team\",\"value\":\"shop\"},{\"key\":\"aws:x\",\"value\":\"y\"}],"
    "\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"a:1\",\"newer\":1,\"environment\":["
    "{\"name\":\"A\",\"value\":\"1\"}]},{\"name\":\"proxy\",\"image\":\"p\",\"command\":[\"x\"]}]}";

static void becomes(
    const char *container, const char *member, const char *value, const char *containers)
{
	json_auto_t *definition = json_loads(definition_text, 0, NULL), *request = NULL;
	json_auto_t *wanted = json_loads(containers, 0, NULL);
	json_auto_t *json = json_loads(value, JSON_DECODE_ANY, NULL);
	struct ecsfs_error err = {0};

	if (container_edit(definition, container, member, json, &request, &err))
		fail_msg("%s", err.message);
	assert_true(json_equal(json_object_get(request, "containerDefinitions"), wanted));
	/* What nobody touched stays, what only AWS writes goes. */
	assert_true(
	    json_equal(json_object_get(request, "newer"), json_object_get(definition, "newer")));
	assert_null(json_object_get(request, "revision"));
	assert_int_equal(json_array_size(json_object_get(request, "tags")), 1);
}

static void test_one_member_of_one_container(void **state)
{
	(void)state;
	becomes("app", "image", "\"a:2\"",
	    "[{\"name\":\"app\",\"image\":\"a:2\",\"newer\":1,\"environment\":[{\"name\":\"A\","
	    "\"value\":\"1\"}]},{\"name\":\"proxy\",\"image\":\"p\",\"command\":[\"x\"]}]");
	becomes("proxy", "command", "[]",
	    "[{\"name\":\"app\",\"image\":\"a:1\",\"newer\":1,\"environment\":[{\"name\":\"A\","
	    "\"value\":\"1\"}]},{\"name\":\"proxy\",\"image\":\"p\"}]");
}

static void test_no_such_container(void **state)
{
	json_auto_t *definition = json_loads(definition_text, 0, NULL), *request = NULL;
	json_auto_t *value = json_string("x");
	struct ecsfs_error err = {0};

	(void)state;
	assert_int_equal(container_edit(definition, "db", "image", value, &request, &err), -ENOENT);
	assert_non_null(strstr(err.message, "\"db\""));
}

static void checks(const char *member, const char *text, const char *sentence)
{
	json_auto_t *container =
	    json_loads("{\"image\":\"Odd@sha256:1\",\"environment\":[{\"name\":\"A\",\"value\":"
		       "\"1\"},{\"name\":\"old name\","
		       "\"value\":\"1\"}],\"secrets\":[{\"name\":\"OLD\",\"valueFrom\":"
		       "\"notarn/ok\"}]}",
		0, NULL);
	json_auto_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	struct ecsfs_error err = {0};
	int e = container_check(container, member, value, &err);

	assert_int_equal(e, sentence ? -EINVAL : 0);
	if (sentence && !strstr(err.message, sentence))
		fail_msg("%s", err.message);
}

static void test_what_a_value_can_be(void **state)
{
	(void)state;
	checks("image", "\"a.b:5000/c_d/e-f:1.2\"", NULL);
	checks("image", "\"a:\"", "the tag is empty");
	checks("image", "\"a b\"", "not an image");
	checks("image", "\"a\\u00e4\"", "not an image");
	checks("secrets", "[{\"name\":\"S\",\"valueFrom\":\"arn:aws:ssm:r:1:parameter/p\"}]", NULL);
	checks("secrets", "[{\"name\":\"S\",\"valueFrom\":\"/a/b.c\"}]", NULL);
	checks("secrets", "[{\"name\":\"S\",\"valueFrom\":\"\"}]", "expected the ARN");
	checks(
	    "secrets", "[{\"name\":\"S\",\"valueFrom\":\"arn:aws:s3:::b\"}]", "expected the ARN");
	checks("secrets", "[{\"name\":\"A\",\"valueFrom\":\"p\"}]", "environment already");
	checks("environment", "[{\"name\":\"any.thing-at:all\",\"value\":\"\"}]", NULL);
	checks("environment", "[{\"name\":\"two words\",\"value\":\"\"}]", "white space");
	checks("environment", "[{\"name\":\"a\\u001bb\",\"value\":\"\"}]", "control character");
	checks("environment", "[{\"name\":\"a\\u007f\",\"value\":\"\"}]", "control character");
	checks("environment", "[{\"name\":\"a=b\",\"value\":\"c\"}]", "has a = in it");
	checks("environment", "[{\"name\":\"\u00e4\",\"value\":\"\\u001b[1m\\n\"}]", NULL);
	checks("secrets", "[{\"name\":\"a\\u0001\",\"valueFrom\":\"p\"}]", "control character");
	checks("environment", "[{\"name\":\"#c\",\"value\":\"1\"}]", "begins with #");
	checks("secrets", "[{\"name\":\"a b\",\"valueFrom\":\"p\"}]", "white space");
	/* What is there already may be written back. */
	checks("environment", "[{\"name\":\"old name\",\"value\":\"2\"}]", NULL);
	checks("image", "\"Odd@sha256:1\"", NULL);
}

static void test_what_a_secret_can_be(void **state)
{
	static const char *const good[] = {"p", "a.b-c_d", "/a/b.c",
	    "arn:aws:ssm:r:1:parameter/a/b", "arn:aws-cn:secretsmanager:r:1:secret:n-AbCdEf:key::"};
	static const char *const bad[] = {"notarn/ok", "a//b", "/a/", "/", "", "a b",
	    "arn:", "arn:aws", "arn:aws:ssm:r:1:parameter", "arn:aws:ssm::1:parameter/p",
	    "arn:aws:ssm:r:1:parameter/",
	    "arn:aws:secretsmanager:r:1:secret:", "arn:aws:s3:r:1:secret:ssm:x",
	    "arn:aws:s3:::ssm:r"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good) + sizeof(bad) / sizeof(*bad); i++) {
		bool taken = i < sizeof(good) / sizeof(*good);
		const char *from = taken ? good[i] : bad[i - sizeof(good) / sizeof(*good)];
		json_auto_t *list = json_pack("[{s:s, s:s}]", "name", "S", "valueFrom", from);
		auto_free char *text = json_dumps(list, 0);

		checks("secrets", text, taken ? NULL : "expected the ARN");
	}
	checks("secrets", "[{\"name\":\"OLD\",\"valueFrom\":\"notarn/ok\"}]", NULL);
}

static void test_the_images_of_a_definition(void **state)
{
	json_auto_t *definition = json_loads("{\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
					     "\"a:1\"},{\"name\":\"b\",\"image\":\"B:1\"}]}",
	    0, NULL);
	json_auto_t *other = json_loads("{\"containerDefinitions\":[{\"name\":\"b\",\"image\":"
					"\"B:2\"}]}",
	    0, NULL);
	struct ecsfs_error err = {0};

	(void)state;
	assert_int_equal(container_check_images(definition, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.message, "container b: \"B:1\" is not an image"));
	assert_int_equal(container_check_images(definition, other, NULL), -EINVAL);
	assert_int_equal(container_check_images(definition, definition, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_member_of_one_container),
	    cmocka_unit_test(test_no_such_container),
	    cmocka_unit_test(test_what_a_value_can_be),
	    cmocka_unit_test(test_what_a_secret_can_be),
	    cmocka_unit_test(test_the_images_of_a_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
