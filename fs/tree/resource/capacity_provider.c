/*
 * Which files does capacity_providers/NAME have? Managed scaling can be written, where the provider
 * is of an Auto Scaling group.
 */
#include "cache/answer.h"
#include "fs/tree/write/cluster_write.h"
#include "fs/tree/write/tags_write.h"

#include "fs/edit/members/doc.h"
#include "fs/value.h"

static const struct listing providers = {
    .lists = {.kind = KIND_CAPACITY_PROVIDERS},
    .kind = KIND_CAPACITY_PROVIDER,
    .type = &dir_capacity_provider,
    .part = PLACE(provider),
};

const struct dir_type dir_capacity_providers = {
    .what = "the capacity providers",
    .help = "the capacity providers of the region",
    .listing = &providers,
};

static int render_managed_scaling(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *provider;
	int e = dir_object(q, &dir_capacity_provider, p, &a, &provider, err);

	(void)row;
	if (e)
		return e;
	const json_t *group = json_object_get(provider, "autoScalingGroupProvider");
	value_render_document(doc_peek(group, "managedScaling"), out);
	return 0;
}

static const struct row provider_rows[] = {
    {
	.name = "capacity_provider.json",
	.help = "the DescribeCapacityProviders document",
	.form = ROW_DOCUMENT,
	.member = WHOLE_OBJECT,
    },
    {
	.name = "arn",
	.help = "the capacity provider's ARN",
	.member = "capacityProviderArn",
    },
    {
	.name = "status",
	.help = "ACTIVE, PROVISIONING, DEPROVISIONING",
	.member = "status",
    },
    {
	.name = "managed_scaling.json",
	.help = "managed scaling of its Auto Scaling group; else empty",
	.form = ROW_DOCUMENT,
	.render = render_managed_scaling,
	.commit = commit_managed_scaling,
    },
    {
	.name = "tags",
	.help = "KEY=VALUE lines",
	.form = ROW_LINES,
	.member = "tags",
	.commit = commit_tags,
    },
    {0},
};

const struct dir_type dir_capacity_provider = {
    .what = "a capacity provider",
    .help = "a capacity provider",
    .rows = provider_rows,
    .subject = {KIND_CAPACITY_PROVIDER, {PLACE(provider)}},
    .arn_member = "capacityProviderArn",
};
