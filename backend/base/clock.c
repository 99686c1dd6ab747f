/*
 * Which clocks does the system have? Monotonic and wall time in milliseconds, and condition
 * variables that wait by the monotonic one.
 */
#include "backend/base/clock.h"

#include "backend/base/portable.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_mono(const struct clock *c)
{
	(void)c;
	return read_clock(CLOCK_MONOTONIC);
}

static int64_t system_wall(const struct clock *c)
{
	(void)c;
	return read_clock(CLOCK_REALTIME);
}

struct timespec clock_deadline(int64_t ms)
{
	struct timespec t;

	clock_gettime(PORTABLE_WAIT_CLOCK, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

void clock_cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, PORTABLE_WAIT_CLOCK);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

const struct clock clock_system = {.mono_ms = system_mono, .wall_ms = system_wall};
