/* How does the agent's end of a data channel behave? */
#ifndef ECSFS_SIM_EXEC_AGENT_H
#define ECSFS_SIM_EXEC_AGENT_H

#include "backend/sim/exec/exec.h"

/* NULL: no memory, no thread. */
struct agent *agent_start(const struct agent_options *options);
void agent_connect(struct agent *a, const struct agent_connection *c);
/* The first frame of the next connection must carry this token. */
void agent_token(struct agent *a, const char *token);
void agent_end(struct agent *a);
void agent_join(struct agent *a);

#endif
