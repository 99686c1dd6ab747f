/* Does one exchange keep its limits, its trust and its connection, against a server of ours? */
#include "backend/http/http.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/http/http_url.h"
#include "tests/unit/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct http *pool;

static int set_up(void **state)
{
	(void)state;
	pool = http_new();
	return pool ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	http_free(pool);
	return 0;
}

static struct http_request request(const char *url)
{
	return (struct http_request){.method = "POST",
	    .url = url,
	    .body = "body",
	    .body_len = 4,
	    .max_body = 1024,
	    .direct_ok_http = true};
}

/* One exchange against one entry; the answer is released. */
static int one(const struct scripted_entry *entry, struct http_request *rq,
    struct http_response *ret, struct ecsfs_error *err)
{
	struct scripted *s = scripted_start(entry, 1);
	int r;

	rq->url = scripted_url(s);
	r = http_exchange(pool, rq, ret, err);
	http_response_release(ret);
	scripted_finish(s);
	return r;
}

static void headers_both_ways(void **state)
{
	static const char *const headers[] = {"X-One: 1", "X-Two: 2", NULL};
	static const struct scripted_entry script[] = {
	    {.expect = {"PUT /path?q=1 HTTP/1.1\r\n", "X-One: 1\r\n", "X-Two: 2\r\n",
		 "Content-Length: 4\r\n", "\r\n\r\nbody"},
		.refuse = {"Content-Type", "Expect"},
		.status = 418,
		.headers = "x-amzn-requestid:  id \r\nX-Amzn-ErrorType: T#a\r\nDate: today\r\n"
			   "Retry-After: 2\r\nx-amz-retry-after: 7\r\n",
		.body = "answer"},
	    {.expect = {"GET / HTTP/1.1\r\n"}, .headers = "Retry-After: never\r\n"},
	    {.expect = {"POST / HTTP/1.1\r\n", "Content-Length: 0\r\n"},
		.headers = "Retry-After: 2\r\nx-amz-request-id: other\r\n"},
	};
	struct scripted *s = scripted_start(script, ARRAY_SIZE(script));
	auto_buf struct buf url = BUF_INIT(1024);
	struct http_request rq = request(NULL);
	struct http_response ret;
	struct ecsfs_error err;

	(void)state;
	buf_addf(&url, "%s/path?q=1", scripted_url(s));
	rq.url = buf_str(&url);
	rq.method = "PUT";
	rq.headers = headers;
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), 0);
	assert_int_equal(ret.status, 418);
	assert_string_equal(ret.request_id, "id");
	assert_string_equal(ret.error_type, "T#a");
	assert_string_equal(ret.date, "today");
	assert_int_equal(ret.retry_after_ms, 7);
	assert_string_equal(buf_str(&ret.body), "answer");
	assert_true(ret.sent);
	http_response_release(&ret);
	rq = request(scripted_url(s));
	rq.method = "GET";
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), 0);
	assert_int_equal(ret.retry_after_ms, -1);
	assert_string_equal(ret.request_id, "");
	http_response_release(&ret);
	rq = request(scripted_url(s));
	rq.body_len = 0;
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), 0);
	assert_int_equal(ret.retry_after_ms, 2000);
	assert_string_equal(ret.request_id, "other");
	http_response_release(&ret);
	assert_int_equal(scripted_connections(s), 1);
	scripted_finish(s);
}

static void failures(void **state)
{
	struct http_request rq = request(NULL);
	struct http_response ret;
	struct ecsfs_error err;

	(void)state;
	assert_int_equal(
	    one(&(struct scripted_entry){.act = SCRIPTED_RESET}, &rq, &ret, &err), -EIO);
	assert_true(ret.sent);
	assert_non_null(strstr(err.message, "127.0.0.1"));
	assert_int_equal(
	    one(&(struct scripted_entry){.act = SCRIPTED_CLOSE}, &rq, &ret, &err), -EIO);
	assert_int_equal(one(&(struct scripted_entry){.act = SCRIPTED_TRUNCATE, .body = "12345678"},
			     &rq, &ret, &err),
	    -EIO);
	assert_int_equal(
	    one(&(struct scripted_entry){.act = SCRIPTED_RAW, .body = "garbage\r\n\r\n"}, &rq, &ret,
		&err),
	    -EIO);
	rq.max_body = 7;
	assert_int_equal(
	    one(&(struct scripted_entry){.body = "12345678"}, &rq, &ret, &err), -EFBIG);
	rq.max_body = 8;
	assert_int_equal(one(&(struct scripted_entry){.body = "12345678"}, &rq, &ret, &err), 0);
}

static void time_limits(void **state)
{
	struct http_request rq = request(NULL);
	struct http_response ret;
	struct ecsfs_error err;

	(void)state;
	rq.timeout_ms = 100;
	assert_int_equal(
	    one(&(struct scripted_entry){.act = SCRIPTED_STALL}, &rq, &ret, &err), -ETIMEDOUT);
	assert_true(ret.sent);
	rq.stall_ms = 100;
	assert_int_equal(one(&(struct scripted_entry){.act = SCRIPTED_HALF, .body = "12345678"},
			     &rq, &ret, &err),
	    -ETIMEDOUT);
	assert_non_null(strstr(err.message, "silent"));
}

static void unreachable(void **state)
{
	struct http_request rq = request("http://127.0.0.1:1");
	struct http_response ret;
	struct ecsfs_error err;

	(void)state;
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), -ECONNREFUSED);
	assert_false(ret.sent);
	rq.url = "http://no-such-host.invalid/?secret=1";
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), -EHOSTUNREACH);
	assert_non_null(strstr(err.message, "no-such-host.invalid"));
	assert_null(strstr(err.message, "secret"));
	rq.direct_ok_http = false;
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), -EPROTO);
	rq.url = "no url";
	rq.direct_ok_http = true;
	assert_true(http_exchange(pool, &rq, &ret, &err) < 0);
}

static void no_redirects(void **state)
{
	struct http_request rq = request(NULL);
	struct http_response ret;
	struct ecsfs_error err;

	(void)state;
	assert_int_equal(one(&(struct scripted_entry){.status = 302,
				 .headers = "Location: http://127.0.0.1:1/\r\n"},
			     &rq, &ret, &err),
	    0);
	assert_int_equal(ret.status, 302);
}

static void no_tls_where_it_must_be(void **state)
{
	static const struct scripted_entry script[] = {{.body = ""}};
	struct scripted *s = scripted_start(script, 1);
	auto_buf struct buf url = BUF_INIT(128);
	struct http_request rq = request(NULL);
	struct http_response ret;
	struct ecsfs_error err;

	(void)state;
	buf_addf(&url, "https%s", scripted_url(s) + strlen("http"));
	rq.url = buf_str(&url);
	rq.timeout_ms = 300;
	assert_true(http_exchange(pool, &rq, &ret, &err) < 0);
	assert_false(ret.sent);
	rq = request(scripted_url(s));
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), 0);
	http_response_release(&ret);
	scripted_finish(s);
}

/* A kept connection that the server closed: libcurl goes on with a new one, unless `once`. */
static void kept_connections(void **state)
{
	static const struct scripted_entry idle_death[] = {
	    {.body = "1", .close_after = 1}, {.body = "2"}, {.body = "3"}, {.body = "4"}};
	struct scripted *s = scripted_start(idle_death, ARRAY_SIZE(idle_death));
	struct http_request rq = request(scripted_url(s));
	struct http_response ret;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(http_exchange(pool, &rq, &ret, NULL), 0);
		http_response_release(&ret);
	}
	assert_int_equal(scripted_connections(s), 2);
	rq.once = true;
	assert_int_equal(http_exchange(pool, &rq, &ret, NULL), 0);
	http_response_release(&ret);
	assert_int_equal(scripted_connections(s), 3);
	scripted_finish(s);
}

static void never_twice(void **state)
{
	static const struct scripted_entry script[] = {{.body = "1"}, {.act = SCRIPTED_CLOSE}};
	struct scripted *s = scripted_start(script, ARRAY_SIZE(script));
	struct http_request rq = request(scripted_url(s));
	struct http_response ret;

	(void)state;
	assert_int_equal(http_exchange(pool, &rq, &ret, NULL), 0);
	http_response_release(&ret);
	rq.once = true;
	assert_int_equal(http_exchange(pool, &rq, &ret, NULL), -EIO);
	assert_true(ret.sent);
	scripted_finish(s);
}

static void proxy_from_environment(void **state)
{
	static const struct scripted_entry script[] = {
	    {.expect = {"GET http://example.invalid/ HTTP/1.1\r\n"}, .body = "proxied"}};
	struct scripted *s = scripted_start(script, 1);
	struct http_request rq = request("http://example.invalid/");
	struct http_response ret;

	(void)state;
	setenv("http_proxy", scripted_url(s), 1);
	rq.method = "GET";
	assert_int_equal(http_exchange(pool, &rq, &ret, NULL), 0);
	assert_string_equal(buf_str(&ret.body), "proxied");
	http_response_release(&ret);
	rq.no_proxy = true;
	assert_int_equal(http_exchange(pool, &rq, &ret, NULL), -EHOSTUNREACH);
	/* Loopback is never behind a proxy. */
	rq.no_proxy = false;
	rq.url = "http://127.0.0.1:1/";
	assert_int_equal(http_exchange(pool, &rq, &ret, NULL), -ECONNREFUSED);
	unsetenv("http_proxy");
	scripted_finish(s);
}

/* A TLS server with a certificate of its own, for so many connections. */
struct tls_server {
	int listener, accepts;
	char url[64], bundle[64];
	X509 *cert;
	EVP_PKEY *key;
	pthread_t thread;
};

static void *serve_tls(void *arg)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	struct tls_server *t = arg;
	SSL_CTX *cx = SSL_CTX_new(TLS_server_method());
	char text[4096];

	SSL_CTX_use_certificate(cx, t->cert);
	SSL_CTX_use_PrivateKey(cx, t->key);
	for (int i = 0; i < t->accepts; i++) {
		SSL *ssl = SSL_new(cx);

		SSL_set_fd(ssl, accept(t->listener, NULL, NULL));
		if (SSL_accept(ssl) == 1 && SSL_read(ssl, text, sizeof(text)) > 0)
			SSL_write(ssl, answer, sizeof(answer) - 1);
		close(SSL_get_fd(ssl));
		SSL_free(ssl);
	}
	SSL_CTX_free(cx);
	return NULL;
}

static void make_certificate(struct tls_server *t)
{
	X509_NAME *name;
	X509V3_CTX cx;
	X509_EXTENSION *alt;
	FILE *f;

	t->key = EVP_EC_gen("P-256");
	t->cert = X509_new();
	X509_set_version(t->cert, 2);
	X509_gmtime_adj(X509_getm_notBefore(t->cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(t->cert), 3600);
	X509_set_pubkey(t->cert, t->key);
	name = X509_get_subject_name(t->cert);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(t->cert, name);
	X509V3_set_ctx(&cx, t->cert, t->cert, NULL, NULL, 0);
	alt = X509V3_EXT_conf_nid(NULL, &cx, NID_subject_alt_name, "IP:127.0.0.1");
	X509_add_ext(t->cert, alt, -1);
	X509_EXTENSION_free(alt);
	assert_true(X509_sign(t->cert, t->key, EVP_sha256()) > 0);
	strcpy(t->bundle, "/tmp/ecsfs-test-XXXXXX");
	f = fdopen(mkstemp(t->bundle), "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, t->cert), 1);
	fclose(f);
}

static void start_tls(struct tls_server *t, int accepts)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	*t = (struct tls_server){.listener = socket(AF_INET, SOCK_STREAM, 0), .accepts = accepts};
	make_certificate(t);
	assert_int_equal(bind(t->listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(t->listener, 8), 0);
	assert_int_equal(getsockname(t->listener, (struct sockaddr *)&a, &len), 0);
	snprintf(t->url, sizeof(t->url), "https://127.0.0.1:%d/", ntohs(a.sin_port));
	assert_int_equal(pthread_create(&t->thread, NULL, serve_tls, t), 0);
}

static void finish_tls(struct tls_server *t)
{
	pthread_join(t->thread, NULL);
	close(t->listener);
	unlink(t->bundle);
	X509_free(t->cert);
	EVP_PKEY_free(t->key);
}

static void tls_is_verified(void **state)
{
	struct tls_server t;
	struct http_request rq;
	struct http_response ret;
	struct ecsfs_error err;

	(void)state;
	start_tls(&t, 3);
	rq = request(t.url);
	rq.direct_ok_http = false;
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), -EPROTO);
	assert_false(ret.sent);
	assert_non_null(strstr(err.message, "certificate"));
	rq.ca_bundle = t.bundle;
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), 0);
	assert_string_equal(buf_str(&ret.body), "ok");
	http_response_release(&ret);
	/* Trust given for one exchange is not left to the next. */
	rq.ca_bundle = NULL;
	assert_int_equal(http_exchange(pool, &rq, &ret, &err), -EPROTO);
	finish_tls(&t);
}

enum { CALLERS = 8 };

static void *exchange_until_cancelled(void *url)
{
	struct http_request rq = request(url);
	struct http_response ret;

	return (void *)(intptr_t)http_exchange(pool, &rq, &ret, NULL);
}

static void cancel(void **state)
{
	static const struct scripted_entry script[CALLERS] = {{.act = SCRIPTED_STALL},
	    {.act = SCRIPTED_STALL}, {.act = SCRIPTED_STALL}, {.act = SCRIPTED_STALL},
	    {.act = SCRIPTED_STALL}, {.act = SCRIPTED_STALL},
	    {.act = SCRIPTED_HALF, .body = "1234"}, {.act = SCRIPTED_HALF, .body = "1234"}};
	struct scripted *s = scripted_start(script, CALLERS);
	pthread_t threads[CALLERS];
	int64_t from;

	(void)state;
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, exchange_until_cancelled,
				     (void *)(uintptr_t)scripted_url(s)),
		    0);
	scripted_wait_requests(s, CALLERS);
	from = clock_mono(&clock_system);
	http_cancel(pool);
	for (int i = 0; i < CALLERS; i++) {
		void *r;

		pthread_join(threads[i], &r);
		assert_int_equal((intptr_t)r, -EINTR);
	}
	assert_true(clock_mono(&clock_system) - from < 500);
	scripted_finish(s);
}

struct stoppable {
	const char *url;
	struct stop stop;
};

static void *exchange_until_stopped(void *arg)
{
	struct stoppable *a = arg;
	struct http_request rq = request(a->url);
	struct http_response ret;
	int r;

	rq.stop = &a->stop;
	r = http_exchange(pool, &rq, &ret, NULL);
	http_response_release(&ret);
	return (void *)(intptr_t)r;
}

/* The server sees its connection closed; the others go on. */
static void stopping_one_exchange_closes_its_connection(void **state)
{
	static const struct scripted_entry script[] = {
	    {.act = SCRIPTED_STALL}, {.act = SCRIPTED_HALF, .body = "1234"}, {.body = "answer"}};
	struct scripted *s = scripted_start(script, ARRAY_SIZE(script));
	struct stoppable a[2] = {{.url = scripted_url(s)}, {.url = scripted_url(s)}};
	pthread_t threads[2];
	void *r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		stop_init(&a[i].stop);
		assert_int_equal(
		    pthread_create(&threads[i], NULL, exchange_until_stopped, &a[i]), 0);
		scripted_wait_requests(s, i + 1);
	}
	for (int i = 0; i < 2; i++) {
		scripted_wait_open(s, 2 - i);
		stop_now(&a[i].stop);
		pthread_join(threads[i], &r);
		assert_int_equal((intptr_t)r, -EINTR);
		scripted_wait_open(s, 1 - i);
	}
	/* Stopped before it begins: nothing is sent. */
	assert_int_equal((intptr_t)exchange_until_stopped(&a[0]), -EINTR);
	stop_release(&a[0].stop);
	stop_init(&a[0].stop);
	assert_int_equal((intptr_t)exchange_until_stopped(&a[0]), 0);
	for (int i = 0; i < 2; i++)
		stop_release(&a[i].stop);
	scripted_finish(s);
}

static void loopback(void **state)
{
	static const char *const yes[] = {"http://127.0.0.1:80/x", "http://127.9.9.9",
	    "http://[::1]:9", "http://localhost/", "HTTP://LOCALHOST:1"};
	static const char *const no[] = {"https://127.0.0.1", "http://127.0.0.1.example.org",
	    "http://localhost.example.org", "http://x@10.0.0.1", "http://127.0.0.1@example.org/",
	    "http://[::11]", "http://169.254.170.2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(http_is_loopback(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(http_is_loopback(no[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(headers_both_ways, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(failures, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(time_limits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(unreachable, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_redirects, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_tls_where_it_must_be, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(kept_connections, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(never_twice, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(proxy_from_environment, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(tls_is_verified, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(cancel, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		stopping_one_exchange_closes_its_connection, set_up, tear_down),
	    cmocka_unit_test(loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
