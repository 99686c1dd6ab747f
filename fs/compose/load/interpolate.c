/*
 * How is a variable replaced? Text is scanned for `$`; a default may hold further variables,
 * MAX_NESTING deep at most. A tree is copied from the first node that changes.
 */
#include "fs/compose/load/interpolate.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/compose/load/env.h"

#include <ctype.h>
#include <string.h>

#define MAX_NESTING 16

struct template
{
	struct compose *c;
	const struct yaml_node *node;
	int nesting;
};

static void expand(struct template *t, const char *text, size_t len, struct buf *out);

static bool is_name_char(char ch, bool first)
{
	return isalpha((unsigned char)ch) || ch == '_' || (!first && isdigit((unsigned char)ch));
}

static size_t name_length(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && is_name_char(text[n], n == 0))
		n++;
	return n;
}

static void invalid(struct template *t, const char *at, size_t len)
{
	compose_fail(t->c, t->node,
	    "\"%.*s\" is not a variable: write $NAME or ${NAME}, or $$ for a dollar sign",
	    (int)(len < 40 ? len : 40), at);
}

static const char *value_of(struct template *t, const char *name, size_t len)
{
	const char *copy = yaml_strndup(t->c->arena, name, len);

	return copy ? env_variable(t->c, copy) : NULL;
}

static void add_plain(struct template *t, const char *name, size_t len, struct buf *out)
{
	const char *value = value_of(t, name, len);

	if (!value)
		compose_warn(t->c, t->node, "%.*s is not set in .env: it is empty", (int)len, name);
	buf_adds(out, value ? value : "");
}

/*
 * The offset of the closing brace, after "${". ecs-cli ends at the first '}'; the Compose
 * Specification pairs them. -1: nowhere.
 */
static long brace_end(const struct template *t, const char *text, size_t len)
{
	int depth = 1;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '}' && (t->c->legacy || --depth == 0))
			return (long)i;
		if (text[i] == '{' && i > 0 && text[i - 1] == '$')
			depth++;
	}
	return -1;
}

/* The word of a default: ecs-cli takes it literally. */
static void add_word(struct template *t, const char *word, size_t len, struct buf *out)
{
	if (!t->c->legacy) {
		t->nesting++;
		expand(t, word, len, out);
		t->nesting--;
		return;
	}
	if (memchr(word, '$', len))
		compose_warn(t->c, t->node,
		    "a default is taken as it stands in this version of the file: \"%.*s\"",
		    (int)len, word);
	buf_add(out, word, len);
}

/* The content of ${...}: a name, and perhaps an operator with its word. */
static void add_braced(struct template *t, const char *text, size_t len, struct buf *out)
{
	size_t name = name_length(text, len);
	const char *value = name ? value_of(t, text, name) : NULL, *word;
	bool colon = name < len && text[name] == ':';
	size_t at = name + (colon ? 1 : 0);
	char op = at < len ? text[at] : '\0';
	bool set = value && (*value || !colon);

	if (name == len && name) {
		add_plain(t, text, name, out);
		return;
	}
	if (!name || !op || !strchr("-?+", op)) {
		invalid(t, text, len);
		return;
	}
	word = text + at + 1;
	len -= at + 1;
	if (op == '+') {
		if (set)
			add_word(t, word, len, out);
	} else if (set) {
		buf_adds(out, value);
	} else if (op == '-') {
		add_word(t, word, len, out);
	} else {
		compose_fail(t->c, t->node, "%.*s is not set in .env%s%.*s", (int)name, text,
		    len ? ": " : "", (int)len, word);
	}
}

/* One substitution, after the '$': returns the bytes it consumed. */
static size_t substitute(struct template *t, const char *text, size_t len, struct buf *out)
{
	size_t name = name_length(text, len);
	long end;

	if (len && *text == '$') {
		buf_addc(out, '$');
		return 1;
	}
	if (name) {
		add_plain(t, text, name, out);
		return name;
	}
	end = len && *text == '{' ? brace_end(t, text + 1, len - 1) : -1;
	if (end < 0 || t->nesting > MAX_NESTING) {
		invalid(t, text - 1, len + 1);
		return len;
	}
	add_braced(t, text + 1, (size_t)end, out);
	return (size_t)end + 2;
}

static void expand(struct template *t, const char *text, size_t len, struct buf *out)
{
	while (len && !t->c->failed) {
		const char *dollar = memchr(text, '$', len);
		size_t plain = dollar ? (size_t)(dollar - text) : len;

		buf_add(out, text, plain);
		text += plain;
		len -= plain;
		if (!dollar)
			break;
		size_t taken = substitute(t, text + 1, len - 1, out) + 1;
		text += taken;
		len -= taken;
	}
}

static struct yaml_node *scalar(struct compose *c, struct yaml_node *n)
{
	struct template t = {.c = c, .node = n};
	auto_buf struct buf out = BUF_INIT(LIMIT_YAML);
	struct yaml_node *filled;

	if (!memchr(n->text, '$', n->len))
		return n;
	expand(&t, n->text, n->len, &out);
	if (buf_failed(&out)) {
		compose_fail(c, n, "the value is too long with its variables filled in");
		return n;
	}
	filled = yaml_string(c->arena, n, buf_str(&out), out.len);
	if (!filled)
		compose_no_memory(c);
	return filled ? filled : n;
}

/* A copy is made at the first child that differs. */
static struct yaml_node *own(struct compose *c, struct yaml_node *n, struct yaml_node *original)
{
	struct yaml_node *copy = n == original ? yaml_copy(c->arena, n) : n;

	if (!copy)
		compose_no_memory(c);
	return copy ? copy : n;
}

static struct yaml_node *sequence(struct compose *c, struct yaml_node *original)
{
	struct yaml_node *n = original;

	for (size_t i = 0; i < original->count && !c->failed; i++) {
		struct yaml_node *item = interpolate(c, original->items[i]);

		if (item == original->items[i])
			continue;
		n = own(c, n, original);
		if (n != original)
			n->items[i] = item;
	}
	return n;
}

static struct yaml_node *mapping(struct compose *c, struct yaml_node *original)
{
	struct yaml_node *n = original;

	for (size_t i = 0; i < original->count && !c->failed; i++) {
		struct yaml_node *value = interpolate(c, original->pairs[i].value);

		if (value == original->pairs[i].value)
			continue;
		n = own(c, n, original);
		if (n != original)
			n->pairs[i].value = value;
	}
	return n;
}

struct yaml_node *interpolate(struct compose *c, struct yaml_node *n)
{
	switch (n->kind) {
	case YAML_SCALAR:
		return scalar(c, n);
	case YAML_SEQUENCE:
		return sequence(c, n);
	case YAML_MAPPING:
		return mapping(c, n);
	}
	return n;
}
