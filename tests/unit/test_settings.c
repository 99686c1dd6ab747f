/* In which order are options, variables and files taken into the settings? */
#include "tests/unit/home.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

/* The sentence with which these options are refused. */
static const char *refused(struct aws_options options)
{
	static struct ecsfs_error err;
	struct aws_settings *s = NULL;
	int r;

	err = (struct ecsfs_error){0};
	options.home = home.path;
	r = aws_settings_new(&options, &s, &err);
	assert_true(r < 0);
	assert_int_equal(r, -err.err);
	return err.message;
}

static void region_is(const char *option, const char *region, const char *source)
{
	const struct aws_options options = {.home = home.path, .region = option};
	struct ecsfs_error err = {0};
	struct aws_settings *s = NULL;

	if (aws_settings_new(&options, &s, &err))
		fail_msg("%s", err.message);
	assert_string_equal(s->region, region);
	assert_string_equal(s->region_source, source);
	aws_settings_free(s);
}

static void test_order_of_regions(void **state)
{
	(void)state;
	assert_non_null(strstr(refused((struct aws_options){0}), "no region: give --region"));
	home_write(&home, ".aws/config", "[default]\nregion = eu-west-1\n");
	region_is(NULL, "eu-west-1", "profile default");
	setenv("AWS_DEFAULT_REGION", "eu-west-2", 1);
	region_is(NULL, "eu-west-2", "AWS_DEFAULT_REGION");
	setenv("AWS_REGION", "eu-west-3", 1);
	region_is(NULL, "eu-west-3", "AWS_REGION");
	setenv("AWS_REGION", "", 1);
	region_is(NULL, "eu-west-2", "AWS_DEFAULT_REGION");
	region_is("sa-east-1", "sa-east-1", "--region");
	assert_string_equal(refused((struct aws_options){.region = "a/b"}),
	    "'a/b' (--region) is not a region's name: expected one like us-east-1");
}

static void profile_is(const char *option, const char *profile)
{
	struct aws_settings *s = home_settings(&home, option);

	assert_string_equal(s->profile, profile);
	aws_settings_free(s);
}

static void test_order_of_profiles(void **state)
{
	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	home_write(&home, ".aws/config", "[profile a]\n[profile b]\n[profile c]\n");
	profile_is(NULL, "default");
	setenv("AWS_DEFAULT_PROFILE", "a", 1);
	profile_is(NULL, "a");
	setenv("AWS_PROFILE", "b", 1);
	profile_is(NULL, "b");
	profile_is("c", "c");
	assert_non_null(strstr(
	    refused((struct aws_options){.profile = "d"}), "there is no profile 'd' (--profile)"));
	assert_non_null(
	    strstr(refused((struct aws_options){.profile = "d"}), "there are: a, b, c"));
}

static void test_bad_settings(void **state)
{
	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	setenv("AWS_MAX_ATTEMPTS", "0", 1);
	assert_non_null(strstr(refused((struct aws_options){0}), "AWS_MAX_ATTEMPTS"));
	unsetenv("AWS_MAX_ATTEMPTS");
	setenv("AWS_RETRY_MODE", "eager", 1);
	assert_non_null(strstr(refused((struct aws_options){0}), "legacy, standard, adaptive"));
	unsetenv("AWS_RETRY_MODE");
	setenv("AWS_STS_REGIONAL_ENDPOINTS", "global", 1);
	assert_non_null(strstr(refused((struct aws_options){0}), "sts_regional_endpoints"));
}

/* Whatever keys there are: botocore makes no client then. */
static void test_sso_sessions_are_complete(void **state)
{
	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	setenv("AWS_ACCESS_KEY_ID", "E", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	home_write(&home, ".aws/config", "[default]\nsso_session=w\n");
	assert_string_equal(refused((struct aws_options){0}),
	    "the profile 'default' has the sso_session 'w', which does not exist: aws configure "
	    "sso");
	home_write(&home, ".aws/config",
	    "[default]\nsso_session=w\n[sso-session w]\nsso_region=us-east-1\n");
	assert_string_equal(refused((struct aws_options){0}),
	    "the sso-session 'w' of profile 'default' has no sso_start_url");
}

static void test_retries(void **state)
{
	struct aws_settings *s;

	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	home_write(&home, ".aws/config", "[default]\nretry_mode = standard\n");
	s = home_settings(&home, NULL);
	assert_int_equal(s->max_attempts, 3);
	assert_false(s->retry_legacy);
	aws_settings_free(s);
	setenv("AWS_MAX_ATTEMPTS", "7", 1);
	s = home_settings(&home, NULL);
	assert_int_equal(s->max_attempts, 7);
	aws_settings_free(s);
}

static const char *described(const char *profile)
{
	static char text[4096];
	auto_buf struct buf out = BUF_INIT(4096);
	struct ecsfs_error err = {0};
	struct aws_settings *s = home_settings(&home, profile);

	if (aws_settings_describe(s, &out, &err))
		snprintf(text, sizeof(text), "%s", err.message);
	else
		snprintf(text, sizeof(text), "%s", buf_str(&out));
	aws_settings_free(s);
	return text;
}

static void test_description_has_no_secret(void **state)
{
	(void)state;
	home_write(&home, ".aws/config",
	    "[default]\nregion=us-east-1\nendpoint_url=http://localhost:1/\n");
	home_write(&home, ".aws/credentials",
	    "[default]\naws_access_key_id=AKIDHIDDEN\naws_secret_access_key=hidden\n");
	assert_string_equal(described(NULL),
	    "provider=credentials-file\nprofile=default\nregion=us-east-1\n"
	    "region_source=profile default\nendpoint_ecs=http://localhost:1\n"
	    "endpoint_logs=http://localhost:1\nendpoint_sts=http://localhost:1\n");
}

static void provider_is(const char *profile, const char *provider)
{
	char line[64];

	snprintf(line, sizeof(line), "provider=%s\n", provider);
	if (strncmp(described(profile), line, strlen(line)) != 0)
		fail_msg("expected %s, got %s", provider, described(profile));
}

#define KEYS "aws_access_key_id=A\naws_secret_access_key=s\n"
#define PROCESS                                                                                    \
	"credential_process = echo "                                                               \
	"{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"P\\\",\\\"SecretAccessKey\\\":\\\"s\\\"}\n"

static void test_order_of_providers(void **state)
{
	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	home_write(&home, ".aws/config", "[default]\n");
	provider_is(NULL, "none");
	home_write(&home, ".aws/config", "[default]\n" KEYS);
	provider_is(NULL, "config-file");
	home_write(&home, ".aws/config", "[default]\n" KEYS PROCESS);
	provider_is(NULL, "process");
	home_write(&home, ".aws/config", "[default]\nlogin_session=x\n" KEYS PROCESS);
	provider_is(NULL, "login");
	home_write(&home, ".aws/credentials", "[default]\n" KEYS);
	provider_is(NULL, "credentials-file");
	home_write(&home, ".aws/config",
	    "[default]\nsso_account_id=1\nsso_role_name=r\nsso_start_url=u\nsso_region=us-east-"
	    "1\n");
	provider_is(NULL, "sso");
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/t", 1);
	setenv("AWS_ROLE_ARN", "arn", 1);
	provider_is(NULL, "web-identity");
	provider_is("default", "sso");
	home_write(
	    &home, ".aws/config", "[default]\nrole_arn=r\nsource_profile=a\n[profile a]\n" KEYS);
	provider_is(NULL, "assume-role");
	setenv("AWS_ACCESS_KEY_ID", "E", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	provider_is(NULL, "environment");
	provider_is("default", "assume-role");
}

static void test_half_a_key_is_an_error(void **state)
{
	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	setenv("AWS_ACCESS_KEY_ID", "E", 1);
	home_write(&home, ".aws/config", "[default]\n" KEYS);
	assert_string_equal(
	    described(NULL), "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
}

/* Empty keys are the profile's choice, and no reason to look further; using them says so. */
static void test_empty_keys_are_chosen_and_refused(void **state)
{
	struct aws_settings *s;

	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	home_write(
	    &home, ".aws/credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=\n");
	home_write(&home, ".aws/config", "[default]\n" KEYS);
	provider_is(NULL, "credentials-file");
	s = home_settings(&home, NULL);
	assert_string_equal(home_fetch(s, NULL),
	    "credentials-file (profile default): the secret access key is empty: set it");
	aws_settings_free(s);
}

static void test_session_token_variables(void **state)
{
	struct credentials *c;
	struct aws_settings *s;

	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	setenv("AWS_ACCESS_KEY_ID", "E", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	setenv("AWS_SESSION_TOKEN", "new", 1);
	setenv("AWS_SECURITY_TOKEN", "old", 1);
	s = home_settings(&home, NULL);
	c = home_credentials(s, "E");
	assert_string_equal(credentials_session_token_peek(c), "old");
	credentials_unref(c);
	aws_settings_free(s);
}

static void test_environment_that_expires(void **state)
{
	struct aws_settings *s;

	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	setenv("AWS_ACCESS_KEY_ID", "E", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	setenv("AWS_CREDENTIAL_EXPIRATION", "2030-01-01T01:00:00+00:00", 1);
	s = home_settings(&home, NULL);
	home_fetch(s, "E");
	home.now_ms = 3600 * 1000;
	assert_non_null(strstr(home_fetch(s, NULL), "AWS_CREDENTIAL_EXPIRATION"));
	aws_settings_free(s);
}

static void test_a_changed_file_is_picked_up(void **state)
{
	struct aws_settings *s;

	(void)state;
	home_write(&home, ".aws/config", "[default]\nregion=us-east-1\n" KEYS);
	s = home_settings(&home, NULL);
	home_fetch(s, "A");
	assert_string_equal(s->provider->name, "config-file (profile default)");
	home_write(&home, ".aws/credentials",
	    "[default]\naws_access_key_id=NEW\naws_secret_access_key=s\n");
	home.now_ms += 1000;
	home_fetch(s, "NEW");
	assert_string_equal(s->provider->name, "credentials-file (profile default)");
	/* A file that is half written does not take the keys away. */
	home_write(&home, ".aws/credentials", "[default\naws_acc");
	home.now_ms += 1000;
	home_fetch(s, "NEW");
	home_write(&home, ".aws/credentials",
	    "[default]\naws_access_key_id=NEWER\naws_secret_access_key=s\n");
	home.now_ms += 1000;
	home_fetch(s, "NEWER");
	aws_settings_free(s);
}

static void test_ecs_cli_files(void **state)
{
	struct aws_options options = {
	    .home = home.path, .cluster_config = "prod", .ecs_profile = "ops"};
	struct ecsfs_error err = {0};
	struct aws_settings *s = NULL;

	(void)state;
	setenv("AWS_REGION", "us-east-1", 1);
	home_write(&home, ".ecs/config",
	    "version: v1\ndefault: prod\nclusters:\n  prod:\n    cluster: web\n"
	    "    region: eu-west-1\n    default_launch_type: \"\"\n  other:\n    cluster: x\n");
	home_write(&home, ".ecs/credentials",
	    "version: v1\ndefault: ops\necs_profiles:\n  ops:\n    aws_access_key_id: AKIDOPS\n"
	    "    aws_secret_access_key: s\n    aws_session_token: t\n");
	if (aws_settings_new(&options, &s, &err))
		fail_msg("%s", err.message);
	assert_string_equal(s->ecs_cluster, "web");
	assert_string_equal(s->region, "eu-west-1");
	assert_string_equal(s->region_source, "--cluster-config");
	assert_null(s->launch_type);
	home_fetch(s, "AKIDOPS");
	aws_settings_free(s);
	options.cluster_config = "none";
	assert_non_null(
	    strstr(refused(options), "has no 'none' under clusters; there are: prod, other"));
	options.cluster_config = NULL;
	options.ecs_profile = "x";
	assert_non_null(strstr(refused(options), "there are: ops"));
	home_write(&home, ".ecs/credentials", "a: [\n");
	assert_non_null(strstr(refused(options), ".ecs/credentials:2: "));
	options = (struct aws_options){.home = home.path, .cluster_config = "prod"};
	err = (struct ecsfs_error){0};
	home_write(&home, ".ecs/config",
	    "clusters:\n  prod: {cluster: web, default_launch_type: FARGATE}\n"
	    "  bad: {cluster: web, default_launch_type: fargate}\n  other: {cluster: x}\n");
	if (aws_settings_new(&options, &s, &err))
		fail_msg("%s", err.message);
	assert_string_equal(s->launch_type, "FARGATE");
	aws_settings_free(s);
	options.cluster_config = "bad";
	assert_int_equal(aws_settings_new(&options, &s, &err), -EINVAL);
	assert_non_null(strstr(err.message, "\"fargate\" is neither EC2 nor FARGATE"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOME_TEST(test_order_of_regions),
	    HOME_TEST(test_order_of_profiles),
	    HOME_TEST(test_bad_settings),
	    HOME_TEST(test_sso_sessions_are_complete),
	    HOME_TEST(test_retries),
	    HOME_TEST(test_description_has_no_secret),
	    HOME_TEST(test_order_of_providers),
	    HOME_TEST(test_half_a_key_is_an_error),
	    HOME_TEST(test_empty_keys_are_chosen_and_refused),
	    HOME_TEST(test_session_token_variables),
	    HOME_TEST(test_environment_that_expires),
	    HOME_TEST(test_a_changed_file_is_picked_up),
	    HOME_TEST(test_ecs_cli_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
