/*
 * When may an open with ttl=0 use an answer without asking AWS again? The kernel comes several
 * times for one open(2): a LOOKUP a name, an OPEN, and after ESTALE both once more. A credit lets
 * the later requests of a thread use the answer that the first one fetched.
 */
#ifndef ECSFS_CREDIT_H
#define ECSFS_CREDIT_H

#include "cache/answer.h"

#include <stddef.h>

#define CREDIT_MS 1000
#define CREDIT_OPEN_MS 50
#define CREDIT_WALK_MS 10
#define CREDIT_SLOTS 256

struct credit {
	int tid; /* 0: free */
	uint32_t key_hash;
	bool of_open;
	int64_t granted_ms;
	uint64_t used_by; /* birth of the open that used it; 0: unused */
};

/* A slot may be overwritten by another thread's credit: that costs a call, nothing else. */
struct credits {
	struct credit slots[CREDIT_SLOTS];
};

/* A fetch of the request's own answered it. `moved`: with a new version. */
void credit_grant(
    struct credits *c, uint32_t key_hash, const struct freshness *f, bool moved, int64_t now);
/* Whether a credit covers the request; an OPEN spends it. */
bool credit_use(struct credits *c, uint32_t key_hash, const struct freshness *f, int64_t now);

#endif
