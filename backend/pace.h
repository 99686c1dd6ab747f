/*
 * When may each call that shares a bucket of AWS go, and what do throttled responses teach about
 * the rate?
 *
 * A pace begins with the rate and the burst that AWS documents, or with a few calls, each of whose
 * answers lets two more go, until there is no limit. Throttled answers are counted by epochs, each
 * with one rate. A share above a tenth cuts the rate to what went through, which at few calls a second
 * is measured by the distances of the last ones. Where a cut lowers the
 * accepted calls as much as the sent ones, the rate was not the reason: the rate is restored, and
 * that share of throttled answers is expected from then on (and tested again now and then). Without
 * throttled answers the rate rises, to AWS's own or until there is no limit.
 *
 * No lock, no clock: the caller has both. Times are monotonic milliseconds.
 */
#ifndef ECSFS_PACE_H
#define ECSFS_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_THROUGH 16

struct pace {
	double top_rate, top_burst; /* AWS's own, a second and at once; 0: not known */
	double rate;		    /* calls a second; INFINITY: no limit */
	/* Turns are numbered; those up to `allowed` may go, one for each token. Both grow with the rate. */
	double allowed, tokens;
	uint64_t taken;
	bool bursts;	/* top_burst may be used: nothing was throttled for a while */
	bool measuring; /* answers are counted: one was throttled */
	/* It is unknown whether there is a rate: the number of calls that may go until more is
	 * known. */
	bool starting;
	double start_left;
	int64_t filled_ms;
	int64_t throttled_ms; /* the last throttled answer that was not expected; 0: none */

	/* The epoch: calls that went out at this rate, as far as they are answered. */
	uint32_t epoch;
	int64_t epoch_ms;
	unsigned sent, answered, throttled;
	unsigned before; /* calls that went through before the first throttled answer of all */
	bool waited;	 /* the rate held a call up */

	/* The calls that went through last. */
	int64_t through_ms[PACE_THROUGH]; /* a ring */
	unsigned through;		  /* number of all, ever */
	unsigned refused;		  /* throttled answers in a row */

	double chance;	   /* the share of calls that is throttled regardless of the rate */
	double cliff;	   /* a rate that was too fast; INFINITY: none is known */
	bool good;	   /* the epoch before was not too fast */
	int64_t tested_ms; /* when `chance` was last tested */
	int64_t test_ms;   /* after how long it is tested again */

	/* A lower rate is tried: if less is throttled then, there is a rate limit; else it was
	 * chance. */
	struct {
		bool on;
		bool test;		      /* of the share that was considered chance */
		double rate, sent, share;     /* before it */
		double accepted;	      /* calls a second that went through before it */
		unsigned answered, throttled; /* since */
	} trial;
};

/* A call's place in the queue, and then the epoch in which it was sent. */
struct pace_turn {
	uint64_t number;
	uint32_t epoch;
};

/* `rate` 0: none is known, and nothing is limited before an answer is throttled. */
void pace_init(struct pace *p, double rate, double burst, int64_t now_ms);

/*
 * Takes the next turn and returns its present wait in ms: over `patience_ms` the turn is not taken
 * and the return is -EBUSY.
 */
int64_t pace_take(struct pace *p, int64_t now_ms, int64_t patience_ms, struct pace_turn *ret);

/* Whether the turn has come: 0, and the call is sent now; else in how many ms to ask again. */
int64_t pace_wait(struct pace *p, int64_t now_ms, struct pace_turn *turn);

/*
 * For a background call: takes a turn and returns 0 only where one is spare, so that a call with a
 * waiting reader is hardly ever delayed by it; else in how many ms to ask again.
 */
int64_t pace_take_spare(struct pace *p, int64_t now_ms, struct pace_turn *ret);

/* The call of that turn was answered. */
void pace_learn(struct pace *p, int64_t now_ms, const struct pace_turn *turn, bool throttled);

#endif
