/* Is a call throttled? By AWS's token buckets. */
#ifndef ECSFS_SIM_THROTTLE_H
#define ECSFS_SIM_THROTTLE_H

#include "backend/sim/server.h"

/* Whether the account's budget has room for one more call of the action. */
bool throttle_take(struct sim *s, const char *region, const char *action, int64_t now_ms);
void throttle_free(struct sim *s);

#endif
