/* How is a time written and read, as AWS writes them? Pure; any thread. */
#ifndef ECSFS_BASE_ISO8601_H
#define ECSFS_BASE_ISO8601_H

#include <stdint.h>

/*
 * "2030-01-02T03:04:05Z", also with a fraction, an offset (+01:00), "UTC" or nothing (UTC) behind, a
 * blank for the T, without the seconds, or the day alone; "20300102T030405Z" too. Milliseconds since the epoch; -EINVAL for
 * another text and for a day that no calendar has.
 */
int iso8601_parse(const char *text, int64_t *ret_ms);

/* "2030-01-02T03:04:05Z" and a NUL. */
void iso8601_format(int64_t ms, char ret[21]);

#endif
