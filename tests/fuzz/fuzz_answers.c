/*
 * Does any response of a server break its reader? It is read as an error of every form, as JSON and
 * as XML.
 */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/wire.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_error(const struct http_response *answer)
{
	enum retry_class retry;
	struct ecsfs_error err = {0};
	int r = wire_error("DescribeTaskDefinition", "https://host.example/", answer, &retry, &err);

	assert(r < 0 && err.err == -r);
	for (const char *p = err.message; *p; p++)
		assert((unsigned char)*p >= 0x20);
	assert(strlen(err.code) < sizeof(err.code));
}

static void as_answer(const struct aws_service *service, const struct buf *body)
{
	json_auto_t *json = NULL;
	struct ecsfs_error err = {0};
	int r = wire_decode(service, "GetCallerIdentity", body, &json, &err);

	assert(r < 0 ? !json && err.err == -r : json != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct aws_service json = {
	    .name = "ecs", .protocol = AWS_JSON, .version = "T"};
	static const struct aws_service query = {
	    .name = "sts", .protocol = AWS_QUERY, .version = "2011-06-15"};
	static const int statuses[] = {301, 400, 403, 429, 500, 503};
	struct http_response answer = {.body = BUF_INIT(LIMIT_RESPONSE)};

	if (size < 2)
		return 0;
	answer.status = statuses[data[0] % ARRAY_SIZE(statuses)];
	if (data[1] & 1)
		strcpy(answer.error_type, "com.amazonaws.ecs#ClientException:http://x/");
	buf_add(&answer.body, data + 2, size - 2);
	as_error(&answer);
	as_answer(&json, &answer.body);
	as_answer(&query, &answer.body);
	buf_release(&answer.body);
	return 0;
}
