/*
 * How does an action of the simulator fail, and how is one found by name? sim_fail() fills the
 * call's error; the tables of a service are searched in turn.
 */
#include "backend/sim/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int sim_fail(struct sim_call *c, int status, const char *code, const char *fmt, ...)
{
	va_list ap;

	c->status = status;
	snprintf(c->code, sizeof(c->code), "%s", code);
	va_start(ap, fmt);
	vsnprintf(c->message, sizeof(c->message), fmt, ap);
	va_end(ap);
	return -1;
}

const struct sim_action *sim_action_find(const struct sim_action *const *tables, const char *name)
{
	for (; name && tables && *tables; tables++)
		for (const struct sim_action *a = *tables; a->name; a++)
			if (strcmp(a->name, name) == 0)
				return a;
	return NULL;
}
