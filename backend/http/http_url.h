/* Which host does a URL name, and is that this machine? Pure; any thread. */
#ifndef ECSFS_HTTP_URL_H
#define ECSFS_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

/* "host:port" of a URL, without what may be secret, cut to `size`. */
void http_url_host(const char *url, char *ret, size_t size);
/* Whether a URL is plain http to a loopback address (127.0.0.0/8, ::1, localhost). */
bool http_is_loopback(const char *url);

#endif
