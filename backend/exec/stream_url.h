/*
 * May the data channel's URL be used, and how is its upgrade request signed? ExecuteCommand and
 * ResumeSession return the URL. Blocks as far as fetching credentials does.
 */
#ifndef ECSFS_EXEC_STREAM_URL_H
#define ECSFS_EXEC_STREAM_URL_H

#include "backend/aws.h"

#include <stdbool.h>

/* Only encrypted channels, and unencrypted ones to a loopback address (the simulated region). */
bool stream_url_is_safe(const char *url);

/*
 * Appends the headers of a signed GET of `url` to `lines`, each ended by a NUL; release it with
 * secret_buf_release(). Without credentials there are none. 0, or -errno with a sentence.
 */
int stream_url_sign(struct aws_client *client, const char *region, const char *url,
    struct buf *lines, struct ecsfs_error *err);

/* Points `ret` to the lines in `lines`, NULL-ended. */
#define STREAM_URL_HEADERS 3
void stream_url_headers(const struct buf *lines, const char *ret[STREAM_URL_HEADERS + 1]);

#endif
