/*
 * How does a pace follow the rate that AWS accepts? An epoch counts answers; at its end the rate is
 * cut, restored or raised. The constants below say by how much, and why.
 */
#include "backend/pace.h"

#include "backend/base/clock.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* When a rate is too fast, and how far it is cut then. */
#define TOLERATED 0.06	/* share of throttled answers beyond the expected */
#define CUT 0.95	/* of what went through */
#define SMALL_CUT 0.93	/* of the rate: the most that is cut right after a good epoch */
#define DEEP_CUT 0.4	/* likewise of what was sent, where few calls were counted */
#define SLOWEST 0.4	/* calls a second */
#define SLOWEST_PART 16 /* of a known rate */

/* What few calls tell. */
#define PLAIN 0.15 /* a share that one throttled answer of ten is not */

/* How fast it rises again, by each good epoch. */
#define RISE_FIRST 1.5	/* while no rate was too fast */
#define RISE_QUICK 1.25 /* away from the last rate that was too fast: below NEAR, above FAR of it */
#define RISE_NEAR 1.005
#define NEAR 0.95
#define FAR 1.1

/* How a rate limit is distinguished from chance. */
#define LESS 0.8      /* of what was sent before: a trial counts */
#define DISTINCT 0.6  /* of the share expected of a rate limit: the most by chance */
#define BELIEVED 0.85 /* a larger share is never considered chance */
#define SMOOTH 200.   /* answers that the expected share is the mean of */
#define TEST_CUT 0.65 /* of the calls sent, to test a share that was considered chance */

#define MANY 0.7   /* throttled answers of the first epoch, of which a longer look is taken */
#define SPARE 0.25 /* of the burst, kept for calls that a reader waits for */
#define LEARNT_BURST_S 0.05 /* the burst of a learnt rate */

/* While no rate is known. */
#define START_CALLS 4
#define START_MORE 2	       /* for each that goes through */
#define START_ENOUGH 128       /* no endpoint limits this many at once */
#define START_RATE 40.	       /* calls a second that go even when nothing is answered, */
#define START_RATE_THROTTLED 3 /* or once something is throttled */

enum {
	/* Calls of an epoch: to evaluate it at all, to trust its numbers, to evaluate it early. */
	CALLS_MIN = 10,
	CALLS_SURE = 20,
	CALLS_ENOUGH = 30,
	CALLS_SETTLE = 100, /* of a trial that decides nothing */
	EPOCH_MIN_MS = 200,
	EPOCH_MS = 1000,
	CERTAIN = 6,	   /* throttled in a row at the start: hardly by chance */
	LATELY_MS = 20000, /* what went through since says what rate is taken now */
	CALM_MS = 60000,   /* without unexpected throttling: the limit ends, bursts are back */
	TEST_MIN_MS = 2500,
	TEST_MAX_MS = 20000,
	LOOK_AGAIN_MS = 200, /* the rate may have changed while a call waits */
	START_LOOK_MS = 5,   /* the same while more may go with each answer */
};

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

static double at_once(const struct pace *p)
{
	return p->bursts ? p->top_burst : 1 + p->rate * LEARNT_BURST_S;
}

/* The most that may go at once, after any pause. */
static void cap(struct pace *p)
{
	double most = isinf(p->rate) ? 0 : at_once(p);

	p->tokens = smaller(p->tokens, most);
	p->allowed = smaller(p->allowed, (double)p->taken + most);
}

/* Time alone brings back the first few, and no more. */
static void refill_start(struct pace *p, int64_t now_ms)
{
	double rate = p->measuring ? START_RATE_THROTTLED : START_RATE;
	double more = (double)(now_ms - p->filled_ms) * rate / 1000;

	if (p->starting && p->start_left < START_CALLS)
		p->start_left = smaller(p->start_left + more, START_CALLS);
}

static void refill(struct pace *p, int64_t now_ms)
{
	double more = isinf(p->rate) ? 0 : (double)(now_ms - p->filled_ms) * p->rate / 1000;

	refill_start(p, now_ms);
	p->filled_ms = now_ms;
	p->tokens += more;
	p->allowed = isinf(p->rate) ? (double)p->taken : p->allowed + more;
	cap(p);
}

static void begin_epoch(struct pace *p, int64_t now_ms)
{
	p->epoch++;
	p->epoch_ms = now_ms;
	p->sent = p->answered = p->throttled = p->before = 0;
	p->waited = false;
}

static void set_rate(struct pace *p, double rate, int64_t now_ms)
{
	double top = p->top_rate > 0 ? p->top_rate : INFINITY;
	double slowest = p->top_rate > 0 ? p->top_rate / SLOWEST_PART : SLOWEST;

	p->rate = smaller(larger(rate, slowest), top);
	p->starting = false;
	cap(p);
	begin_epoch(p, now_ms);
}

void pace_init(struct pace *p, double rate, double burst, int64_t now_ms)
{
	*p = (struct pace){.top_rate = rate,
	    .top_burst = burst,
	    .rate = rate > 0 ? rate : INFINITY,
	    .allowed = burst,
	    .tokens = burst,
	    .bursts = rate > 0,
	    .starting = rate == 0,
	    .start_left = START_CALLS,
	    .filled_ms = now_ms,
	    .epoch_ms = now_ms,
	    .cliff = INFINITY};
}

/* Nothing unexpected for a while: back to the initial state. */
static void calm_down(struct pace *p, int64_t now_ms)
{
	if (!p->throttled_ms || now_ms - p->throttled_ms < CALM_MS)
		return;
	p->throttled_ms = 0;
	p->measuring = false;
	p->cliff = INFINITY;
	p->trial.on = p->trial.test = false;
	p->bursts = p->top_rate > 0;
	p->rate = p->bursts ? p->top_rate : INFINITY;
	begin_epoch(p, now_ms);
}

/*
 * How long until the turn comes, with `kept` tokens left then. Waiting calls may notice late that
 * their turn has come, so the numbers alone would let too many go at once.
 */
static int64_t until(const struct pace *p, uint64_t number, double kept)
{
	double missing = larger((double)number - p->allowed, 1 - p->tokens) + kept;

	if (p->starting)
		return p->start_left >= 1 ? 0 : START_LOOK_MS;
	if (isinf(p->rate) || missing <= 0)
		return 0;
	return (int64_t)(missing * 1000 / p->rate) + 1;
}

static void send(struct pace *p, struct pace_turn *turn)
{
	turn->epoch = p->epoch;
	p->sent++;
	if (p->starting)
		p->start_left -= 1;
	else if (!isinf(p->rate))
		p->tokens -= 1;
}

int64_t pace_take(struct pace *p, int64_t now_ms, int64_t patience_ms, struct pace_turn *ret)
{
	int64_t wait;

	refill(p, now_ms);
	calm_down(p, now_ms);
	wait = until(p, p->taken + 1, 0);
	if (wait > patience_ms)
		return -EBUSY;
	*ret = (struct pace_turn){.number = ++p->taken};
	if (wait)
		p->waited = !p->starting;
	else
		send(p, ret);
	return wait;
}

int64_t pace_wait(struct pace *p, int64_t now_ms, struct pace_turn *turn)
{
	int64_t wait;

	refill(p, now_ms);
	wait = until(p, turn->number, 0);
	p->waited = !p->starting;
	if (!wait)
		send(p, turn);
	return ms_min(wait, LOOK_AGAIN_MS);
}

int64_t pace_take_spare(struct pace *p, int64_t now_ms, struct pace_turn *ret)
{
	double kept;
	int64_t wait;

	refill(p, now_ms);
	kept = p->bursts ? p->top_burst * SPARE : 0;
	wait = until(p, p->taken + 1, kept);
	return wait ? ms_min(wait, LOOK_AGAIN_MS) : pace_take(p, now_ms, 0, ret);
}

/* The first throttled answer: until then there was no limit, or bursts were allowed. */
static void begin_measuring(struct pace *p, int64_t now_ms)
{
	p->measuring = true;
	p->bursts = false;
	p->trial.on = p->trial.test = false;
	p->throttled_ms = now_ms;
	p->tokens = smaller(p->tokens, 0);
	p->allowed = smaller(p->allowed, (double)p->taken);
	begin_epoch(p, now_ms);
	/* More are a burst, which says nothing of chance. */
	p->before = p->starting && p->through <= START_CALLS ? p->through : 0;
}

/* How many of the remembered calls went through lately. */
static unsigned count_through(const struct pace *p, int64_t now_ms)
{
	unsigned n = p->through < PACE_THROUGH ? p->through : PACE_THROUGH;

	while (n && now_ms - p->through_ms[(p->through - n) % PACE_THROUGH] > LATELY_MS)
		n--;
	return n;
}

/*
 * Calls a second that went through lately, by their distances. A first few within a second are counted
 * as those of a second: AWS's buckets refill no more than their burst in it.
 */
static double through_rate(const struct pace *p, int64_t now_ms)
{
	unsigned n = count_through(p, now_ms);

	if (n < 2)
		return 1;
	int64_t newest = p->through_ms[(p->through - 1) % PACE_THROUGH];
	double passed = (double)(newest - p->through_ms[(p->through - n) % PACE_THROUGH]);
	if (passed < 1000 && n < PACE_THROUGH)
		return n;
	return (n - 1) * 1000. / larger(passed, 1);
}

static void note_order(struct pace *p, int64_t now_ms, bool throttled)
{
	p->refused = throttled ? p->refused + 1 : 0;
	if (!throttled)
		p->through_ms[p->through++ % PACE_THROUGH] = now_ms;
}

/* Whether the epoch's answers are few, and nothing speaks for chance. */
static bool is_few(const struct pace *p)
{
	return p->answered < CALLS_SURE && p->chance == 0;
}

/* Calls a second that went out in the epoch. */
static double sent_rate(const struct pace *p, int64_t now_ms)
{
	double passed = larger((double)(now_ms - p->epoch_ms), 1);
	double rate = (isinf(p->rate) ? p->answered : p->sent) * 1000. / passed;

	return p->waited ? smaller(p->rate, larger(rate, p->rate / 2)) : smaller(p->rate, rate);
}

static void begin_trial(struct pace *p, double share, double sent, double rate, int64_t now_ms)
{
	p->trial.on = true;
	p->trial.test = false;
	p->trial.rate = p->rate;
	p->trial.sent = sent;
	p->trial.share = share;
	p->trial.accepted = sent * (1 - share);
	/* A burst went through before: what had been accepted is no rate. */
	if (is_few(p) && p->refused >= CERTAIN)
		p->trial.accepted = smaller(p->trial.accepted, through_rate(p, now_ms));
	p->trial.answered = p->trial.throttled = 0;
	set_rate(p, rate, now_ms);
}

enum verdict { UNDECIDED, RATE, CHANCE };

/*
 * If responses are throttled because of a rate, sending less lets as many through as before; if
 * not, the same share is throttled.
 */
static enum verdict decide(struct pace *p, double sent)
{
	double n = p->trial.answered += p->answered, k = p->trial.throttled += p->throttled;
	double if_rate = larger(0, 1 - p->trial.accepted / sent);
	double if_chance = p->trial.share, middle = (if_rate + if_chance) / 2;
	double noise = sqrt(middle * (1 - middle) / n) / 2;

	if (n < CALLS_MIN || if_rate > if_chance * DISTINCT)
		return UNDECIDED;
	if (k / n > middle + noise && k / n < BELIEVED)
		return CHANCE;
	if (k / n < middle - noise)
		return RATE;
	return n < CALLS_SETTLE ? UNDECIDED : CHANCE;
}

/* True: calls are throttled regardless of the rate, and the rate was restored. */
static bool end_trial(struct pace *p, double sent, int64_t now_ms)
{
	enum verdict verdict = decide(p, sent);
	double share = (double)p->trial.throttled / p->trial.answered;

	if (verdict == UNDECIDED)
		return false;
	p->trial.on = p->trial.test = false;
	p->tested_ms = now_ms;
	if (verdict == RATE) {
		p->chance = 0;
		return false;
	}
	/* Tested soon at first, and less often each time that it is confirmed. */
	p->test_ms = p->chance > 0 && p->test_ms < TEST_MAX_MS ? p->test_ms * 2 : TEST_MIN_MS;
	p->chance = share;
	p->cliff = INFINITY;
	set_rate(p, p->trial.rate, now_ms);
	return true;
}

/* The least rate after a cut: a few calls tell little, so the first cut after a good epoch is small. */
static double least_rate(const struct pace *p, double share, double sent, int64_t now_ms)
{
	double deepest = p->answered < CALLS_SURE ? DEEP_CUT : 0;
	double least = sent * (p->good ? SMALL_CUT : deepest);

	if (!is_few(p) || share <= PLAIN)
		return least;
	if (count_through(p, now_ms) > 1)
		return smaller(least, CUT * through_rate(p, now_ms));
	/* A bucket of one call says nothing of its rate. */
	return p->through < 2 ? smaller(least, CUT * START_CALLS) : least;
}

static void cut(struct pace *p, double share, double sent, int64_t now_ms)
{
	double rate = larger(CUT * sent * (1 - share), least_rate(p, share, sent, now_ms));

	p->good = p->trial.test = false;
	p->cliff = smaller(sent, p->rate);
	if (is_few(p) && share > PLAIN && !isinf(p->rate))
		p->cliff = smaller(p->cliff, through_rate(p, now_ms));
	/* By chance those before the first throttled answer would count too. */
	if (!p->trial.on)
		begin_trial(
		    p, (double)p->throttled / (p->answered + p->before), sent, rate, now_ms);
	else if (is_few(p))
		p->trial.accepted = through_rate(p, now_ms);
	p->trial.answered = p->trial.throttled = 0;
	set_rate(p, rate, now_ms);
}

/* Reduced so far that a rate limit would throttle half of the share that chance does. */
static double test_cut(double share)
{
	return smaller(TEST_CUT, (1 - share) / (1 - share / 2));
}

/* No more was throttled than expected. */
static void good_epoch(struct pace *p, double share, double sent, int64_t now_ms)
{
	double rise = p->rate > p->cliff * FAR ? RISE_QUICK : RISE_NEAR;

	p->good = true;
	if (p->trial.test) {
		begin_epoch(p, now_ms);
		return;
	}
	if (p->chance > 0)
		p->chance += (share - p->chance) * smaller(1, p->answered / SMOOTH);
	if (p->chance > 0 && p->answered >= CALLS_MIN && now_ms - p->tested_ms >= p->test_ms) {
		begin_trial(p, share, sent, sent * test_cut(share), now_ms);
		p->trial.test = true;
		return;
	}
	if (isinf(p->rate)) /* they were few after all, or what is expected */
		p->measuring = p->chance > 0;
	if (!p->waited || isinf(p->rate) || share - p->chance > TOLERATED / 2)
		begin_epoch(p, now_ms);
	else if (isinf(p->cliff))
		set_rate(p, p->rate * RISE_FIRST, now_ms);
	else if (p->rate < p->cliff * NEAR)
		set_rate(p, smaller(p->rate * RISE_QUICK, p->cliff * NEAR), now_ms);
	else
		set_rate(p, p->rate * rise, now_ms);
}

static void evaluate(struct pace *p, int64_t now_ms)
{
	double n = p->answered, share = p->throttled / n;
	/* The number that may be throttled by chance alone. */
	double expected = p->chance + 1.5 * sqrt(p->chance * (1 - p->chance) / n);
	double sent = sent_rate(p, now_ms);

	if (p->trial.on && sent < p->trial.sent * LESS && end_trial(p, sent, now_ms))
		return;
	if (share - expected > TOLERATED) {
		p->throttled_ms = now_ms;
		cut(p, share, sent, now_ms);
	} else {
		good_epoch(p, share, sent, now_ms);
	}
}

static bool is_enough(const struct pace *p, int64_t now_ms)
{
	int64_t passed = now_ms - p->epoch_ms;

	if (isinf(p->rate) && p->starting && p->refused >= CERTAIN)
		return true;
	if (isinf(p->rate))
		return p->answered >= CALLS_MIN &&
		    (passed >= EPOCH_MIN_MS || p->throttled < p->answered * MANY);
	if (passed < EPOCH_MIN_MS)
		return false;
	if (!p->throttled && passed >= EPOCH_MS)
		return true;
	if (p->answered < CALLS_MIN)
		return false;
	return p->throttled >= 3 || p->answered >= CALLS_ENOUGH || passed >= EPOCH_MS;
}

static void go_on_starting(struct pace *p)
{
	p->start_left += START_MORE;
	if (p->start_left > START_ENOUGH)
		p->starting = false;
}

void pace_learn(struct pace *p, int64_t now_ms, const struct pace_turn *turn, bool throttled)
{
	note_order(p, now_ms, throttled);
	if (p->starting && !throttled)
		go_on_starting(p);
	if (turn->epoch != p->epoch)
		return;
	if (throttled && !p->measuring)
		begin_measuring(p, now_ms);
	if (!p->measuring)
		return;
	p->answered++;
	p->throttled += throttled;
	if (is_enough(p, now_ms))
		evaluate(p, now_ms);
}
