/*
 * How is a change sent, recorded and settled? Every call of a commit passes act_call_in(): it
 * checks the time that is left, sends or (dry run) does not, writes the journal line, and reports
 * the failure.
 */
#include "fs/act.h"

#include "backend/service.h"
#include "cache/answers/publish.h"
#include "fs/journal.h"

#include <errno.h>
#include <string.h>

/* Control files belong to no region: they act in a region of the first profile. */
static struct region *region_of(const struct place *p)
{
	return p->region ? p->region : account_region(p->fs->accounts[0]);
}

/* Whether the response shows the result. `member` NULL: no member is expected. */
static int check_answer(
    const char *action, const json_t *answer, const char *member, struct ecsfs_error *err)
{
	const json_t *said = json_object_get(answer, member ? member : "");

	if (!member || json_is_object(said) || json_is_array(said) ||
	    json_array_size(json_object_get(answer, "failures")) > 0)
		return 0;
	if (said)
		ecsfs_error_not_aws(err, action, "its %s is not an object", member);
	else
		ecsfs_error_set(err, EIO, NULL,
		    "%s: the response does not say what was done: look before repeating", action);
	err->lost_answer = true;
	return -EIO;
}

static bool deletes(const char *action)
{
	return strncmp(action, "Delete", 6) == 0;
}

/*
 * The time left to the writer, less a little, so that the call itself reports the timeout. A call
 * that would end after the writer's timeout is neither sent nor repeated.
 */
static int time_left(const struct commit *c)
{
	int64_t limit = c->place->fs->options.timeout_ms;

	if (!c->deadline_ms)
		return (int)limit;
	int64_t left = c->deadline_ms - clock_mono(c->place->fs->clock) - limit / 60;
	return (int)(left > 0 ? left : -1);
}

static int call(struct commit *c, const char *region, const char *service, const char *action,
    const json_t *request, unsigned flags, const char *member, json_t **ret,
    struct ecsfs_error *err)
{
	struct fs *fs = c->place->fs;
	struct region *r = region_of(c->place);
	struct aws_response response = {0};
	struct ecsfs_error local = {0};
	bool reads = aws_action_reads(service, action);
	struct aws_request rq = {
	    .region = region ? region : region_name_peek(r),
	    .service = service,
	    .action = action,
	    .body = request,
	    .flags = flags | (member && deletes(action) ? AWS_FRESH : 0),
	    .timeout_ms = time_left(c),
	};

	if (ret)
		*ret = NULL;
	if (!reads && fs->options.dry_run) {
		journal_add(fs->journal, c, service, action, request, true, NULL, NULL);
		return 0;
	}
	c->began = region_write_begin(r);
	int e = rq.timeout_ms >= 0
	    ? aws_request(region_client_peek(r), &rq, &response, &local)
	    : ecsfs_error_set(&local, ETIMEDOUT, NULL,
		  "no time was left for %s: nothing was sent (raise -o timeout)", action);
	if (!e)
		e = check_answer(action, response.json, member, &local);
	/* The repetition finds nothing left: the attempt whose response was lost has taken effect.
	 */
	if (member && deletes(action) && e == -ENOENT && local.lost_answer) {
		local = (struct ecsfs_error){0};
		e = 0;
	}
	if (e && !local.err)
		ecsfs_error_set(&local, -e, NULL, "%s failed", action);
	if (!reads && local.lost_answer)
		ecsfs_error_wrap(
		    &local, "the change may have taken effect: look before repeating it");
	if (!reads)
		journal_add(
		    fs->journal, c, service, action, request, false, response.request_id, &local);
	if (!e && ret)
		*ret = json_incref(response.json);
	aws_response_release(&response);
	if (err && local.err)
		*err = local;
	return e;
}

int act_call(struct commit *c, const char *service, const char *action, const json_t *request,
    unsigned flags, json_t **ret, struct ecsfs_error *err)
{
	return call(c, NULL, service, action, request, flags, NULL, ret, err);
}

int act_call_in(struct commit *c, const char *region, const char *service, const char *action,
    const json_t *request, unsigned flags, json_t **ret, struct ecsfs_error *err)
{
	return call(c, region, service, action, request, flags, NULL, ret, err);
}

int act_ecs(struct commit *c, const char *action, const json_t *request, unsigned flags,
    const char *member, json_t **ret, struct ecsfs_error *err)
{
	return call(c, NULL, "ecs", action, request, flags, member, ret, err);
}

void act_settle(struct commit *c, const struct key *k, int e, json_t *doc)
{
	struct region *r = region_of(c->place);

	if (e)
		region_invalidate(r, k);
	else if (doc)
		region_publish(r, k, doc, &c->began);
}
