/*
 * Can any text break the reader of the shared files? The result must be an object of objects of
 * strings and tables.
 */
#include "backend/base/words.h"
#include "backend/config/ini.h"
#include "backend/credentials/credentials.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sections(const json_t *sections)
{
	const char *name, *key;
	json_t *section, *value;
	struct words words;

	json_object_foreach ((json_t *)sections, name, section) {
		assert(json_is_object(section));
		json_object_foreach (section, key, value)
			assert(*key && (json_is_string(value) || json_is_object(value)));
		if (!words_split(name, &words))
			words_release(&words);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ecsfs_error err = {0};
	json_t *sections = NULL;

	if (ini_parse("F", (const char *)data, size, &sections, &err) == 0)
		check_sections(sections);
	else
		assert(err.err && err.message[0]);
	secret_json_free(sections);
	return 0;
}
