/*
 * Which libcurl options have all connections in common? Only http.c and http_socket.c include this.
 */
#ifndef ECSFS_HTTP_CURL_H
#define ECSFS_HTTP_CURL_H

#include "backend/error.h"

#include <curl/curl.h>
#include <stdbool.h>

/* libcurl is initialised and SIGPIPE ignored; any thread, any number of times. */
void http_curl_ready(void);
/* Options that are the same for every connection: TLS 1.2, HTTP/1.1, no redirects, keep-alive. */
void http_curl_defaults(CURL *e, char *error_buffer);
/* Trusts the given bundle alone, or with NULL the system's. */
void http_curl_trust(CURL *e, const char *ca_bundle);
/* The errno that a libcurl code means; positive. */
int http_curl_errno(CURL *e, CURLcode code);
/* Sets "host:port: why" without what may be secret in the URL, and returns -err. */
int http_curl_error_set(struct ecsfs_error *e, int err, const char *url, const char *why);

#endif
