/* Are the shared files read as botocore reads them, and bad ones refused by line? */
#include "backend/config/config.h"
#include "backend/config/ini.h"
#include "tests/unit/home.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* What a text is read as: compact JSON, or the sentence of the error. */
static void reads_as(const char *text, const char *want)
{
	struct ecsfs_error err = {0};
	json_t *json = NULL;
	int r = ini_parse("F", text, strlen(text), &json, &err);
	auto_free char *got = r ? strdup(err.message) : json_dumps(json, JSON_COMPACT);

	assert_string_equal(got, want);
	json_decref(json);
}

static void test_keys(void **state)
{
	(void)state;
	reads_as("", "{}");
	reads_as("# c\n;c\n\n[a]\n", "{\"a\":{}}");
	reads_as("[a]\nX = y\nb:c=d\n", "{\"a\":{\"x\":\"y\",\"b\":\"c=d\"}}");
	reads_as("[a]\nb = c # d\n", "{\"a\":{\"b\":\"c # d\"}}");
	reads_as("[a]\nb =\n", "{\"a\":{\"b\":\"\"}}");
	reads_as("[a]\r\nb = c\rd=e", "{\"a\":{\"b\":\"c\",\"d\":\"e\"}}");
	reads_as("[a]\nb =\xc2\xa0"
		 "c\xc2\xa0\n",
	    "{\"a\":{\"b\":\"c\"}}");
	reads_as("[a] # ]\nb=c", "{\"a] # \":{\"b\":\"c\"}}");
}

static void test_values_that_go_on(void **state)
{
	(void)state;
	reads_as("[a]\nb = c\n  d\n", "{\"a\":{\"b\":\"c\\nd\"}}");
	reads_as("[a]\nb = c\n\n d\n\n\ne=f", "{\"a\":{\"b\":\"c\\n\\nd\",\"e\":\"f\"}}");
	reads_as("[a]\n  b = c\n  d = e\n", "{\"a\":{\"b\":\"c\",\"d\":\"e\"}}");
	reads_as("[a]\nb =\n  c = d\n#x\n  E=f=g\n", "{\"a\":{\"b\":{\"c\":\"d\",\"E\":\"f=g\"}}}");
	reads_as("[a]\nb=c\n [d]\n", "{\"a\":{\"b\":\"c\\n[d]\"}}");
}

static void test_defaults(void **state)
{
	(void)state;
	reads_as("[DEFAULT]\nx=1\ny=1\n[a]\nx=2\n", "{\"a\":{\"x\":\"2\",\"y\":\"1\"}}");
}

static void test_bad_lines_are_named(void **state)
{
	(void)state;
	reads_as("a=b\n", "F:1: a line before the first [section]");
	reads_as("[a]\n\nnonsense\n", "F:3: expected KEY = VALUE");
	reads_as("[a]\n= b\n", "F:2: expected KEY = VALUE");
	reads_as("[a]\nb=c\nB=d\n", "F:3: a second time the key 'b'");
	reads_as("[a]\n[b]\n[a]\n", "F:3: a second section 'a'");
	reads_as("[a]\nb =\n  c\n", "F:2: expected KEY = VALUE in the lines below 'b'");
	reads_as("[a]\nb=\xff\n", "F is not UTF-8: save it as UTF-8");
}

static void test_nul_is_refused(void **state)
{
	struct ecsfs_error err = {0};
	json_t *json = NULL;

	(void)state;
	assert_int_equal(ini_parse("F", "[a]\nb\0c", 7, &json, &err), -EINVAL);
	assert_string_equal(err.message, "F holds a NUL byte: save it as text");
}

static struct config *load(struct home *h)
{
	struct config *c = NULL;
	struct ecsfs_error err = {0};

	if (config_load(h->path, &c, &err))
		fail_msg("%s", err.message);
	return c;
}

static void test_files_are_merged(void **state)
{
	struct home h;
	struct config *c;
	auto_buf struct buf names = BUF_INIT(1000);

	(void)state;
	home_open(&h);
	home_write(&h, ".aws/config",
	    "[default]\nregion=r\n[profile \"a b\"]\nx=1\ny=1\n[foo]\nz=1\n"
	    "[sso-session s]\nsso_region=q\n[services w]\necs =\n  endpoint_url = u\n");
	home_write(&h, ".aws/credentials", "[a b]\nx=2\n[only]\nk=v\n");
	c = load(&h);
	assert_string_equal(config_get(c, CONFIG_PROFILE, "a b", "x"), "2");
	assert_string_equal(config_get(c, CONFIG_PROFILE, "a b", "y"), "1");
	assert_string_equal(config_get_from(c, CONFIG_CONFIG_FILE, "a b", "x"), "1");
	assert_null(config_get_from(c, CONFIG_CREDENTIALS_FILE, "a b", "y"));
	assert_false(config_has(c, CONFIG_PROFILE, "foo"));
	assert_true(config_has(c, CONFIG_PROFILE, "only"));
	assert_string_equal(config_get(c, CONFIG_SSO_SESSION, "s", "sso_region"), "q");
	assert_string_equal(config_get_nested(c, CONFIG_SERVICES, "w", "ecs", "endpoint_url"), "u");
	assert_null(config_get(c, CONFIG_SERVICES, "w", "ecs"));
	config_list_profiles(c, &names);
	assert_string_equal(buf_str(&names), "default, a b, only");
	config_free(c);
	home_close(&h);
}

static void test_missing_files_are_empty_and_changes_are_seen(void **state)
{
	struct config_stamp read, now;
	struct home h;
	struct config *c;

	(void)state;
	home_open(&h);
	c = load(&h);
	assert_false(config_has(c, CONFIG_PROFILE, "default"));
	read = config_stamp_read(c);
	now = config_stamp_now(c);
	assert_true(config_stamp_equal(&read, &now));
	home_write(&h, ".aws/credentials", "[a]\n");
	now = config_stamp_now(c);
	assert_false(config_stamp_equal(&read, &now));
	config_free(c);
	home_close(&h);
}

static void test_a_large_file_is_refused(void **state)
{
	struct ecsfs_error err = {0};
	struct config *c = NULL;
	struct home h;

	(void)state;
	home_open(&h);
	home_write(&h, ".aws/config", "#%*s\n", 1 << 20, "");
	assert_int_equal(config_load(h.path, &c, &err), -EFBIG);
	assert_non_null(strstr(err.message, "exceeds the limit of 1024 KiB"));
	home_close(&h);
}

static void test_variables_name_the_files(void **state)
{
	struct home h;
	struct config *c;

	(void)state;
	home_open(&h);
	setenv("ECSFS_TEST_DIR", h.path, 1);
	setenv("AWS_CONFIG_FILE", "${ECSFS_TEST_DIR}/one", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "~/two", 1);
	home_write(&h, "one", "[default]\na=1\n");
	home_write(&h, "two", "[default]\nb=2\n");
	c = load(&h);
	assert_string_equal(config_get(c, CONFIG_PROFILE, "default", "a"), "1");
	assert_string_equal(config_get(c, CONFIG_PROFILE, "default", "b"), "2");
	config_free(c);
	unsetenv("ECSFS_TEST_DIR");
	home_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_values_that_go_on),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_bad_lines_are_named),
	    cmocka_unit_test(test_nul_is_refused),
	    cmocka_unit_test(test_files_are_merged),
	    cmocka_unit_test(test_missing_files_are_empty_and_changes_are_seen),
	    cmocka_unit_test(test_a_large_file_is_refused),
	    cmocka_unit_test(test_variables_name_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
