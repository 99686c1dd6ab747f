/*
 * Which mounts are there? `ecsfs list` reads the kernel's list of mounts and the .ecsfs/status of
 * each. A mount that is dead or another user's is listed with its state; none can fail the others.
 */
#include "fs/cli/list.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/cli/command.h"
#include "fs/mount/mounts.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends the first word of every "KEY: WORD ..." line, with commas between. */
static void words_of(const char *status, const char *key, struct buf *out)
{
	size_t len = strlen(key);

	for (; *status; status += strcspn(status, "\n"), status += *status == '\n') {
		if (strncmp(status, key, len) != 0 || strncmp(status + len, ": ", 2) != 0)
			continue;
		const char *word = status + len + 2;
		buf_addf(out, "%s%.*s", out->len ? "," : "", (int)strcspn(word, " :\n"), word);
	}
}

static const char *state_of(int e)
{
	switch (e) {
	case 0:
		return "mounted";
	case -ENOTCONN:
		return "dead";
	case -EACCES:
		return "not accessible";
	default:
		return "does not answer";
	}
}

/* A value of .ecsfs/status by its type in JSON. */
static json_t *typed(const char *text)
{
	char *end;
	long long number = strtoll(text, &end, 10);

	if (*text && !*end)
		return json_integer(number);
	if (!strcmp(text, "true") || !strcmp(text, "false"))
		return json_boolean(*text == 't');
	return json_string(text);
}

static json_t *describe(const struct mounted *m, struct look *asked)
{
	static const char *const once[] = {"pid", "uptime_seconds", "simulated", "last_failure"};
	auto_buf struct buf status = BUF_INIT(MIB), account = BUF_INIT(MIB), region = BUF_INIT(MIB);
	int e = mounts_answer(asked, &status);
	json_t *row = json_pack(
	    "{s:s, s:s, s:s}", "mount_point", m->path, "source", m->source, "state", state_of(e));

	if (e == -ENOTCONN)
		json_object_set_new(row, "last_failure",
		    json_sprintf("its program has ended: fusermount3 -u %s", m->path));
	if (e)
		return row;
	words_of(buf_str(&status), "account", &account);
	words_of(buf_str(&status), "region", &region);
	json_object_set_new(row, "account", json_string(buf_str(&account)));
	json_object_set_new(row, "region", json_string(buf_str(&region)));
	for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
		auto_buf struct buf value = BUF_INIT(MIB);

		mounts_status_value(buf_str(&status), once[i], &value);
		json_object_set_new(row, once[i], typed(buf_str(&value)));
	}
	return row;
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text && *text ? text : "-";
}

/* "3d 4h", "2h 10m", "45s". */
static void uptime(const json_t *row, char *ret, size_t size)
{
	long s = (long)json_integer_value(json_object_get(row, "uptime_seconds"));

	if (!json_object_get(row, "uptime_seconds"))
		snprintf(ret, size, "-");
	else if (s >= 86400)
		snprintf(ret, size, "%ldd %ldh", s / 86400, s % 86400 / 3600);
	else if (s >= 3600)
		snprintf(ret, size, "%ldh %ldm", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(ret, size, "%ldm", s / 60);
	else
		snprintf(ret, size, "%lds", s);
}

/* At least as wide as the head, so that the columns line up. */
static int width(const json_t *rows, const char *key, const char *head)
{
	size_t most = strlen(head), i;
	const json_t *row;

	json_array_foreach (rows, i, row) {
		size_t len = strlen(text_of(row, key));

		most = len > most ? len : most;
	}
	return (int)most;
}

static void print_table(const json_t *rows)
{
	int w[] = {width(rows, "mount_point", "MOUNT POINT"), width(rows, "state", "STATE"),
	    width(rows, "account", "ACCOUNT"), width(rows, "region", "REGION")};
	const json_t *row;
	size_t i;

	printf("%-*s  %-*s  %-*s  %-*s  %-8s %s\n", w[0], "MOUNT POINT", w[1], "STATE", w[2],
	    "ACCOUNT", w[3], "REGION", "UPTIME", "LAST FAILURE");
	json_array_foreach (rows, i, row) {
		char up[32];

		uptime(row, up, sizeof(up));
		printf("%-*s  %-*s  %-*s  %-*s  %-8s %s\n", w[0], text_of(row, "mount_point"), w[1],
		    text_of(row, "state"), w[2], text_of(row, "account"), w[3],
		    text_of(row, "region"), up, text_of(row, "last_failure"));
	}
}

/* All are asked at once: those that do not answer cost one wait together. */
static void add_rows(const struct mounts *m, json_t *rows)
{
	auto_free struct look **asked = calloc(m->count + 1, sizeof(*asked));

	for (size_t i = 0; asked && i < m->count; i++)
		asked[i] = mounts_ask(m->at[i].path);
	for (size_t i = 0; i < m->count; i++)
		json_array_append_new(rows, describe(&m->at[i], asked ? asked[i] : NULL));
}

int list_run(int argc, char **argv)
{
	__attribute__((cleanup(mounts_release))) struct mounts m = {0};
	json_auto_t *rows = json_array();
	bool as_json = argc > 1;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") != 0)
			return command_unknown("list", argv[i]);
	int e = mounts_read(&m);
	if (e) {
		fprintf(stderr, "ecsfs list: /proc/self/mountinfo: %s\n", strerror(-e));
		return 1;
	}
	add_rows(&m, rows);
	if (as_json) {
		json_dumpf(rows, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (m.count) {
		print_table(rows);
	} else {
		puts("nothing is mounted by ecsfs");
	}
	return 0;
}
