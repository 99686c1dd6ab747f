/*
 * How is JSON text checked and compacted in place? One walk by json_skip.h checks it; where it met
 * white space, a second one drops it outside strings.
 */
#include "backend/parse/json_text.h"

#include "backend/base/limits.h"
#include "backend/parse/json_skip.h"

/* The text was checked: outside strings white space has no meaning. */
static size_t drop_space(char *text, size_t len)
{
	bool quoted = false;
	char *to = text;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\') {
			*to++ = text[i++];
		} else if (text[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && strchr(" \t\r\n", text[i])) {
			continue;
		}
		*to++ = text[i];
	}
	return (size_t)(to - text);
}

bool json_text_compact(char *text, size_t *len)
{
	struct json_cursor c = {.at = text, .end = text + *len, .strict = true};

	json_skip_space(&c);
	if (c.at == c.end || *c.at != '{' || json_skip_value(&c, LIMIT_JSON_DEPTH) < 0)
		return false;
	json_skip_space(&c);
	if (c.at != c.end)
		return false;
	if (c.spaced) {
		*len = drop_space(text, *len);
		text[*len] = '\0';
	}
	return true;
}
