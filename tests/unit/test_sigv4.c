/* Is each stage of a signature that of AWS's published vectors? */
#include "backend/sigv4.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct credentials *example(const char *token)
{
	struct credentials *c = credentials_new(
	    "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token, NULL, 0);

	assert_non_null(c);
	return c;
}

/* The example of AWS's documentation ("Signature Version 4 signing process", IAM ListUsers). */
static void documented_example(void **state)
{
	static const struct sigv4_header headers[] = {
	    {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
	    {"Host", "iam.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}};
	const struct sigv4_request rq = {.method = "GET",
	    .path = "/",
	    .query = "Action=ListUsers&Version=2010-05-08",
	    .headers = headers,
	    .header_count = 3,
	    .normalize_path = true};
	const struct sigv4_scope scope = {"us-east-1", "iam", 1440938160};
	auto_buf struct buf canonical = BUF_INIT(MIB), to_sign = BUF_INIT(MIB),
			    line = BUF_INIT(MIB);
	struct credentials *c = example(NULL);

	(void)state;
	assert_int_equal(sigv4_canonical_request(&rq, &canonical), 0);
	assert_string_equal(buf_str(&canonical),
	    "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
	    "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
	    "host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
	    "content-type;host;x-amz-date\n"
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(sigv4_string_to_sign(&scope, canonical.data, canonical.len, &to_sign), 0);
	assert_string_equal(buf_str(&to_sign),
	    "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
	    "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
	assert_int_equal(sigv4_authorization(c, &scope, &rq, &line), 0);
	assert_string_equal(buf_str(&line),
	    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
	    "SignedHeaders=content-type;host;x-amz-date, "
	    "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
	credentials_unref(c);
}

static void vanilla(void **state)
{
	static const struct sigv4_header headers[] = {
	    {"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}};
	const struct sigv4_request rq = {
	    .method = "GET", .path = "/", .headers = headers, .header_count = 2};
	const struct sigv4_scope scope = {"us-east-1", "service", 1440938160};
	auto_buf struct buf line = BUF_INIT(MIB);
	struct credentials *c = example(NULL);

	(void)state;
	assert_int_equal(sigv4_authorization(c, &scope, &rq, &line), 0);
	assert_non_null(strstr(buf_str(&line),
	    "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
	credentials_unref(c);
}

static void failures(void **state)
{
	struct sigv4_header headers[64];
	struct sigv4_request rq = {
	    .method = "GET", .path = "/", .headers = headers, .header_count = 64};
	auto_buf struct buf out = BUF_INIT(MIB), tiny = BUF_INIT(8);

	(void)state;
	for (int i = 0; i < 64; i++)
		headers[i] = (struct sigv4_header){"a", "b"};
	assert_int_equal(sigv4_canonical_request(&rq, &out), -EINVAL);
	rq.header_count = 1;
	assert_int_equal(sigv4_canonical_request(&rq, &tiny), -ENOMEM);
	rq.query = "a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a"
		   "&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a";
	assert_int_equal(sigv4_canonical_request(&rq, &out), -EINVAL);
}

/* One of AWS's published vectors: a folder. */
struct vector {
	const char *root, *name;
	char *request;
	json_t *context;
	struct sigv4_header headers[16];
	struct sigv4_request rq;
};

static char *slurp(const char *root, const char *name, const char *file)
{
	char path[1024];
	auto_fclose FILE *f = NULL;
	char *text = calloc(1, 65536);

	snprintf(path, sizeof(path), "%s/%s/%s", root, name, file);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, f) > 0);
	return text;
}

static void add_header(struct vector *v, const char *name, const char *value)
{
	assert_true(v->rq.header_count < ARRAY_SIZE(v->headers));
	v->headers[v->rq.header_count++] = (struct sigv4_header){name, value};
}

/* Splits the request in place; a line that begins with a space continues the header before. */
static void split_request(struct vector *v)
{
	char *line = v->request, *end = strchr(line, '\n'), *http, *query;

	*end = '\0';
	http = strrchr(line, ' ');
	*http = '\0';
	v->rq.method = line;
	v->rq.path = strchr(line, ' ') + 1;
	*strchr(line, ' ') = '\0';
	query = strchr(v->rq.path, '?');
	if (query)
		*query++ = '\0';
	v->rq.query = query;
	for (line = end + 1; *line && *line != '\n'; line = end + 1) {
		end = line;
		do
			end = strchrnul(end + (*end == '\n'), '\n');
		while (*end && end[1] == ' ');
		char *colon = strchr(line, ':');
		bool last = !*end;

		*end = *colon = '\0';
		add_header(v, line, colon + 1);
		if (last)
			return;
	}
	if (*line) {
		v->rq.body = line + 1;
		v->rq.body_len = strlen(line + 1);
	}
}

static void check_stage(const struct vector *v, const char *file, const char *got)
{
	auto_free char *want = slurp(v->root, v->name, file);

	if (strcmp(want, got) != 0)
		fail_msg("%s/%s: want\n%s\ngot\n%s", v->name, file, want, got);
}

static const char *member(const struct vector *v, const char *name)
{
	return json_string_value(json_object_get(v->context, name));
}

static void check_vector(struct vector *v, struct credentials *c, const struct sigv4_scope *scope)
{
	auto_buf struct buf canonical = BUF_INIT(MIB), to_sign = BUF_INIT(MIB),
			    line = BUF_INIT(MIB);
	auto_free char *signed_request = slurp(v->root, v->name, "header-signed-request.txt");
	char signature[65];

	assert_int_equal(sigv4_canonical_request(&v->rq, &canonical), 0);
	check_stage(v, "header-canonical-request.txt", buf_str(&canonical));
	assert_int_equal(sigv4_string_to_sign(scope, canonical.data, canonical.len, &to_sign), 0);
	check_stage(v, "header-string-to-sign.txt", buf_str(&to_sign));
	assert_int_equal(sigv4_signature(c, scope, to_sign.data, to_sign.len, signature), 0);
	check_stage(v, "header-signature.txt", signature);
	assert_int_equal(sigv4_authorization(c, scope, &v->rq, &line), 0);
	if (!strstr(signed_request, buf_str(&line)))
		fail_msg("%s: %s is not in\n%s", v->name, buf_str(&line), signed_request);
}

static void run_vector(const char *root, const char *name)
{
	struct vector v = {.root = root, .name = name, .request = slurp(root, name, "request.txt")};
	auto_free char *text = slurp(root, name, "context.json");
	struct tm tm = {0};
	struct sigv4_scope scope;
	struct credentials *c;
	const json_t *keys;
	const char *token;
	char date[17], digest[65];

	v.context = json_loads(text, 0, NULL);
	assert_non_null(v.context);
	keys = json_object_get(v.context, "credentials");
	token = json_string_value(json_object_get(keys, "token"));
	assert_non_null(strptime(member(&v, "timestamp"), "%Y-%m-%dT%H:%M:%SZ", &tm));
	scope = (struct sigv4_scope){member(&v, "region"), member(&v, "service"), timegm(&tm)};
	v.rq.headers = v.headers;
	v.rq.normalize_path = json_is_true(json_object_get(v.context, "normalize"));
	split_request(&v);
	sigv4_date(scope.time_s, date);
	add_header(&v, "X-Amz-Date", date);
	if (token && !json_is_true(json_object_get(v.context, "omit_session_token")))
		add_header(&v, "X-Amz-Security-Token", token);
	if (json_is_true(json_object_get(v.context, "sign_body"))) {
		auto_free char *canonical = slurp(root, name, "header-canonical-request.txt");

		/* The digest of the body is the last line; the header is the signer's caller's. */
		snprintf(digest, sizeof(digest), "%s", strrchr(canonical, '\n') + 1);
		add_header(&v, "X-Amz-Content-Sha256", digest);
	}
	c = credentials_new(json_string_value(json_object_get(keys, "access_key_id")),
	    json_string_value(json_object_get(keys, "secret_access_key")), token, NULL, 0);
	check_vector(&v, c, &scope);
	credentials_unref(c);
	json_decref(v.context);
	free(v.request);
}

static void published_vectors(void **state)
{
	const char *root = TEST_DATA "/sigv4";
	const struct dirent *entry;
	int count = 0;
	DIR *dir;

	(void)state;
	dir = opendir(root);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "README.md") != 0) {
			run_vector(root, entry->d_name);
			count++;
		}
	closedir(dir);
	assert_true(count > 30);
}

static void dates(void **state)
{
	char text[17];

	(void)state;
	sigv4_date(0, text);
	assert_string_equal(text, "19700101T000000Z");
	sigv4_date(1709208000, text);
	assert_string_equal(text, "20240229T120000Z");
	sigv4_date(INT64_MAX, text);
	assert_string_equal(text, "19700101T000000Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documented_example),
	    cmocka_unit_test(vanilla),
	    cmocka_unit_test(failures),
	    cmocka_unit_test(published_vectors),
	    cmocka_unit_test(dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
