/*
 * How does `ecsfs doctor` report a check? As a line or as JSON; the exit status is made from all of
 * them.
 */
#ifndef ECSFS_CLI_DOCTOR_REPORT_H
#define ECSFS_CLI_DOCTOR_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum report_state {
	REPORT_OK,
	REPORT_WARN, /* it works, with a problem */
	REPORT_FAIL,
	REPORT_SKIP, /* not tried, or the response does not show it */
};

struct report {
	json_t *json;	     /* the array of --json; NULL: lines on stdout, as they come */
	const char *subject; /* of the lines to come: "ops/us-east-1"; NULL: none */
	size_t count[REPORT_SKIP + 1];
};

/* The meaning of a check, and the remedy where it failed; `remedy` NULL: none. */
void report_add(struct report *r, enum report_state state, const char *check, const char *remedy,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Prints the last line, or the JSON. The exit status: 1 where something has failed. */
int report_end(struct report *r);

#endif
