/*
 * Which words has a command that is written as one text? Quotations and backslashes are followed;
 * the readers of the versions differ in what else they know:
 *
 *     1, 2        '#' begins a comment; an empty quotation is a word
 *     3           the command ends before ; & | < and >; an empty quotation is nothing, and an
 *                 escaped character does not begin a word
 *     all others  every character counts
 *
 * A backslash escapes any character, in "..." too; from 3 on `...` is one word with its quotes.
 */
#include "fs/compose/command.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/parse/yaml_scalar.h"

#include <ctype.h>
#include <string.h>

#define OPERATORS ";&|<>"

struct split {
	struct compose *c;
	const struct yaml_node *at;
	const char *what;
	bool comments, stops; /* versions 1 and 2, version 3 */
	json_t *words;
	struct buf word;
	bool begun;    /* the word, which may be empty */
	char quote;    /* the open one: ", ' or `; 0: none */
	bool dangling; /* the text ends with a backslash */
};

static void end_word(struct split *s)
{
	if (s->begun && json_array_append_new(s->words, json_string(buf_str(&s->word))))
		compose_fail(s->c, s->at, "%s is not UTF-8", s->what);
	buf_reset(&s->word);
	s->begun = false;
}

/* What a shell would take for more than characters, `*at` is moved to the last of them. False: the
 * command ends here. */
static bool take_operator(struct split *s, const char **at)
{
	size_t len = strspn(*at, OPERATORS);

	compose_warn(s->c, s->at,
	    s->stops
		? "%s: as ecs-cli reads it, the command ends before \"%.*s\": no shell runs it "
		  "(write a list, or sh -c '...')"
		: "%s: no shell runs it: \"%.*s\" is part of an argument (write sh -c '...')",
	    s->what, (int)len, *at);
	if (s->stops)
		return false;
	buf_add(&s->word, *at, len);
	s->begun = true;
	*at += len - 1;
	return true;
}

static void take_comment(struct split *s, const char **at)
{
	int len = (int)strcspn(*at, "\n");

	compose_warn(s->c, s->at, "%s: as ecs-cli reads it, \"#\" begins a comment: \"%.*s\"",
	    s->what, len, *at);
	*at += len - 1;
}

/* Whether the character opens or closes a quotation. */
static bool take_quote(struct split *s, char ch)
{
	bool grave = ch == '`';

	if (ch != '"' && ch != '\'' && !(grave && !s->comments))
		return false;
	if (s->quote && s->quote != ch)
		return false;
	s->quote = s->quote ? 0 : ch;
	if (s->stops && !s->quote && !s->word.len)
		compose_warn(s->c, s->at,
		    "%s: as ecs-cli reads it, %c%c is no argument (write a list)", s->what, ch, ch);
	s->begun |= !s->stops || grave;
	if (grave)
		buf_addc(&s->word, ch);
	return true;
}

/* False: the rest of the text does not count. `*at` is moved over what belongs to the character. */
static bool take(struct split *s, const char **at)
{
	char ch = **at;
	bool blank = isspace((unsigned char)ch);

	if (ch == '\\' && s->quote != '\'') {
		s->dangling = !(*at)[1];
		*at += !s->dangling;
		buf_addc(&s->word, **at);
		if (s->stops && s->word.len == 1)
			compose_warn(s->c, s->at,
			    "%s: as ecs-cli reads it, \"\\%c\" does not begin a word (write a "
			    "list)",
			    s->what, **at);
		s->begun |= !s->stops;
	} else if (blank && !s->quote) {
		/* Without a beginning what was escaped is part of the next word. */
		if (s->begun)
			end_word(s);
	} else if (ch == '#' && s->comments && !s->quote && !s->begun) {
		take_comment(s, at);
	} else if (!s->quote && strchr(OPERATORS, ch)) {
		return take_operator(s, at);
	} else if (!take_quote(s, ch)) {
		buf_addc(&s->word, ch);
		s->begun |= !(blank || ch == '\\') || !s->stops;
	}
	return true;
}

static json_t *split(struct compose *c, const struct yaml_node *n, const char *what)
{
	auto_buf struct buf room = BUF_INIT(LIMIT_YAML);
	struct split s = {.c = c,
	    .at = n,
	    .what = what,
	    .comments = c->legacy && c->generation == 2,
	    .stops = c->legacy && c->generation == 3,
	    .words = json_array(),
	    .word = room};
	const char *at = compose_text(c, n, what);

	for (; *at && take(&s, &at); at++)
		;
	if (s.quote || s.dangling)
		compose_fail(c, n, "%s: a quotation does not end", what);
	end_word(&s);
	room = s.word;
	return s.words;
}

json_t *command_words(struct compose *c, const struct yaml_node *n, const char *what)
{
	return n->kind == YAML_SCALAR ? split(c, n, what) : compose_strings(c, n, what);
}
