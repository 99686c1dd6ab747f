/*
 * How is a time read and written? Field by field: strptime(3) depends on the locale and takes dates
 * that do not exist.
 */
#include "backend/base/iso8601.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int take_digits(const char **p, int count, int *ret)
{
	*ret = 0;
	while (count--) {
		if (!isdigit((unsigned char)**p))
			return -EINVAL;
		*ret = *ret * 10 + (*(*p)++ - '0');
	}
	return 0;
}

/* The mark between two numbers, which the basic form has not. */
static int take_mark(const char **p, char mark, bool basic)
{
	if (basic)
		return 0;
	return *(*p)++ == mark ? 0 : -EINVAL;
}

static int64_t take_fraction(const char **p)
{
	int64_t ms = 0, unit = 100;

	if (**p != '.' && **p != ',')
		return 0;
	for ((*p)++; isdigit((unsigned char)**p); (*p)++, unit /= 10)
		ms += unit * (**p - '0');
	return ms;
}

/* "Z", "UTC", "", "+hh:mm", "+hhmm", "+hh": minutes east of UTC. */
static int take_zone(const char *p, int *ret_minutes)
{
	int sign = *p == '-' ? -1 : 1, hours, minutes = 0;

	*ret_minutes = 0;
	if (!*p || !strcmp(p, "Z") || !strcmp(p, "z") || !strcmp(p, "UTC"))
		return 0;
	if (*p != '+' && *p != '-')
		return -EINVAL;
	p++;
	if (take_digits(&p, 2, &hours))
		return -EINVAL;
	bool colon = *p == ':';
	p += colon;
	if ((colon || *p) && take_digits(&p, 2, &minutes))
		return -EINVAL;
	*ret_minutes = sign * (hours * 60 + minutes);
	return *p || hours > 23 || minutes > 59 ? -EINVAL : 0;
}

/* A date that exists, with its marks or in the basic form without: timegm() would turn the 30th of
 * February into March. */
static int take_date(const char **p, struct tm *tm, bool *ret_basic)
{
	if (take_digits(p, 4, &tm->tm_year))
		return -EINVAL;
	*ret_basic = **p != '-';
	if (take_mark(p, '-', *ret_basic) || take_digits(p, 2, &tm->tm_mon) ||
	    take_mark(p, '-', *ret_basic) || take_digits(p, 2, &tm->tm_mday))
		return -EINVAL;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	struct tm day = *tm;
	timegm(&day);
	return day.tm_mon == tm->tm_mon && day.tm_mday == tm->tm_mday ? 0 : -EINVAL;
}

/* "T15:32", "T15:32:00", "T15:32:00.123"; a day alone is its midnight. */
static int take_clock(const char **p, struct tm *tm, bool basic, int64_t *ret_ms)
{
	*ret_ms = 0;
	if (!**p)
		return 0;
	if (**p != 'T' && **p != 't' && **p != ' ')
		return -EINVAL;
	(*p)++;
	if (take_digits(p, 2, &tm->tm_hour) || take_mark(p, ':', basic) ||
	    take_digits(p, 2, &tm->tm_min))
		return -EINVAL;
	if (**p == ':' || (basic && isdigit((unsigned char)**p))) {
		*p += **p == ':';
		if (take_digits(p, 2, &tm->tm_sec))
			return -EINVAL;
		*ret_ms = take_fraction(p);
	}
	*p += strspn(*p, " ");
	return tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60 ? -EINVAL : 0;
}

int iso8601_parse(const char *text, int64_t *ret_ms)
{
	struct tm tm = {0};
	const char *p = text;
	int64_t ms;
	bool basic;
	int zone;

	if (take_date(&p, &tm, &basic) || take_clock(&p, &tm, basic, &ms) || take_zone(p, &zone))
		return -EINVAL;
	*ret_ms = ((int64_t)timegm(&tm) - (int64_t)zone * 60) * 1000 + ms;
	return 0;
}

void iso8601_format(int64_t ms, char ret[21])
{
	time_t seconds = (time_t)(ms / 1000);
	char text[80];
	struct tm tm;

	/* Not strftime: its %Y has no leading zeros. */
	if (!gmtime_r(&seconds, &tm))
		tm = (struct tm){0};
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	snprintf(ret, 21, "%.20s", text);
}
