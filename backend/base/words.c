/* How is a line split? Each word is copied without its quotes into one array. */
#include "backend/base/words.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WHITE " \t\r\n"

static int add_word(struct words *w, char *word)
{
	char **grown = realloc(w->word, (w->count + 2) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	w->word = grown;
	w->word[w->count++] = word;
	w->word[w->count] = NULL;
	return 0;
}

/* Copies the content of a quotation; `*line` points behind its opening quote, then behind its end.
 */
static bool take_quotation(const char **line, char quote, char **out)
{
	const char *p = *line;

	for (; *p && *p != quote; p++) {
		/* Inside "..." a backslash escapes only the quote and itself. */
		if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		*(*out)++ = *p;
	}
	*line = p + 1;
	return *p == quote;
}

/* Copies one word to `out`, which has room, and moves `*line` behind it. */
static int take_word(const char **line, char *out)
{
	while (**line && !strchr(WHITE, **line)) {
		char c = *(*line)++;

		if (c == '"' || c == '\'') {
			if (!take_quotation(line, c, &out))
				return -EINVAL;
			continue;
		}
		if (c == '\\')
			c = *(*line)++;
		if (!c)
			return -EINVAL;
		*out++ = c;
	}
	*out = '\0';
	return 0;
}

static int split(const char *line, struct words *w)
{
	for (line += strspn(line, WHITE); *line; line += strspn(line, WHITE)) {
		char *word = malloc(strlen(line) + 1);
		int r = word ? take_word(&line, word) : -ENOMEM;

		if (!r)
			r = add_word(w, word);
		if (r) {
			free(word);
			return r;
		}
	}
	return w->count ? 0 : add_word(w, NULL);
}

int words_split(const char *line, struct words *ret)
{
	int r;

	*ret = (struct words){0};
	r = split(line, ret);
	if (r)
		words_release(ret);
	else if (!ret->word[0])
		ret->count = 0;
	return r;
}

void words_release(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->word[i]);
	free(w->word);
	*w = (struct words){0};
}

bool words_have(const char *words, const char *word, size_t len)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == len && memcmp(words, word, n) == 0)
			return true;
		words += n;
		words += strspn(words, " ");
	}
	return false;
}

void words_quote(struct buf *out, const char *word)
{
	buf_addc(out, '\'');
	for (const char *p = word; *p; p++) {
		if (*p == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *p);
	}
	buf_addc(out, '\'');
}
