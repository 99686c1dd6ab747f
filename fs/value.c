/*
 * How is one value written as text and read back? Times, documents and scalars are rendered; names
 * are encoded for paths; numbers, booleans and lines are parsed with a message that quotes the
 * invalid text.
 */
#include "fs/value.h"

#include "backend/base/cleanup.h"
#include "backend/base/iso8601.h"
#include "backend/base/limits.h"
#include "backend/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

/* Members keep AWS's names; sorting them makes two documents comparable line by line. 15 digits are
 * what a double keeps of any decimal fraction: milliseconds of a time survive, no noise appears. */
#define DOCUMENT_FLAGS (JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY)

#define QUOTE_MAX 60 /* bytes of a refused text that a message quotes */

/* Times: AWS's are seconds with up to three decimals. */

static bool year_fits(double epoch_seconds)
{
	/* Years 0 to 9999: four digits. */
	return epoch_seconds > -62167219200.0 && epoch_seconds < 253402300799.0;
}

void value_render_time(double epoch_seconds, struct buf *out)
{
	if (!isfinite(epoch_seconds) || !year_fits(epoch_seconds)) {
		buf_addf(out, "%.15g", epoch_seconds);
		return;
	}
	long long ms = llround(epoch_seconds * 1000);
	time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
	int fraction = (int)(ms - (long long)seconds * 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_adds(out, text);
	if (fraction)
		buf_addf(out, ".%03d", fraction);
	buf_addc(out, 'Z');
}

int value_parse_time(const char *text, double *ret_epoch_seconds)
{
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits;
	int64_t ms;

	if (*rest == '-' || (digits == 8 && (*rest == 'T' || *rest == 't'))) {
		int e = iso8601_parse(text, &ms);
		if (!e)
			*ret_epoch_seconds = (double)ms / 1000;
		return e;
	}
	if (digits == 0 || digits > 12)
		return -EINVAL;
	if (*rest && (rest[0] != '.' || !rest[1] || rest[1 + strspn(rest + 1, "0123456789")]))
		return -EINVAL;
	*ret_epoch_seconds = strtod(text, NULL);
	return 0;
}

/* Rendering. */

static int dump_to_buf(const char *bytes, size_t len, void *arg)
{
	struct buf *out = arg;

	buf_add(out, bytes, len);
	return buf_failed(out) ? -1 : 0;
}

void value_render_document(const json_t *doc, struct buf *out)
{
	if (!doc || json_is_null(doc))
		return;
	if (json_dump_callback(doc, dump_to_buf, out, DOCUMENT_FLAGS))
		buf_fail(out);
	buf_addc(out, '\n');
}

/* One line that no terminal acts on, with any text of AWS or of a user's program. */
static void add_plain(const char *text, struct buf *out)
{
	auto_free char *copy = strdup(text);

	if (!copy) {
		buf_fail(out);
		return;
	}
	text_plain(copy);
	buf_adds(out, copy);
}

void value_render(const json_t *value, bool is_time, struct buf *out)
{
	if (!value || json_is_null(value))
		return;
	if (is_time && json_is_number(value)) {
		value_render_time(json_number_value(value), out);
	} else if (json_is_string(value)) {
		add_plain(json_string_value(value), out);
	} else {
		value_render_document(value, out);
		return;
	}
	buf_addc(out, '\n');
}

/* Names. */

/*
 * Whether a word begins at member[i]: a capital after something else, or the last capital of a run
 * before a small letter (ECSManaged: ecs_managed), unless that letter only numbers a version
 * (IPv4Address: ipv4_address).
 */
static bool word_begins(const char *member, size_t i)
{
	if (i == 0 || !isupper((unsigned char)member[i]))
		return false;
	if (!isupper((unsigned char)member[i - 1]))
		return true;
	return islower((unsigned char)member[i + 1]) && !isdigit((unsigned char)member[i + 2]);
}

void value_snake(const char *member, struct buf *out)
{
	for (size_t i = 0; member[i]; i++) {
		if (word_begins(member, i))
			buf_addc(out, '_');
		buf_addc(out, (char)tolower((unsigned char)member[i]));
	}
}

const char *value_arn_name(const char *arn)
{
	const char *slash = strrchr(arn, '/');

	return slash ? slash + 1 : arn;
}

/* A percent sign alone represents the empty name: no other name is encoded like that. */
void value_encode_name(const char *name, struct buf *out)
{
	if (!*name)
		buf_addc(out, '%');
	for (size_t i = 0; name[i]; i++) {
		if (name[i] == '/' || name[i] == '%' || (name[i] == '.' && i == 0))
			buf_addf(out, "%%%02X", (unsigned char)name[i]);
		else
			buf_addc(out, name[i]);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *value_decode_name(const char *file_name)
{
	size_t len = strlen(file_name);
	auto_free char *name = calloc(1, len + 1);
	auto_buf struct buf again = BUF_INIT(3 * len + 2);
	size_t n = 0;

	if (!name)
		return NULL;
	for (const char *s = file_name; *s && strcmp(file_name, "%") != 0; s++) {
		if (*s != '%') {
			name[n++] = *s;
			continue;
		}
		int high = hex_digit(s[1]), low = high < 0 ? -1 : hex_digit(s[2]);
		if (low < 0 || (high == 0 && low == 0))
			return NULL;
		name[n++] = (char)(high * 16 + low);
		s += 2;
	}
	/* Each name has one spelling, or two paths would show one object. */
	value_encode_name(name, &again);
	return strcmp(buf_str(&again), file_name) == 0 ? move_ptr(name) : NULL;
}

/* Parsing. */

struct span {
	const char *at;
	size_t len;
};

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span trim(const char *text, size_t len)
{
	while (len && is_white(text[len - 1]))
		len--;
	while (len && is_white(*text)) {
		text++;
		len--;
	}
	return (struct span){text, len};
}

/* The length of the UTF-8 character at `s`, 0 where there is none (overlong forms, surrogates). */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
	    {0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

	for (size_t n = 0; n < ARRAY_SIZE(forms); n++) {
		if ((*s & forms[n].mask) != forms[n].lead)
			continue;
		if (n >= len)
			return 0;
		uint32_t c = *s & (unsigned char)~forms[n].mask;
		for (size_t i = 1; i <= n; i++) {
			if ((s[i] & 0xC0) != 0x80)
				return 0;
			c = c << 6 | (s[i] & 0x3F);
		}
		bool fine = c >= forms[n].least && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
		return fine ? n + 1 : 0;
	}
	return 0;
}

static bool is_utf8(const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length((const unsigned char *)text + i, len - i);
		if (!n)
			return false;
		i += n;
	}
	return true;
}

/* The part of a refused text that a message repeats. */
struct quote {
	char text[QUOTE_MAX + 8];
};

static struct quote quote(struct span s)
{
	struct quote q;
	size_t len = s.len < QUOTE_MAX ? s.len : QUOTE_MAX;

	while (len < s.len && len && ((unsigned char)s.at[len] & 0xC0) == 0x80)
		len--;
	if (!is_utf8(s.at, len))
		len = 0;
	snprintf(q.text, sizeof(q.text), "\"%.*s%s\"", (int)len, s.at, len < s.len ? "..." : "");
	return q;
}

bool value_has_mark(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
}

/* Trims and refuses text that no value may have. `what`: "a whole number". */
static int take_value(
    const char *text, size_t len, const char *what, struct span *ret, struct ecsfs_error *err)
{
	if (memchr(text, '\0', len))
		return ecsfs_error_set(err, EINVAL, NULL, "the text holds a NUL byte");
	if (!is_utf8(text, len))
		return ecsfs_error_set(err, EINVAL, NULL, "the text is not UTF-8");
	if (value_has_mark(text, len))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the text begins with a byte order mark: save it without one");
	*ret = trim(text, len);
	if (!ret->len)
		return ecsfs_error_set(err, EINVAL, NULL, "the value is empty; expected %s", what);
	return 0;
}

int value_parse_int(
    const char *text, size_t len, int64_t min, int64_t max, int64_t *ret, struct ecsfs_error *err)
{
	struct span s;
	int failed = take_value(text, len, "a whole number", &s, err);

	if (failed)
		return failed;
	bool negative = *s.at == '-';
	size_t i = negative;
	for (; i < s.len && isdigit((unsigned char)s.at[i]); i++)
		;
	if (i < s.len || i == negative)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "%s is not a whole number", quote(s).text);
	errno = 0;
	/* The text is terminated behind its length or by white space: strtoll stops there. */
	long long value = strtoll(s.at, NULL, 10);
	if (errno == ERANGE || value < min || value > max)
		return ecsfs_error_set(err, EINVAL, NULL, "%s is not between %lld and %lld",
		    quote(s).text, (long long)min, (long long)max);
	*ret = value;
	return 0;
}

int value_parse_bool(const char *text, size_t len, bool *ret, struct ecsfs_error *err)
{
	struct span s;
	int failed = take_value(text, len, "true or false", &s, err);

	if (failed)
		return failed;
	*ret = s.len == 4 && !memcmp(s.at, "true", 4);
	if (!*ret && !(s.len == 5 && !memcmp(s.at, "false", 5)))
		return ecsfs_error_set(
		    err, EINVAL, NULL, "%s is neither true nor false", quote(s).text);
	return 0;
}

int value_parse_line(const char *text, size_t len, char **ret, struct ecsfs_error *err)
{
	struct span s;
	int failed = take_value(text, len, "a line of text", &s, err);

	if (failed)
		return failed;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\n')
			return ecsfs_error_set(err, EINVAL, NULL, "expected one line, got several");
		if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7F)
			return ecsfs_error_set(err, EINVAL, NULL,
			    "the line holds a control character (byte %zu)", i + 1);
	}
	*ret = strndup(s.at, s.len);
	return *ret ? 0 : ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
}

/* The position of a scan of JSON text. */
struct scan {
	size_t depth;
	char closers[LIMIT_JSON_DEPTH];
	bool in_string, escaped;
};

static bool scan_string(struct scan *s, char c)
{
	if (s->escaped)
		s->escaped = false;
	else if (c == '\\')
		s->escaped = true;
	else if (c == '"')
		s->in_string = false;
	return (unsigned char)c >= 0x20;
}

/* False: no JSON document goes on like this. */
static bool scan_char(struct scan *s, char c)
{
	if (s->in_string)
		return scan_string(s, c);
	switch (c) {
	case '{':
	case '[':
		if (s->depth == LIMIT_JSON_DEPTH)
			return false;
		s->closers[s->depth++] = c == '{' ? '}' : ']';
		return true;
	case '}':
	case ']':
		return s->depth && s->closers[--s->depth] == c;
	case '"':
		s->in_string = true;
		return s->depth > 0;
	case '\0':
		return false;
	default:
		/* Outside strings: white space, and the characters of literals and numbers. */
		return is_white(c) || (s->depth && strchr(",:+-.0123456789eEtrufalsn", c));
	}
}

int64_t value_document_end(const char *text, size_t len)
{
	struct scan s = {0};
	bool begun = false;

	for (size_t i = 0; i < len; i++) {
		if (!scan_char(&s, text[i]))
			return -EINVAL;
		begun = begun || s.depth;
		if (begun && !s.depth)
			return trim(text + i + 1, len - i - 1).len ? -EINVAL : (int64_t)i + 1;
	}
	return 0;
}

static const char *type_name(const json_t *value)
{
	return json_is_array(value) ? "an array" : "an object";
}

/* `what`: what is expected, for the sentence. */
static int take_document(
    const char *text, size_t len, const char *what, json_t **ret, struct ecsfs_error *err)
{
	struct span s;
	json_error_t at;
	int failed = take_value(text, len, what, &s, err);

	if (failed)
		return failed;
	if (*s.at != '{' && *s.at != '[')
		return ecsfs_error_set(
		    err, EINVAL, NULL, "expected %s, got %s", what, quote(s).text);
	json_auto_t *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);
	if (!doc && json_error_code(&at) == json_error_null_character)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "line %d, column %d: a string holds \\u0000", at.line, at.column);
	if (!doc)
		return ecsfs_error_set(err, EINVAL, NULL, "not JSON: line %d, column %d: %s",
		    at.line, at.column, at.text);
	if (value_document_end(text, len) < 0)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the document is nested over %d deep", LIMIT_JSON_DEPTH);
	*ret = move_ptr(doc);
	return 0;
}

int value_refuse_document(const char *text, size_t len, const char *what, struct ecsfs_error *err)
{
	json_auto_t *doc = NULL;
	int failed = take_document(text, len, what, &doc, err);

	return failed ? failed : ecsfs_error_set(err, EINVAL, NULL, "expected %s", what);
}

int value_parse_document(
    const char *text, size_t len, bool array, json_t **ret, struct ecsfs_error *err)
{
	const char *what = array ? "a JSON array" : "a JSON object";
	json_auto_t *doc = NULL;
	int failed = take_document(text, len, what, &doc, err);

	if (failed)
		return failed;
	if (json_is_array(doc) != array)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "expected %s, got %s", what, type_name(doc));
	*ret = move_ptr(doc);
	return 0;
}
