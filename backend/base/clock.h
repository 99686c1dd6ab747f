/* What time is it? Everything that ages reads it through here, so that tests move time by hand. */
#ifndef ECSFS_BASE_CLOCK_H
#define ECSFS_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

struct clock {
	/* Milliseconds that only grow (CLOCK_MONOTONIC): ages, TTLs, deadlines. */
	int64_t (*mono_ms)(const struct clock *);
	/* Milliseconds since the epoch, as the machine believes: signatures, log times. */
	int64_t (*wall_ms)(const struct clock *);
};

/* The machine's clock. Static storage; any thread. */
extern const struct clock clock_system;

/* The moment that comes `ms` from now by CLOCK_MONOTONIC of the machine: for pthread_cond_timedwait(). */
struct timespec clock_deadline(int64_t ms);
/* A condition whose timed waits end at a clock_deadline(). */
void clock_cond_init(pthread_cond_t *c);

static inline int64_t clock_mono(const struct clock *c)
{
	return c->mono_ms(c);
}

static inline int64_t clock_wall(const struct clock *c)
{
	return c->wall_ms(c);
}

/* The earlier and the later of two times, or of two spans, in milliseconds. */
static inline int64_t ms_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t ms_max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
