/*
 * Who may change an object now? One worker at a time, by key: a change that reads what AWS has,
 * edits it and writes it back must not run beside another one of the same object, or one of them is
 * lost. For workers, which may block.
 */
#ifndef ECSFS_EDIT_SERIAL_H
#define ECSFS_EDIT_SERIAL_H

#include <stdint.h>

struct serial;

struct serial *serial_new(void);
void serial_free(struct serial *s);

/* Waits until nobody else holds `key`. 0; -EBUSY: somebody still does after `timeout_ms`; -ENOMEM. */
int serial_enter(struct serial *s, const char *key, int64_t timeout_ms);
void serial_leave(struct serial *s, const char *key);

#endif
