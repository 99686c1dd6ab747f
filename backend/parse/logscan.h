/*
 * How are the events of a log page found without a DOM? By a pull scanner: pages come by the
 * megabyte, and a DOM would cost more than the network. It finds the few members that matter in any
 * order, passes over all others, and unescapes text where it lies.
 *
 * Strings come with their length and may hold NULs. An escape of half a surrogate pair becomes
 * U+FFFD. UTF-8 is passed on as it is.
 */
#ifndef ECSFS_LOGSCAN_H
#define ECSFS_LOGSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logscan_text {
	char *data; /* NULL: the member was absent or null */
	size_t len;
};

/* Points into the page. */
struct logscan_event {
	struct logscan_text stream; /* FilterLogEvents only */
	struct logscan_text id;	    /* FilterLogEvents only */
	struct logscan_text message;
	int64_t timestamp; /* ms since the epoch; 0 where absent */
	int64_t ingested;  /* ingestionTime, the same */
};

struct logscan {
	/* NUL-terminated, in the page; NULL: absent, null or empty. */
	const char *next_token;
	const char *forward_token;
	const char *backward_token;
	/* Private: the remaining events. */
	char *at;
	char *end;
};

/*
 * Begins a page: checks the whole of it and finds the tokens, so that the next one can be asked for
 * before the events are read. The page is changed in place and must live as long as the scan and
 * its events. -EIO: not JSON, deeper than 64, or not an object.
 */
int logscan_start(struct logscan *s, char *json, size_t len);

/* Whether no event is left; reads nothing. */
bool logscan_empty(const struct logscan *s);
/* 1 and the next event; 0 at the end; -EIO where a member has the wrong type. */
int logscan_next(struct logscan *s, struct logscan_event *ret);

#endif
