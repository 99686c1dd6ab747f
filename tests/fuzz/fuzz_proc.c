/* Can any text of /proc/TID/status break the question whether the caller ends? */
#include "backend/base/cleanup.h"
#include "fs/caller.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *status = strndup((const char *)data, size);

	/* What ends a change ends a read too. */
	assert(!caller_status_ends(status, true) || caller_status_ends(status, false));
	return 0;
}
