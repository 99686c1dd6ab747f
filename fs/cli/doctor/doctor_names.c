/*
 * Which names do the probes of `ecsfs doctor` use? Defaults that do not exist, replaced by the
 * first name in a response.
 */
#include "fs/cli/doctor/doctor_names.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Used until a response names one. A row comes before the rows that are made from it. */
static const struct {
	const char *name, *value;
} defaults[] = {
    {"arn", "arn:$partition:ecs:$region:$account"},
    {"none_cluster", "$arn:cluster/$none"},
    {"none_deployment", "$arn:service-deployment/$none/$none/$none"},
    {"cluster", "$none_cluster"},
    {"service", "$none"},
    {"definition", "$none"},
    {"deployment", "$none_deployment"},
    {"revision", "$arn:service-revision/$none/$none/1"},
    {"task", "$none"},
    {"instance", "$none"},
    {"group", "$none"},
    {"stream", "$none"},
    {"repository", "$none"},
    {"elb", "arn:$partition:elasticloadbalancing:$region:$account"},
    {"target_group", "$elb:targetgroup/$none/0123456789abcdef"},
    {"balancer", "$elb:loadbalancer/app/$none/0123456789abcdef"},
    {"listener", "$elb:listener/app/$none/0123456789abcdef/0123456789abcdef"},
};

static void fill(const json_t *names, const char *text, struct buf *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	while (*text) {
		size_t plain = strcspn(text, "$"), len = 0;

		buf_add(out, text, plain);
		text += plain;
		if (!*text)
			return;
		len = strspn(text + 1, letters);
		auto_free char *name = strndup(text + 1, len);
		const char *value = name ? json_string_value(json_object_get(names, name)) : NULL;
		if (!value)
			buf_fail(out);
		else
			buf_adds(out, value);
		text += 1 + len;
	}
}

static void set(json_t *names, const char *name, const char *text)
{
	auto_buf struct buf value = BUF_INIT(4 * KIB);

	fill(names, text, &value);
	json_object_set_new(names, name, json_string(buf_str(&value)));
}

json_t *doctor_names_new(
    const char *partition, const char *region, const char *account, const char *cluster)
{
	char none[33] = "", arn[512];
	uint64_t random[2] = {0, 0};

	if (getentropy(random, sizeof(random)) != 0)
		return NULL;
	snprintf(none, sizeof(none), "%016llx%016llx", (unsigned long long)random[0],
	    (unsigned long long)random[1]);
	json_t *names = json_pack("{s:s, s:s, s:s, s:s}", "partition", partition, "region", region,
	    "account", account, "none", none);
	for (size_t i = 0; names && i < ARRAY_SIZE(defaults); i++)
		set(names, defaults[i].name, defaults[i].value);
	if (names && cluster && !strpbrk(cluster, "\"\\$")) {
		snprintf(arn, sizeof(arn), "$arn:cluster/%s", cluster);
		set(names, "cluster", arn);
	}
	return names;
}

json_t *doctor_names_fill(const json_t *names, const char *text)
{
	auto_buf struct buf out = BUF_INIT(16 * KIB);

	fill(names, text, &out);
	return json_loads(buf_str(&out), 0, NULL);
}

void doctor_names_learn(json_t *names, const char *name, const json_t *response, const char *path)
{
	auto_free char *copy = strdup(path);
	char *rest, *part = copy ? strtok_r(copy, ".", &rest) : NULL;

	for (; part; part = strtok_r(NULL, ".", &rest))
		response = json_is_array(response)
		    ? json_array_get(response, strtoul(part, NULL, 10))
		    : json_object_get(response, part);
	/* Text that would need an escape inside a request's quotes is not an AWS name. */
	const char *value = json_string_value(response);
	if (value && *value && !strpbrk(value, "\"\\\n"))
		json_object_set_new(names, name, json_string(value));
}
