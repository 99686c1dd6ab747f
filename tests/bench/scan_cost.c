/*
 * What does scanning a page of FilterLogEvents cost without network, file system or anything else?
 * Prints the MB of text that one core scans in a second: the floor under reading logs.
 */
#include "backend/base/buf.h"
#include "backend/base/limits.h"
#include "backend/parse/logscan.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { EVENTS = 4600, ROUNDS = 200 };

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void make_page(struct buf *out)
{
	char tail[100];

	memset(tail, 'x', sizeof(tail) - 1);
	tail[sizeof(tail) - 1] = '\0';
	buf_adds(out, "{\"events\":[");
	for (int i = 0; i < EVENTS; i++)
		buf_addf(out,
		    "%s{\"logStreamName\":\"ecs/app/0123456789abcdef0123456789abcdef\","
		    "\"timestamp\":%lld,\"message\":\"%012d GET /api/items/17 HTTP/1.1 200 7579 "
		    "%s\",\"ingestionTime\":%lld,\"eventId\":\"%056d\"}",
		    i ? "," : "", 1763840000000LL + i, i, tail, 1763840000500LL + i, i);
	buf_adds(out, "],\"searchedLogStreams\":[]}");
}

/* The bytes of text that the page held; 0: it was not understood. */
static size_t scan(char *json, size_t len)
{
	struct logscan_event e;
	struct logscan s;
	size_t text = 0;

	if (logscan_start(&s, json, len) < 0)
		return 0;
	while (logscan_next(&s, &e) == 1)
		text += e.message.len + 1;
	return text;
}

int main(void)
{
	auto_buf struct buf page = BUF_INIT(16 * MIB), copy = BUF_INIT(16 * MIB);
	double spent = 0;
	size_t text = 0;

	make_page(&page);
	for (int i = 0; i < ROUNDS; i++) {
		buf_reset(&copy);
		buf_add(&copy, page.data, page.len);
		double start = cpu_ms();
		text += scan(copy.data, copy.len);
		spent += cpu_ms() - start;
	}
	printf("%-64s %12.0f   of one core\n", "the scanner alone (MB/s of text)",
	    (double)text / spent / 1e3);
	return text == 0;
}
