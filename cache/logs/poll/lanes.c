/*
 * How few calls cover a round's streams? Prefixes that contain others are merged; more than
 * PREFIXES_MAX become their common prefix; names that are known to exist go in hundreds.
 */
#include "cache/logs/poll/lanes.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PREFIXES_MAX 8 /* more are merged into one: a call each would be too many */

/* Borrowed strings that are gathered for the lanes. */
struct strings {
	const char **v;
	size_t count;
};

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool covered(const struct strings *prefixes, const char *text)
{
	for (size_t i = 0; i < prefixes->count; i++)
		if (starts_with(text, prefixes->v[i]))
			return true;
	return false;
}

static void add_prefix(struct strings *prefixes, const char *prefix)
{
	size_t kept = 0;

	if (covered(prefixes, prefix))
		return;
	for (size_t i = 0; i < prefixes->count; i++)
		if (!starts_with(prefixes->v[i], prefix))
			prefixes->v[kept++] = prefixes->v[i];
	prefixes->v[kept++] = prefix;
	prefixes->count = kept;
}

static size_t common_length(const struct strings *s)
{
	size_t len = strlen(s->v[0]);

	for (size_t i = 1; i < s->count; i++) {
		size_t same = 0;

		while (same < len && s->v[i][same] == s->v[0][same])
			same++;
		len = same;
	}
	return len;
}

static struct lane *lane_add(struct round *r)
{
	struct lane *grown = realloc(r->lanes, (r->lane_count + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	r->lanes = grown;
	grown[r->lane_count] = (struct lane){0};
	return &grown[r->lane_count++];
}

static int lane_add_prefix(struct round *r, const char *prefix, size_t len)
{
	struct lane *lane = lane_add(r);

	if (lane)
		lane->prefix = strndup(prefix, len);
	return lane && lane->prefix ? 0 : -ENOMEM;
}

static int lane_add_names(struct round *r, const char *const *names, size_t count)
{
	struct lane *lane = lane_add(r);

	if (lane)
		lane->names = calloc(count, sizeof(*lane->names));
	if (!lane || !lane->names)
		return -ENOMEM;
	for (; lane->count < count; lane->count++) {
		lane->names[lane->count] = strdup(names[lane->count]);
		if (!lane->names[lane->count])
			return -ENOMEM;
	}
	return 0;
}

static bool listed(const struct strings *s, const char *text)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->v[i], text) == 0)
			return true;
	return false;
}

int lanes_build(const struct loggroup *g, struct round *r)
{
	auto_free const char **room = NULL;
	struct strings prefixes = {0}, names = {0};
	const struct sub *s;
	size_t count = 0;
	int err = 0;

	TAILQ_FOREACH (s, &g->subs, link)
		count++;
	room = calloc(2 * count + 1, sizeof(*room));
	if (!room)
		return -ENOMEM;
	prefixes.v = room;
	names.v = room + count;
	TAILQ_FOREACH (s, &g->subs, link)
		if (!s->source.exact || !s->source.seen)
			add_prefix(&prefixes, s->source.pattern);
	if (prefixes.count > PREFIXES_MAX) {
		err = lane_add_prefix(r, prefixes.v[0], common_length(&prefixes));
		prefixes.v[0] = r->lane_count && r->lanes[0].prefix ? r->lanes[0].prefix : "";
		prefixes.count = 1;
	} else {
		for (size_t i = 0; err == 0 && i < prefixes.count; i++)
			err = lane_add_prefix(r, prefixes.v[i], strlen(prefixes.v[i]));
	}
	TAILQ_FOREACH (s, &g->subs, link)
		if (s->source.exact && s->source.seen && !covered(&prefixes, s->source.pattern) &&
		    !listed(&names, s->source.pattern))
			names.v[names.count++] = s->source.pattern;
	for (size_t i = 0; err == 0 && i < names.count; i += LOGS_STREAMS_MAX) {
		size_t left = names.count - i;

		err = lane_add_names(
		    r, names.v + i, left < LOGS_STREAMS_MAX ? left : LOGS_STREAMS_MAX);
	}
	return err;
}
