/*
 * How is a time of AWS kept within what this program can hold? AWS sends seconds since 1970 as JSON
 * numbers: whatever a double holds may arrive. Pure; any thread.
 */
#ifndef ECSFS_EPOCH_H
#define ECSFS_EPOCH_H

#include <stdint.h>

/* Before 2255: nanoseconds of it fit 64 bits, as the kernel counts them. */
#define EPOCH_MOST_S 9000000000.0

/*
 * Milliseconds of epoch seconds; `otherwise` where they are no time: converting such a double to an
 * integer would be undefined.
 */
static inline int64_t epoch_ms(double seconds, int64_t otherwise)
{
	return seconds >= 0 && seconds < EPOCH_MOST_S ? (int64_t)(seconds * 1000) : otherwise;
}

#endif
