/*
 * When is a Live Tail session started, and what does it do? One job a session blocks in
 * StartLiveTail and wakes the poll of each group that an update names; refused or short sessions
 * are tried again with growing pauses.
 */
#include "cache/logs/poll/live_tail.h"

#include "backend/base/cleanup.h"
#include "backend/errlog.h"
#include "cache/answer.h"
#include "cache/logs/group.h"
#include "cache/moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS_MAX 5 /* of the fifteen that an account may have */
#define AGAIN_MS ((int64_t)5 * 60 * 1000)
/* A session that ended sooner is not begun again at once, but after 1 s, 2 s, 4 s, ... AGAIN_MS. */
#define SHORT_MS 60000
#define PAUSE_MS 1000

struct live_tail {
	struct job job;
	struct logs *logs; /* constant, as the three below */
	struct region *pool;
	struct aws_client *client;
	char *region;
	char *names[LOGS_TAIL_GROUPS_MAX]; /* of groups */
	size_t count;
	struct stop stop; /* set when nobody follows the groups any more */
	/* Under logs->lock. */
	LIST_ENTRY(live_tail) link;
	bool running;
	int64_t began_ms;     /* mono */
	int64_t again_ms;     /* mono; refused, or ended too soon: not before */
	unsigned short_lived; /* sessions in a row that were */
};

static void tail_free(struct live_tail *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->names[i]);
	free(t->region);
	stop_release(&t->stop);
	free(t);
}

void live_tail_free(struct logs *l)
{
	struct live_tail *t;

	while ((t = LIST_FIRST(&l->tails))) {
		LIST_REMOVE(t, link);
		tail_free(t);
	}
}

static bool same_place(const struct live_tail *t, const struct loggroup *g)
{
	return t->client == g->client && strcmp(t->region, g->region) == 0;
}

static bool watches(const struct live_tail *t, const struct loggroup *g)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->names[i], g->name) == 0)
			return same_place(t, g);
	return false;
}

/* Whether a session watches the group, or must not begin yet. */
static bool is_watched(const struct logs *l, const struct loggroup *g)
{
	const struct live_tail *t;

	LIST_FOREACH (t, &l->tails, link)
		if (watches(t, g))
			return true;
	return false;
}

/* An ARN, "ACCOUNT:NAME" or a name. */
static bool names_group(const char *text, const struct loggroup *g)
{
	size_t len = strlen(text), name = strlen(g->name);

	if (len > 2 && strcmp(text + len - 2, ":*") == 0)
		len -= 2;
	if (len < name || strncmp(text + len - name, g->name, name) != 0)
		return false;
	return len == name || text[len - name - 1] == ':';
}

/* Called for each update: wakes the group; ends the session when nobody follows its groups. */
static int tail_woken(void *arg, const char *text)
{
	struct live_tail *t = arg;
	struct logs *l = t->logs;
	struct loggroup *g;
	bool wanted = false;

	pthread_mutex_lock(&l->lock);
	TAILQ_FOREACH (g, &l->groups, link) {
		if (!watches(t, g))
			continue;
		wanted = true;
		if (text && (!*text || names_group(text, g)))
			group_wake(g);
	}
	wanted &= !l->stopping;
	pthread_mutex_unlock(&l->lock);
	return wanted ? 0 : -EINTR;
}

/* The ARNs of the session's groups, from the caller's account and partition. */
static int tail_arns(struct live_tail *t, char **ret, struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_CALLER};
	struct freshness fresh = region_fresh(t->pool);
	auto_answer struct answer caller = {0};
	const char *account, *arn, *partition;
	int r;

	fresh.stop = &t->stop;
	r = region_get(t->pool, &k, &fresh, &caller, err);
	if (r == 0)
		r = caller.err;
	if (r < 0)
		return r;
	account = json_string_value(json_object_get(caller.value, "Account"));
	arn = json_string_value(json_object_get(caller.value, "Arn"));
	partition = arn && strncmp(arn, "arn:", 4) == 0 ? arn + 4 : "aws:";
	if (!account)
		return ecsfs_error_set(err, EIO, NULL,
		    "the account's number is unknown, since GetCallerIdentity gave none");
	for (size_t i = 0; i < t->count; i++)
		if (asprintf(&ret[i], "arn:%.*s:logs:%s:%s:log-group:%s",
			(int)strcspn(partition, ":"), partition, t->region, account,
			t->names[i]) < 0)
			return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	return 0;
}

static int tail_session(struct live_tail *t, struct ecsfs_error *err)
{
	struct logs_door door = {t->client, t->region, t->logs->call, &t->stop};
	char *arns[LOGS_TAIL_GROUPS_MAX] = {0};
	int r = tail_arns(t, arns, err);

	if (r == 0)
		r = logs_live_tail(&door, (const char *const *)arns, t->count, tail_woken, t, err);
	for (size_t i = 0; i < t->count; i++)
		free(arns[i]);
	return r;
}

static int64_t pause_of(const struct live_tail *t)
{
	int64_t ms = PAUSE_MS;

	for (unsigned i = 1; i < t->short_lived && ms < AGAIN_MS; i++)
		ms *= 2;
	return ms_min(ms, AGAIN_MS);
}

/*
 * Whether the session has ended normally: by AWS after three hours, or by us. It is started again
 * if a file still follows. One that ended too soon, or was refused, is remembered. Locked.
 */
static bool session_ended(struct live_tail *t, int r)
{
	int64_t now = clock_mono(t->logs->options.clock);
	bool is_short = r == 0 && now - t->began_ms < SHORT_MS;

	t->running = false;
	t->short_lived = is_short ? t->short_lived + 1 : 0;
	if (t->logs->stopping || r == -EINTR || (r == 0 && !is_short))
		return true;
	t->again_ms = now + (is_short ? pause_of(t) : AGAIN_MS);
	return false;
}

static void tail_run(struct job *j)
{
	struct live_tail *t = (struct live_tail *)j;
	struct logs *l = t->logs;
	struct ecsfs_error err = {0};
	int r = tail_session(t, &err);
	bool over;

	pthread_mutex_lock(&l->lock);
	over = session_ended(t, r);
	if (over)
		LIST_REMOVE(t, link);
	logs_kick_locked(l);
	pthread_mutex_unlock(&l->lock);
	if (r < 0 && !over)
		errlog_add(l->options.errors, NULL, &err);
	if (over)
		tail_free(t);
	logs_job_done(l);
}

static bool is_followed(const struct live_tail *t)
{
	const struct loggroup *g;

	TAILQ_FOREACH (g, &t->logs->groups, link)
		if (watches(t, g))
			return true;
	return false;
}

/* Begins a session. Locked. */
static void tail_start(struct live_tail *t, int64_t now)
{
	t->running = true;
	t->began_ms = now;
	if (logs_submit_locked(t->logs, t->pool, &t->job) == 0)
		return;
	t->running = false;
	t->again_ms = now + AGAIN_MS;
}

/*
 * Restarts or forgets sessions that waited long enough, and ends those without followers; returns
 * how many remain.
 */
static size_t tails_resume(struct logs *l, int64_t now)
{
	struct live_tail *t, *next;
	size_t count = 0;

	for (t = LIST_FIRST(&l->tails); t; t = next) {
		next = LIST_NEXT(t, link);
		if (!t->running && t->again_ms <= now && t->short_lived && is_followed(t)) {
			tail_start(t, now);
		} else if (!t->running && t->again_ms <= now) {
			LIST_REMOVE(t, link);
			tail_free(t);
			continue;
		}
		if (t->running && !is_followed(t))
			stop_now(&t->stop);
		count += t->running;
	}
	return count;
}

static struct live_tail *tail_new(struct logs *l, struct loggroup *first)
{
	struct live_tail *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->job.run = tail_run;
	t->logs = l;
	t->pool = first->pool;
	t->client = first->client;
	t->region = strdup(first->region);
	stop_init(&t->stop);
	for (struct loggroup *g = first; t->region && g; g = TAILQ_NEXT(g, link)) {
		char *name;

		if (t->count == LOGS_TAIL_GROUPS_MAX || !same_place(t, g) || is_watched(l, g))
			continue;
		name = strdup(g->name);
		if (name)
			t->names[t->count++] = name;
	}
	if (t->count)
		return t;
	tail_free(t);
	return NULL;
}

void live_tail_watch(struct logs *l, int64_t now)
{
	size_t count = tails_resume(l, now);
	struct loggroup *g;

	TAILQ_FOREACH (g, &l->groups, link) {
		struct live_tail *t;

		if (count == SESSIONS_MAX || l->stopping)
			return;
		if (is_watched(l, g))
			continue;
		t = tail_new(l, g);
		if (!t)
			return;
		LIST_INSERT_HEAD(&l->tails, t, link);
		tail_start(t, now);
		count++;
	}
}
