/* What does the simulated registry page and refuse, and what does it say of tags that moved? */
#include "sim_call.h"

static size_t count(json_t *o, const char *member)
{
	size_t n = json_array_size(json_object_get(o, member));

	json_decref(o);
	return n;
}

static void test_repositories_are_paged(void **state)
{
	struct bench *b = *state;
	json_t *page = call(b, "DescribeRepositories", "{'maxResults':1}"), *rest;

	assert_non_null(page);
	assert_int_equal(json_array_size(json_object_get(page, "repositories")), 1);
	rest = call(b, "DescribeRepositories", "{'maxResults':1,'nextToken':'%s'}",
	    string(page, "nextToken"));
	assert_null(json_object_get(rest, "nextToken"));
	assert_int_equal(count(rest, "repositories"), 1);
	json_decref(page);
}

static void test_names_that_are_not_there(void **state)
{
	struct bench *b = *state;

	assert_refused(b, "RepositoryNotFoundException", "DescribeRepositories",
	    "{'repositoryNames':['web','nosuch']}");
	assert_refused(
	    b, "RepositoryNotFoundException", "ListImages", "{'repositoryName':'nosuch'}");
	assert_refused(b, "ImageNotFoundException", "DescribeImages",
	    "{'repositoryName':'web','imageIds':[{'imageTag':'1.2'},{'imageTag':'9'}]}");
	assert_refused(b, "AccessDeniedException", "ListImages",
	    "{'repositoryName':'web','registryId':'999999999999'}");
}

static void test_limits(void **state)
{
	struct bench *b = *state;

	assert_refused(
	    b, "InvalidParameterException", "DescribeRepositories", "{'maxResults':1001}");
	assert_refused(b, "InvalidParameterException", "DescribeImages",
	    "{'repositoryName':'web','imageIds':[]}");
	assert_refused(b, "InvalidParameterException", "DescribeImages",
	    "{'repositoryName':'web','maxResults':5,'imageIds':[{'imageTag':'1.2'}]}");
	assert_refused(b, "InvalidParameterException", "DescribeImages",
	    "{'repositoryName':'web','imageIds':[{'imageDigest':'sha256:1'}]}");
}

/* Two tags of one image are two ids of a listing and one described image. */
static void test_tags_and_images(void **state)
{
	struct bench *b = *state;

	assert_int_equal(count(call(b, "ListImages", "{'repositoryName':'web'}"), "imageIds"), 6);
	assert_int_equal(
	    count(call(b, "DescribeImages", "{'repositoryName':'web'}"), "imageDetails"), 4);
	assert_int_equal(count(call(b, "DescribeImages",
				   "{'repositoryName':'shop/api','filter':{'tagStatus':'TAGGED'}}"),
			     "imageDetails"),
	    2);
	assert_int_equal(
	    count(call(b, "ListImages",
		      "{'repositoryName':'shop/api','filter':{'tagStatus':'UNTAGGED'}}"),
		"imageIds"),
	    1);
}

static void test_pages_of_a_listing_neither_repeat_nor_skip(void **state)
{
	struct bench *b = *state;
	char token[64] = "";
	size_t n = 0;

	do {
		json_t *page =
		    call(b, "ListImages", "{'repositoryName':'web','maxResults':1%s%s%s}",
			*token ? ",'nextToken':'" : "", token, *token ? "'" : "");

		assert_non_null(page);
		n += json_array_size(json_object_get(page, "imageIds"));
		snprintf(token, sizeof(token), "%s",
		    string(page, "nextToken") ? string(page, "nextToken") : "");
		json_decref(page);
	} while (*token);
	assert_int_equal(n, 6);
}

static void test_missing_images_are_failures_of_a_batch(void **state)
{
	struct bench *b = *state;
	json_t *o = call(b, "BatchGetImage",
	    "{'repositoryName':'web','imageIds':[{'imageTag':'1.2'},{'imageTag':'9'}]}");
	const json_t *failure = json_array_get(json_object_get(o, "failures"), 0);

	assert_int_equal(json_array_size(json_object_get(o, "images")), 1);
	assert_string_equal(string(failure, "failureCode"), "ImageNotFound");
	json_decref(o);
}

static void test_log_groups_are_made_once(void **state)
{
	struct bench *b = *state;

	assert_done(b, "CreateLogGroup", "{'logGroupName':'/ecs/new'}");
	assert_refused(
	    b, "ResourceAlreadyExistsException", "CreateLogGroup", "{'logGroupName':'/ecs/new'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_repositories_are_paged, bench_open, bench_close),
	    cmocka_unit_test_setup_teardown(test_names_that_are_not_there, bench_open, bench_close),
	    cmocka_unit_test_setup_teardown(test_limits, bench_open, bench_close),
	    cmocka_unit_test_setup_teardown(test_tags_and_images, bench_open, bench_close),
	    cmocka_unit_test_setup_teardown(
		test_pages_of_a_listing_neither_repeat_nor_skip, bench_open, bench_close),
	    cmocka_unit_test_setup_teardown(
		test_missing_images_are_failures_of_a_batch, bench_open, bench_close),
	    cmocka_unit_test_setup_teardown(test_log_groups_are_made_once, bench_open, bench_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
