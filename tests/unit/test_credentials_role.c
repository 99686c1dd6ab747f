/* Which roles are assumed from which sources, and which failures end the search? */
#include "tests/unit/home.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#define KEYS(id) "aws_access_key_id=" id "\naws_secret_access_key=s\naws_session_token=T" id "\n"
#define ANSWER(action, id, expiry)                                                                 \
	"<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" action         \
	"Result><Credentials><AccessKeyId>" id                                                     \
	"</AccessKeyId><SecretAccessKey>x</SecretAccessKey>"                                       \
	"<SessionToken>tok" id "</SessionToken><Expiration>" expiry                                \
	"</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/" \
	"r/s</Arn></AssumedRoleUser></" action "Result></" action "Response>"
#define ROLE(id) ANSWER("AssumeRole", id, "2030-01-01T01:00:00Z")
#define DENIED                                                                                     \
	"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not "  \
	"authorized to perform: sts:AssumeRole</Message></Error><RequestId>id</RequestId>"         \
	"</ErrorResponse>"

static void test_role_of_a_source_profile(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"Action=AssumeRole&Version=2011-06-15",
		 "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr", "RoleSessionName=me",
		 "ExternalId=e%2F1", "DurationSeconds=900",
		 "Credential=SRC/20300101/eu-west-1/sts/aws4_request",
		 "X-Amz-Security-Token: TSRC"},
		.body = ROLE("ROLE")}};
	struct scripted *server =
	    home_serve("AWS_ENDPOINT_URL_STS", "", entries, ARRAY_SIZE(entries));
	struct credentials *c;
	struct aws_settings *s;

	(void)state;
	home_write(&home, ".aws/config",
	    "[default]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=src\nrole_session_name=me\n"
	    "external_id=e/1\nduration_seconds=900\n[profile src]\n" KEYS("SRC"));
	s = home_settings(&home, NULL);
	c = home_credentials(s, "ROLE");
	assert_string_equal(credentials_session_token_peek(c), "tokROLE");
	assert_string_equal(credentials_account_id_peek(c), "123456789012");
	assert_int_equal(credentials_expires_ms(c), HOME_START_MS + 3600 * 1000);
	assert_string_equal(s->provider->name, "assume-role (profile default)");
	credentials_unref(c);
	home_fetch(s, "ROLE"); /* without another call */
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_roles_in_a_row(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"RoleArn=two", "RoleSessionName=ecsfs-1893456000", "Credential=KEY/"},
		.body = ANSWER("AssumeRole", "TWO", "2030-01-01T03:00:00Z")},
	    {.expect = {"RoleArn=one", "Credential=TWO/"}, .body = ROLE("ONE")},
	    /* Later only the last is renewed: its source is still good. */
	    {.expect = {"RoleArn=one", "Credential=TWO/"},
		.body = ANSWER("AssumeRole", "ONEB", "2030-01-01T02:00:00Z")}};
	struct scripted *server =
	    home_serve("AWS_ENDPOINT_URL_STS", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(&home, ".aws/config",
	    "[default]\nrole_arn=one\nsource_profile=a\n[profile a]\nrole_arn=two\n"
	    "source_profile=b\n[profile b]\n" KEYS("KEY"));
	s = home_settings(&home, NULL);
	home_fetch(s, "ONE");
	home.now_ms = 56 * 60 * 1000;
	home_fetch(s, "ONEB");
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_source_by_name(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"Credential=ENVKEY/"}, .body = ROLE("ROLE")}};
	struct scripted *server =
	    home_serve("AWS_ENDPOINT_URL_STS", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(
	    &home, ".aws/config", "[profile p]\nrole_arn=one\ncredential_source=Environment\n");
	setenv("AWS_ACCESS_KEY_ID", "ENVKEY", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	s = home_settings(&home, "p");
	home_fetch(s, "ROLE");
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_a_refusal_ends_the_search(void **state)
{
	static const struct scripted_entry entries[] = {{.status = 403, .body = DENIED}};
	struct scripted *server =
	    home_serve("AWS_ENDPOINT_URL_STS", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(
	    &home, ".aws/config", "[default]\nrole_arn=one\nsource_profile=default\n" KEYS("KEY"));
	s = home_settings(&home, NULL);
	assert_string_equal(home_fetch(s, NULL),
	    "role of profile 'default': User is not authorized to perform: sts:AssumeRole");
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_throttles_are_repeated(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.status = 400,
		.headers = "x-amz-retry-after: 1\r\n",
		.body = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"},
	    {.body = ROLE("ROLE")}};
	struct scripted *server =
	    home_serve("AWS_ENDPOINT_URL_STS", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(
	    &home, ".aws/config", "[default]\nrole_arn=one\nsource_profile=default\n" KEYS("KEY"));
	s = home_settings(&home, NULL);
	home_fetch(s, "ROLE");
	aws_settings_free(s);
	scripted_finish(server);
}

static const char *wrong(const char *config)
{
	static char text[600];
	struct aws_settings *s;

	home_write(&home, ".aws/config", "%s", config);
	s = home_settings(&home, NULL);
	snprintf(text, sizeof(text), "%s", home_fetch(s, NULL));
	aws_settings_free(s);
	return text;
}

static void test_wrong_roles(void **state)
{
	(void)state;
	assert_string_equal(wrong("[default]\nrole_arn=x\nsource_profile=a\n[profile a]\n"
				  "role_arn=y\nsource_profile=b\n[profile b]\nrole_arn=z\n"
				  "source_profile=default\n"),
	    "the roles form a circle: the source profiles are default -> a -> b -> default");
	assert_non_null(strstr(wrong("[default]\nrole_arn=x\nsource_profile=default\n"),
	    "circle: the source profiles are default -> default"));
	assert_non_null(
	    strstr(wrong("[default]\nrole_arn=x\nsource_profile=no\n"), "does not exist"));
	assert_non_null(strstr(wrong("[default]\nrole_arn=x\n"), "needs exactly one"));
	assert_non_null(strstr(wrong("[default]\nrole_arn=x\ncredential_source=Somewhere\n"),
	    "not one of Environment"));
	assert_non_null(strstr(wrong("[default]\nrole_arn=x\nsource_profile=a\n[profile a]\n"),
	    "the source profile 'a' has no credentials"));
}

static void test_web_identity(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"Action=AssumeRoleWithWebIdentity", "WebIdentityToken=one", "RoleArn=arn",
		 "RoleSessionName=pod"},
		.refuse = {"Authorization"},
		.body = ANSWER("AssumeRoleWithWebIdentity", "WEB1", "2030-01-01T01:00:00Z")},
	    /* The issuer's key service is slow: repeated. */
	    {.expect = {"WebIdentityToken=two"},
		.status = 400,
		.headers = "x-amz-retry-after: 1\r\n",
		.body = "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error>"
			"</ErrorResponse>"},
	    {.expect = {"WebIdentityToken=two"},
		.body = ANSWER("AssumeRoleWithWebIdentity", "WEB2", "2030-01-01T02:00:00Z")}};
	struct scripted *server =
	    home_serve("AWS_ENDPOINT_URL_STS", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(&home, "token", "one");
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", home_path(&home, "token"), 1);
	setenv("AWS_ROLE_ARN", "arn", 1);
	setenv("AWS_ROLE_SESSION_NAME", "pod", 1);
	s = home_settings(&home, NULL);
	home_fetch(s, "WEB1");
	home_write(&home, "token", "two");
	home.now_ms = 56 * 60 * 1000;
	home_fetch(s, "WEB2");
	/* The token vanishes: the keys are good for another while. */
	remove(home_path(&home, "token"));
	home.now_ms = 116 * 60 * 1000;
	home_fetch(s, "WEB2");
	home.now_ms = 120 * 60 * 1000;
	assert_non_null(strstr(home_fetch(s, NULL), "cannot be read: No such file"));
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_web_identity_that_has_expired(void **state)
{
	static const struct scripted_entry entries[] = {{.status = 400,
	    .body = "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>Token "
		    "expired</Message></Error></ErrorResponse>"}};
	struct scripted *server =
	    home_serve("AWS_ENDPOINT_URL_STS", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(&home, "token", "one");
	home_write(
	    &home, ".aws/config", "[default]\nrole_arn=arn\nweb_identity_token_file=~/token\n");
	s = home_settings(&home, NULL);
	assert_non_null(
	    strstr(home_fetch(s, NULL), "web-identity (profile default): Token expired"));
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_answer_that_is_not_understood(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.body = "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>"}};
	struct scripted *server =
	    home_serve("AWS_ENDPOINT_URL_STS", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(
	    &home, ".aws/config", "[default]\nrole_arn=one\nsource_profile=default\n" KEYS("KEY"));
	s = home_settings(&home, NULL);
	assert_non_null(strstr(home_fetch(s, NULL), "the response has no AccessKeyId"));
	aws_settings_free(s);
	scripted_finish(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOME_TEST_REGION(test_role_of_a_source_profile),
	    HOME_TEST_REGION(test_roles_in_a_row),
	    HOME_TEST_REGION(test_source_by_name),
	    HOME_TEST_REGION(test_a_refusal_ends_the_search),
	    HOME_TEST_REGION(test_throttles_are_repeated),
	    HOME_TEST_REGION(test_wrong_roles),
	    HOME_TEST_REGION(test_web_identity),
	    HOME_TEST_REGION(test_web_identity_that_has_expired),
	    HOME_TEST_REGION(test_answer_that_is_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
