/*
 * How is a request signed by AWS Signature Version 4? In its published stages, each a pure function
 * of its arguments: no clock, no network. Tested against AWS's vectors stage by stage.
 */
#ifndef ECSFS_SIGV4_H
#define ECSFS_SIGV4_H

#include "backend/base/buf.h"
#include "backend/credentials/credentials.h"

#include <stddef.h>
#include <stdint.h>

struct sigv4_header {
	const char *name; /* any case */
	const char *value;
};

struct sigv4_request {
	const char *method;
	const char *path;		    /* as sent, before the '?'; "/" at least */
	const char *query;		    /* as sent, without '?'; NULL or "": none */
	const struct sigv4_header *headers; /* host, x-amz-date, x-amz-security-token included */
	size_t header_count;
	const void *body;
	size_t body_len;
	bool normalize_path; /* not for S3 */
};

struct sigv4_scope {
	const char *region;
	const char *service; /* the signing name */
	int64_t time_s;	     /* epoch seconds */
};

/* Each appends to `out`; -ENOMEM or -EINVAL. */
int sigv4_canonical_request(const struct sigv4_request *rq, struct buf *out);
int sigv4_string_to_sign(
    const struct sigv4_scope *scope, const char *canonical_request, size_t len, struct buf *out);
/* 64 hex digits and a NUL. */
int sigv4_signature(const struct credentials *c, const struct sigv4_scope *scope,
    const char *string_to_sign, size_t len, char ret_hex[65]);
/* The value of the Authorization header. */
int sigv4_authorization(const struct credentials *c, const struct sigv4_scope *scope,
    const struct sigv4_request *rq, struct buf *out);

/* "20150830T123600Z" and a NUL. */
void sigv4_date(int64_t time_s, char ret[17]);

#endif
