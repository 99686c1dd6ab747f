/*
 * What does writing a tags file send? Lines add and change tags inside the write(2) that contains
 * them; where the open had truncated the file, the keys that no line named are removed at the first
 * flush; [] removes all. One commit for every kind of resource: the directory's type names the
 * resource.
 */
#include "fs/tree/write/tags_write.h"

#include "backend/base/cleanup.h"
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "cache/moment.h"
#include "fs/edit/lines.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/tags.h"

#include <errno.h>

/* The object that has the tags, within the TTL, or fresh with `now`. */
static int resource(struct commit *c, bool now, struct answer *ret, const json_t **ret_object,
    struct ecsfs_error *err)
{
	struct ask q = ask_blocking(c->place->region);

	if (now)
		q.fresh = region_fresh_now(c->place->region);
	return dir_object(&q, c->type, c->place, ret, ret_object, err);
}

/* The object's new tags, for every reader. */
static void publish(struct commit *c, const json_t *tags)
{
	json_auto_t *members = json_pack("{s:O}", "tags", tags);
	const struct key k = place_key(c->place, &c->type->subject);

	if (members && !c->place->fs->options.dry_run)
		region_publish_members(c->place->region, &k, members, &c->began);
}

/* One of the two calls, unless it would be empty; `after` has the resulting tags. */
static int call(struct commit *c, const json_t *object, bool sets, const json_t *list,
    const json_t *after, struct ecsfs_error *err)
{
	json_auto_t *request = NULL;
	const char *arn = json_string_value(json_object_get(object, c->type->arn_member));
	int e;

	if (json_array_size(list) == 0)
		return 0;
	request =
	    json_pack("{s:s, s:O}", "resourceArn", arn ? arn : "", sets ? "tags" : "tagKeys", list);
	e = act_call(c, "ecs", sets ? "TagResource" : "UntagResource", request, 0, NULL, err);
	if (!e)
		publish(c, after);
	return e;
}

/* Sets first, unless the limit of tags demands that others are removed before. */
static int send(struct commit *c, const json_t *object, const json_t *set, const json_t *unset,
    struct ecsfs_error *err)
{
	const json_t *now = json_object_get(object, "tags");
	json_auto_t *nothing = json_array(), *all = tags_applied(now, set, unset);
	bool sets = tags_fit(now, set);
	json_auto_t *between = tags_applied(now, sets ? set : nothing, sets ? nothing : unset);
	const struct key k = place_key(c->place, &c->type->subject);
	bool first = json_array_size(sets ? set : unset) > 0;
	int e = call(c, object, sets, sets ? set : unset, between, err);

	if (!e) {
		e = call(c, object, !sets, sets ? unset : set, all, err);
		if (e && first && err)
			ecsfs_error_wrap(err,
			    sets ? "the tags were set, but the others were not removed"
				 : "tags were removed, but the new ones were not set");
	}
	if (e)
		region_invalidate(c->place->region, &k);
	return e;
}

/* The purpose of a pass. */
enum pass {
	PASS_ADD,    /* adds and changes named tags */
	PASS_REMOVE, /* removes the others */
	PASS_WHOLE,  /* both */
};

/* The calls after which the resource, which has the tags of `object`, has `named`. */
static int difference(struct commit *c, const json_t *object, const json_t *named, enum pass pass,
    json_t **ret_set, json_t **ret_unset, struct ecsfs_error *err)
{
	const json_t *tags = json_object_get(object, "tags");
	json_auto_t *all = NULL;
	int e = tags_difference(tags, named, pass != PASS_ADD, ret_set, ret_unset, err);

	/* Too many beside the earlier tags, which the open has truncated: those are removed at
	 * once. */
	if (e == -EINVAL && pass == PASS_ADD && c->truncated) {
		e = lines_parse(c->text, c->len, &all, err);
		if (!e)
			e = tags_difference(tags, all, true, ret_set, ret_unset, err);
	}
	if (!e && pass == PASS_REMOVE)
		json_array_clear(*ret_set);
	return e;
}

/* By the cache, or (`now`) by a fresh answer of AWS. `ret_skipped`: a named tag was not sent. */
static int apply_as(struct commit *c, const json_t *named, enum pass pass, bool now,
    bool *ret_skipped, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	json_auto_t *set = NULL, *unset = NULL;
	const json_t *object;
	int e = resource(c, now, &a, &object, err);

	if (!e)
		e = difference(c, object, named, pass, &set, &unset, err);
	if (e)
		return e;
	*ret_skipped = !now && (pass != PASS_ADD || json_array_size(set) < json_object_size(named));
	if (*ret_skipped || json_array_size(set) + json_array_size(unset) == 0)
		return 0;
	return send(c, object, set, unset, err);
}

/*
 * Skipping a tag that AWS has, or the removal of a key that AWS lacks, needs a fresh answer: the
 * cache decides only if every named tag is sent.
 */
static int apply(struct commit *c, const json_t *named, enum pass pass, struct ecsfs_error *err)
{
	bool skipped = true;
	int e = pass == PASS_ADD ? apply_as(c, named, pass, false, &skipped, err) : 0;

	return e || !skipped ? e : apply_as(c, named, pass, true, &skipped, err);
}

/* The lines that are new; [] alone removes all. */
static int commit_lines(struct commit *c, struct ecsfs_error *err)
{
	json_auto_t *named = NULL;
	int e = lines_parse(c->text + c->sent, c->len - c->sent, &named, err);

	if (e)
		return e;
	if (lines_none(c->text, c->len))
		return apply(c, named, PASS_REMOVE, err);
	return json_object_size(named) ? apply(c, named, PASS_ADD, err) : 0;
}

/* Sends the last line, if it was kept back, and after O_TRUNC removes the keys that no line named.
 */
static int commit_end(struct commit *c, struct ecsfs_error *err)
{
	json_auto_t *named = NULL;
	int e = commit_lines(c, err);

	if (!e)
		e = lines_parse(c->text, c->len, &named, err);
	if (e || !c->truncated || !c->entire || lines_none(c->text, c->len))
		return e;
	return apply(c, named, PASS_REMOVE, err);
}

int commit_tags(struct commit *c, struct ecsfs_error *err)
{
	json_auto_t *named = NULL;
	int e;

	if (c->at == COMMIT_WRITE)
		return commit_lines(c, err);
	if (c->at == COMMIT_FLUSH)
		return commit_end(c, err);
	e = lines_parse(c->text, c->len, &named, err);
	return e ? e : apply(c, named, PASS_WHOLE, err);
}
