/*
 * How is a mount built from its options, and taken down? Settings, clients, regions, logs, journal
 * and the simulated region of --demo are made in this order and dropped in the reverse one.
 */
#include "fs/mount/session.h"

#include "backend/base/cleanup.h"
#include "backend/base/heap.h"
#include "backend/base/limits.h"
#include "backend/base/nearest.h"
#include "backend/config/endpoint.h"
#include "backend/config/settings.h"
#include "backend/errlog.h"
#include "backend/exec/session_threads.h"
#include "backend/metrics.h"
#include "backend/sim/sim.h"
#include "cache/answer.h"
#include "cache/follow.h"
#include "cache/moment.h"
#include "cache/spool.h"
#include "fs/edit/remembered/memory.h"
#include "fs/edit/remembered/readings.h"
#include "fs/edit/remembered/serial.h"
#include "fs/journal.h"
#include "fs/mount/check.h"
#include "fs/state.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TTL_SLOW_MS = 60000, TTL_NEGATIVE_MS = 5000 };

static bool all_regions(const struct options *o)
{
	return o->regions && strcmp(o->regions[0], "all") == 0;
}

/* The first region given by name; NULL: the settings decide. */
static const char *region_option(const struct options *o)
{
	return o->regions && !all_regions(o) ? o->regions[0] : NULL;
}

/* Settings of the demo's own region, independent of this machine's configuration. */
static int demo_start(
    const struct options *o, struct session *s, char **ret_url, struct ecsfs_error *err)
{
	static const char *const unset[] = {
	    "AWS_PROFILE",
	    "AWS_DEFAULT_PROFILE",
	    "AWS_SESSION_TOKEN",
	    "AWS_ENDPOINT_URL",
	    "AWS_ENDPOINT_URL_ECS",
	    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
	    "AWS_ENDPOINT_URL_STS",
	    "AWS_REGION",
	    "AWS_CA_BUNDLE",
	    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	};
	struct sim_options sim = {.region = region_option(o) ? region_option(o) : "us-east-1",
	    .exec = true,
	    .lively = true};

	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		unsetenv(unset[i]);
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
	setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
	setenv("AWS_DEFAULT_REGION", sim.region, 1);
	setenv("NO_PROXY", "127.0.0.1", 1);
	int e = sim_start(&sim, &s->sim, err);
	if (e)
		return e;
	return asprintf(ret_url, "http://127.0.0.1:%d", sim_port(s->sim)) < 0 ? -ENOMEM : 0;
}

static int settings_of(const struct options *o, const char *profile, const char *endpoint_url,
    struct aws_settings **ret, struct ecsfs_error *err)
{
	struct aws_options ao = {
	    .profile = profile,
	    .region = region_option(o),
	    .fallback_region = all_regions(o) ? "us-east-1" : NULL,
	    .endpoint_url = endpoint_url,
	    .cluster_config = o->cluster_config,
	    .ecs_profile = o->ecs_profile,
	    .fips = o->fips,
	    .rates = (enum aws_rates)o->request_rates,
	};

	return aws_settings_new(&ao, ret, err);
}

static struct region *region_of(
    const struct options *o, struct fs *fs, struct aws_client *client, const char *name)
{
	struct region_options ro = {
	    .name = name,
	    .ttl_ms = o->fs.ttl_ms,
	    .ttl_slow_ms = o->fs.ttl_ms ? TTL_SLOW_MS : 0,
	    .ttl_negative_ms = o->fs.ttl_ms ? TTL_NEGATIVE_MS : 0,
	    .stale_ms = (int)(o->stale_ms < INT32_MAX ? o->stale_ms : INT32_MAX),
	    /* Earlier than the waiters' own timeout, so that they get the reason or an older
	     * answer. */
	    .timeout_ms = o->fs.timeout_ms - o->fs.timeout_ms / 10,
	    .clock = &clock_system,
	    .errors = fs->errors,
	    .budget = &fs->budget,
	};

	return region_new(client, &ro);
}

static int check_name(const char *name, bool alone, struct ecsfs_error *err)
{
	if (!aws_region_valid(name))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "'%.100s' (--region) is not a region's name: expected one like us-east-1",
		    name);
	if (!alone && strcmp(name, "all") == 0)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "--region=all: it names every region and stands alone");
	return 0;
}

static int account_regions(
    const struct options *o, struct fs *fs, struct account *a, struct ecsfs_error *err)
{
	const char *own[] = {aws_client_region_peek(a->client), NULL};
	const char *const *names = own;
	size_t count = 0;

	if (all_regions(o))
		names = aws_regions_of_partition(own[0]);
	else if (o->regions)
		names = (const char *const *)o->regions;
	while (names[count])
		count++;
	a->regions = calloc(count + 1, sizeof(struct region *));
	a->states = calloc(count + 1, sizeof(*a->states));
	if (!a->regions || !a->states)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int e = check_name(names[i], count == 1, err);

		if (e)
			return e;
		a->regions[i] = region_of(o, fs, a->client, names[i]);
		if (!a->regions[i])
			return -ENOMEM;
	}
	return 0;
}

static int account_open(const struct options *o, struct fs *fs, const char *profile,
    const char *endpoint_url, struct account **ret, struct ecsfs_error *err)
{
	struct aws_settings *settings = NULL;
	struct account *a;
	int e = settings_of(o, profile, endpoint_url, &settings, err);

	if (e)
		return e;
	a = *ret = calloc(1, sizeof(*a));
	if (a)
		a->name = strdup(profile ? profile : settings->profile);
	if (!a || !a->name) {
		aws_settings_free(settings);
		return -ENOMEM;
	}
	settings->metrics = fs->metrics;
	a->client = aws_client_new(settings);
	return a->client ? account_regions(o, fs, a, err) : -ENOMEM;
}

static int accounts_open(
    const struct options *o, struct session *s, const char *endpoint_url, struct ecsfs_error *err)
{
	static char *none[] = {NULL};
	char *const *profiles = o->profiles ? o->profiles : none;
	size_t count = 0;

	while (profiles[count])
		count++;
	s->fs.accounts = calloc((count ? count : 1) + 1, sizeof(struct account *));
	if (!s->fs.accounts)
		return -ENOMEM;
	s->fs.many_accounts = count > 1;
	size_t i = 0;
	int e;
	do
		e = account_open(o, &s->fs, profiles[i], endpoint_url, &s->fs.accounts[i], err);
	while (!e && ++i < count);
	s->fs.all_regions = all_regions(o);
	s->fs.many_regions = s->fs.all_regions || (o->regions && o->regions[1]);
	return e;
}

static void join(char *const *names, struct buf *out)
{
	for (size_t i = 0; names[i]; i++)
		buf_addf(out, "%s%s", i ? "," : "", names[i]);
}

/* PROFILE,...@REGION,... */
static char *source_name(const struct options *o, const struct fs *fs)
{
	auto_buf struct buf name = BUF_INIT(64 * KIB);

	if (fs->many_accounts)
		join(o->profiles, &name);
	else
		buf_adds(&name, fs->accounts[0]->name);
	buf_addc(&name, '@');
	if (fs->many_regions)
		join(o->regions, &name);
	else
		buf_adds(&name, region_name_peek(fs->accounts[0]->regions[0]));
	return buf_failed(&name) ? NULL : buf_detach(&name, NULL);
}

/* The given directory must take files now, not only when the first log is read. */
static int spools_open(const struct options *o, struct spools *all, struct ecsfs_error *err)
{
	auto_free char *dir = o->spool_dir ? realpath(o->spool_dir, NULL) : NULL;
	struct spool *spool = NULL;
	int e = o->spool_dir && !dir ? -errno : 0;

	if (!e)
		spools_init(all, dir, o->spool_limit);
	if (!e && dir)
		e = spool_new(all, &spool, NULL);
	spool_free(spool);
	if (!e)
		return 0;
	return ecsfs_error_set(err, -e, NULL, "--spool-dir=%s: cannot make a file in it: %s",
	    o->spool_dir, strerror(-e));
}

int session_open(const struct options *o, struct session *ret, struct ecsfs_error *err)
{
	auto_free char *demo_url = NULL;
	struct logs_options logs = o->logs;
	struct fs *fs = &ret->fs;
	int e;

	heap_init();
	*ret = (struct session){.fs = {.options = o->fs, .clock = &clock_system}};
	fs->options.read_only = o->fs.read_only;
	fs->budget.limit = (size_t)o->cache_limit;
	fs->errors = errlog_new(fs->clock);
	fs->metrics = metrics_new();
	if (!fs->errors || !fs->metrics)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	logs.clock = fs->clock;
	logs.errors = fs->errors;
	logs.spools = &fs->spools;
	e = journal_open(o->fs.journal_file, fs->clock, fs->errors, &fs->journal, err);
	if (!e && o->demo)
		e = demo_start(o, ret, &demo_url, err);
	if (!e)
		e = accounts_open(o, ret, demo_url ? demo_url : o->endpoint_url, err);
	if (e)
		return e;
	e = spools_open(o, &fs->spools, err);
	if (e)
		return e;
	fs->logs = logs_new(&logs);
	fs->follow = follow_new();
	fs->readings = readings_new(&fs->budget);
	fs->memory = memory_new(&fs->budget);
	fs->serial = serial_new();
	fs->started_mono_ms = clock_mono(fs->clock);
	fs->simulated = o->demo;
	fs->options_text = options_text(o);
	fs->source = o->fsname ? strdup(o->fsname) : o->demo ? strdup("demo") : source_name(o, fs);
	bool complete = fs->logs && fs->follow && fs->readings && fs->memory && fs->serial &&
	    fs->source && fs->options_text;
	return complete ? 0 : -ENOMEM;
}

/* The cluster that becomes the root must exist, if that can be checked. */
static int check_cluster(struct fs *fs, struct ecsfs_error *err)
{
	struct region *r = fs->accounts[0]->regions[0];
	struct key k = {.kind = KIND_CLUSTER, .a = fs->options.cluster},
		   all = {.kind = KIND_CLUSTERS};
	struct freshness fresh = region_fresh(r);
	auto_answer struct answer a = {0}, names = {0};
	const json_t *name;
	struct nearest n;
	size_t i;
	int e = region_get(r, &k, &fresh, &a, NULL);

	if ((e ? e : a.err) != -ENOENT)
		return 0;
	nearest_begin(&n, fs->options.cluster);
	if (region_get(r, &all, &fresh, &names, NULL) == 0)
		json_array_foreach (names.value, i, name)
			nearest_try(&n, json_string_value(name));
	return ecsfs_error_set(err, ENOENT, NULL, "no cluster '%.255s' in %s%s%s%s",
	    fs->options.cluster, region_name_peek(r), nearest_peek(&n) ? " (did you mean " : "",
	    nearest_peek(&n) ? nearest_peek(&n) : "", nearest_peek(&n) ? "?)" : "");
}

int session_check(struct session *s, struct ecsfs_error *err)
{
	int e = checks_run(&s->fs, &s->checks, err);

	return e || !s->fs.options.cluster ? e : check_cluster(&s->fs, err);
}

void session_cancel(struct session *s)
{
	for (struct account **a = s->fs.accounts; a && *a; a++)
		if ((*a)->client)
			aws_client_cancel((*a)->client);
}

static void account_close(struct account *a)
{
	for (struct region **r = a->regions; r && *r; r++)
		region_free(*r);
	free(a->regions);
	free(a->states);
	if (a->client)
		aws_client_free(a->client);
	free(a->name);
	free(a);
}

void session_close(struct session *s)
{
	struct fs *fs = &s->fs;

	session_cancel(s);
	/* Their agents are notified of the end; at most SESSION_GOODBYE_MS. */
	session_threads_wait();
	checks_free(s->checks);
	if (fs->follow)
		follow_free(fs->follow);
	if (fs->logs)
		logs_free(fs->logs);
	for (struct account **a = fs->accounts; a && *a; a++)
		account_close(*a);
	free(fs->accounts);
	/* Its users were the workers, which have ended with their regions. */
	fs_state_free(fs);
	journal_close(fs->journal);
	errlog_free(fs->errors);
	metrics_free(fs->metrics);
	if (s->sim)
		sim_stop(s->sim);
	readings_free(fs->readings);
	memory_free(fs->memory);
	serial_free(fs->serial);
	free(fs->source);
	free(fs->options_text);
	free(fs->mountpoint);
	*s = (struct session){0};
}

static int describe_profile(
    const struct options *o, const char *profile, struct buf *out, struct ecsfs_error *err)
{
	struct aws_settings *settings = NULL;
	int e = settings_of(o, profile, o->endpoint_url, &settings, err);

	if (!e)
		e = aws_settings_describe(settings, out, err);
	aws_settings_free(settings);
	return e;
}

int session_describe(const struct options *o, struct buf *out, struct ecsfs_error *err)
{
	size_t i = 0;
	int e;

	do {
		if (i)
			buf_addc(out, '\n');
		e = describe_profile(o, o->profiles ? o->profiles[i] : NULL, out, err);
		i++;
	} while (!e && o->profiles && o->profiles[i]);
	return e;
}
