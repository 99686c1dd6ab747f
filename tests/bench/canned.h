/* What do cannedd.c and its log part share? A body that is being printed, and requests' members. */
#ifndef ECSFS_CANNED_H
#define ECSFS_CANNED_H

#include <jansson.h>
#include <stddef.h>

struct body {
	char *p;
	size_t n, cap;
};

/* Makes room for k more bytes; ends the process without memory. */
void body_need(struct body *b, size_t k);
void body_print(struct body *b, const char *f, ...) __attribute__((format(printf, 2, 3)));

/* A member of a request; "" and `otherwise` where it is absent. */
const char *request_string(json_t *r, const char *k);
long request_number(json_t *r, const char *k, long otherwise);

/* The log: its number of events and the mean length of their messages. */
void logs_init(long count, long mean_bytes);
/* Print one page. */
void logs_get(json_t *r, struct body *b);
void logs_filter(json_t *r, struct body *b);
void logs_streams(struct body *b);
void logs_groups(struct body *b);

#endif
