/*
 * What do mkdir and rmdir of a cluster and its writable documents send? A document with the
 * cluster's present meaning, by a fresh answer, sends nothing.
 */
#include "fs/tree/write/cluster_write.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/member_text.h"
#include "fs/edit/members/members.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* How long a change of the capacity providers waits for the one before it, and how often it checks.
 */
#define ATTACHMENTS_WAIT_MS 20000
#define ATTACHMENTS_LOOK_MS 500

static struct key key_of(const struct place *p)
{
	return (struct key){.kind = KIND_CLUSTER, .a = p->cluster};
}

/* Sends the call and publishes the cluster in AWS's response; after a failure invalidates it. */
static int call_about_cluster(
    struct commit *c, const char *action, const json_t *request, struct ecsfs_error *err)
{
	struct key k = key_of(c->place);
	json_auto_t *answer = NULL;
	int e = act_ecs(c, action, request, 0, "cluster", &answer, err);

	act_settle(c, &k, e, json_object_get(answer, "cluster"));
	return e;
}

int make_cluster(struct commit *c, struct ecsfs_error *err)
{
	json_auto_t *request = json_pack("{s:s}", "clusterName", c->place->cluster);

	return call_about_cluster(c, "CreateCluster", request, err);
}

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static bool is_busy(const json_t *cluster)
{
	return !strcmp(doc_string_peek(cluster, "attachmentsStatus"), "UPDATE_IN_PROGRESS");
}

/* Waits until the change before this one is done. -EBUSY: it takes too long. */
static int wait_for_attachments(const struct place *p, struct ecsfs_error *err)
{
	struct key k = key_of(p);
	int64_t until = clock_mono(p->fs->clock) + ATTACHMENTS_WAIT_MS;

	while (clock_mono(p->fs->clock) < until) {
		json_auto_t *cluster = NULL;
		int e = ask_now(p, &k, &cluster, err);

		if (e)
			return e;
		if (strcmp(doc_string_peek(cluster, "attachmentsStatus"), "UPDATE_IN_PROGRESS") !=
		    0)
			return 0;
		sleep_ms(ATTACHMENTS_LOOK_MS);
	}
	return act_refuse(err, EBUSY,
	    "another change of the cluster's capacity providers is still under way: try again "
	    "later");
}

/* A call that AWS refuses while the capacity providers change is sent once more afterwards. */
static int call_when_idle(
    struct commit *c, const char *action, const json_t *request, struct ecsfs_error *err)
{
	struct ecsfs_error reason = {0};
	int e = call_about_cluster(c, action, request, &reason);

	if (!e || strcmp(reason.code, "UpdateInProgressException") != 0) {
		if (e && err)
			*err = reason;
		return e;
	}
	e = wait_for_attachments(c->place, err);
	return e ? e : call_about_cluster(c, action, request, err);
}

int drop_cluster(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = key_of(p);
	json_auto_t *request = json_pack("{s:s}", "cluster", p->cluster);
	json_auto_t *gone =
	    json_pack("{s:s, s:s}", "clusterName", p->cluster, "status", "INACTIVE");
	int e = call_when_idle(c, "DeleteCluster", request, err);

	act_settle(c, &k, e, p->fs->options.dry_run ? NULL : gone);
	return e;
}

/* Both members are required by AWS and replaced whole: leaving one out must not mean "none". */
static int check_both(const json_t *written, struct ecsfs_error *err)
{
	static const char *const members[] = {
	    "capacityProviders", "defaultCapacityProviderStrategy"};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!doc_peek(written, members[i]))
			return act_refuse(
			    err, EINVAL, "%s is missing: write [] for none", members[i]);
	return 0;
}

/* Whether the cluster already has the members, by their meaning. */
static bool cluster_holds(const json_t *cluster, const json_t *members, const struct shape *shapes)
{
	json_auto_t *same = json_object();
	const char *member;
	json_t *value;

	json_object_foreach ((json_t *)members, member, value)
		if (json_object_get(cluster, member))
			json_object_set(same, member, json_object_get(cluster, member));
	return canon_equal(members, same, shapes);
}

/* A request as the AWS CLI takes it may name the cluster: it must be this one. */
static int drop_cluster_member(const struct place *p, json_t *members, struct ecsfs_error *err)
{
	const char *named = doc_string_peek(members, "cluster");

	if (*named && strcmp(value_arn_name(named), p->cluster) != 0)
		return act_refuse(err, EINVAL,
		    "the document's cluster is %s, this directory's is %s: remove it", named,
		    p->cluster);
	json_object_del(members, "cluster");
	return 0;
}

static int send_for_cluster(struct commit *c, const char *action, const json_t *written,
    const struct shape *shapes, struct ecsfs_error *err)
{
	struct key k = key_of(c->place);
	json_auto_t *cluster = NULL, *members = shape_request(written, shapes);
	int e = drop_cluster_member(c->place, members, err);

	if (!e)
		e = ask_now(c->place, &k, &cluster, err);
	if (e || cluster_holds(cluster, members, shapes))
		return e;
	if (json_object_set_new(members, "cluster", json_string(c->place->cluster)))
		return -ENOMEM;
	e = is_busy(cluster) ? wait_for_attachments(c->place, err) : 0;
	return e ? e : call_when_idle(c, action, members, err);
}

int commit_capacity_providers(struct commit *c, struct ecsfs_error *err)
{
	json_auto_t *written = NULL;
	int e = value_parse_document(c->text, c->len, false, &written, err);

	if (!e)
		e = shape_check(written, shape_cluster_capacity, err);
	if (!e)
		e = shape_check_known(written, shape_cluster_capacity, NULL, err);
	if (!e)
		e = check_both(written, err);
	return e ? e
		 : send_for_cluster(
		       c, "PutClusterCapacityProviders", written, shape_cluster_capacity, err);
}

/* The list as it is shown, or an object around it, as the API has it. */
int commit_settings(struct commit *c, struct ecsfs_error *err)
{
	json_auto_t *written = NULL, *members = NULL;
	int e = member_parse_document(c->text, c->len, &written, err);

	if (e)
		return e;
	members =
	    json_is_array(written) ? json_pack("{s:O}", "settings", written) : json_incref(written);
	e = shape_check(members, shape_cluster_settings, err);
	if (!e)
		e = shape_check_known(members, shape_cluster_settings, NULL, err);
	if (e)
		return e;
	if (json_array_size(json_object_get(members, "settings")) == 0)
		return act_refuse(err, EINVAL, "settings must name at least one setting");
	return send_for_cluster(c, "UpdateClusterSettings", members, shape_cluster_settings, err);
}

static int check_scales(const json_t *provider, struct ecsfs_error *err)
{
	if (!doc_peek(provider, "autoScalingGroupProvider"))
		return act_refuse(err, EOPNOTSUPP,
		    "only a capacity provider of an Auto Scaling group has managed scaling");
	return 0;
}

int commit_managed_scaling(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = {.kind = KIND_CAPACITY_PROVIDER, .a = p->provider};
	json_auto_t *written = NULL, *provider = NULL, *request = NULL, *answer = NULL;
	json_t *now;
	int e = value_parse_document(c->text, c->len, false, &written, err);

	if (!e)
		e = shape_check(written, shape_managed_scaling, err);
	if (!e)
		e = ask_now(p, &k, &provider, err);
	if (!e)
		e = check_scales(provider, err);
	if (e)
		return e;
	now = json_object_get(
	    json_object_get(provider, "autoScalingGroupProvider"), "managedScaling");
	e = shape_check_known(written, shape_managed_scaling, now, err);
	if (e || canon_equal(written, now, shape_managed_scaling))
		return e;
	request = json_pack("{s:s, s:{s:o}}", "name", p->provider, "autoScalingGroupProvider",
	    "managedScaling", shape_request(written, shape_managed_scaling));
	e = act_ecs(c, "UpdateCapacityProvider", request, 0, "capacityProvider", &answer, err);
	act_settle(c, &k, e, json_object_get(answer, "capacityProvider"));
	return e;
}
