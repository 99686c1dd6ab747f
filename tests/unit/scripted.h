/*
 * Does a client send the requests that a script expects? A scripted HTTP/1.1 server: a thread on a
 * loopback port that serves an ordered list of entries, one request each, whichever connection it
 * comes by. A request that lacks what its entry expects, one too many, and an entry that is never
 * asked for fail the test in scripted_finish().
 */
#ifndef ECSFS_TESTS_SCRIPTED_H
#define ECSFS_TESTS_SCRIPTED_H

#include <stddef.h>

enum scripted_act {
	SCRIPTED_ANSWER,   /* status, headers, body */
	SCRIPTED_RESET,	   /* reads the request, then resets the connection */
	SCRIPTED_CLOSE,	   /* reads the request, then closes without a byte */
	SCRIPTED_TRUNCATE, /* announces the whole body, sends half of it, closes */
	SCRIPTED_STALL,	   /* reads the request, never answers */
	SCRIPTED_HALF,	   /* announces the whole body, sends half of it, then never more */
	SCRIPTED_RAW,	   /* sends `body` as it stands, head included, then closes */
};

struct scripted_entry {
	const char *expect[8]; /* substrings of the whole request, head and body, any order */
	const char *refuse[4]; /* substrings that must not be there */
	enum scripted_act act;
	int status;	     /* 0: 200 */
	const char *headers; /* "Name: value\r\n..."; NULL: none */
	const char *body;    /* NULL: empty */
	int close_after;     /* closes behind the answer without having said so */
};

struct scripted;

/* The entries are borrowed until scripted_finish(). Fails the test if no port can be had. */
struct scripted *scripted_start(const struct scripted_entry *entries, size_t count);
/* "http://127.0.0.1:PORT", borrowed. */
const char *scripted_url(const struct scripted *s);
/* How many connections were accepted so far. */
int scripted_connections(struct scripted *s);
/* Waits (at most 5 s, else fails) until so many connections are open. */
void scripted_wait_open(struct scripted *s, int count);
/* Waits (at most 5 s, else fails) until so many requests have been read. */
void scripted_wait_requests(struct scripted *s, int count);
/* The text of the nth request read, from 0; borrowed; NULL if there was none. */
const char *scripted_request(struct scripted *s, int n);
/* Stops, frees, and fails the test for whatever did not go by the script. */
void scripted_finish(struct scripted *s);

#endif
