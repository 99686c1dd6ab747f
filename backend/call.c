/* How is a response released? Its tree and its text, whichever it has. */
#include "backend/call.h"

void aws_response_release(struct aws_response *r)
{
	json_decref(r->json);
	r->json = NULL;
	buf_release(&r->raw);
}
