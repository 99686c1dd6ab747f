/*
 * Which header lines are kept? The status, the request id, the error's type, Date, Content-Length
 * and Retry-After; a new status line (after 100 Continue) begins again.
 */
#include "backend/http/http_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Copies a header's value if it has this name. */
static bool take_header(const char *line, size_t len, const char *name, char *ret, size_t size)
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	line += n + 1;
	len -= n + 1;
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	while (len && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
		len--;
	if (len >= size)
		len = size - 1;
	memcpy(ret, line, len);
	ret[len] = '\0';
	return true;
}

static int64_t parse_wait(const char *text, int64_t unit_ms)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	return end != text && !*end && n >= 0 && n <= 86400000 ? n * unit_ms : -1;
}

/* "HTTP/1.1 200 OK": the status, 0 where there is none. */
static int parse_status(const char *line, size_t len)
{
	char text[32];
	int status;

	len = len < sizeof(text) - 1 ? len : sizeof(text) - 1;
	memcpy(text, line, len);
	text[len] = '\0';
	return sscanf(text, "HTTP/%*s %3d", &status) == 1 && status > 0 ? status : 0;
}

static void forget(struct http_response *ret)
{
	ret->request_id[0] = ret->error_type[0] = ret->date[0] = '\0';
	ret->retry_after_ms = -1;
}

void http_head_line(struct http_response *ret, const char *line, size_t len, size_t *expected)
{
	char text[32];

	if (len > 5 && !memcmp(line, "HTTP/", 5)) {
		forget(ret);
		ret->status = parse_status(line, len);
		return;
	}
	if (take_header(line, len, "x-amzn-RequestId", ret->request_id, sizeof(ret->request_id)) ||
	    take_header(line, len, "x-amz-request-id", ret->request_id, sizeof(ret->request_id)) ||
	    take_header(line, len, "x-amzn-ErrorType", ret->error_type, sizeof(ret->error_type)) ||
	    take_header(line, len, "Date", ret->date, sizeof(ret->date)))
		return;
	if (take_header(line, len, "Content-Length", text, sizeof(text)))
		*expected = strtoull(text, NULL, 10);
	else if (take_header(line, len, "x-amz-retry-after", text, sizeof(text)))
		ret->retry_after_ms = parse_wait(text, 1);
	else if (ret->retry_after_ms < 0 &&
	    take_header(line, len, "Retry-After", text, sizeof(text)))
		ret->retry_after_ms = parse_wait(text, 1000);
}
