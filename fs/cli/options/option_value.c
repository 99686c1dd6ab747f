/* Which values may an option have? By the type of its row: parsed here and nowhere else. */
#include "fs/cli/options/option_value.h"

#include "fs/cli/options/option_table.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* The index of a word among those between bars. */
static int set_choice(int *at, const char *value, const char *words)
{
	size_t len = strlen(value);

	for (int i = 0;; i++, words++) {
		size_t n = strcspn(words, "|");

		if (n == len && strncmp(words, value, len) == 0) {
			*at = i;
			return 0;
		}
		words += n;
		if (!*words)
			return -EINVAL;
	}
}

const char *option_expects(const struct option_row *row)
{
	static const char *const expects[] = {
	    [OPT_FLAG] = "no value",
	    [OPT_STRING] = "a value",
	    [OPT_LIST] = "names, each once",
	    [OPT_SECONDS] = "a number of seconds, such as 5 or 0.5",
	    [OPT_MASK] = "an octal mask up to 777, such as 022",
	    [OPT_USER] = "the name or number of a user",
	    [OPT_GROUP] = "the name or number of a group",
	    [OPT_SIZE] = "a number of bytes, such as 500M or 4G",
	    [OPT_WINDOW] = "a size (1M), a duration (15m, 2h) or all",
	};

	return row->type == OPT_CHOICE ? row->arg : expects[row->type];
}

int option_set(
    struct options *o, const struct option_row *row, const char *value, const char *separators)
{
	void *at = (char *)o + row->at;

	if ((row->type == OPT_FLAG) == (value != NULL))
		return -EINVAL;
	switch (row->type) {
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
		return set_window(at, value);
	case OPT_CHOICE:
		return set_choice(at, value, row->arg);
	}
	return -EINVAL;
}

static void show_seconds(int64_t ms, struct buf *out)
{
	buf_addf(out, "%g", (double)ms / 1000);
}

static void show_size(int64_t bytes, struct buf *out)
{
	static const char *const units[] = {"", "K", "M", "G"};
	size_t unit = 0;

	while (bytes && bytes % 1024 == 0 && unit < 3) {
		bytes /= 1024;
		unit++;
	}
	buf_addf(out, "%" PRId64 "%s", bytes, units[unit]);
}

static void show_window(const struct logs_options *l, struct buf *out)
{
	if (l->window_ms)
		buf_addf(out, "%" PRId64 "s", l->window_ms / 1000);
	else if (l->window_bytes)
		show_size(l->window_bytes, out);
	else
		buf_adds(out, "all");
}

static void show_list(char *const *list, struct buf *out)
{
	for (size_t i = 0; list[i]; i++)
		buf_addf(out, "%s%s", i ? ":" : "", list[i]);
}

static void show_choice(int choice, const char *words, struct buf *out)
{
	for (; choice > 0; choice--)
		words += strcspn(words, "|") + 1;
	buf_addf(out, "%.*s", (int)strcspn(words, "|"), words);
}

static void show_value(const struct option_row *row, const void *at, struct buf *out)
{
	switch (row->type) {
	case OPT_FLAG:
		break;
	case OPT_STRING:
		buf_adds(out, *(char *const *)at);
		break;
	case OPT_LIST:
		show_list(*(char **const *)at, out);
		break;
	case OPT_SECONDS:
		show_seconds(*(const int64_t *)at, out);
		break;
	case OPT_MASK:
		buf_addf(out, "%03o", *(const mode_t *)at);
		break;
	case OPT_USER:
	case OPT_GROUP:
		buf_addf(out, "%u", *(const unsigned *)at);
		break;
	case OPT_SIZE:
		show_size(*(const int64_t *)at, out);
		break;
	case OPT_WINDOW:
		show_window(at, out);
		break;
	case OPT_CHOICE:
		show_choice(*(const int *)at, row->arg, out);
		break;
	}
}

void option_show(const struct options *o, const struct option_row *row, struct buf *out)
{
	const void *at = (const char *)o + row->at;

	if (row->type == OPT_FLAG && !*(const bool *)at)
		return;
	if ((row->type == OPT_STRING || row->type == OPT_LIST) && !*(char *const *)at)
		return;
	buf_addf(out, "%s%s%s", out->len ? "," : "", row->name, row->type == OPT_FLAG ? "" : "=");
	show_value(row, at, out);
}

void option_defaults(struct options *o)
{
	*o = (struct options){.fs = {.uid = getuid(), .gid = getgid()}};
	for (size_t i = 0; option_at(i); i++)
		if (option_at(i)->value)
			option_set(o, option_at(i), option_at(i)->value, ",");
}

void option_release_all(struct options *o)
{
	for (size_t i = 0; option_at(i); i++) {
		const struct option_row *row = option_at(i);
		void *at = (char *)o + row->at;

		if (row->type == OPT_STRING)
			free(*(char **)at);
		else if (row->type == OPT_LIST)
			list_free(*(char ***)at);
	}
}
