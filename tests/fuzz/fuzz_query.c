/*
 * Do the query protocols survive any text? A written form is read as the same, and no form or XML
 * breaks its reader.
 */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/sim/request/query.h"
#include "backend/wire.h"

#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether the members are named as AWS names them: others would be taken for a list's numbers. */
static bool has_names(const json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	json_array_foreach (value, i, member)
		if (json_is_array(member) || !has_names(member))
			return false;
	json_object_foreach ((json_t *)value, name, member) {
		if (!isupper((unsigned char)*name) || !has_names(member))
			return false;
		for (const char *c = name; *c; c++)
			if (!isalnum((unsigned char)*c))
				return false;
	}
	return true;
}

static bool encode(const struct aws_service *service, const json_t *body, struct buf *out)
{
	return wire_encode(service, "Describe", body, out, NULL) == 0;
}

static void round_trip(const struct aws_service *service, const json_t *body)
{
	auto_buf struct buf form = BUF_INIT(LIMIT_RESPONSE), again = BUF_INIT(LIMIT_RESPONSE);
	json_auto_t *members = NULL;

	if (!encode(service, body, &form))
		return;
	for (size_t i = 0; i < form.len; i++)
		assert(form.data[i] > 0x20 && form.data[i] < 0x7f);
	members = query_decode(form.data, form.len);
	json_object_del(members, "Action");
	json_object_del(members, "Version");
	assert(encode(service, members, &again));
	assert(!strcmp(buf_str(&form), buf_str(&again)));
}

/* Members as the region's XML and back. */
static void as_xml(const struct aws_service *service, const json_t *members)
{
	auto_free char *xml =
	    query_encode("Describe", "http://x/", members, service->protocol == AWS_EC2, "id");
	struct buf body = BUF_INIT(LIMIT_RESPONSE);
	json_t *back = NULL;

	buf_adds(&body, xml);
	wire_decode(service, "Describe", &body, &back, NULL);
	json_decref(back);
	buf_release(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct aws_service services[] = {
	    {.name = "sts", .protocol = AWS_QUERY, .version = "2011-06-15"},
	    {.name = "ec2", .protocol = AWS_EC2, .version = "2016-11-15"}};
	json_auto_t *body = json_loadb((const char *)data, size, 0, NULL);
	json_auto_t *members = query_decode((const char *)data, size);

	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		as_xml(&services[i], members);
		if (json_is_object(body) && !json_object_get(body, "Action") &&
		    !json_object_get(body, "Version") && has_names(body))
			round_trip(&services[i], body);
	}
	return 0;
}
