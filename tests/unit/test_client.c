/*
 * Does a call through all layers repeat, refuse, cancel and decode as it must, whatever the server
 * answers?
 */
#include "backend/aws.h"
#include "backend/credentials/cached.h"

#include "backend/base/cleanup.h"
#include "backend/config/settings.h"
#include "backend/metrics.h"
#include "backend/service.h"
#include "tests/unit/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define TARGET(action) "X-Amz-Target: AmazonEC2ContainerServiceV20141113." action "\r\n"
#define SOON "x-amz-retry-after: 1\r\n"

static const char throttled[] =
    "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}";
static const char broken[] = "{\"__type\":\"ServerException\"}";

/* Hands out key number `fetched`; with a token. */
struct counting_provider {
	struct credentials_provider provider;
	int fetched;
};

static int fetch_next(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct counting_provider *p = (struct counting_provider *)self;
	char id[32];

	(void)err;
	snprintf(id, sizeof(id), "AKID%d", ++p->fetched);
	*ret = credentials_new(id, "secret", "token", NULL, 0);
	return 0;
}

static void free_provider(struct credentials_provider *self)
{
	free(self);
}

struct fixture {
	struct scripted *server;
	struct aws_client *client;
	struct ecsfs_error err;
};

/* Of every client here. */
static struct metrics *metrics;

static struct aws_settings *make_settings(const char *url, const struct clock *clock)
{
	struct aws_settings *s = calloc(1, sizeof(*s));
	struct counting_provider *p = calloc(1, sizeof(*p));

	assert_non_null(s);
	assert_non_null(p);
	p->provider.name = "test";
	p->provider.fetch = fetch_next;
	p->provider.destroy = free_provider;
	s->region = strdup("eu-west-1");
	s->endpoint_url = strdup(url);
	s->max_attempts = 3;
	s->clock = clock;
	s->metrics = metrics;
	s->provider = credentials_cached_new(&p->provider, clock);
	assert_non_null(s->provider);
	return s;
}

static void begin(struct fixture *f, const struct scripted_entry *entries, size_t count)
{
	*f = (struct fixture){.server = scripted_start(entries, count)};
	f->client = aws_client_new(make_settings(scripted_url(f->server), &clock_system));
	assert_non_null(f->client);
}

static void end(struct fixture *f)
{
	aws_client_free(f->client);
	scripted_finish(f->server);
}

static int call(struct fixture *f, const char *action, unsigned flags)
{
	const struct aws_request rq = {.service = "ecs", .action = action, .flags = flags};
	struct aws_response response;
	int r = aws_request(f->client, &rq, &response, &f->err);

	aws_response_release(&response);
	return r;
}

static void one_call(void **state)
{
	static const struct scripted_entry script[] = {
	    {.expect = {"POST / HTTP/1.1\r\n", TARGET("DescribeServices"),
		 "Content-Type: application/x-amz-json-1.1\r\n",
		 "Authorization: AWS4-HMAC-SHA256 Credential=AKID1/",
		 "/eu-west-1/ecs/aws4_request, ",
		 "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, ",
		 "X-Amz-Security-Token: token\r\n", "\r\n\r\n{\"cluster\":\"c\"}"},
		.refuse = {"secret", "Expect:", "Accept-Encoding"},
		.headers = "x-amzn-RequestId: r-1\r\n",
		.body = "{\"services\":[{\"a\":1,\"a\":2,\"z\":\"\\u0000\"}]}"},
	    {.expect = {"{}", "/us-east-1/logs/"}, .body = ""},
	};
	json_auto_t *request = json_pack("{s:s}", "cluster", "c"), *answer = NULL, *empty = NULL;
	uint64_t before = metrics_calls(metrics, "DescribeServices");
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(
	    aws_call(f.client, NULL, "ecs", "DescribeServices", request, &answer, &f.err), 0);
	assert_int_equal(json_array_size(json_object_get(answer, "services")), 1);
	assert_int_equal(
	    aws_call(f.client, "us-east-1", "logs", "DeleteLogGroup", NULL, &empty, NULL), 0);
	assert_true(json_is_object(empty));
	assert_int_equal(metrics_calls(metrics, "DescribeServices") - before, 1);
	assert_int_equal(scripted_connections(f.server), 1);
	end(&f);
}

/* Nothing says that anything was done: the call is repeated, as after a lost answer. */
static void an_empty_answer_of_ecs_is_none(void **state)
{
	static const struct scripted_entry script[] = {
	    {.expect = {TARGET("TagResource")}, .body = ""},
	    {.expect = {TARGET("TagResource")}, .body = "{}"},
	};
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(aws_call(f.client, NULL, "ecs", "TagResource", NULL, NULL, &f.err), 0);
	end(&f);
}

static void half_a_surrogate_pair_is_replaced(void **state)
{
	static const struct scripted_entry script[] = {
	    {.body = "{\"services\":[{\"serviceName\":\"w\\ud800\"}]}"},
	};
	json_auto_t *answer = NULL;
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(
	    aws_call(f.client, NULL, "ecs", "DescribeServices", NULL, &answer, &f.err), 0);
	assert_string_equal(
	    json_string_value(json_object_get(
		json_array_get(json_object_get(answer, "services"), 0), "serviceName")),
	    "w\xEF\xBF\xBD");
	end(&f);
}

static void raw_and_ids(void **state)
{
	static const struct scripted_entry script[] = {{.expect = {"Logs_20140328.GetLogEvents"},
	    .headers = "x-amzn-RequestId: r-2\r\n",
	    .body = "{not parsed"}};
	const struct aws_request rq = {
	    .service = "logs", .action = "GetLogEvents", .flags = AWS_RAW};
	struct aws_response response;
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(aws_request(f.client, &rq, &response, &f.err), 0);
	assert_string_equal(buf_str(&response.raw), "{not parsed");
	assert_null(response.json);
	assert_string_equal(response.request_id, "r-2");
	assert_int_equal(response.http_status, 200);
	aws_response_release(&response);
	end(&f);
}

static void query_protocol(void **state)
{
	static const struct scripted_entry script[] = {
	    {.expect = {"Content-Type: application/x-www-form-urlencoded\r\n", "/sts/aws4_request",
		 "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&"
		 "DurationSeconds=900&PolicyArns.member.1.arn=a%20b&PolicyArns.member.2.arn=c"},
		.refuse = {"X-Amz-Target"},
		.body =
		    "<AssumeRoleResponse xmlns=\"x\"><AssumeRoleResult><Credentials><AccessKeyId>A"
		    "</AccessKeyId></Credentials></AssumeRoleResult></AssumeRoleResponse>"},
	    {.status = 403,
		.body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
			"<Message>no &amp; "
			"no</Message></Error><RequestId>q-1</RequestId></ErrorResponse>"},
	};
	json_auto_t *request =
	    json_pack("{s:s,s:i,s:[{s:s},{s:s}]}", "RoleArn", "arn:aws:iam::1:role/x",
		"DurationSeconds", 900, "PolicyArns", "arn", "a b", "arn", "c");
	json_auto_t *answer = NULL;
	const char *key = NULL;
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(
	    aws_call(f.client, NULL, "sts", "AssumeRole", request, &answer, &f.err), 0);
	assert_int_equal(json_unpack(answer, "{s:{s:s}}", "Credentials", "AccessKeyId", &key), 0);
	assert_string_equal(key, "A");
	assert_int_equal(
	    aws_call(f.client, NULL, "sts", "GetCallerIdentity", NULL, NULL, &f.err), -EACCES);
	assert_string_equal(f.err.code, "AccessDenied");
	assert_string_equal(f.err.message, "no & no");
	assert_string_equal(f.err.request_id, "q-1");
	end(&f);
}

static void ec2_protocol(void **state)
{
	static const struct scripted_entry script[] = {
	    {.expect = {"Content-Type: application/x-www-form-urlencoded\r\n", "/ec2/aws4_request",
		 "Action=DescribeNetworkInterfaces&Version=2016-11-15&NetworkInterfaceId.1=eni-1&"
		 "NetworkInterfaceId.2=eni-2&Filter.1.Name=status&Filter.1.Value.1=in-use"},
		.body = "<DescribeNetworkInterfacesResponse><requestId>r</requestId>"
			"<networkInterfaceSet><item><networkInterfaceId>eni-1"
			"</networkInterfaceId></item></networkInterfaceSet>"
			"</DescribeNetworkInterfacesResponse>"},
	    {.status = 403,
		.body = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no"
			"</Message></Error></Errors><RequestID>q-2</RequestID></Response>"},
	};
	json_auto_t *request = json_pack("{s:[ss],s:[{s:s,s:[s]}]}", "NetworkInterfaceId", "eni-1",
	    "eni-2", "Filter", "Name", "status", "Value", "in-use");
	json_auto_t *answer = NULL;
	const char *id = NULL;
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(
	    aws_call(f.client, NULL, "ec2", "DescribeNetworkInterfaces", request, &answer, &f.err),
	    0);
	assert_int_equal(
	    json_unpack(answer, "{s:[{s:s}]}", "networkInterfaceSet", "networkInterfaceId", &id),
	    0);
	assert_string_equal(id, "eni-1");
	assert_int_equal(
	    aws_call(f.client, NULL, "ec2", "DescribeNetworkInterfaces", NULL, NULL, &f.err),
	    -EACCES);
	assert_string_equal(f.err.request_id, "q-2");
	end(&f);
}

/* What one refusal becomes; the call is not repeated. */
static void refused(const struct scripted_entry *entry, const char *action, int err,
    const char *code, const char *message)
{
	struct fixture f;

	begin(&f, entry, 1);
	assert_int_equal(call(&f, action, 0), -err);
	assert_int_equal(f.err.err, err);
	assert_string_equal(f.err.code, code);
	if (!strstr(f.err.message, message))
		fail_msg("\"%s\" lacks \"%s\"", f.err.message, message);
	assert_int_equal(f.err.http_status, entry->status);
	assert_string_equal(f.err.action, action);
	assert_false(f.err.lost_answer);
	end(&f);
}

static void forms_of_errors(void **state)
{
	(void)state;
	refused(&(struct scripted_entry){.status = 400,
		    .body = "{\"__type\":\"com.amazonaws.ecs#ServiceNotFoundException:x\","
			    "\"Message\":\"gone\\nfor good\"}"},
	    "UpdateService", ENOENT, "ServiceNotFoundException", "gone for good");
	refused(&(struct scripted_entry){.status = 400,
		    .headers = "x-amzn-ErrorType: ClientException:http://internal/\r\n",
		    .body = "{\"message\":\"m\"}"},
	    "DescribeTaskDefinition", ENOENT, "ClientException", "m");
	refused(&(struct scripted_entry){.status = 400, .body = "{\"__type\":\"Novel\"}"},
	    "UpdateService", EINVAL, "Novel", "no reason");
	refused(&(struct scripted_entry){.status = 403,
		    .body = "<html><head><title>Squid</title></head>\n<body>denied</body></html>"},
	    "UpdateService", EINVAL, "", "answered 403: Squid denied");
	refused(&(struct scripted_entry){.status = 301, .headers = "Location: http://x/\r\n"},
	    "ListServices", EIO, "", "127.0.0.1");
	refused(
	    &(struct scripted_entry){.status = 404}, "ListServices", EINVAL, "", "answered 404");
}

static void repeats_what_passes(void **state)
{
	static const struct scripted_entry script[] = {
	    {.status = 503, .headers = SOON, .body = broken},
	    {.act = SCRIPTED_RESET},
	    {.body = "{}"},
	    {.status = 400, .headers = SOON, .body = throttled},
	    {.status = 429, .headers = SOON},
	    {.status = 400, .headers = SOON, .body = throttled},
	    {.status = 200, .body = "<html>"},
	    {.act = SCRIPTED_TRUNCATE, .body = "{\"clusterArns\":[]}"},
	    {.body = "{}"},
	    {.status = 400, .headers = SOON, .body = "{\"__type\":\"LimitExceededException\"}"},
	    {.status = 400, .headers = SOON, .body = "{\"__type\":\"LimitExceededException\"}"},
	};
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(call(&f, "ListServices", 0), 0);
	assert_int_equal(call(&f, "UpdateCluster", 0), -EBUSY);
	assert_string_equal(f.err.code, "ThrottlingException");
	assert_int_equal(call(&f, "ListClusters", 0), 0);
	assert_int_equal(call(&f, "RunTask", 0), -EDQUOT);
	end(&f);
}

/* AWS_ONCE: each way in which an answer can be lost, and none of them sends the request again. */
static void lost_answers(void **state)
{
	static const struct scripted_entry ways[] = {
	    {.act = SCRIPTED_RESET},
	    {.act = SCRIPTED_CLOSE},
	    {.act = SCRIPTED_TRUNCATE, .body = "{\"taskDefinition\":{}}"},
	    {.status = 500, .body = broken},
	    {.status = 200, .body = "<html>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct scripted_entry script[] = {{.body = "{}"}, ways[i]};
		struct fixture f;

		/* The first call leaves a connection behind, on which libcurl would repeat by itself. */
		begin(&f, script, 2);
		assert_int_equal(call(&f, "ListClusters", 0), 0);
		assert_int_equal(call(&f, "RegisterTaskDefinition", AWS_ONCE), -EIO);
		assert_true(f.err.lost_answer);
		end(&f);
	}
}

static void once_repeats_refusals(void **state)
{
	static const struct scripted_entry script[] = {
	    {.status = 400, .headers = SOON, .body = throttled},
	    {.status = 400,
		.headers = SOON,
		.body =
		    "{\"__type\":\"ClientException\",\"message\":\"Too many concurrent attempts to "
		    "create a new revision of the specified family\"}"},
	    {.body = "{}"},
	    {.status = 400, .body = "{\"__type\":\"ClientException\",\"message\":\"no image\"}"},
	};
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(call(&f, "RegisterTaskDefinition", AWS_ONCE), 0);
	assert_int_equal(call(&f, "RegisterTaskDefinition", AWS_ONCE), -EINVAL);
	assert_false(f.err.lost_answer);
	end(&f);
}

static void nobody_listens(void **state)
{
	struct aws_client *c = aws_client_new(make_settings("http://127.0.0.1:1", &clock_system));
	const struct aws_request rq = {
	    .service = "ecs", .action = "RegisterTaskDefinition", .flags = AWS_ONCE};
	uint64_t before = metrics_calls(metrics, "RegisterTaskDefinition");
	struct aws_response response;
	struct ecsfs_error err;

	(void)state;
	assert_int_equal(aws_request(c, &rq, &response, &err), -ECONNREFUSED);
	assert_false(err.lost_answer);
	assert_string_equal(err.action, "");
	/* Nothing was sent, so even this one is tried again. */
	assert_int_equal(metrics_calls(metrics, "RegisterTaskDefinition") - before, 3);
	aws_client_free(c);
}

static void expired_credentials(void **state)
{
	static const char expired[] = "{\"__type\":\"ExpiredTokenException\",\"message\":\"old\"}";
	static const struct scripted_entry script[] = {
	    {.expect = {"Credential=AKID1/"}, .status = 400, .body = expired},
	    {.expect = {"Credential=AKID2/"}, .body = "{}"},
	    {.expect = {"Credential=AKID2/"}, .status = 400, .body = expired},
	};
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(call(&f, "UpdateService", AWS_ONCE), 0);
	/* Twice within a minute is not asked for. */
	assert_int_equal(call(&f, "UpdateService", 0), -EACCES);
	assert_string_equal(f.err.code, "ExpiredTokenException");
	end(&f);
}

static int64_t far_wall(const struct clock *c)
{
	(void)c;
	return 1440938160000; /* 2015-08-30T12:36:00Z */
}

static int64_t real_mono(const struct clock *c)
{
	(void)c;
	return clock_mono(&clock_system);
}

static void wrong_clock(void **state)
{
	static const char expired[] = "{\"__type\":\"InvalidSignatureException\",\"message\":"
				      "\"Signature expired: a is now earlier than b\"}";
	static const struct scripted_entry script[] = {
	    {.expect = {"X-Amz-Date: 20150830T123600Z"},
		.status = 400,
		.headers = "Date: Sun, 30 Aug 2015 13:36:00 GMT\r\n",
		.body = expired},
	    {.expect = {"X-Amz-Date: 20150830T133600Z"}, .body = "{}"},
	    {.expect = {"X-Amz-Date: 20150830T133600Z"}, .body = "{}"},
	    /* A signature refused at the right time is not a matter of the clock. */
	    {.status = 403, .headers = "Date: Sun, 30 Aug 2015 13:37:00 GMT\r\n", .body = expired},
	};
	static const struct clock clock = {.mono_ms = real_mono, .wall_ms = far_wall};
	struct fixture f = {.server = scripted_start(script, ARRAY_SIZE(script))};

	(void)state;
	f.client = aws_client_new(make_settings(scripted_url(f.server), &clock));
	assert_int_equal(call(&f, "ListClusters", 0), 0);
	assert_int_equal(aws_client_now_ms(f.client), 1440938160000 + 3600000);
	assert_int_equal(call(&f, "ListClusters", 0), 0);
	assert_int_equal(call(&f, "ListClusters", 0), -EACCES);
	end(&f);
}

/* AWS explains a refused signature with the request as it saw it. */
static void a_refusal_does_not_repeat_the_token(void **state)
{
	static const struct scripted_entry script[] = {
	    {.status = 403,
		.body =
		    "{\"__type\":\"SignatureDoesNotMatch\",\"message\":\"It does not match."
		    "\\n\\nThe Canonical String for this request should have been\\n'POST\\n/\\n"
		    "x-amz-security-token:token\\n'\"}"},
	    {.status = 403,
		.body = "{\"__type\":\"AccessDenied\",\"message\":\"Got X-Amz-Security-Token: "
			"token\"}"},
	};
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(call(&f, "ListClusters", 0), -EACCES);
	assert_string_equal(f.err.message, "It does not match.");
	assert_int_equal(call(&f, "ListClusters", 0), -EACCES);
	assert_string_equal(f.err.message, "Got");
	end(&f);
}

/* The path of a configured endpoint is asked for as it is written. */
static void endpoints_with_a_path(void **state)
{
	static const struct scripted_entry script[] = {
	    {.expect = {"POST /ecs HTTP/1.1\r\n"}, .body = "{}"},
	    {.expect = {"POST /ecs/ HTTP/1.1\r\n"}, .body = "{}"},
	};
	struct scripted *server = scripted_start(script, ARRAY_SIZE(script));
	static const char *const paths[] = {"/ecs", "/ecs/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct fixture f = {.server = server};
		char url[128];

		snprintf(url, sizeof(url), "%s%s", scripted_url(server), paths[i]);
		f.client = aws_client_new(make_settings(url, &clock_system));
		assert_int_equal(call(&f, "ListClusters", 0), 0);
		aws_client_free(f.client);
	}
	scripted_finish(server);
}

/* A line break in what goes into a header would begin another header. */
static void keys_with_a_line_break_are_not_sent(void **state)
{
	static const char *const keys[][2] = {{"AKID\nX: y", "t"}, {"AKID", "t\r\nX: y"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct fixture f = {.server = scripted_start(NULL, 0)};
		struct aws_settings *s = make_settings(scripted_url(f.server), &clock_system);

		credentials_provider_free(s->provider);
		s->provider = credentials_cached_new(
		    credentials_static_new("test", keys[i][0], "s", keys[i][1]), &clock_system);
		f.client = aws_client_new(s);
		assert_int_equal(call(&f, "ListClusters", 0), -EACCES);
		assert_non_null(strstr(f.err.message, "holds a line break"));
		end(&f);
	}
}

static int gather(void *arg, const void *bytes, size_t len)
{
	buf_add(arg, bytes, len);
	return ((struct buf *)arg)->len > 8 ? 1 : 0;
}

static void streams(void **state)
{
	static const struct scripted_entry script[] = {{.body = "12345678"}, {.body = "123456789"},
	    {.status = 400, .body = "{\"__type\":\"ResourceNotFoundException\"}"}};
	auto_buf struct buf got = BUF_INIT(1024);
	const struct aws_request rq = {.service = "logs",
	    .action = "StartLiveTail",
	    .flags = AWS_STREAM,
	    .sink = gather,
	    .sink_arg = &got};
	struct aws_response response;
	struct fixture f;

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(aws_request(f.client, &rq, &response, &f.err), 0);
	assert_string_equal(buf_str(&got), "12345678");
	buf_reset(&got);
	assert_int_equal(aws_request(f.client, &rq, &response, &f.err), -ECANCELED);
	buf_reset(&got);
	assert_int_equal(aws_request(f.client, &rq, &response, &f.err), -ENOENT);
	assert_int_equal(got.len, 0);
	end(&f);
}

static void time_limit(void **state)
{
	static const struct scripted_entry script[] = {
	    {.act = SCRIPTED_STALL}, {.body = "{}"}, {.act = SCRIPTED_STALL}};
	struct aws_request rq = {.service = "ecs", .action = "ListClusters", .timeout_ms = 400};
	struct aws_response response;
	struct fixture f;
	int64_t from = clock_mono(&clock_system);

	(void)state;
	begin(&f, script, ARRAY_SIZE(script));
	/* Half of the time is left for another attempt. */
	assert_int_equal(aws_request(f.client, &rq, &response, &f.err), 0);
	aws_response_release(&response);
	rq.action = "UpdateService";
	assert_int_equal(aws_request(f.client, &rq, &response, &f.err), -ETIMEDOUT);
	assert_true(f.err.lost_answer);
	assert_true(clock_mono(&clock_system) - from < 5000);
	end(&f);
}

static void a_read_that_hangs_is_cut(void **state)
{
	static const struct scripted_entry script[] = {
	    {.body = "{}"}, {.act = SCRIPTED_STALL}, {.body = "{}"}};
	struct fixture f;

	(void)state;
	begin(&f, script, 3);
	assert_int_equal(call(&f, "ListClusters", 0), 0);
	int64_t from = clock_mono(&clock_system);
	assert_int_equal(call(&f, "ListClusters", 0), 0);
	assert_in_range(clock_mono(&clock_system) - from, 1900, 5000); /* a fifth were 6 s */
	end(&f);
}

static void *call_until_cancelled(void *arg)
{
	struct fixture *f = arg;

	return (void *)(intptr_t)call(f, "ListClusters", 0);
}

static void cancelled_under_way(void **state)
{
	static const struct scripted_entry script[] = {{.act = SCRIPTED_STALL}};
	struct fixture f;
	pthread_t thread;
	void *r;
	int64_t from;

	(void)state;
	begin(&f, script, 1);
	assert_int_equal(pthread_create(&thread, NULL, call_until_cancelled, &f), 0);
	scripted_wait_requests(f.server, 1);
	from = clock_mono(&clock_system);
	aws_client_cancel(f.client);
	pthread_join(thread, &r);
	assert_int_equal((intptr_t)r, -EINTR);
	assert_true(clock_mono(&clock_system) - from < 1000);
	assert_int_equal(call(&f, "ListClusters", 0), -EINTR);
	end(&f);
}

static void cancelled_between_attempts(void **state)
{
	static const struct scripted_entry script[] = {
	    {.status = 400, .headers = "x-amz-retry-after: 20000\r\n", .body = throttled}};
	struct fixture f;
	pthread_t thread;
	void *r;
	int64_t from;

	(void)state;
	begin(&f, script, 1);
	assert_int_equal(pthread_create(&thread, NULL, call_until_cancelled, &f), 0);
	scripted_wait_requests(f.server, 1);
	from = clock_mono(&clock_system);
	aws_client_cancel(f.client);
	pthread_join(thread, &r);
	assert_int_equal((intptr_t)r, -EINTR);
	assert_true(clock_mono(&clock_system) - from < 5000);
	end(&f);
}

static void deep_answers(void **state)
{
	static char deep[200001];
	struct scripted_entry script[] = {{.body = deep}, {.body = deep}, {.body = deep}};
	struct fixture f;

	(void)state;
	memset(deep, '[', sizeof(deep) - 1);
	begin(&f, script, ARRAY_SIZE(script));
	assert_int_equal(call(&f, "ListClusters", 0), -EIO);
	end(&f);
}

static void what_reads(void **state)
{
	static const char *const reads[][2] = {{"ecs", "ListServices"}, {"ecs", "DescribeTasks"},
	    {"logs", "GetLogEvents"}, {"logs", "FilterLogEvents"}, {"ecr", "BatchGetImage"},
	    {"logs", "StartLiveTail"}, {"monitoring", "GetMetricData"}, {"nosuch", "ListThings"}};
	static const char *const changes[][2] = {{"ecs", "UpdateService"}, {"ecs", "RunTask"},
	    {"ecs", "StartTask"}, {"ecs", "TagResource"}, {"ecs", "StartLiveTail"},
	    {"ssm", "ResumeSession"}, {"application-autoscaling", "RegisterScalableTarget"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reads); i++)
		assert_true(aws_action_reads(reads[i][0], reads[i][1]));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		assert_false(aws_action_reads(changes[i][0], changes[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_call),
	    cmocka_unit_test(an_empty_answer_of_ecs_is_none),
	    cmocka_unit_test(half_a_surrogate_pair_is_replaced),
	    cmocka_unit_test(raw_and_ids),
	    cmocka_unit_test(query_protocol),
	    cmocka_unit_test(ec2_protocol),
	    cmocka_unit_test(forms_of_errors),
	    cmocka_unit_test(repeats_what_passes),
	    cmocka_unit_test(lost_answers),
	    cmocka_unit_test(once_repeats_refusals),
	    cmocka_unit_test(nobody_listens),
	    cmocka_unit_test(expired_credentials),
	    cmocka_unit_test(wrong_clock),
	    cmocka_unit_test(a_refusal_does_not_repeat_the_token),
	    cmocka_unit_test(keys_with_a_line_break_are_not_sent),
	    cmocka_unit_test(endpoints_with_a_path),
	    cmocka_unit_test(streams),
	    cmocka_unit_test(time_limit),
	    cmocka_unit_test(cancelled_under_way),
	    cmocka_unit_test(a_read_that_hangs_is_cut),
	    cmocka_unit_test(cancelled_between_attempts),
	    cmocka_unit_test(deep_answers),
	    cmocka_unit_test(what_reads),
	};

	int failed;

	metrics = metrics_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	metrics_free(metrics);
	return failed;
}
