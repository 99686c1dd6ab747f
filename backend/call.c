#include "backend/call.h"

#include "backend/base/cleanup.h"

#include <string.h>

void aws_response_release(struct aws_response *r)
{
	json_decref(r->json);
	r->json = NULL;
	buf_release(&r->raw);
}

bool aws_action_reads(const char *action)
{
	static const char *const verbs[] = {
	    "List", "Describe", "Get", "Filter", "BatchGet", "BatchCheck", "StartLiveTail"};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strncmp(action, verbs[i], strlen(verbs[i])))
			return true;
	return false;
}
