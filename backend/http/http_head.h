/*
 * What do we read of an HTTP response's head? libcurl passes it line by line, and the fields that
 * we need go into a struct http_response. A line need not end with a NUL. Pure; any thread.
 */
#ifndef ECSFS_HTTP_HEAD_H
#define ECSFS_HTTP_HEAD_H

#include "backend/http/http_message.h"

/* Reads one line. A status line forgets what was read before it (an interim response). `expected`:
 * set by Content-Length, else left alone. */
void http_head_line(struct http_response *ret, const char *line, size_t len, size_t *expected);

#endif
