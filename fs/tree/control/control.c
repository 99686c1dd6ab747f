/*
 * What does the mount know about itself (.ecsfs)? Everything is made from memory, but for the
 * account, which STS is asked for once.
 */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/config/endpoint.h"
#include "backend/config/settings.h"
#include "backend/credentials/cached.h"
#include "backend/errlog.h"
#include "cache/answer.h"
#include "fs/edit/members/doc.h"
#include "fs/journal.h"
#include "fs/state.h"
#include "fs/tree/control/metrics.h"
#include "fs/tree/root.h"
#include "fs/tree/tree.h"
#include "fs/value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* status */

static int render_caller(struct ask *q, struct region *r, struct buf *out)
{
	struct key k = {.kind = KIND_CALLER};
	auto_answer struct answer a = {0};
	struct ecsfs_error reason = {0};
	int e = ask(q, r, &k, &a, &reason);

	if (e == -EINPROGRESS)
		return e;
	if (e) {
		/* This file shows problems with AWS, so they are not failures of reading it. */
		buf_addf(
		    out, "account: unknown%s%s\n", *reason.message ? ": " : "", reason.message);
		return 0;
	}
	buf_addf(out, "account: %s\n", doc_string_peek(a.value, "Account"));
	buf_addf(out, "caller: %s\n", doc_string_peek(a.value, "Arn"));
	return 0;
}

static void render_credentials(const struct aws_settings *s, struct buf *out)
{
	const char *name = s->provider->name;
	int64_t expires_ms = credentials_cached_expires_ms(s->provider);

	buf_addf(out, "profile: %s\ncredentials: %s\n", s->profile, name ? name : "none");
	if (!expires_ms)
		return;
	buf_adds(out, "credentials_expire: ");
	expires_ms -= expires_ms % 1000;
	value_render_time((double)expires_ms / 1000, out);
	buf_addc(out, '\n');
}

/* Sums the region's counters over their labels: "ecsfs_cache_hits{...} 4" lines to one line each. */
static void render_cache(struct region *r, struct buf *out)
{
	auto_buf struct buf text = BUF_INIT(1 * MIB);
	json_auto_t *sums = json_object();
	const char *name;
	json_t *sum;
	char *rest;

	region_metrics(r, &text);
	char *line = text.data ? strtok_r(text.data, "\n", &rest) : NULL;
	for (; line; line = strtok_r(NULL, "\n", &rest)) {
		char *value = strrchr(line, ' ');
		if (*line == '#' || !value || strncmp(line, "ecsfs_", 6) != 0)
			continue;
		long long count = strtoll(value, NULL, 10);
		line[strcspn(line, "{ ")] = '\0';
		count += json_integer_value(json_object_get(sums, line + 6));
		json_object_set_new(sums, line + 6, json_integer(count));
	}
	json_object_foreach (sums, name, sum)
		buf_addf(out, "  %s: %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(sum));
}

static void render_region(const struct account *account, struct region *r, struct buf *out)
{
	static const char *const states[] = {
	    [REGION_ASKED] = "has not answered yet",
	    [REGION_ANSWERS] = "answers",
	    [REGION_FAILS] = "did not answer at the start (see errors)",
	    [REGION_NOT_ENABLED] = "not enabled for this account",
	};
	const struct aws_settings *s = aws_client_settings_peek(account->client);
	auto_free char *endpoint = NULL;
	const char *name = region_name_peek(r);
	struct ecsfs_error reason = {0};

	buf_addf(out, "region: %s", name);
	if (!strcmp(name, s->region))
		buf_addf(out, " (%s)", s->region_source);
	if (account->regions[1])
		buf_addf(out, "\n  state: %s", states[account_state(account, r)]);
	if (aws_endpoint(s, "ecs", name, &endpoint, NULL, NULL, &reason))
		buf_addf(out, "\n  endpoint: none: %s\n", reason.message);
	else
		buf_addf(out, "\n  endpoint: %s\n", endpoint);
	render_cache(r, out);
}

static int render_account(struct ask *q, const struct account *account, struct buf *out)
{
	const struct aws_settings *s = aws_client_settings_peek(account->client);
	int e = render_caller(q, account_region(account), out);

	if (e)
		return e;
	render_credentials(s, out);
	for (struct region **r = account->regions; *r; r++)
		render_region(account, *r, out);
	return 0;
}

static void render_mount(const struct fs *fs, struct buf *out)
{
	auto_buf struct buf failure = BUF_INIT(8 * KIB);

	errlog_render_last(fs->errors, &failure);
	buf_addf(out, "version: %s\npid: %d\nmounted_on: %s\n", ECSFS_VERSION, (int)getpid(),
	    fs->mountpoint);
	buf_addf(out, "simulated: %s\n", fs->simulated ? "true" : "false");
	buf_addf(out, "uptime_seconds: %" PRId64 "\n",
	    (clock_mono(fs->clock) - fs->started_mono_ms) / 1000);
	buf_addf(out, "options: %s\n", fs->options_text);
	buf_addf(out, "journal_lines_lost: %" PRIu64 "\n", journal_lost(fs->journal));
	buf_addf(out, "last_failure: %s\n", failure.len ? buf_str(&failure) : "none");
}

static int render_status(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)row;
	(void)err;
	render_mount(p->fs, out);
	for (struct account **a = p->fs->accounts; *a; a++) {
		buf_addc(out, '\n');
		int e = render_account(q, *a, out);
		if (e)
			return e;
	}
	return 0;
}

/* errors, journal */

static int render_errors(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)q;
	(void)row;
	(void)err;
	errlog_render(p->fs->errors, out);
	return 0;
}

static int render_journal(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)q;
	(void)row;
	(void)err;
	journal_render(p->fs->journal, out);
	return 0;
}

/* help */

static const char *mode_text(const struct row *row)
{
	if (row->form == ROW_LINK)
		return "->";
	return row_writable(row) ? "rw" : "r";
}

static void add_row(struct buf *out, const struct row *row, const char *name, const char *suffix)
{
	buf_addf(out, "  %-2s  %s%-*s  %s%s\n", mode_text(row), name,
	    strlen(name) < 38 ? (int)(38 - strlen(name)) : 0, suffix, row->help,
	    row->flags & ROW_HIDDEN ? " (not listed)" : "");
}

/* The placeholders for the names of a listing's files. */
static const char *listed_name(const struct listing *l)
{
	if (l->part == PLACE(task))
		return "TASK";
	if (l->part == PLACE(container))
		return "CONTAINER";
	return "NAME";
}

static void add_type(void *arg, const struct dir_type *type, const char *path)
{
	struct buf *out = arg;
	const struct listing *l = type->listing;

	buf_addf(out, "%s%s\n", path, *path ? "/" : "./");
	if (type->help)
		buf_addf(out, "      %s\n", type->help);
	for (const struct row *row = type->rows; row && row->name; row++)
		add_row(out, row, row->name, "");
	if (l && l->row)
		add_row(out, l->row, listed_name(l), l->suffix ? l->suffix : "");
	for (const struct child *c = type->children; c && c->name; c++)
		if (c->hidden)
			buf_addf(out, "      %s/ (not listed)\n", c->name);
	if (l && l->unlisted)
		buf_adds(out, "      names are looked up, none is listed\n");
	if (type->make)
		buf_adds(out, "  mkdir NAME creates one\n");
	if (type->drop)
		buf_adds(out, "  rmdir NAME deletes one (-o allow_delete)\n");
	buf_addc(out, '\n');
}

static int render_help(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err)
{
	(void)q;
	(void)row;
	(void)err;
	table_walk(root_type(p->fs), add_type, out);
	return 0;
}

static int commit_refresh(struct commit *c, struct ecsfs_error *err)
{
	(void)err;
	fs_refresh(c->place->fs);
	return 0;
}

static const struct row control_rows[] = {
    {
	.name = "status",
	.help =
	    "options in force, last failure, account, credentials, region, endpoint, cache figures",
	.form = ROW_CONTROL,
	.render = render_status,
    },
    {
	.name = "errors",
	.help = "the last failures: time, errno, path, call, AWS's code and message, request id",
	.form = ROW_CONTROL,
	.render = render_errors,
    },
    {
	.name = "journal",
	.help = "a JSON line for every call that changed or tried to change something",
	.form = ROW_CONTROL,
	.render = render_journal,
    },
    {
	.name = "metrics",
	.help = "the fleet's counts and the mount's counters as Prometheus text",
	.form = ROW_CONTROL,
	.render = control_render_metrics,
    },
    {
	.name = "help",
	.help = "what the files are",
	.form = ROW_CONTROL,
	.render = render_help,
    },
    {
	.name = "refresh",
	.help = "any line drops all cached responses",
	.flags = ROW_EMPTY_OK | ROW_ACTION,
	.commit = commit_refresh,
    },
    {0},
};

static const struct child control_children[] = {
    {"api", &dir_api, false},
    {0},
};

const struct dir_type dir_control = {
    .what = "the control files",
    .help = "what the mount knows about itself",
    .rows = control_rows,
    .children = control_children,
};
