/*
 * Does diagnosis hold for whatever AWS says of a service and its tasks? Findings are lines of text
 * that a terminal shows as they are, and there is always one.
 */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/parse/unicode.h"
#include "fs/tree/report/findings.h"
#include "fs/tree/report/meanings.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct buf *out)
{
	assert(out->len > 0 && out->data[out->len - 1] == '\n');
	for (size_t i = 0; i < out->len; i++)
		assert(out->data[i] == '\n' ||
		    ((unsigned char)out->data[i] >= 0x20 && out->data[i] != 0x7f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_auto_t *e = json_loadb((const char *)data, size, 0, NULL);
	const struct evidence evidence = {.service = json_object_get(e, "service"),
	    .deployment = json_object_get(e, "deployment"),
	    .stopped = json_object_get(e, "stopped"),
	    .running = json_object_get(e, "running"),
	    .targets = json_object_get(e, "targets"),
	    .images = json_object_get(e, "images"),
	    .logs = json_object_get(e, "logs"),
	    .withheld = json_object_get(e, "withheld")};
	auto_buf struct buf out = BUF_INIT(LIMIT_RESPONSE);
	auto_free char *sentence = strndup((const char *)data, size);

	meaning_of(sentence);
	findings_render(&evidence, &out);
	check(&out);
	return 0;
}
