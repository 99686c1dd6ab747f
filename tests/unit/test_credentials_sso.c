/* Are SSO and login tokens used, renewed and stored, and is an ended login explained? */
#include "tests/unit/home.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "backend/credentials/dpop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#define MINUTE_MS (60 * 1000)

/* The name of the file that the AWS CLI keeps `text`'s token in. */
static const char *cache_file(const char *directory, const char *digest, const char *text)
{
	static char name[256];
	unsigned char hash[64];
	size_t len, n;

	assert_int_equal(EVP_Q_digest(NULL, digest, NULL, text, strlen(text), hash, &len), 1);
	n = (size_t)snprintf(name, sizeof(name), "%s/", directory);
	for (size_t i = 0; i < len; i++)
		n += (size_t)snprintf(name + n, sizeof(name) - n, "%02x", hash[i]);
	snprintf(name + n, sizeof(name) - n, ".json");
	return name;
}

static json_t *read_json(const char *name)
{
	json_t *json = json_load_file(home_path(&home, name), 0, NULL);

	assert_non_null(json);
	return json;
}

#define PORTAL(id)                                                                                 \
	"{\"roleCredentials\":{\"accessKeyId\":\"" id                                              \
	"\",\"secretAccessKey\":\"s\",\"sessionToken\":\"t\",\"expiration\":1893459600000}}"
#define SESSION                                                                                    \
	"[profile ops]\nsso_session=work\nsso_account_id=123456789012\nsso_role_name=Read Only\n"  \
	"[sso-session work]\nsso_start_url=https://start\nsso_region=eu-central-1\n"
#define LEGACY                                                                                     \
	"[profile ops]\nsso_account_id=123456789012\nsso_role_name=Read\n"                         \
	"sso_start_url=https://start\nsso_region=eu-central-1\n"

static void write_token(const char *name, const char *token, const char *expires)
{
	home_write(&home, cache_file(".aws/sso/cache", "SHA1", name),
	    "{\"startUrl\":\"https://start\",\"region\":\"eu-central-1\",\"accessToken\":\"%s\","
	    "\"expiresAt\":\"%s\",\"clientId\":\"ci\",\"clientSecret\":\"cs\",\"refreshToken\":"
	    "\"rt\",\"registrationExpiresAt\":\"2030-03-01T00:00:00Z\",\"other\":7}",
	    token, expires);
}

static void test_session_token_is_used(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect =
		    {"GET /federation/credentials?role_name=Read%20Only&account_id=123456789012 ",
			"x-amz-sso_bearer_token: tok1\r\n"},
		.refuse = {"Authorization"},
		.body = PORTAL("SSO1")}};
	struct scripted *server = home_serve("AWS_ENDPOINT_URL", "", entries, ARRAY_SIZE(entries));
	struct credentials *c;
	struct aws_settings *s;

	(void)state;
	home_write(&home, ".aws/config", SESSION);
	write_token("work", "tok1", "2030-01-01T08:00:00Z");
	s = home_settings(&home, "ops");
	c = home_credentials(s, "SSO1");
	assert_string_equal(credentials_account_id_peek(c), "123456789012");
	assert_int_equal(credentials_expires_ms(c), HOME_START_MS + 60 * MINUTE_MS);
	assert_string_equal(s->provider->name, "sso (profile ops)");
	credentials_unref(c);
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_session_token_is_renewed_and_stored(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"POST /token ", "\"grantType\":\"refresh_token\"", "\"clientId\":\"ci\"",
		 "\"clientSecret\":\"cs\"", "\"refreshToken\":\"rt\""},
		.body = "{\"accessToken\":\"tok2\",\"expiresIn\":3600,\"refreshToken\":\"rt2\"}"},
	    {.expect = {"x-amz-sso_bearer_token: tok2\r\n"}, .body = PORTAL("SSO2")}};
	struct scripted *server = home_serve("AWS_ENDPOINT_URL", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;
	json_auto_t *json = NULL;
	struct stat st;
	const char *file;

	(void)state;
	home_write(&home, ".aws/config", SESSION);
	write_token("work", "tok1", "2030-01-01T00:10:00UTC");
	s = home_settings(&home, "ops");
	home_fetch(s, "SSO2");
	file = cache_file(".aws/sso/cache", "SHA1", "work");
	json = read_json(file);
	assert_string_equal(json_string_value(json_object_get(json, "accessToken")), "tok2");
	assert_string_equal(json_string_value(json_object_get(json, "refreshToken")), "rt2");
	assert_string_equal(
	    json_string_value(json_object_get(json, "expiresAt")), "2030-01-01T01:00:00Z");
	assert_string_equal(json_string_value(json_object_get(json, "clientSecret")), "cs");
	assert_int_equal(json_integer_value(json_object_get(json, "other")), 7);
	assert_int_equal(stat(home_path(&home, file), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* Our own writing is no change. */
	home.now_ms = 2000;
	home_fetch(s, "SSO2");
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_a_refused_renewal_leaves_a_valid_token(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"POST /token "},
		.status = 400,
		.body = "{\"error\":\"invalid_grant\",\"error_description\":\"no\"}"},
	    {.expect = {"x-amz-sso_bearer_token: tok1\r\n"}, .body = PORTAL("SSO1")}};
	struct scripted *server = home_serve("AWS_ENDPOINT_URL", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(&home, ".aws/config", SESSION);
	write_token("work", "tok1", "2030-01-01T00:10:00Z");
	s = home_settings(&home, "ops");
	home_fetch(s, "SSO1");
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_an_expired_login_says_what_to_do_and_a_new_one_is_seen(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"x-amz-sso_bearer_token: tok2\r\n"}, .body = PORTAL("SSO2")}};
	struct scripted *server = home_serve("AWS_ENDPOINT_URL", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(&home, ".aws/config", LEGACY);
	s = home_settings(&home, "ops");
	assert_string_equal(home_fetch(s, NULL),
	    "not logged in to SSO profile 'ops': the login is not there; run aws sso login "
	    "--profile ops");
	/* The legacy form is not renewed. */
	write_token("https://start", "tok1", "2029-12-31T23:59:59Z");
	home.now_ms = 1000;
	assert_string_equal(home_fetch(s, NULL),
	    "not logged in to SSO profile 'ops': the login has expired; run aws sso login "
	    "--profile ops");
	write_token("https://start", "tok2", "2030-01-01T08:00:00Z");
	home.now_ms = 2000;
	home_fetch(s, "SSO2");
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_answers_of_the_portal(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.status = 401, .body = "{\"message\":\"Session token not found or invalid\"}"},
	    {.status = 403,
		.headers = "x-amzn-ErrorType: ForbiddenException\r\n",
		.body = "{\"message\":\"No access\"}"},
	    {.body = "[1]"}};
	struct scripted *server = home_serve("AWS_ENDPOINT_URL", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	home_write(&home, ".aws/config", LEGACY);
	write_token("https://start", "tok1", "2030-01-01T08:00:00Z");
	s = home_settings(&home, "ops");
	assert_non_null(strstr(home_fetch(s, NULL), "is no longer accepted; run aws sso login"));
	home.now_ms += 1000;
	assert_string_equal(
	    home_fetch(s, NULL), "sso (profile ops): role Read in account 123456789012: No access");
	home.now_ms += 1000;
	assert_non_null(strstr(home_fetch(s, NULL), "the response has no accessKeyId"));
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

#define SOURCE                                                                                     \
	"[default]\nrole_arn=r\nsource_profile=s\n[profile "                                       \
	"s]\nsso_account_id=1\nsso_role_name=r\n"

static void test_wrong_sso_settings(void **state)
{
	(void)state;
	assert_non_null(strstr(wrong("[default]\nsso_account_id=1\n"), "has no sso_role_name"));
	assert_non_null(strstr(wrong("[default]\nsso_account_id=1\nsso_role_name=r\nsso_session=x\n"
				     "sso_region=a\n[sso-session x]\nsso_region=b\n"
				     "sso_start_url=u\n"),
	    "disagree about sso_region"));
	/* The settings give these for the mount's own profile. */
	assert_non_null(strstr(wrong(SOURCE "sso_session=x\n"), "which does not exist"));
	assert_non_null(
	    strstr(wrong(SOURCE "sso_session=x\nsso_start_url=u\n[sso-session x]\nsso_region=b\n"),
		"the sso-session 'x' of profile 's' has no sso_start_url"));
}

/* A key of P-256 and its PEM. */
static EVP_PKEY *make_key(char pem[1024])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	assert_non_null(key);
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_read(bio, pem, 1023);
	pem[n] = '\0';
	BIO_free(bio);
	return key;
}

static size_t from_base64url(const char *text, size_t len, unsigned char *out)
{
	static const char digit[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned bits = 0, word = 0;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		word = word << 6 | (unsigned)(strchr(digit, text[i]) - digit);
		bits += 6;
		if (bits >= 8)
			out[n++] = (unsigned char)(word >> (bits -= 8));
	}
	return n;
}

static json_t *part_of(const char *text, size_t len)
{
	unsigned char bytes[2048];
	size_t n = from_base64url(text, len, bytes);
	json_t *json = json_loadb((char *)bytes, n, 0, NULL);

	assert_non_null(json);
	return json;
}

/* Verifies the signature with OpenSSL's own verification. */
static bool verifies(EVP_PKEY *key, const char *jwt)
{
	const char *dot = strrchr(jwt, '.');
	unsigned char raw[128], *der = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	ECDSA_SIG *signature = ECDSA_SIG_new();
	int len, ok;

	assert_int_equal(from_base64url(dot + 1, strlen(dot + 1), raw), 64);
	ECDSA_SIG_set0(signature, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	len = i2d_ECDSA_SIG(signature, &der);
	EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key);
	ok = EVP_DigestVerify(
	    context, der, (size_t)len, (const unsigned char *)jwt, (size_t)(dot - jwt));
	OPENSSL_free(der);
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(context);
	return ok == 1;
}

static void test_dpop_proof(void **state)
{
	char pem[1024];
	EVP_PKEY *key = make_key(pem);
	auto_buf struct buf out = BUF_INIT(64 * KIB);
	json_auto_t *header = NULL, *claims = NULL;
	const char *dot, *second;

	(void)state;
	assert_int_equal(dpop_proof(pem, "https://x/v1/token", 1893456000, &out, NULL), 0);
	dot = strchr(out.data, '.');
	second = strchr(dot + 1, '.');
	header = part_of(out.data, (size_t)(dot - out.data));
	claims = part_of(dot + 1, (size_t)(second - dot - 1));
	assert_string_equal(json_string_value(json_object_get(header, "typ")), "dpop+jwt");
	assert_string_equal(json_string_value(json_object_get(header, "alg")), "ES256");
	assert_int_equal(
	    strlen(json_string_value(json_object_get(json_object_get(header, "jwk"), "x"))), 43);
	assert_string_equal(
	    json_string_value(json_object_get(claims, "htu")), "https://x/v1/token");
	assert_string_equal(json_string_value(json_object_get(claims, "htm")), "POST");
	assert_int_equal(json_integer_value(json_object_get(claims, "iat")), 1893456000);
	assert_int_equal(strlen(json_string_value(json_object_get(claims, "jti"))), 36);
	assert_true(verifies(key, out.data));
	out.data[0] ^= 1;
	assert_false(verifies(key, out.data));
	assert_int_equal(dpop_proof("nonsense", "u", 1, &out, NULL), -EINVAL);
	EVP_PKEY_free(key);
}

/* Writes the file of `aws login` with a key of the test's. */
static void write_login(const char *expires)
{
	char pem[1024];
	EVP_PKEY *key = make_key(pem);
	json_auto_t *json = json_pack("{s:{s:s, s:s, s:s, s:s, s:s}, s:s, s:s, s:s, s:s}",
	    "accessToken", "accessKeyId", "LOGIN1", "secretAccessKey", "s", "sessionToken", "t",
	    "accountId", "123456789012", "expiresAt", expires, "tokenType", "aws_sigv4",
	    "refreshToken", "rt", "clientId", "arn:client", "dpopKey", pem);
	auto_free char *text = json_dumps(json, 0);

	home_write(&home, cache_file("logins", "SHA256", "arn:session"), "%s", text);
	EVP_PKEY_free(key);
}

static void test_login_is_used_and_renewed(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"POST /v1/token ", "DPoP: ey", "\"clientId\":\"arn:client\"",
		 "\"refreshToken\":\"rt\"", "\"grantType\":\"refresh_token\""},
		.refuse = {"Authorization"},
		.body = "{\"accessToken\":{\"accessKeyId\":\"LOGIN2\",\"secretAccessKey\":\"s2\","
			"\"sessionToken\":\"t2\"},\"tokenType\":\"aws_sigv4\",\"expiresIn\":900,"
			"\"refreshToken\":\"rt2\"}"}};
	struct scripted *server = home_serve("AWS_ENDPOINT_URL", "", entries, ARRAY_SIZE(entries));
	json_auto_t *json = NULL;
	struct aws_settings *s;

	(void)state;
	setenv("AWS_LOGIN_CACHE_DIRECTORY", "~/logins", 1);
	home_write(&home, ".aws/config", "[default]\nlogin_session=arn:session\n");
	write_login("2030-01-01T00:15:00Z");
	s = home_settings(&home, NULL);
	home_fetch(s, "LOGIN1");
	home.now_ms = 10 * MINUTE_MS;
	home_fetch(s, "LOGIN2");
	json = read_json(cache_file("logins", "SHA256", "arn:session"));
	assert_string_equal(json_string_value(json_object_get(json, "refreshToken")), "rt2");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(json, "accessToken"), "expiresAt")),
	    "2030-01-01T00:25:00Z");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(json, "accessToken"), "accountId")),
	    "123456789012");
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_login_that_has_ended(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.status = 401, .body = "{\"error\":\"TOKEN_EXPIRED\",\"message\":\"m\"}"}};
	struct scripted *server = home_serve("AWS_ENDPOINT_URL", "", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	setenv("AWS_LOGIN_CACHE_DIRECTORY", "~/logins", 1);
	home_write(&home, ".aws/config", "[default]\nlogin_session=arn:session\n");
	s = home_settings(&home, NULL);
	assert_non_null(
	    strstr(home_fetch(s, NULL), "is not there: run aws login --profile default"));
	write_login("2029-12-31T23:59:00Z");
	home.now_ms = 1000;
	assert_non_null(
	    strstr(home_fetch(s, NULL), "has expired: run aws login --profile default"));
	aws_settings_free(s);
	scripted_finish(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOME_TEST_REGION(test_session_token_is_used),
	    HOME_TEST_REGION(test_session_token_is_renewed_and_stored),
	    HOME_TEST_REGION(test_a_refused_renewal_leaves_a_valid_token),
	    HOME_TEST_REGION(test_an_expired_login_says_what_to_do_and_a_new_one_is_seen),
	    HOME_TEST_REGION(test_answers_of_the_portal),
	    HOME_TEST_REGION(test_wrong_sso_settings),
	    HOME_TEST_REGION(test_dpop_proof),
	    HOME_TEST_REGION(test_login_is_used_and_renewed),
	    HOME_TEST_REGION(test_login_that_has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
