/*
 * Can an edited document break the editors, against any document of AWS? Two texts with a NUL
 * between, the written one first. Lines of tags as well.
 */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/edit/lines.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/service_create.h"
#include "fs/edit/service_edit.h"
#include "fs/value.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_lines(const char *text, size_t len)
{
	json_auto_t *named = NULL;
	struct ecsfs_error err = {0};

	if (lines_parse(text, len, &named, &err) == 0)
		assert(json_is_object(named));
	else
		assert(err.err && err.message[0]);
}

/* What equals itself, and survives being made canonical twice. */
static void as_documents(json_t *written, const json_t *now)
{
	json_auto_t *taskdef = canon_taskdef(written);
	json_auto_t *again = taskdef ? canon_taskdef(taskdef) : NULL;
	json_t *service = canon_service(written);

	if (taskdef)
		assert(json_equal(taskdef, again) && canon_taskdef_equal(written, written));
	canon_taskdef_equal(written, now);
	json_decref(service);
}

static void as_service(json_t *written, json_t *now)
{
	json_auto_t *bare = NULL, *request = NULL, *changes = NULL;
	struct ecsfs_error err = {0};
	const struct service_edit edit = {.written = written, .theirs = now};

	if (service_unwrap(written, "web", &bare, &err) < 0)
		assert(err.message[0]);
	if (service_create_request(written, "prod", "web", &request, &err) == 0)
		assert(json_is_object(request));
	if (service_edit(&edit, &changes, &err) == 0)
		assert(json_is_object(changes));
	else
		assert(err.err && err.message[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *middle = memchr(data, 0, size);
	size_t first = middle ? (size_t)(middle - text) : size;
	json_auto_t *written = NULL, *now = NULL;

	as_lines(text, size);
	if (value_parse_document(text, first, false, &written, NULL) < 0)
		return 0;
	if (!middle || value_parse_document(middle + 1, size - first - 1, false, &now, NULL) < 0)
		now = json_object();
	as_documents(written, now);
	as_service(written, now);
	return 0;
}
