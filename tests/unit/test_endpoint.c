/* Which endpoint does a service have, by settings and by AWS's rule sets? */
#include "backend/config/endpoint.h"
#include "tests/unit/home.h"

#include "backend/base/cleanup.h"
#include "backend/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static void endpoint_is(const struct aws_settings *s, const char *service, const char *region,
    const char *want, const char *want_region)
{
	struct ecsfs_error err = {0};
	const char *name, *signing;
	auto_free char *url = NULL;

	if (aws_endpoint(s, service, region, &url, &name, &signing, &err))
		fail_msg("%s", err.message);
	assert_string_equal(url, want);
	assert_string_equal(signing, want_region);
	assert_string_equal(name, aws_service_find(service)->signing_name);
}

/* Each service's names: plain, FIPS, dual-stack, both; from the rule sets of AWS's models. */
static void test_rule_sets(void **state)
{
	static const struct {
		const char *service, *region, *url[4];
	} rows[] = {
	    {"ecs", "eu-west-1",
		{"https://ecs.eu-west-1.amazonaws.com", "https://ecs-fips.eu-west-1.amazonaws.com",
		    "https://ecs.eu-west-1.api.aws", "https://ecs-fips.eu-west-1.api.aws"}},
	    {"ecs", "us-gov-west-1",
		{"https://ecs.us-gov-west-1.amazonaws.com",
		    "https://ecs-fips.us-gov-west-1.amazonaws.com",
		    "https://ecs.us-gov-west-1.api.aws", "https://ecs-fips.us-gov-west-1.api.aws"}},
	    {"logs", "us-gov-west-1",
		{"https://logs.us-gov-west-1.amazonaws.com",
		    "https://logs.us-gov-west-1.amazonaws.com",
		    "https://logs.us-gov-west-1.api.aws",
		    "https://logs-fips.us-gov-west-1.api.aws"}},
	    {"logs", "cn-north-1",
		{"https://logs.cn-north-1.amazonaws.com.cn",
		    "https://logs-fips.cn-north-1.amazonaws.com.cn",
		    "https://logs.cn-north-1.api.amazonwebservices.com.cn",
		    "https://logs-fips.cn-north-1.api.amazonwebservices.com.cn"}},
	    {"ecr", "us-east-1",
		{"https://api.ecr.us-east-1.amazonaws.com",
		    "https://api.ecr-fips.us-east-1.amazonaws.com", "https://ecr.us-east-1.api.aws",
		    "https://ecr-fips.us-east-1.api.aws"}},
	    {"application-autoscaling", "us-iso-east-1",
		{"https://application-autoscaling.us-iso-east-1.c2s.ic.gov",
		    "https://application-autoscaling-fips.us-iso-east-1.c2s.ic.gov",
		    "https://application-autoscaling.us-iso-east-1.api.aws.ic.gov",
		    "https://application-autoscaling-fips.us-iso-east-1.api.aws.ic.gov"}},
	    {"sso", "eusc-de-east-1",
		{"https://portal.sso.eusc-de-east-1.amazonaws.eu",
		    "https://portal.sso-fips.eusc-de-east-1.amazonaws.eu",
		    "https://portal.sso.eusc-de-east-1.api.amazonwebservices.eu",
		    "https://portal.sso-fips.eusc-de-east-1.api.amazonwebservices.eu"}},
	    {"sso-oidc", "us-gov-east-1",
		{"https://oidc.us-gov-east-1.amazonaws.com",
		    "https://oidc.us-gov-east-1.amazonaws.com",
		    "https://oidc.us-gov-east-1.api.aws",
		    "https://oidc-fips.us-gov-east-1.api.aws"}},
	    {"signin", "us-gov-east-1",
		{"https://us-gov-east-1.signin.amazonaws-us-gov.com",
		    "https://signin-fips.us-gov-east-1.amazonaws.com",
		    "https://signin.us-gov-east-1.api.aws",
		    "https://signin-fips.us-gov-east-1.api.aws"}},
	    {"signin", "eu-west-1",
		{"https://eu-west-1.signin.aws.amazon.com",
		    "https://signin-fips.eu-west-1.amazonaws.com",
		    "https://signin.eu-west-1.api.aws", "https://signin-fips.eu-west-1.api.aws"}},
	    {"monitoring", "us-gov-west-1",
		{"https://monitoring.us-gov-west-1.amazonaws.com",
		    "https://monitoring.us-gov-west-1.amazonaws.com",
		    "https://monitoring.us-gov-west-1.api.aws",
		    "https://monitoring-fips.us-gov-west-1.api.aws"}},
	    {"ec2", "eu-isoe-west-1",
		{"https://ec2.eu-isoe-west-1.cloud.adc-e.uk",
		    "https://ec2-fips.eu-isoe-west-1.cloud.adc-e.uk",
		    "https://ec2.eu-isoe-west-1.api.cloud-aws.adc-e.uk",
		    "https://ec2-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk"}},
	    {"ssm", "cn-north-1",
		{"https://ssm.cn-north-1.amazonaws.com.cn",
		    "https://ssm-fips.cn-north-1.amazonaws.com.cn",
		    "https://ssm.cn-north-1.api.amazonwebservices.com.cn",
		    "https://ssm-fips.cn-north-1.api.amazonwebservices.com.cn"}},
	    {"elasticloadbalancing", "nowhere",
		{"https://elasticloadbalancing.nowhere.amazonaws.com",
		    "https://elasticloadbalancing-fips.nowhere.amazonaws.com",
		    "https://elasticloadbalancing.nowhere.api.aws",
		    "https://elasticloadbalancing-fips.nowhere.api.aws"}},
	    /* A partition's prefix alone does not make a name one of its regions. */
	    {"ecs", "eusc-fr-east-1",
		{"https://ecs.eusc-fr-east-1.amazonaws.com",
		    "https://ecs-fips.eusc-fr-east-1.amazonaws.com",
		    "https://ecs.eusc-fr-east-1.api.aws",
		    "https://ecs-fips.eusc-fr-east-1.api.aws"}},
	    {"ecs", "cn-north",
		{"https://ecs.cn-north.amazonaws.com", "https://ecs-fips.cn-north.amazonaws.com",
		    "https://ecs.cn-north.api.aws", "https://ecs-fips.cn-north.api.aws"}},
	    {"ecs", "aws-iso-global",
		{"https://ecs.aws-iso-global.c2s.ic.gov",
		    "https://ecs-fips.aws-iso-global.c2s.ic.gov",
		    "https://ecs.aws-iso-global.api.aws.ic.gov",
		    "https://ecs-fips.aws-iso-global.api.aws.ic.gov"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (unsigned variant = 0; variant < 4; variant++) {
			struct aws_settings s = {.fips = variant & 1, .dualstack = variant & 2};

			endpoint_is(&s, rows[i].service, rows[i].region, rows[i].url[variant],
			    rows[i].region);
		}
}

static void test_sts_global(void **state)
{
	struct aws_settings s = {.sts_legacy_global = true};

	(void)state;
	endpoint_is(&s, "sts", "eu-west-1", "https://sts.amazonaws.com", "us-east-1");
	endpoint_is(&s, "sts", "eu-south-1", "https://sts.eu-south-1.amazonaws.com", "eu-south-1");
	endpoint_is(&s, "ecs", "eu-west-1", "https://ecs.eu-west-1.amazonaws.com", "eu-west-1");
	s.fips = true;
	endpoint_is(
	    &s, "sts", "eu-west-1", "https://sts-fips.eu-west-1.amazonaws.com", "eu-west-1");
}

static void test_urls(void **state)
{
	static const char *const bad[] = {"localhost:1", "ftp://e", "http://", "http://e x", "//e"};
	struct aws_settings s = {0};

	(void)state;
	s.endpoint_url = (char *)"HTTP://e:1//";
	endpoint_is(&s, "ecs", "us-east-1", "HTTP://e:1", "us-east-1");
	s.endpoint_url = (char *)"http://e:1/ecs/";
	endpoint_is(&s, "ecs", "us-east-1", "http://e:1/ecs/", "us-east-1");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ecsfs_error err = {0};
		char *url = NULL;

		s.endpoint_url = (char *)bad[i];
		assert_int_equal(
		    aws_endpoint(&s, "ecs", "us-east-1", &url, NULL, NULL, &err), -EINVAL);
		assert_non_null(strstr(err.message, bad[i]));
	}
}

static void test_a_password_in_a_url_is_not_said(void **state)
{
	struct aws_settings s = {.endpoint_url = (char *)"https://user:secret@e/x"};
	struct ecsfs_error err = {0};
	auto_free char *url = NULL;

	(void)state;
	assert_int_equal(aws_endpoint(&s, "ecs", "us-east-1", &url, NULL, NULL, &err), -EINVAL);
	assert_null(strstr(err.message, "secret"));
	s.endpoint_url = (char *)"https://e/user:it@x";
	err = (struct ecsfs_error){0};
	assert_int_equal(aws_endpoint(&s, "ecs", "us-east-1", &url, NULL, NULL, &err), 0);
}

static void test_order_of_settings(void **state)
{
	struct ecsfs_error err = {0};
	auto_free char *url = NULL;
	struct aws_settings *s;
	struct home h;

	(void)state;
	home_open(&h);
	home_write(&h, ".aws/config",
	    "[default]\nregion=us-east-1\nendpoint_url=http://e:1\nservices=w\n"
	    "[services w]\nlogs=\ncloudwatch_logs =\n  endpoint_url = http://e:2/\n");
	s = home_settings(&h, NULL);
	endpoint_is(s, "ecs", "us-east-1", "http://e:1", "us-east-1");
	endpoint_is(s, "logs", "us-east-1", "http://e:2", "us-east-1");
	setenv("AWS_ENDPOINT_URL", "http://e:3", 1);
	endpoint_is(s, "logs", "us-east-1", "http://e:3", "us-east-1");
	setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://e:4", 1);
	setenv("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "http://e:6", 1);
	endpoint_is(s, "elasticloadbalancing", "us-east-1", "http://e:6", "us-east-1");
	endpoint_is(s, "monitoring", "us-east-1", "http://e:3", "us-east-1");
	endpoint_is(s, "logs", "us-east-1", "http://e:4", "us-east-1");
	s->endpoint_url = strdup("http://e:5");
	endpoint_is(s, "logs", "us-east-1", "http://e:5", "us-east-1");
	/* Keys are not fetched from where --endpoint-url points. */
	assert_int_equal(aws_endpoint_for_credentials(s, "sts", "us-east-1", &url, NULL, &err), 0);
	assert_string_equal(url, "http://e:3");
	free(move_ptr(s->endpoint_url));
	s->ignore_configured_endpoints = true;
	endpoint_is(s, "logs", "us-east-1", "https://logs.us-east-1.amazonaws.com", "us-east-1");
	aws_settings_free(s);
	home_close(&h);
}

static void test_bad_endpoints(void **state)
{
	struct aws_settings s = {.endpoint_url = (char *)"localhost:1"};
	struct ecsfs_error err = {0};
	char *url = NULL;

	(void)state;
	assert_int_equal(aws_endpoint(&s, "ecs", "us-east-1", &url, NULL, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.message, "http:// or https://"));
	assert_int_equal(aws_endpoint(&s, "nosuch", "us-east-1", &url, NULL, NULL, &err), -EINVAL);
}

static void test_regions(void **state)
{
	const char *const *all = aws_regions_of_partition("eu-west-1");
	size_t count = 0;

	(void)state;
	for (; all[count]; count++)
		assert_ptr_equal(aws_regions_of_partition(all[count]), all);
	assert_true(count > 30);
	assert_string_equal(aws_regions_of_partition("cn-northwest-1")[0], "cn-north-1");
	assert_string_equal(aws_regions_of_partition("us-gov-west-1")[0], "us-gov-east-1");
	assert_null(aws_service_find("s3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rule_sets),
	    cmocka_unit_test(test_sts_global),
	    cmocka_unit_test(test_urls),
	    cmocka_unit_test(test_a_password_in_a_url_is_not_said),
	    cmocka_unit_test(test_order_of_settings),
	    cmocka_unit_test(test_bad_endpoints),
	    cmocka_unit_test(test_regions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
