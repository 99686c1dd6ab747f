/*
 * How does a line of an INI file change the parser? Header, key, continuation or comment:
 * indentation distinguishes them, as in Python.
 */
#include "backend/config/ini.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/credentials/credentials.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* A part of the text, not NUL-terminated. */
struct span {
	const char *at;
	size_t len;
};

struct parser {
	const char *path;
	struct ecsfs_error *err;
	json_t *sections; /* owned */
	json_t *defaults; /* owned: [DEFAULT] */
	json_t *section;  /* borrowed: where keys go; NULL before the first header */
	char *key;	  /* owned: the one whose value may go on; NULL: none */
	struct buf value; /* of it */
	size_t indent;	  /* of the last header or key, in characters */
	unsigned line;
	unsigned key_line;
};

static int bad(const struct parser *p, unsigned line, const char *what, const char *name)
{
	return ecsfs_error_set(p->err, EINVAL, NULL, "%s:%u: %s%s%.100s%s", p->path, line, what,
	    *name ? " '" : "", name, *name ? "'" : "");
}

/* Bytes of the white space character (Python's str.isspace) at the start of `s`; 0: none. */
static size_t space_at(struct span s)
{
	static const char *const wide[] = {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8",
	    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
	unsigned char c = s.len ? (unsigned char)*s.at : 'x';

	if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f))
		return 1;
	if (c < 0x80)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(wide); i++)
		if (s.len >= strlen(wide[i]) && !memcmp(s.at, wide[i], strlen(wide[i])))
			return strlen(wide[i]);
	/* U+2000 to U+200A */
	if (s.len >= 3 && !memcmp(s.at, "\xe2\x80", 2) && (unsigned char)s.at[2] <= 0x8a)
		return 3;
	return 0;
}

static struct span trim_end(struct span s)
{
	for (size_t back = 1; back <= 3 && back <= s.len; back++) {
		struct span last = {s.at + s.len - back, back};

		if (space_at(last) == back) {
			s.len -= back;
			back = 0;
		}
	}
	return s;
}

/* `ret_indent`, which may be NULL, gets the number of characters taken off the start. */
static struct span trim(struct span s, size_t *ret_indent)
{
	size_t indent = 0, n;

	for (; (n = space_at(s)); indent++) {
		s.at += n;
		s.len -= n;
	}
	if (ret_indent)
		*ret_indent = indent;
	return trim_end(s);
}

/* Bytes of the end of a line at the start of `s`; 0: none. Inside a value Python counts more as one
 * (str.splitlines) than in the file. */
static size_t line_end_at(struct span s, bool in_value)
{
	if (!s.len)
		return 0;
	if (s.len >= 2 && !memcmp(s.at, "\r\n", 2))
		return 2;
	if (*s.at == '\n' || *s.at == '\r')
		return 1;
	if (!in_value)
		return 0;
	if (strchr("\v\f\x1c\x1d\x1e", *s.at))
		return 1;
	if (s.len >= 2 && !memcmp(s.at, "\xc2\x85", 2))
		return 2;
	if (s.len >= 3 && (!memcmp(s.at, "\xe2\x80\xa8", 3) || !memcmp(s.at, "\xe2\x80\xa9", 3)))
		return 3;
	return 0;
}

/* Takes the next line, without its end, off the start of `text`. */
static struct span next_line(struct span *text, bool in_value)
{
	struct span line = {text->at, 0};
	size_t end = 0;

	while (text->len && !(end = line_end_at(*text, in_value))) {
		text->at++;
		text->len--;
		line.len++;
	}
	text->at += end;
	text->len -= end;
	return line;
}

/* "a = b" lines to an object; NULL where one has no '='. */
static json_t *parse_table(struct span text)
{
	json_auto_t *table = json_object();

	while (table && text.len) {
		struct span line = trim(next_line(&text, true), NULL);
		const char *equals = line.len ? memchr(line.at, '=', line.len) : NULL;
		size_t before = equals ? (size_t)(equals - line.at) : 0;
		struct span key, value;
		auto_free char *name = NULL;

		if (!line.len)
			continue;
		if (!equals)
			return NULL;
		key = trim_end((struct span){line.at, before});
		value = trim((struct span){equals + 1, line.len - before - 1}, NULL);
		name = strndup(key.at, key.len);
		if (!name || json_object_set_new(table, name, json_stringn(value.at, value.len)))
			return NULL;
	}
	return json_incref(table);
}

/* Stores the value that was being gathered. */
static int end_value(struct parser *p)
{
	struct span value = trim_end((struct span){buf_str(&p->value), p->value.len});
	auto_free char *key = move_ptr(p->key);
	json_t *json;

	if (!key)
		return 0;
	if (buf_failed(&p->value))
		return ecsfs_error_set(p->err, ENOMEM, NULL, "out of memory");
	json =
	    value.len && *value.at == '\n' ? parse_table(value) : json_stringn(value.at, value.len);
	secret_buf_release(&p->value);
	if (!json)
		return bad(p, p->key_line, "expected KEY = VALUE in the lines below", key);
	return json_object_set_new(p->section, key, json) ? -ENOMEM : 0;
}

static int begin_section(struct parser *p, struct span name)
{
	auto_free char *header = strndup(name.at, name.len);
	json_t *section;

	if (!header)
		return -ENOMEM;
	if (!strcmp(header, "DEFAULT")) {
		p->section = p->defaults;
		return 0;
	}
	if (json_object_get(p->sections, header))
		return bad(p, p->line, "a second section", header);
	section = json_object();
	if (json_object_set_new(p->sections, header, section))
		return -ENOMEM;
	p->section = section;
	return 0;
}

static int begin_key(struct parser *p, struct span line)
{
	size_t delimiter = 0;
	struct span key, value;

	while (delimiter < line.len && line.at[delimiter] != '=' && line.at[delimiter] != ':')
		delimiter++;
	key = trim_end((struct span){line.at, delimiter});
	if (delimiter == line.len || !key.len)
		return bad(p, p->line, "expected KEY = VALUE", "");
	p->key = strndup(key.at, key.len);
	if (!p->key)
		return -ENOMEM;
	for (char *c = p->key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	p->key_line = p->line;
	if (json_object_get(p->section, p->key))
		return bad(p, p->line, "a second time the key", p->key);
	value = (struct span){line.at + delimiter + 1, line.len - delimiter - 1};
	value = trim(value, NULL);
	buf_add(&p->value, value.at, value.len);
	return 0;
}

/* The header's name: up to the last ']' of the line; length 0: not a header. */
static struct span header_of(struct span line)
{
	const char *end = line.len && *line.at == '[' ? memrchr(line.at, ']', line.len) : NULL;

	if (!end)
		return (struct span){line.at, 0};
	return (struct span){line.at + 1, (size_t)(end - line.at - 1)};
}

static int parse_line(struct parser *p, struct span raw)
{
	size_t indent;
	struct span line = trim(raw, &indent);
	struct span header = header_of(line);
	int r;

	if (line.len && (*line.at == '#' || *line.at == ';'))
		return 0;
	/* An empty line belongs to the value around it: indented lines that follow still do. */
	if (!line.len || (p->key && indent > p->indent)) {
		if (p->key) {
			buf_addc(&p->value, '\n');
			buf_add(&p->value, line.at, line.len);
		}
		return 0;
	}
	p->indent = indent;
	r = end_value(p);
	if (r)
		return r;
	if (header.len)
		return begin_section(p, header);
	if (!p->section)
		return bad(p, p->line, "a line before the first [section]", "");
	return begin_key(p, line);
}

static int parse_text(struct parser *p, struct span text)
{
	json_t *check;

	if (memchr(text.at, '\0', text.len))
		return ecsfs_error_set(
		    p->err, EINVAL, NULL, "%s holds a NUL byte: save it as text", p->path);
	check = json_stringn(text.at, text.len);
	if (!check)
		return ecsfs_error_set(
		    p->err, EINVAL, NULL, "%s is not UTF-8: save it as UTF-8", p->path);
	secret_json_free(check);
	while (text.len) {
		int r;

		p->line++;
		r = parse_line(p, next_line(&text, false));
		if (r)
			return r;
	}
	return end_value(p);
}

static int give_defaults(struct parser *p)
{
	const char *name;
	json_t *section;

	json_object_foreach (p->sections, name, section)
		if (json_object_update_missing(section, p->defaults))
			return -ENOMEM;
	return 0;
}

int ini_parse(const char *path, const char *text, size_t len, json_t **ret, struct ecsfs_error *err)
{
	struct parser p = {.path = path,
	    .err = err,
	    .sections = json_object(),
	    .defaults = json_object(),
	    .value = BUF_INIT(LIMIT_CONFIG_FILE)};
	int r = p.sections && p.defaults ? parse_text(&p, (struct span){text, len}) : -ENOMEM;

	if (!r)
		r = give_defaults(&p);
	if (r)
		secret_json_free(p.sections);
	else
		*ret = p.sections;
	if (r)
		secret_json_free(p.defaults);
	else
		json_decref(p.defaults);
	free(p.key);
	secret_buf_release(&p.value);
	return r == -ENOMEM ? ecsfs_error_set(err, ENOMEM, NULL, "out of memory") : r;
}
