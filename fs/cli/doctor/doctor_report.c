/*
 * How does one check of `ecsfs doctor` look? A line of state, check and meaning, with the remedy
 * below it, or one object of the JSON array.
 */
#include "fs/cli/doctor/doctor_report.h"

#include "backend/base/buf.h"
#include "backend/base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* As wide as the longest action of ECS. */
enum { CHECK_WIDTH = 34 };

static const char *const states[] = {
    [REPORT_OK] = "ok",
    [REPORT_WARN] = "warn",
    [REPORT_FAIL] = "FAIL",
    [REPORT_SKIP] = "skip",
};

static void add_json(const struct report *r, enum report_state state, const char *check,
    const char *remedy, const char *meaning)
{
	json_t *row =
	    json_pack("{s:s, s:s, s:s}", "check", check, "state", states[state], "means", meaning);

	if (r->subject)
		json_object_set_new(row, "subject", json_string(r->subject));
	if (remedy)
		json_object_set_new(row, "remedy", json_string(remedy));
	json_array_append_new(r->json, row);
}

static void print_line(const struct report *r, enum report_state state, const char *check,
    const char *remedy, const char *meaning)
{
	printf("%-4s  ", states[state]);
	if (r->subject)
		printf("%s  ", r->subject);
	size_t len = strlen(meaning);
	bool ended = len && meaning[len - 1] == '.';
	printf("%-*s %s%s%s%s\n", CHECK_WIDTH, check, meaning, remedy && !ended ? "." : "",
	    remedy ? " Do: " : "", remedy ? remedy : "");
	fflush(stdout);
}

void report_add(struct report *r, enum report_state state, const char *check, const char *remedy,
    const char *fmt, ...)
{
	auto_buf struct buf meaning = BUF_INIT(64 * KIB);
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&meaning, fmt, ap);
	va_end(ap);
	r->count[state]++;
	if (r->json)
		add_json(r, state, check, remedy, buf_str(&meaning));
	else
		print_line(r, state, check, remedy, buf_str(&meaning));
}

int report_end(struct report *r)
{
	if (r->json) {
		json_dumpf(r->json, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		printf("%zu ok, %zu to be looked at, %zu failed, %zu not known\n",
		    r->count[REPORT_OK], r->count[REPORT_WARN], r->count[REPORT_FAIL],
		    r->count[REPORT_SKIP]);
	}
	return r->count[REPORT_FAIL] ? 1 : 0;
}
