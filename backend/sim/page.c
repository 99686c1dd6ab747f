/*
 * How is a position made into a token? Masked with a stamp of account, region and action: a token
 * of another call is refused.
 */
#include "backend/sim/page.h"

#include "backend/sim/doc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Ties a token to the account, region and action that it was made for. */
static uint64_t stamp_of(const struct sim_call *c)
{
	const char *parts[] = {c->action, c->region_name, c->account};
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < 3; i++) {
		for (const char *s = parts[i]; *s; s++)
			h = (h ^ (unsigned char)*s) * 1099511628211u;
	}
	return h;
}

static int read_token(struct page *p, const char *token)
{
	uint64_t masked, check;
	uint64_t stamp = stamp_of(p->call);
	int end = 0;

	if (!token)
		return 0;
	if (strlen(token) != 32 ||
	    sscanf(token, "%16" SCNx64 "%16" SCNx64 "%n", &masked, &check, &end) != 2 ||
	    end != 32 || check != (stamp ^ (masked * 0x9e3779b97f4a7c15u)))
		return sim_fail(p->call, 400, p->names->bad_token, "Invalid token %.64s", token);
	p->after = masked ^ stamp;
	return 0;
}

int page_open(struct page *p, struct sim_call *c, long preset, long max)
{
	static const struct page_names names = {"maxResults", "nextToken", "nextToken",
	    "InvalidParameterException", "InvalidParameterException"};

	return page_open_as(p, c, &names, preset, max);
}

int page_open_as(
    struct page *p, struct sim_call *c, const struct page_names *names, long preset, long max)
{
	int64_t asked = doc_int(c->in, names->max, preset);

	*p = (struct page){.names = names, .call = c, .max = asked ? (long)asked : preset};
	if (asked < 0 || asked > max)
		return sim_fail(
		    c, 400, names->refused, "%s must be between 1 and %ld.", names->max, max);
	if (read_token(p, doc_str(c->in, names->in)) < 0)
		return -1;
	p->list = json_array();
	return 0;
}

bool page_add(struct page *p, uint64_t position, json_t *item)
{
	if ((long)json_array_size(p->list) == p->max) {
		p->more = true;
		json_decref(item);
		return false;
	}
	json_array_append_new(p->list, item);
	p->last = position;
	return true;
}

int page_close(struct page *p, const char *member)
{
	doc_put_new(p->call->out, member, p->list);
	if (p->more) {
		uint64_t stamp = stamp_of(p->call);
		uint64_t masked = p->last ^ stamp;
		char token[33];

		snprintf(token, sizeof(token), "%016" PRIx64 "%016" PRIx64, masked,
		    stamp ^ (masked * 0x9e3779b97f4a7c15u));
		doc_put_str(p->call->out, p->names->out, token);
	}
	return 0;
}
