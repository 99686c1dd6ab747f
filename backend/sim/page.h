/*
 * Which part of a listing is the next page? Positions grow along the listing (by seq), so that an
 * object that is made or removed between two pages neither repeats nor hides another.
 */
#ifndef ECSFS_SIM_PAGE_H
#define ECSFS_SIM_PAGE_H

#include "backend/sim/api.h"

/* The names of a service's paging members, and the codes it refuses bad ones with. */
struct page_names {
	const char *max, *in, *out;
	const char *refused, *bad_token;
};

struct page {
	const struct page_names *names;
	struct sim_call *call;
	json_t *list; /* new; page_close() gives it to the response */
	long max;
	uint64_t after; /* only elements behind this position */
	uint64_t last;
	bool more;
};

/* Reads maxResults and nextToken; fails the call where they are not AWS's. */
int page_open(struct page *p, struct sim_call *c, long preset, long max);
/* The same for a service with names of its own. */
int page_open_as(
    struct page *p, struct sim_call *c, const struct page_names *names, long preset, long max);
/* Takes ownership of `item`. false: the page is full, and the response gets a token. */
bool page_add(struct page *p, uint64_t position, json_t *item);
/* Puts list and token into the response. Always 0. */
int page_close(struct page *p, const char *member);

#endif
