/*
 * How are the extended attributes made? From cached answers only, and from the failures of the
 * file: reading one never asks AWS.
 */
#include "fs/kernel/xattr.h"

#include "backend/base/limits.h"
#include "cache/answer.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/node/failures.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/reply.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

#define XATTR_ARN "user.ecs.arn"
#define XATTR_FETCHED "user.ecsfs.fetched_at"
#define XATTR_ERROR "user.ecsfs.error"

/* The directory whose object a node belongs to: itself, or a file's. */
static struct node *resource_of(struct node *n)
{
	return n->type ? n : n->parent;
}

static void render_arn(struct node *n, struct ask *q, struct buf *out)
{
	auto_answer struct answer a = {0};
	const struct dir_type *type = node_type(n);
	const json_t *object;
	const char *arn = NULL;
	struct place p;

	place_of(n, &p);
	if (!type->subject.kind || dir_object(q, type, &p, &a, &object, NULL) != 0)
		return;
	if (type->arn_member)
		arn = json_string_value(json_object_get(object, type->arn_member));
	if (arn)
		buf_adds(out, arn);
}

static void render(struct node *n, const char *name, struct buf *out)
{
	struct node *dir = resource_of(n);
	struct ask q = attr_peek(dir);
	auto_buf struct buf arn = BUF_INIT(4 * KIB);

	if (n->scratch)
		return;
	if (strcmp(name, XATTR_ERROR) == 0) {
		failures_render(n, out);
		return;
	}
	render_arn(dir, &q, &arn);
	if (strcmp(name, XATTR_ARN) == 0)
		buf_adds(out, buf_str(&arn));
	else if (strcmp(name, XATTR_FETCHED) == 0 && q.fetched_wall_ms)
		value_render_time((double)q.fetched_wall_ms / 1000, out);
}

static int reply(struct request *rq, const struct buf *out)
{
	if (rq->size && rq->size < out->len)
		return -ERANGE;
	if (rq->size)
		return request_reply_buf(rq, out->data, out->len);
	if (request_claim(rq))
		request_replied(rq, fuse_reply_xattr(rq->req, out->len));
	return 0;
}

int xattr_get(struct request *rq, struct ecsfs_error *err)
{
	auto_buf struct buf out = BUF_INIT(64 * KIB);

	(void)err;
	render(rq->node, rq->name, &out);
	return out.len ? reply(rq, &out) : -ENODATA;
}

int xattr_list(struct request *rq, struct ecsfs_error *err)
{
	static const char *const names[] = {XATTR_ARN, XATTR_FETCHED, XATTR_ERROR};
	auto_buf struct buf out = BUF_INIT(64 * KIB);

	(void)err;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_buf struct buf value = BUF_INIT(64 * KIB);

		render(rq->node, names[i], &value);
		if (value.len)
			buf_add(&out, names[i], strlen(names[i]) + 1);
	}
	return reply(rq, &out);
}
