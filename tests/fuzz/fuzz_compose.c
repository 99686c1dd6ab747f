/*
 * Can any text break the conversion of a compose project? The files are one behind the other, with
 * NULs between.
 */
#include "fs/compose/compose.h"
#include "fs/compose/convert.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct {
	const char *name;
	struct compose_file file;
} files[] = {{"docker-compose.yml", {0}}, {"ecs-params.yml", {0}}, {".env", {0}},
    {"docker-compose.override.yml", {0}}, {"a.env", {0}}, {"ecs-registry-creds_1.yml", {0}}};

static bool read_file(void *arg, const char *path, struct compose_file *ret)
{
	(void)arg;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (strcmp(files[i].name, path) == 0 && files[i].file.bytes) {
			*ret = files[i].file;
			return true;
		}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct compose_input in = {.project = "p",
	    .directory = "/d",
	    .home = "/h",
	    .region = "r",
	    .credentials = "ecs-registry-creds_1.yml",
	    .read = read_file};
	struct compose_output out;
	struct ecsfs_error err = {0};
	const char *at = (const char *)data;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *end = memchr(at, '\0', size);
		size_t len = end ? (size_t)(end - at) : size;

		files[i].file = (struct compose_file){len ? at : NULL, len};
		at += end ? len + 1 : len;
		size -= end ? len + 1 : len;
	}
	if (compose_convert(&in, &out, &err) && !err.message[0])
		abort();
	compose_release(&out);
	return 0;
}
