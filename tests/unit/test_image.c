/* Which references name an image of ECR, and which of them stop a deployment? */
#include "fs/edit/image.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOST "123456789012.dkr.ecr.us-east-1.amazonaws.com"
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void assert_taken(
    const char *image, const char *registry, const char *repository, const char *id)
{
	struct image_reference r;

	assert_true(image_reference(image, &r));
	assert_string_equal(r.registry, registry);
	assert_string_equal(r.repository, repository);
	assert_string_equal(r.id, id);
}

static void test_references(void **state)
{
	(void)state;
	assert_taken(HOST "/web:1.2", "123456789012/us-east-1", "web", "1.2");
	assert_taken(HOST "/shop/api", "123456789012/us-east-1", "shop/api", "latest");
	assert_taken(HOST "/web@" DIGEST, "123456789012/us-east-1", "web", DIGEST);
	assert_taken(HOST "/web:1.2@" DIGEST, "123456789012/us-east-1", "web", DIGEST);
	assert_taken("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/web:x",
	    "123456789012/cn-north-1", "web", "x");
	assert_taken("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a/b:x",
	    "123456789012/us-gov-west-1", "a/b", "x");
	assert_taken(
	    "123456789012.dkr-ecr.eu-west-1.on.aws/a/b:x", "123456789012/eu-west-1", "a/b", "x");
}

static void test_other_images(void **state)
{
	static const char *const others[] = {"nginx", "nginx:1.2", "shop/web:1.3", "", "/", ":",
	    "public.ecr.aws/x/y:1", "12345678901.dkr.ecr.us-east-1.amazonaws.com/web:1",
	    HOST ":443/web:1.2 ", HOST, HOST "/", HOST "/Web:1", HOST "/web:", HOST "/web:a b",
	    HOST "/web@sha256:12", "123456789012.dkr.ecr.us-east-1/web:1",
	    "123456789012.dkr.ecr..amazonaws.com/web:1",
	    "123456789012.dkr.ecr.us_east.amazonaws.com/web:1"};
	struct image_reference r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(image_reference(others[i], &r));
}

/* The scripted ECR. */
static struct {
	int describe_err, get_err, calls;
	const char *describe_code, *get_answer;
	char region[32], body[400];
} ecr;

static int answer(const struct aws_request *rq, int e, const char *code, const char *text,
    struct aws_response *ret, struct ecsfs_error *err)
{
	if (e)
		return ecsfs_error_set(err, e, code, "scripted");
	(void)rq;
	ret->json = json_loads(text, 0, NULL);
	return 0;
}

static int call(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err)
{
	char *body = json_dumps(rq->body, JSON_COMPACT | JSON_SORT_KEYS);

	(void)c;
	*ret = (struct aws_response){0};
	ecr.calls++;
	snprintf(ecr.region, sizeof(ecr.region), "%s", rq->region);
	snprintf(ecr.body, sizeof(ecr.body), "%s", body);
	free(body);
	if (!strcmp(rq->action, "BatchGetImage"))
		return answer(rq, ecr.get_err, "AccessDeniedException", ecr.get_answer, ret, err);
	if (json_object_get(rq->body, "imageIds"))
		return answer(rq, ecr.describe_err, ecr.describe_code,
		    "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\",\"imageTags\":[\"1.2\"]}]}",
		    ret, err);
	return answer(rq, 0, NULL,
	    "{\"imageDetails\":[{\"imagePushedAt\":1,\"imageTags\":[\"1.0\"]},"
	    "{\"imagePushedAt\":3,\"imageTags\":[\"1.2\",\"b\"]},"
	    "{\"imagePushedAt\":2,\"imageTags\":[\"1.1\",\"c\",\"d\"]}]}",
	    ret, err);
}

static int setup(void **state)
{
	const struct region_options o = {.name = "eu-west-1",
	    .ttl_ms = 5000,
	    .ttl_negative_ms = 5000,
	    .timeout_ms = 1000,
	    .clock = &clock_system,
	    .call = call};
	struct place *p = calloc(1, sizeof(*p));

	memset(&ecr, 0, sizeof(ecr));
	p->region = region_new(NULL, &o);
	*state = p;
	return p->region ? 0 : -1;
}

static int teardown(void **state)
{
	struct place *p = *state;

	region_free(p->region);
	free(p);
	return 0;
}

static void test_an_image_that_is_there(void **state)
{
	assert_int_equal(image_check(*state, HOST "/web:1.2", NULL), 0);
	assert_int_equal(ecr.calls, 1);
	assert_string_equal(ecr.region, "us-east-1");
	assert_string_equal(ecr.body,
	    "{\"imageIds\":[{\"imageTag\":\"1.2\"}],\"registryId\":\"123456789012\","
	    "\"repositoryName\":\"web\"}");
}

static void test_an_image_of_another_registry_is_not_asked_for(void **state)
{
	assert_int_equal(image_check(*state, "shop/web:1.3", NULL), 0);
	assert_int_equal(ecr.calls, 0);
}

static void test_a_missing_tag_names_the_newest(void **state)
{
	struct ecsfs_error err = {0};

	ecr.describe_err = ENOENT;
	ecr.describe_code = "ImageNotFoundException";
	assert_int_equal(image_check(*state, HOST "/web:9", &err), -EINVAL);
	assert_string_equal(err.message,
	    "repository web has no image \"9\"; the newest tags are 1.2, b, 1.1, c, d");
}

/* A negative answer is young, and the image was pushed since. */
static void test_a_fresh_push_is_seen_at_once(void **state)
{
	ecr.describe_err = ENOENT;
	ecr.describe_code = "ImageNotFoundException";
	assert_int_equal(image_check(*state, HOST "/web:1.2", NULL), -EINVAL);
	ecr.describe_err = 0;
	assert_int_equal(image_check(*state, HOST "/web:1.2", NULL), 0);
}

static void test_a_missing_repository(void **state)
{
	struct ecsfs_error err = {0};

	ecr.describe_err = ENOENT;
	ecr.describe_code = "RepositoryNotFoundException";
	assert_int_equal(image_check(*state, HOST "/wbe:9", &err), -EINVAL);
	assert_non_null(strstr(err.message, "\"wbe\""));
}

static void test_denied_is_unknown(void **state)
{
	ecr.describe_err = ecr.get_err = EACCES;
	ecr.describe_code = "AccessDeniedException";
	assert_int_equal(image_check(*state, HOST "/web:9", NULL), 0);
	assert_int_equal(ecr.calls, 2);
}

static void test_away_is_unknown(void **state)
{
	ecr.describe_err = EHOSTUNREACH;
	assert_int_equal(image_check(*state, HOST "/web:9", NULL), 0);
}

static void test_pulling_rights_are_enough(void **state)
{
	ecr.describe_err = EACCES;
	ecr.describe_code = "AccessDeniedException";
	ecr.get_answer = "{\"images\":[{\"imageId\":{\"imageDigest\":\"" DIGEST "\"}}]}";
	assert_int_equal(image_check(*state, HOST "/web:9", NULL), 0);
	ecr.get_answer = "{\"images\":[],\"failures\":[{\"failureCode\":\"ImageNotFound\"}]}";
	assert_int_equal(image_check(*state, HOST "/web:10", NULL), -EINVAL);
}

static void test_digests(void **state)
{
	struct place *p = *state;
	struct ask q = ask_blocking(p->region);
	auto_free char *digest = NULL, *none = NULL;

	assert_int_equal(image_digest(&q, p, HOST "/web:1.2", &digest), 0);
	assert_string_equal(digest, DIGEST);
	assert_int_equal(image_digest(&q, p, "nginx", &none), 0);
	assert_null(none);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_references),
	    cmocka_unit_test(test_other_images),
	    CASE(test_an_image_that_is_there),
	    CASE(test_an_image_of_another_registry_is_not_asked_for),
	    CASE(test_a_missing_tag_names_the_newest),
	    CASE(test_a_fresh_push_is_seen_at_once),
	    CASE(test_a_missing_repository),
	    CASE(test_denied_is_unknown),
	    CASE(test_away_is_unknown),
	    CASE(test_pulling_rights_are_enough),
	    CASE(test_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
