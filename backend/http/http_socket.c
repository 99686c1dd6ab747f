/*
 * How is a connection opened for another protocol? libcurl connects only (CURLOPT_CONNECT_ONLY);
 * bytes pass by curl_easy_send() and curl_easy_recv().
 */
#include "backend/http/http_socket.h"

#include "backend/http/http_curl.h"
#include "backend/http/http_url.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

struct http_socket {
	CURL *easy;
	curl_socket_t fd;
	char curl_error[CURL_ERROR_SIZE];
};

static int on_progress(
    void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
	const atomic_bool *cancelled = arg;

	(void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
	return atomic_load(cancelled);
}

static void set_options(struct http_socket *s, const char *url, const char *ca_bundle,
    int timeout_ms, const atomic_bool *cancelled)
{
	CURL *e = s->easy;

	http_curl_defaults(e, s->curl_error);
	http_curl_trust(e, ca_bundle);
	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, http_is_loopback(url) ? "https,http" : "https");
	curl_easy_setopt(e, CURLOPT_PROXY, http_is_loopback(url) ? "" : NULL);
	/* Without a tunnel, a proxy would read the bytes that follow as requests to itself. */
	curl_easy_setopt(e, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(e, CURLOPT_XFERINFODATA, (void *)(uintptr_t)cancelled);
}

int http_socket_open(const char *url, const char *ca_bundle, int timeout_ms,
    const atomic_bool *cancelled, struct http_socket **ret, struct ecsfs_error *err)
{
	struct http_socket *s = calloc(1, sizeof(*s));
	CURLcode code;
	int e;

	http_curl_ready();
	if (!s || !(s->easy = curl_easy_init())) {
		free(s);
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	}
	set_options(s, url, ca_bundle, timeout_ms, cancelled);
	code = curl_easy_perform(s->easy);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &s->fd);
	if (code == CURLE_OK && s->fd != CURL_SOCKET_BAD) {
		*ret = s;
		return 0;
	}
	e = code == CURLE_ABORTED_BY_CALLBACK ? EINTR : http_curl_errno(s->easy, code);
	http_curl_error_set(err, e, url, *s->curl_error ? s->curl_error : curl_easy_strerror(code));
	http_socket_free(s);
	return -e;
}

void http_socket_free(struct http_socket *s)
{
	if (!s)
		return;
	curl_easy_cleanup(s->easy);
	free(s);
}

int http_socket_fd(const struct http_socket *s)
{
	return s->fd;
}

static ssize_t result(CURLcode code, size_t n)
{
	if (code == CURLE_OK)
		return (ssize_t)n;
	return code == CURLE_AGAIN ? -EAGAIN : -EPIPE;
}

ssize_t http_socket_send(struct http_socket *s, const void *bytes, size_t len)
{
	size_t n = 0;
	CURLcode code = curl_easy_send(s->easy, bytes, len, &n);

	return result(code, n);
}

ssize_t http_socket_receive(struct http_socket *s, void *bytes, size_t len)
{
	size_t n = 0;
	CURLcode code = curl_easy_recv(s->easy, bytes, len, &n);

	return result(code, n);
}
