/*
 * Which later request of a thread may use an earlier one's fetch? A slot for each hash of thread
 * and key holds the last fetch; how long it may serve depends on which request made it.
 */
#include "cache/answers/credit.h"

static struct credit *slot_of(struct credits *c, uint32_t key_hash, int tid)
{
	uint32_t h = (key_hash ^ (uint32_t)tid * 2654435761U);

	return &c->slots[(h ^ h >> 16) % CREDIT_SLOTS];
}

/*
 * A LOOKUP's fetch serves the OPEN behind it. An OPEN's own fetch serves the look-up and open that
 * follow when it brought another version, since only then is it answered with ESTALE; an OPEN that
 * found nothing new leaves nothing behind, so the next open(2) asks AWS.
 */
void credit_grant(
    struct credits *c, uint32_t key_hash, const struct freshness *f, bool moved, int64_t now)
{
	if (f->tid == 0 || f->use == FRESH_READ || (f->use == FRESH_OPEN && !moved))
		return;
	*slot_of(c, key_hash, f->tid) = (struct credit){
	    .tid = f->tid,
	    .key_hash = key_hash,
	    .of_open = f->use == FRESH_OPEN,
	    .granted_ms = now,
	    .used_by = 0,
	};
}

/*
 * The OPEN that spends a credit may ask again (a handler runs from its start after each wait): it
 * is recognised by the time of its birth. Among LOOKUPs, a directory's and then a file's behind the
 * same document, only the steps of one walk share, which come within CREDIT_WALK_MS; and the OPEN
 * ends its own walk at once, while look-ups of a `cd` are no part of it.
 */
bool credit_use(struct credits *c, uint32_t key_hash, const struct freshness *f, int64_t now)
{
	struct credit *slot = slot_of(c, key_hash, f->tid);
	int64_t age = now - slot->granted_ms;

	if (f->tid == 0 || slot->tid != f->tid || slot->key_hash != key_hash || age > CREDIT_MS)
		return false;
	if (slot->used_by)
		return f->use == FRESH_OPEN && slot->used_by == f->born_at;
	if (f->use == FRESH_LOOKUP)
		return slot->of_open || age <= CREDIT_WALK_MS;
	if (!slot->of_open && age > CREDIT_OPEN_MS)
		return false;
	if (f->use == FRESH_OPEN)
		slot->used_by = f->born_at;
	return true;
}
