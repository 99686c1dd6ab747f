/*
 * The tags of every kind of resource. Lines add and change inside the write that brings them; where
 * the open had truncated the file, the keys that no line named are removed at the first flush.
 */
#include "fs/tree/write.h"

#include "backend/base/cleanup.h"
#include "fs/edit/doc.h"
#include "fs/edit/tags.h"

#include <errno.h>

static int resource(struct commit *c, const struct dir_type *type, struct answer *ret,
    const json_t **ret_object, bool now, struct ecsfs_error *err)
{
	struct ask q = ask_blocking(c->place->region);

	if (now)
		q.fresh = region_fresh_now(c->place->region);
	return dir_object(&q, type, c->place, ret, ret_object, err);
}

/* The document with its new tags, for every reader. */
static void publish(struct commit *c, const struct dir_type *type, const json_t *object,
    const json_t *set, const json_t *unset)
{
	json_auto_t *copy = doc_copy(object);
	json_auto_t *tags = tags_applied(json_object_get(object, "tags"), set, unset);
	struct key k;

	if (type->subject(c->place, &k) || json_object_set(copy, "tags", tags))
		return;
	region_publish(c->place->region, &k, copy);
}

static int call(struct commit *c, const char *action, const char *arn, const char *member,
    const json_t *list, struct ecsfs_error *err)
{
	json_auto_t *request = NULL;

	if (json_array_size(list) == 0)
		return 0;
	request = json_pack("{s:s, s:O}", "resourceArn", arn, member, list);
	return act_call(c, "ecs", action, request, 0, NULL, err);
}

/* What is set comes first, unless only what goes makes room for it. */
static int send(struct commit *c, const struct dir_type *type, const json_t *object,
    const json_t *set, const json_t *unset, struct ecsfs_error *err)
{
	const char *arn = type->arn(object);
	json_auto_t *nothing = json_array();
	bool room = tags_fit(json_object_get(object, "tags"), set);
	struct key k;
	int e = room ? call(c, "TagResource", arn ? arn : "", "tags", set, err)
		     : call(c, "UntagResource", arn ? arn : "", "tagKeys", unset, err);

	if (!e && !c->place->fs->options.dry_run)
		publish(c, type, object, room ? set : nothing, room ? nothing : unset);
	if (!e)
		e = room ? call(c, "UntagResource", arn ? arn : "", "tagKeys", unset, err)
			 : call(c, "TagResource", arn ? arn : "", "tags", set, err);
	if (e && !type->subject(c->place, &k))
		region_invalidate(c->place->region, &k);
	else if (!e && !c->place->fs->options.dry_run)
		publish(c, type, object, set, unset);
	return e;
}

/* What one pass is for. */
enum pass {
	PASS_ADD,    /* adds and changes what is named */
	PASS_REMOVE, /* removes what is not */
	PASS_WHOLE,  /* both */
};

/* Sends the difference to what AWS has, as what is cached says or (`now`) as AWS says. */
static int apply_as(struct commit *c, const struct dir_type *type, const json_t *named,
    enum pass pass, bool now, bool *ret_sent, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	json_auto_t *set = NULL, *unset = NULL, *all = NULL;
	const json_t *object;
	int e = resource(c, type, &a, &object, now, err);

	if (e)
		return e;
	const json_t *tags = json_object_get(object, "tags");
	e = tags_difference(tags, named, pass != PASS_ADD, &set, &unset, err);
	/* Too many beside those of before, which the open has truncated: they go at once. */
	if (e == -EINVAL && pass == PASS_ADD && c->truncated) {
		e = tags_parse(c->text, c->len, &all, err);
		if (!e)
			e = tags_difference(tags, all, true, &set, &unset, err);
	}
	if (e)
		return e;
	if (pass == PASS_REMOVE)
		json_array_clear(set);
	*ret_sent = json_array_size(set) + json_array_size(unset) > 0;
	return *ret_sent ? send(c, type, object, set, unset, err) : 0;
}

/* A write that sends nothing must not rest on an old picture: AWS is asked anew. */
static int apply(struct commit *c, const struct dir_type *type, const json_t *named, enum pass pass,
    struct ecsfs_error *err)
{
	bool sent;
	int e = apply_as(c, type, named, pass, false, &sent, err);

	return e || sent ? e : apply_as(c, type, named, pass, true, &sent, err);
}

/* The lines that are new. */
static int commit_lines(struct commit *c, const struct dir_type *type, struct ecsfs_error *err)
{
	json_auto_t *named = NULL;
	int e = tags_parse(c->text + c->sent, c->len - c->sent, &named, err);

	if (e || json_object_size(named) == 0)
		return e;
	return apply(c, type, named, PASS_ADD, err);
}

/* The last line, if it was held back, and after O_TRUNC what no line named. */
static int commit_end(struct commit *c, const struct dir_type *type, struct ecsfs_error *err)
{
	json_auto_t *named = NULL;
	bool sent;
	int e = commit_lines(c, type, err);

	if (!e)
		e = tags_parse(c->text, c->len, &named, err);
	if (e || !c->truncated)
		return e;
	return apply_as(c, type, named, PASS_REMOVE, false, &sent, err);
}

static int commit_tags(struct commit *c, const struct dir_type *type, struct ecsfs_error *err)
{
	json_auto_t *named = NULL;
	int e;

	if (c->at == COMMIT_WRITE)
		return commit_lines(c, type, err);
	if (c->at == COMMIT_FLUSH)
		return commit_end(c, type, err);
	e = tags_parse(c->text, c->len, &named, err);
	return e ? e : apply(c, type, named, PASS_WHOLE, err);
}

int commit_cluster_tags(struct commit *c, struct ecsfs_error *err)
{
	return commit_tags(c, &dir_cluster, err);
}

int commit_service_tags(struct commit *c, struct ecsfs_error *err)
{
	return commit_tags(c, &dir_service, err);
}

int commit_task_tags(struct commit *c, struct ecsfs_error *err)
{
	return commit_tags(c, &dir_task, err);
}

int commit_revision_tags(struct commit *c, struct ecsfs_error *err)
{
	return commit_tags(c, &dir_task_definition, err);
}

int commit_instance_tags(struct commit *c, struct ecsfs_error *err)
{
	return commit_tags(c, &dir_container_instance, err);
}

int commit_provider_tags(struct commit *c, struct ecsfs_error *err)
{
	return commit_tags(c, &dir_capacity_provider, err);
}
