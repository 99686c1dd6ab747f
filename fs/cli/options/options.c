/*
 * How does the command line become struct options? Long and short options, mount options after -o,
 * SOURCE and mount point are parsed. Values are checked by option_value.c; nothing is looked up
 * here.
 */
#include "fs/cli/options/options.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/nearest.h"
#include "backend/config/settings.h"
#include "fs/cli/options/option_table.h"
#include "fs/cli/options/option_value.h"
#include "fs/cli/options/preset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Words of /etc/fstab and mount(8) without a meaning here. */
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

/* Options of libfuse and of the kernel. */
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

/* `value` NULL: none was given. Lists have colons too where commas end the option. */
static int set(struct options *o, const struct option_row *row, const char *value,
    bool in_mount_options, struct ecsfs_error *err)
{
	char name[64];
	int e = option_set(o, row, value, in_mount_options ? ":," : ",");

	if (e != -EINVAL)
		return e;
	option_dashed(row, name, sizeof(name));
	return ecsfs_error_set(err, EINVAL, NULL, "%s%s%s%s: expected %s",
	    in_mount_options ? "-o " : "--", in_mount_options ? row->name : name, value ? "=" : "",
	    value ? value : "", option_expects(row));
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

static const char *nearest_mount_option(const char *word, size_t len)
{
	const char *own = option_nearest(word, len);
	struct nearest n;

	nearest_begin(&n, word);
	if (own)
		nearest_try(&n, own);
	for (const char *const *other = passed; *other; other++)
		nearest_try(&n, *other);
	return nearest_peek(&n) ? nearest_peek(&n) : own;
}

static int mount_option(struct options *o, const char *word, struct ecsfs_error *err)
{
	size_t len = strcspn(word, "=");
	const struct option_row *row = option_find(word, len);

	if (!*word || one_of(ignored, word) || has_prefix(ignored_prefixes, word))
		return 0;
	if (row)
		return set(o, row, word[len] ? word + len + 1 : NULL, true, err);
	if (one_of(passed, word))
		return pass(o, word);
	const char *meant = nearest_mount_option(word, len);
	if (meant)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "-o %s: unknown mount option (did you mean %s?)", word, meant);
	return ecsfs_error_set(
	    err, EINVAL, NULL, "-o %s: unknown mount option (see --help-all)", word);
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
	bool unmounted;	   /* no mount point is needed */
	const char *taker; /* the last option whose value was an argument of its own */
};

/* The value that follows an option as an argument of its own; NULL: the line ends. */
static const char *following(struct arguments *a)
{
	return a->next < a->argc ? a->argv[a->next++] : NULL;
}

static int unknown(const char *text, size_t len, struct ecsfs_error *err)
{
	const char *meant = option_nearest(text, len);
	char name[64] = "";

	if (!meant)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "--%s: unknown option (see --help-all)", text);
	option_dashed(option_find(meant, strlen(meant)), name, sizeof(name));
	return ecsfs_error_set(
	    err, EINVAL, NULL, "--%s: unknown option (did you mean --%s?)", text, name);
}

static int long_option(
    struct options *o, struct arguments *a, const char *text, struct ecsfs_error *err)
{
	size_t len = strcspn(text, "=");
	const struct option_row *row = option_find(text, len);
	const char *value = text[len] ? text + len + 1 : NULL;

	if (!row)
		return unknown(text, len, err);
	if (!value && row->type != OPT_FLAG) {
		value = following(a);
		a->taker = text;
	}
	return set(o, row, value, false, err);
}

static int short_options(
    struct options *o, struct arguments *a, const char *letters, struct ecsfs_error *err)
{
	for (; *letters; letters++) {
		const struct option_row *row = option_find_letter(*letters);

		if (*letters == 'o') {
			const char *text = letters[1] ? letters + 1 : following(a);

			if (!text)
				return ecsfs_error_set(
				    err, EINVAL, NULL, "-o: expected mount options");
			return mount_options(o, text, err);
		}
		if (!row)
			return ecsfs_error_set(
			    err, EINVAL, NULL, "-%c: unknown option (see --help)", *letters);
		int e = set(o, row, NULL, false, err);
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
				    err, EINVAL, NULL, "%s: expected one mount point", text);
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

/* The old spellings of FIPS endpoints: a mount has such endpoints for all its regions or for none. */
static int plain_regions(struct options *o, struct ecsfs_error *err)
{
	for (char **r = o->regions; r && *r; r++) {
		o->fips |= aws_region_drop_fips(*r);
		for (char **before = o->regions; before < r; before++)
			if (strcmp(*before, *r) == 0)
				return ecsfs_error_set(err, EINVAL, NULL,
				    "--region=%s: expected names, each once", *r);
	}
	return 0;
}

/* "@prod" in the place of SOURCE, or alone; NULL: none. */
static const char *preset_of(const struct arguments *a)
{
	const char *first = a->count ? a->positional[0] : NULL;

	return first && first[0] == '@' && first[1] ? first : NULL;
}

/* Parses the words again, over the options of the preset. */
static int over_preset(
    struct options *o, struct arguments *a, char **ret_mountpoint, struct ecsfs_error *err)
{
	const char *name = preset_of(a) + 1;
	int e;

	*a = (struct arguments){
	    .argc = a->argc, .argv = a->argv, .next = 1, .unmounted = a->unmounted};
	options_release(o);
	option_defaults(o);
	e = preset_apply(name, o, ret_mountpoint, err);
	return e ? e : arguments(o, a, err);
}

/* A part of one region is mounted. */
static int check_cluster(const struct options *o, struct ecsfs_error *err)
{
	bool several = (o->regions && (o->regions[1] || strcmp(o->regions[0], "all") == 0)) ||
	    (o->profiles && o->profiles[1]);

	if (!o->fs.cluster || !several)
		return 0;
	return ecsfs_error_set(err, EINVAL, NULL,
	    "cluster=%s: a cluster is mounted with one region and one profile only", o->fs.cluster);
}

static int check_mountpoint_given(const struct options *o, const struct arguments *a,
    const char *mountpoint, struct ecsfs_error *err)
{
	if (mountpoint || a->unmounted || o->help || o->help_all || o->version ||
	    o->print_credential_source)
		return 0;
	if (preset_of(a))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "%s: expected a mount point behind it, or as mountpoint in the preset",
		    preset_of(a));
	if (a->taker)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "expected a mount point after --%s and its value (see --help)", a->taker);
	return ecsfs_error_set(err, EINVAL, NULL, "expected a mount point (see --help)");
}

static int finish(
    struct options *o, const struct arguments *a, const char *of_preset, struct ecsfs_error *err)
{
	bool alone = a->count == 1 && preset_of(a);

	if (a->unmounted && a->count == 2 && !preset_of(a))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "expected at most one mount point, got \"%s\" and \"%s\"", a->positional[0],
		    a->positional[1]);
	const char *mountpoint = alone || !a->count ? of_preset : a->positional[a->count - 1];

	if (check_mountpoint_given(o, a, mountpoint, err) != 0 || check_cluster(o, err) != 0)
		return -EINVAL;
	if (o->timeout_ms < 1)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "timeout=0: expected more than 0 seconds");
	if (plain_regions(o, err) != 0)
		return -EINVAL;
	o->foreground |= o->debug;
	o->fs.ttl_ms = (int)(o->ttl_ms < INT32_MAX ? o->ttl_ms : INT32_MAX);
	o->fs.timeout_ms = (int)(o->timeout_ms < INT32_MAX ? o->timeout_ms : INT32_MAX);
	if (mountpoint && !(o->mountpoint = strdup(mountpoint)))
		return -ENOMEM;
	if (!o->fsname && (a->count == 2 || alone) && !(o->fsname = strdup(a->positional[0])))
		return -ENOMEM;
	return 0;
}

static int parse(struct options *ret, struct arguments *a, struct ecsfs_error *err)
{
	auto_free char *mountpoint = NULL;

	option_defaults(ret);
	int e = arguments(ret, a, err);
	if (!e && preset_of(a))
		e = over_preset(ret, a, &mountpoint, err);
	return e ? e : finish(ret, a, mountpoint, err);
}

int options_parse(int argc, char *const *argv, struct options *ret, struct ecsfs_error *err)
{
	struct arguments a = {.argc = argc, .argv = argv, .next = 1};

	return parse(ret, &a, err);
}

int options_parse_any(int argc, char *const *argv, struct options *ret, struct ecsfs_error *err)
{
	struct arguments a = {.argc = argc, .argv = argv, .next = 1, .unmounted = true};

	return parse(ret, &a, err);
}

char *options_text(const struct options *o)
{
	auto_buf struct buf out = BUF_INIT(64 * KIB);

	for (size_t i = 0; option_at(i); i++)
		option_show(o, option_at(i), &out);
	return buf_detach(&out, NULL);
}

void options_release(struct options *o)
{
	option_release_all(o);
	free(o->mountpoint);
	free(o->kernel);
	*o = (struct options){0};
}
