/*
 * Do the credentials and the endpoint of every region work? This first question decides whether the
 * mount starts, and which regions are shown as failed. One thread a region, ended by checks_free().
 */
#include "fs/mount/check.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/log.h"
#include "backend/base/nearest.h"
#include "backend/config/endpoint.h"
#include "backend/config/settings.h"
#include "backend/credentials/terminal.h"
#include "backend/errlog.h"
#include "cache/answer.h"
#include "cache/moment.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/*
 * Asks every region once, in parallel, whether it answers: the mount starts as soon as one does and
 * the others had PATIENCE_MS, or fails with the failure of the first one. While a person is asked
 * for a code on the terminal it waits longer, looking every LOOK_MS.
 */
enum { PATIENCE_MS = 3000, LOOK_MS = 200 };

/* One region's answer to the first question. */
struct check {
	pthread_t thread;
	bool started;
	struct checks *all;
	struct account *account;
	struct region *region;
	bool done; /* all->lock, as the rest */
	bool usable;
	bool reported; /* its failure */
	enum region_state state;
	struct ecsfs_error err;
};

struct checks {
	struct fs *fs;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	size_t waiting, usable;
	bool mounting; /* at least one is usable: the failures of others are only logged */
	size_t count;
	struct check check[];
};

/* Valid credentials without ecs:ListClusters are still usable. */
static bool is_usable(int e, const struct ecsfs_error *err)
{
	static const char *const harmless[] = {
	    "AccessDenied",
	    "AccessDeniedException",
	    "ThrottlingException",
	    "Throttling",
	};

	if (!e || e == -EBUSY)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (strcmp(err->code, harmless[i]) == 0)
			return true;
	return false;
}

static int ask_clusters(struct region *r, struct ecsfs_error *err)
{
	struct freshness fresh = region_fresh(r);
	struct key key = {.kind = KIND_CLUSTERS};
	auto_answer struct answer a = {0};
	int e = region_get(r, &key, &fresh, &a, err);

	return e ? e : a.err > 0 ? -a.err : a.err;
}

/* "ops/us-east-1", as far as the tree has directories of them. */
static void path_of(const struct check *c, struct buf *out)
{
	const struct fs *fs = c->all->fs;

	if (fs->many_accounts)
		buf_adds(out, c->account->name);
	if (fs->many_accounts && fs->many_regions)
		buf_addc(out, '/');
	if (fs->many_regions)
		buf_adds(out, region_name_peek(c->region));
}

/*
 * If other regions answer, a failure is only logged, once. If none does, the start fails with the
 * first failure. Under the lock.
 */
static void tell(struct check *c)
{
	auto_buf struct buf path = BUF_INIT(4096);

	if (!c->all->mounting || c->reported || !c->done || c->usable || c->err.err == EINTR)
		return;
	c->reported = true;
	path_of(c, &path);
	errlog_add(c->all->fs->errors, buf_str(&path), &c->err);
	if (c->state != REGION_NOT_ENABLED || !c->all->fs->all_regions)
		log_warn("%s: %s", buf_str(&path), c->err.message);
}

/* The host name does not exist: the region's name is the likely reason, unless an endpoint was
 * given. */
static void suspect_name(const struct check *c, struct ecsfs_error *err)
{
	const struct aws_settings *s = aws_client_settings_peek(c->account->client);
	const char *name = region_name_peek(c->region);
	const char *const *known = aws_regions_of_partition(name);
	auto_free char *endpoint = NULL;
	struct nearest n;

	if (err->err != EHOSTUNREACH || aws_endpoint(s, "ecs", name, &endpoint, NULL, NULL, NULL) ||
	    !strstr(endpoint, name))
		return;
	nearest_begin(&n, name);
	for (; *known; known++) {
		if (strcmp(*known, name) == 0)
			return;
		nearest_try(&n, *known);
	}
	ecsfs_error_set(err, EHOSTUNREACH, NULL, "unknown region '%s': %s has no address%s%s%s",
	    name, strstr(endpoint, "//") + 2, nearest_peek(&n) ? " (did you mean " : "",
	    nearest_peek(&n) ? nearest_peek(&n) : "", nearest_peek(&n) ? "?)" : "");
}

/* With several accounts, fetch the name of each now, so that status waits for none of them. */
static void know_caller(const struct check *c)
{
	struct freshness fresh = region_fresh(c->region);
	struct key key = {.kind = KIND_CALLER};
	auto_answer struct answer a = {0};

	if (c->all->fs->many_accounts && account_region(c->account) == c->region)
		region_get(c->region, &key, &fresh, &a, NULL);
}

static void *check_run(void *arg)
{
	struct check *c = arg;
	struct ecsfs_error err = {0};
	enum region_state state = REGION_ANSWERS;
	int e = ask_clusters(c->region, &err);

	if (e && !err.err)
		ecsfs_error_set(&err, -e, NULL, "%s", strerror(-e));
	if (!is_usable(e, &err))
		state = strcmp(err.code, "UnrecognizedClientException") == 0 ? REGION_NOT_ENABLED
									     : REGION_FAILS;
	account_set_state(c->account, c->region, state);
	suspect_name(c, &err);
	c->err = err;
	pthread_mutex_lock(&c->all->lock);
	c->done = true;
	c->state = state;
	c->usable = state == REGION_ANSWERS;
	c->all->waiting--;
	c->all->usable += c->usable;
	tell(c);
	pthread_cond_signal(&c->all->answered);
	pthread_mutex_unlock(&c->all->lock);
	if (state == REGION_ANSWERS)
		know_caller(c);
	return NULL;
}

static size_t count_regions(const struct fs *fs)
{
	size_t n = 0;

	for (struct account **a = fs->accounts; *a; a++)
		for (struct region **r = (*a)->regions; *r; r++)
			n++;
	return n;
}

static struct checks *checks_new(struct fs *fs)
{
	size_t n = count_regions(fs);
	struct checks *all = calloc(1, sizeof(*all) + n * sizeof(all->check[0]));
	struct check *c = all ? all->check : NULL;

	if (!all)
		return NULL;
	all->fs = fs;
	all->count = all->waiting = n;
	pthread_mutex_init(&all->lock, NULL);
	clock_cond_init(&all->answered);
	for (struct account **a = fs->accounts; *a; a++)
		for (struct region **r = (*a)->regions; *r; r++, c++)
			*c = (struct check){.all = all, .account = *a, .region = *r};
	return all;
}

/* Signals are for the main thread: they decide about unmounting. */
static void start(struct checks *all)
{
	sigset_t every, before;

	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	for (size_t i = 0; i < all->count; i++) {
		struct check *c = &all->check[i];

		c->started = pthread_create(&c->thread, NULL, check_run, c) == 0;
		if (!c->started)
			check_run(c);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Under the lock. */
static void await(struct checks *all)
{
	int64_t patience = clock_mono(&clock_system) + PATIENCE_MS;
	bool logged = false;

	while (all->waiting) {
		int64_t now = clock_mono(&clock_system);
		struct timespec until = clock_deadline(now < patience ? patience - now : LOOK_MS);

		if (all->usable && now >= patience) {
			if (!terminal_is_asking())
				return;
			if (!logged)
				log_info("the mount waits for the code that the terminal asks for");
			logged = true;
		}
		if (all->usable)
			pthread_cond_timedwait(&all->answered, &all->lock, &until);
		else
			pthread_cond_wait(&all->answered, &all->lock);
	}
}

int checks_run(struct fs *fs, struct checks **ret, struct ecsfs_error *err)
{
	struct checks *all = *ret = checks_new(fs);
	int e = 0;

	if (!all)
		return -ENOMEM;
	start(all);
	pthread_mutex_lock(&all->lock);
	await(all);
	all->mounting = all->usable > 0;
	for (size_t i = 0; i < all->count; i++)
		tell(&all->check[i]);
	if (!all->usable) {
		*err = all->check[0].err;
		e = -err->err;
	}
	pthread_mutex_unlock(&all->lock);
	return e;
}

void checks_free(struct checks *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		if (c->check[i].started)
			pthread_join(c->check[i].thread, NULL);
	pthread_cond_destroy(&c->answered);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
