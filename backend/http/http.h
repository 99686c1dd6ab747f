/*
 * How is one HTTP exchange made? By libcurl, without retries or redirects, TLS 1.2 or later and
 * verified, every response bounded. Connections are kept and shared by the threads of a pool.
 *
 * Used by the AWS client and by credential providers (STS, SSO, container and instance metadata).
 */
#ifndef ECSFS_HTTP_H
#define ECSFS_HTTP_H

#include "backend/error.h"
#include "backend/http/http_message.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http; /* a pool of connections; any thread */

/*
 * Starts nothing and makes no curl handle yet: may be called before the fork. NULL: no memory.
 * (The first exchange makes the process ignore SIGPIPE.)
 */
struct http *http_new(void);
void http_free(struct http *h);
/* Ends every exchange under way and to come with EINTR. */
void http_cancel(struct http *h);
/* Closes the connections that no exchange uses: when descriptors run out. Any thread. */
void http_trim(struct http *h);

/*
 * 0: a response came, whatever its status. -ETIMEDOUT; -EHOSTUNREACH (no name, no route, no
 * network); -ECONNREFUSED; -EPROTO (TLS, or http where only https may be); -EFBIG (over max_body);
 * -EIO (cut, malformed); -EINVAL (no URL); -EINTR (cancelled); -EMFILE (no descriptor is left, also
 * after http_trim). The caller releases `ret` in every case. `err` has a sentence with the host,
 * never the URL's query or a header.
 */
int http_exchange(struct http *h, const struct http_request *rq, struct http_response *ret,
    struct ecsfs_error *err);
void http_response_release(struct http_response *r);

/* A Date header ("Sun, 06 Nov 1994 08:49:37 GMT") in milliseconds since the epoch; 0: invalid. */
int64_t http_date_ms(const char *date);

#endif
