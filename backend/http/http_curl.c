/*
 * Which options does every connection have? HTTP/1.1, TLS 1.2 or later, no redirects, the trusted
 * certificates; and which errno a code of libcurl means.
 */
#include "backend/http/http_curl.h"

#include "backend/http/http_url.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

static pthread_once_t curl_ready = PTHREAD_ONCE_INIT;

static void make_curl_ready(void)
{
	/* With signals disabled in libcurl, OpenSSL may write to connections that were closed. */
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

void http_curl_ready(void)
{
	pthread_once(&curl_ready, make_curl_ready);
}

void http_curl_defaults(CURL *e, char *error_buffer)
{
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, error_buffer);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, 10L);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* A page of logs is megabytes: libcurl polls and receives once for each of these. */
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 64 * 1024L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "ecsfs/" ECSFS_VERSION);
	/* A name that resolves slowly must not hold up a cancel or a time limit. */
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
}

/* A given bundle replaces the system's; for libcurl NULL would mean to trust nobody. */
void http_curl_trust(CURL *e, const char *ca_bundle)
{
	const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);

	curl_easy_setopt(e, CURLOPT_CAINFO, ca_bundle ? ca_bundle : built->cainfo);
	curl_easy_setopt(e, CURLOPT_CAPATH, ca_bundle ? NULL : built->capath);
}

static int errno_of_connect(CURL *e)
{
	long os = 0;

	curl_easy_getinfo(e, CURLINFO_OS_ERRNO, &os);
	return os == ECONNREFUSED || os == ETIMEDOUT ? (int)os : EHOSTUNREACH;
}

int http_curl_errno(CURL *e, CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return EHOSTUNREACH;
	case CURLE_COULDNT_CONNECT:
		return errno_of_connect(e);
	case CURLE_OPERATION_TIMEDOUT:
		return ETIMEDOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_ENGINE_INITFAILED:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return EPROTO;
	case CURLE_URL_MALFORMAT:
		return EINVAL;
	case CURLE_OUT_OF_MEMORY:
		return ENOMEM;
	default:
		return EIO;
	}
}

int http_curl_error_set(struct ecsfs_error *e, int err, const char *url, const char *why)
{
	char host[280];

	http_url_host(url, host, sizeof(host));
	return ecsfs_error_set(e, err, NULL, "%s: %s", host, why);
}
