#include "fs/options.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/config/settings.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum type {
	OPT_FLAG,
	OPT_STRING,
	OPT_LIST,
	OPT_SECONDS, /* int64_t ms */
	OPT_MASK,
	OPT_USER,
	OPT_GROUP,
	OPT_SIZE,
	OPT_WINDOW, /* logs.window_bytes or logs.window_ms */
};

struct spec {
	const char *name; /* with underscores; a dash is as good */
	char letter;
	enum type type;
	size_t at;
	const char *arg;
	const char *help;
};

#define AT(member) offsetof(struct options, member)

static const struct spec specs[] = {
    {"region", 0, OPT_LIST, AT(regions), "REGION,...",
	"the region; several get a directory each; all"},
    {"profile", 0, OPT_LIST, AT(profiles), "NAME,...",
	"the profile of ~/.aws/config; several get a directory each"},
    {"endpoint_url", 0, OPT_STRING, AT(endpoint_url), "URL", "the endpoint of every service"},
    {"cluster_config", 0, OPT_STRING, AT(cluster_config), "NAME",
	"a cluster configuration of ~/.ecs/config"},
    {"ecs_profile", 0, OPT_STRING, AT(ecs_profile), "NAME", "a profile of ~/.ecs/credentials"},
    {"demo", 0, OPT_FLAG, AT(demo), NULL, "mount a simulated region"},
    {"foreground", 'f', OPT_FLAG, AT(foreground), NULL, "stay in the foreground"},
    {"debug", 'd', OPT_FLAG, AT(debug), NULL, "stay in the foreground and say what happens"},
    {"help", 'h', OPT_FLAG, AT(help), NULL, "this text"},
    {"version", 'V', OPT_FLAG, AT(version), NULL, "the version"},
    {"print_credential_source", 0, OPT_FLAG, AT(print_credential_source), NULL,
	"say which credentials, region and endpoints would be used"},
    {"ro", 'r', OPT_FLAG, AT(fs.read_only), NULL, "refuse every write"},
    {"allow_delete", 0, OPT_FLAG, AT(fs.allow_delete), NULL,
	"let rmdir delete clusters, services, tasks and revisions"},
    {"dry_run", 0, OPT_FLAG, AT(fs.dry_run), NULL,
	"check and journal what would change, and send nothing"},
    {"allow_other", 0, OPT_FLAG, AT(fs.allow_other), NULL, "let other users in, as umask= says"},
    {"umask", 0, OPT_MASK, AT(fs.umask), "OCTAL", "permissions nobody has (077)"},
    {"uid", 0, OPT_USER, AT(fs.uid), "USER", "who owns the files"},
    {"gid", 0, OPT_GROUP, AT(fs.gid), "GROUP", "which group does"},
    {"xattr", 0, OPT_FLAG, AT(fs.xattr), NULL, "extended attributes: ARN, age, last error"},
    {"ttl", 0, OPT_SECONDS, AT(ttl_ms), "SECONDS",
	"how long an answer of AWS holds (5); 0: every open asks"},
    {"timeout", 0, OPT_SECONDS, AT(timeout_ms), "SECONDS",
	"how long a request may wait for AWS (30)"},
    {"stale", 0, OPT_SECONDS, AT(stale_ms), "SECONDS",
	"how long old answers stand in for an AWS that is away (300)"},
    {"rollout_timeout", 0, OPT_SECONDS, AT(fs.rollout_timeout_ms), "SECONDS",
	"how long a read of `rollout` may last (0: no end)"},
    {"journal", 0, OPT_STRING, AT(fs.journal_file), "FILE",
	"append every attempt to change something to FILE"},
    {"log_window", 0, OPT_WINDOW, 0, "SIZE|DURATION|all", "what a first read of a log gives (1M)"},
    {"log_overlap", 0, OPT_SECONDS, AT(logs.overlap_ms), "SECONDS",
	"how late a log event may come (90)"},
    {"log_timestamps", 0, OPT_FLAG, AT(logs.timestamps), NULL, "lead each log line with its time"},
    {"live_tail", 0, OPT_FLAG, AT(logs.live_tail), NULL,
	"let StartLiveTail announce new log lines"},
    {"spool_dir", 0, OPT_STRING, AT(spool_dir), "DIR", "where logs are spooled"},
    {"spool_limit", 0, OPT_SIZE, AT(spool_limit), "SIZE",
	"how many bytes all spools may take (4G)"},
    {"fsname", 0, OPT_STRING, AT(fsname), "NAME", "the source that `mount` shows"},
    {"nonempty", 0, OPT_FLAG, AT(nonempty), NULL, "mount over a directory that is not empty"},
};

/* Words of /etc/fstab and mount(8) that mean nothing here. */
static const char *const ignored[] = {
    "rw",
    "defaults",
    "auto",
    "noauto",
    "user",
    "nouser",
    "users",
    "owner",
    "group",
    "_netdev",
    "nofail",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "diratime",
    "nodiratime",
    "lazytime",
    "nolazytime",
    "iversion",
    "noiversion",
    "mand",
    "nomand",
    "silent",
    "loud",
    "dev",
    "suid",
    "exec",
    "async",
    "atime",
    "default_permissions",
    "subtype=ecsfs",
    NULL,
};
static const char *const ignored_prefixes[] = {"x-", "X-", "comment=", "setuid=", NULL};

/* What libfuse and the kernel take. */
static const char *const passed[] = {
    "nodev",
    "nosuid",
    "noexec",
    "noatime",
    "sync",
    "dirsync",
    "auto_unmount",
    "allow_root",
    NULL,
};

static bool one_of(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static bool has_prefix(const char *const *prefixes, const char *word)
{
	for (; *prefixes; prefixes++)
		if (strncmp(*prefixes, word, strlen(*prefixes)) == 0)
			return true;
	return false;
}

static bool same_name(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!a[i] || (b[i] == '-' ? '_' : b[i]) != a[i])
			return false;
	return a[len] == '\0';
}

static const struct spec *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		if (same_name(specs[i].name, name, len))
			return &specs[i];
	return NULL;
}

static const struct spec *find_letter(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		if (specs[i].letter && specs[i].letter == letter)
			return &specs[i];
	return NULL;
}

static void list_free(char **list)
{
	for (char **at = list; at && *at; at++)
		free(*at);
	free(list);
}

static int set_string(char **at, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*at);
	*at = copy;
	return 0;
}

/* Elements between commas, and colons in -o; none may be empty or there twice. */
static int set_list(char ***at, const char *value, const char *separators)
{
	size_t count = 0;
	char **list = calloc(strlen(value) + 2, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (const char *p = value;; p++) {
		size_t len = strcspn(p, separators);

		list[count] = strndup(p, len);
		bool bad = !list[count] || len == 0;
		for (size_t i = 0; i < count && !bad; i++)
			bad = strcmp(list[i], list[count]) == 0;
		count++;
		if (bad) {
			list_free(list);
			return -EINVAL;
		}
		p += len;
		if (!*p)
			break;
	}
	list_free(*at);
	*at = list;
	return 0;
}

static int set_seconds(int64_t *at, const char *value)
{
	char *end;
	double s = strtod(value, &end);

	if (!isdigit((unsigned char)*value) || *end || s < 0 || s > 365 * 86400.0)
		return -EINVAL;
	*at = (int64_t)(s * 1000 + 0.5);
	return 0;
}

/* A number with K, M or G; -EINVAL. */
static int parse_size(const char *value, int64_t *ret)
{
	static const char units[] = "KMG";
	char *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (!isdigit((unsigned char)*value) || errno)
		return -EINVAL;
	const char *unit = *end ? strchr(units, *end) : NULL;
	if (*end && (!unit || end[1]))
		return -EINVAL;
	for (const char *u = units; unit && u <= unit; u++)
		if (__builtin_mul_overflow(n, 1024, &n))
			return -EINVAL;
	*ret = n;
	return 0;
}

/* Small letters are times, capitals sizes. */
static int set_window(struct logs_options *l, const char *value)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
	char *end;
	long long n = strtoll(value, &end, 10);

	l->window_ms = 0;
	if (strcmp(value, "all") == 0) {
		l->window_bytes = 0;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (*end == units[i].unit && !end[1] && isdigit((unsigned char)*value) && n > 0 &&
		    n < 100000) {
			l->window_ms = n * units[i].ms;
			return 0;
		}
	int e = parse_size(value, &l->window_bytes);
	return e ? e : l->window_bytes > 0 ? 0 : -EINVAL;
}

static int set_mask(mode_t *at, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 8);

	if (!isdigit((unsigned char)*value) || *end || n > 0777)
		return -EINVAL;
	*at = (mode_t)n;
	return 0;
}

static int parse_id(const char *value, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || n >= UINT32_MAX)
		return -EINVAL;
	*ret = (unsigned)n;
	return 0;
}

static int set_user(uid_t *at, const char *value)
{
	const struct passwd *pw;

	if (parse_id(value, at) == 0)
		return 0;
	pw = getpwnam(value);
	if (pw)
		*at = pw->pw_uid;
	return pw ? 0 : -EINVAL;
}

static int set_group(gid_t *at, const char *value)
{
	const struct group *gr;

	if (parse_id(value, at) == 0)
		return 0;
	gr = getgrnam(value);
	if (gr)
		*at = gr->gr_gid;
	return gr ? 0 : -EINVAL;
}

static const char *expected(enum type type)
{
	switch (type) {
	case OPT_FLAG:
		return "it takes no value";
	case OPT_STRING:
		return "a value is expected";
	case OPT_LIST:
		return "names are expected, each once";
	case OPT_SECONDS:
		return "a number of seconds is expected";
	case OPT_MASK:
		return "an octal mask up to 777 is expected";
	case OPT_USER:
		return "a user or its number is expected";
	case OPT_GROUP:
		return "a group or its number is expected";
	case OPT_SIZE:
		return "a number of bytes is expected, as 500M or 4G";
	case OPT_WINDOW:
		return "a size (1M), a time (15m, 2h) or all is expected";
	}
	return "";
}

static int store(struct options *o, const struct spec *s, const char *value, const char *separators)
{
	void *at = (char *)o + s->at;

	switch (s->type) {
	case OPT_FLAG:
		*(bool *)at = true;
		return 0;
	case OPT_STRING:
		return *value ? set_string(at, value) : -EINVAL;
	case OPT_LIST:
		return set_list(at, value, separators);
	case OPT_SECONDS:
		return set_seconds(at, value);
	case OPT_MASK:
		return set_mask(at, value);
	case OPT_USER:
		return set_user(at, value);
	case OPT_GROUP:
		return set_group(at, value);
	case OPT_SIZE:
		return parse_size(value, at);
	case OPT_WINDOW:
		return set_window(&o->logs, value);
	}
	return -EINVAL;
}

/* `value` NULL: none was given. Lists have colons too where commas end the option. */
static int set(struct options *o, const struct spec *s, const char *value, bool in_mount_options,
    struct ecsfs_error *err)
{
	const char *separators = in_mount_options ? ":," : ",";
	auto_free char *name = strdup(s->name);
	int e = !name ? -ENOMEM : (s->type == OPT_FLAG) == (value != NULL) ? -EINVAL : 0;

	if (!e)
		e = store(o, s, value, separators);
	if (e != -EINVAL)
		return e;
	for (char *c = name; !in_mount_options && *c; c++)
		*c = *c == '_' ? '-' : *c;
	return ecsfs_error_set(err, EINVAL, NULL, "%s%s%s%s: %s", in_mount_options ? "-o " : "--",
	    name, value ? "=" : "", value ? value : "", expected(s->type));
}

static int pass(struct options *o, const char *word)
{
	char *kernel = NULL;

	if (asprintf(&kernel, "%s%s%s", o->kernel ? o->kernel : "", o->kernel ? "," : "", word) < 0)
		return -ENOMEM;
	free(o->kernel);
	o->kernel = kernel;
	return 0;
}

static int mount_option(struct options *o, const char *word, struct ecsfs_error *err)
{
	size_t len = strcspn(word, "=");
	const struct spec *s = find(word, len);

	if (!*word || one_of(ignored, word) || has_prefix(ignored_prefixes, word))
		return 0;
	if (s)
		return set(o, s, word[len] ? word + len + 1 : NULL, true, err);
	if (one_of(passed, word))
		return pass(o, word);
	return ecsfs_error_set(err, EINVAL, NULL, "-o %s: no such mount option (see --help)", word);
}

/* The words of -o, between commas that no backslash precedes. */
static int mount_options(struct options *o, const char *text, struct ecsfs_error *err)
{
	int e = 0;

	while (!e && *text) {
		auto_buf struct buf word = BUF_INIT(64 * KIB);

		for (; *text && *text != ','; text++) {
			if (*text == '\\' && text[1])
				text++;
			buf_addc(&word, *text);
		}
		if (*text)
			text++;
		e = mount_option(o, buf_str(&word), err);
	}
	return e;
}

struct arguments {
	int argc, next;
	char *const *argv;
	const char *positional[2];
	int count;
	const char *taker; /* the last option whose value was an argument of its own */
};

/* The value that follows an option as an argument of its own; NULL: the line ends. */
static const char *following(struct arguments *a)
{
	return a->next < a->argc ? a->argv[a->next++] : NULL;
}

static int long_option(
    struct options *o, struct arguments *a, const char *text, struct ecsfs_error *err)
{
	size_t len = strcspn(text, "=");
	const struct spec *s = find(text, len);
	const char *value = text[len] ? text + len + 1 : NULL;

	if (!s)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "--%s: no such option (see --help)", text);
	if (!value && s->type != OPT_FLAG) {
		value = following(a);
		a->taker = text;
	}
	return set(o, s, value, false, err);
}

static int short_options(
    struct options *o, struct arguments *a, const char *letters, struct ecsfs_error *err)
{
	for (; *letters; letters++) {
		const struct spec *s = find_letter(*letters);

		if (*letters == 'o') {
			const char *text = letters[1] ? letters + 1 : following(a);

			if (!text)
				return ecsfs_error_set(
				    err, EINVAL, NULL, "-o: mount options are expected");
			return mount_options(o, text, err);
		}
		if (!s)
			return ecsfs_error_set(
			    err, EINVAL, NULL, "-%c: no such option (see --help)", *letters);
		int e = set(o, s, NULL, false, err);
		if (e)
			return e;
	}
	return 0;
}

static int arguments(struct options *o, struct arguments *a, struct ecsfs_error *err)
{
	bool ended = false;
	int e = 0;

	while (!e && a->next < a->argc) {
		const char *text = a->argv[a->next++];

		if (ended || text[0] != '-' || !text[1]) {
			if (a->count == 2)
				return ecsfs_error_set(
				    err, EINVAL, NULL, "%s: one mount point is expected", text);
			a->positional[a->count++] = text;
		} else if (strcmp(text, "--") == 0) {
			ended = true;
		} else if (text[1] == '-') {
			e = long_option(o, a, text + 2, err);
		} else {
			e = short_options(o, a, text + 1, err);
		}
	}
	return e;
}

static void set_defaults(struct options *o)
{
	*o = (struct options){
	    .fs = {.umask = 077, .uid = getuid(), .gid = getgid()},
	    .ttl_ms = 5000,
	    .timeout_ms = 30000,
	    .stale_ms = 300000,
	    .logs = {.window_bytes = MIB, .overlap_ms = 90000},
	    .spool_limit = LIMIT_SPOOL_BYTES,
	};
}

/* The old spellings of FIPS endpoints: a mount has such endpoints for all its regions or for none. */
static int plain_regions(struct options *o, struct ecsfs_error *err)
{
	for (char **r = o->regions; r && *r; r++) {
		o->fips |= aws_region_drop_fips(*r);
		for (char **before = o->regions; before < r; before++)
			if (strcmp(*before, *r) == 0)
				return ecsfs_error_set(
				    err, EINVAL, NULL, "--region=%s: %s", *r, expected(OPT_LIST));
	}
	return 0;
}

static int finish(struct options *o, const struct arguments *a, struct ecsfs_error *err)
{
	const char *mountpoint = a->count ? a->positional[a->count - 1] : NULL;
	bool information = o->help || o->version || o->print_credential_source;

	if (!mountpoint && !information && a->taker)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "a mount point is expected after --%s and its value (see --help)", a->taker);
	if (!mountpoint && !information)
		return ecsfs_error_set(err, EINVAL, NULL, "a mount point is expected (see --help)");
	if (o->timeout_ms < 1)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "timeout=0: more than no time is expected");
	if (plain_regions(o, err) != 0)
		return -EINVAL;
	o->foreground |= o->debug;
	o->fs.ttl_ms = (int)(o->ttl_ms < INT32_MAX ? o->ttl_ms : INT32_MAX);
	o->fs.timeout_ms = (int)(o->timeout_ms < INT32_MAX ? o->timeout_ms : INT32_MAX);
	if (mountpoint && set_string(&o->mountpoint, mountpoint) != 0)
		return -ENOMEM;
	if (!o->fsname && a->count == 2)
		return set_string(&o->fsname, a->positional[0]);
	return 0;
}

int options_parse(int argc, char *const *argv, struct options *ret, struct ecsfs_error *err)
{
	struct arguments a = {.argc = argc, .argv = argv, .next = 1};

	set_defaults(ret);
	int e = arguments(ret, &a, err);
	return e ? e : finish(ret, &a, err);
}

void options_release(struct options *o)
{
	list_free(o->profiles);
	list_free(o->regions);
	free(o->endpoint_url);
	free(o->cluster_config);
	free(o->ecs_profile);
	free(o->fs.journal_file);
	free(o->spool_dir);
	free(o->fsname);
	free(o->mountpoint);
	free(o->kernel);
	*o = (struct options){0};
}

static void usage_line(FILE *f, const struct spec *s)
{
	char name[64];
	int at;

	snprintf(name, sizeof(name), "%s%s%s", s->name, s->arg ? "=" : "", s->arg ? s->arg : "");
	for (char *p = name; *p && *p != '='; p++)
		if (*p == '_')
			*p = '-';
	at =
	    s->letter ? fprintf(f, "  -%c, --%s", s->letter, name) : fprintf(f, "      --%s", name);
	fprintf(f, "%*s %s\n", at < 34 ? 34 - at : 0, "", s->help);
}

void options_usage(FILE *f)
{
	fprintf(f,
	    "usage: ecsfs [options] [SOURCE] MOUNTPOINT\n"
	    "Mounts Amazon ECS: clusters, services, tasks and their logs as files.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		usage_line(f, &specs[i]);
	fprintf(f,
	    "  -o NAME[=VALUE],...               any of these as mount options, lists with "
	    "colons\n\n"
	    "Unmount with: fusermount3 -u MOUNTPOINT\n");
}
