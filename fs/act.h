/*
 * How does a call that changes something reach AWS? Through act_call(), which writes the journal
 * (also when AWS refuses), honours -o dry_run, and remembers the failure for .ecsfs/errors.
 */
#ifndef ECSFS_ACT_H
#define ECSFS_ACT_H

#include "fs/table.h"

/*
 * Notes in c->began when the call began, for region_publish() of its response.
 *
 * Sends `request` (borrowed) as `action` of `service` in the place's region. 0: `ret` (may be NULL)
 * is AWS's response, new; under -o dry_run it is NULL and nothing was sent: publish nothing then.
 * `flags`: AWS_ONCE where a repeat could do the thing twice.
 */
int act_call(struct commit *c, const char *service, const char *action, const json_t *request,
    unsigned flags, json_t **ret, struct ecsfs_error *err);

/* The same in another region of the account; NULL: the place's. */
int act_call_in(struct commit *c, const char *region, const char *service, const char *action,
    const json_t *request, unsigned flags, json_t **ret, struct ecsfs_error *err);

/*
 * The same for ECS, for an action that always returns `member`: a response without it and without
 * failures does not confirm the change, -EIO as for a lost response. `ret` is NULL too where a
 * deletion was found done when it was repeated after a lost answer.
 */
int act_ecs(struct commit *c, const char *action, const json_t *request, unsigned flags,
    const char *member, json_t **ret, struct ecsfs_error *err);

/*
 * Updates the cache after a call about `k`: `doc` (borrowed), AWS's response, is published; after
 * the failure `e` the key is invalidated. NULL and 0, a dry run: nothing changes.
 */
void act_settle(struct commit *c, const struct key *k, int e, json_t *doc);

/* A refusal before anything was sent: -err, with the sentence, in .ecsfs/errors too (fs/ adds every
 * failed commit there: the caller only returns it). */
#define act_refuse(e, err_no, ...) ecsfs_error_set((e), (err_no), NULL, __VA_ARGS__)

#endif
