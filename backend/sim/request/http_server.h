/* How do requests arrive by HTTP? A thread for each connection. */
#ifndef ECSFS_SIM_HTTP_SERVER_H
#define ECSFS_SIM_HTTP_SERVER_H

#include "backend/sim/server.h"

/* Listens on 127.0.0.1 (port 0: any) and fills s->port; -EADDRINUSE. Starts threads. */
int http_server_start(struct sim *s, int port, struct ecsfs_error *err);
/* Waits for the responses in progress; after `ending` was set. */
void http_server_stop(struct sim *s);

#endif
