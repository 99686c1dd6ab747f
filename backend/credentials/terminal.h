/*
 * How is the person at the terminal asked for a secret, such as the code of an MFA device? Blocks
 * until the answer; any thread.
 */
#ifndef ECSFS_CREDENTIALS_TERMINAL_H
#define ECSFS_CREDENTIALS_TERMINAL_H

#include "backend/base/buf.h"
#include "backend/error.h"

/* Asks the person at the controlling terminal, without echo, and appends the line's answer.
 * One question at a time. -ENOTTY where there is no terminal, -EINVAL for an empty answer. */
int terminal_ask(const char *question, struct buf *out, struct ecsfs_error *err);

/* Whether a question is open or waits for its turn: a start then takes that long. */
bool terminal_is_asking(void);

#endif
