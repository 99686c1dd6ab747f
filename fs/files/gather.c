/*
 * How do writes become one text, and which part of it is due? One function for each form of a row
 * (value, lines, document) decides; the caller sends and calls gather_sent().
 */
#include "fs/files/gather.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/edit/lines.h"
#include "fs/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

void gather_init(struct gather *g)
{
	*g = (struct gather){0};
	buf_init(&g->text, LIMIT_DOCUMENT);
	buf_init(&g->value, LIMIT_DOCUMENT);
}

void gather_release(struct gather *g)
{
	buf_release(&g->text);
	buf_release(&g->value);
}

static bool blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isspace((unsigned char)text[i]))
			return false;
	return true;
}

bool gather_blank(const struct gather *g)
{
	return blank(buf_str(&g->text), g->text.len);
}

/* The text to write for an empty value. */
static const char *what_clears(const struct row *row)
{
	if (row->form == ROW_LINES)
		return " (write [] to remove all)";
	if (row->flags & ROW_CLEARS)
		return " (write [] to clear it)";
	return row->flags & ROW_EMPTY_OK ? " (write a line, which may be empty)" : "";
}

/* An empty text is rarely meant: it is an unset variable of a script. */
static int refuse_empty(const struct row *row, struct ecsfs_error *err)
{
	const char *what = row->form == ROW_LINES ? "there is no KEY=VALUE line"
	    : row->form == ROW_DOCUMENT		  ? "the document is empty"
	    : row->form == ROW_DIALOG		  ? "the request is empty"
						  : "the value is empty";

	return ecsfs_error_set(err, EINVAL, NULL, "%s: nothing was sent%s", what, what_clears(row));
}

int gather_refuse_nothing(const struct row *row, struct ecsfs_error *err)
{
	return ecsfs_error_set(
	    err, EINVAL, NULL, "nothing was written, so nothing was sent%s", what_clears(row));
}

/* A text that is JSON of another kind (null, 5) is told what is taken instead. */
static int refuse_document(
    const struct row *row, const char *text, size_t len, struct ecsfs_error *err)
{
	char what[80];

	snprintf(what, sizeof(what), "%s%s",
	    row->flags & ROW_CLEARS ? "a JSON array" : "a JSON object or array", what_clears(row));
	return value_refuse_document(text, len, what, err);
}

/* Whether the text is JSON of which the brackets say when it is complete. */
static bool is_document(const struct gather *g, const struct row *row)
{
	const char *text = buf_str(&g->text);
	size_t space = strspn(text, " \t\r\n");

	if (row->form != ROW_DIALOG)
		return row->form == ROW_DOCUMENT;
	/* A dialog also takes a bare name. */
	return g->complete || !text[space] || text[space] == '{' || text[space] == '[';
}

static size_t limit_of(const struct row *row)
{
	return row->form == ROW_VALUE ? LIMIT_VALUE : LIMIT_DOCUMENT;
}

static int too_long(const struct row *row, struct ecsfs_error *err)
{
	return ecsfs_error_set(
	    err, EFBIG, NULL, "the text exceeds the limit of %zu bytes", limit_of(row));
}

static void start_again(struct gather *g, bool based)
{
	buf_reset(&g->text);
	g->based = based;
	g->complete = g->dirty = false;
	g->lines_sent = g->length = 0;
}

/* Whether a dialog's request was sent and ended, so that the next write begins another one. */
static bool request_over(const struct gather *g, const struct row *row)
{
	bool line = g->acted && !g->dirty && g->text.len && g->text.data[g->text.len - 1] == '\n';

	return row->form == ROW_DIALOG && (g->complete || line);
}

/* A line that was sent unfinished either ends now, or is sent again, longer. */
static void reopen_line(struct gather *g, size_t at, char first)
{
	size_t from = at < g->lines_sent ? at : g->lines_sent;
	const char *text = buf_str(&g->text);

	if (at > g->lines_sent || !g->lines_sent)
		return;
	if (at == g->lines_sent && text[at - 1] == '\n')
		return;
	if (at == g->lines_sent && first == '\n') {
		g->lines_sent++;
		return;
	}
	while (from && text[from - 1] != '\n')
		from--;
	g->lines_sent = from;
}

static void overlay(struct buf *text, size_t at, const char *bytes, size_t size)
{
	size_t inside = at < text->len ? text->len - at : 0;

	if (inside > size)
		inside = size;
	if (inside)
		memcpy(text->data + at, bytes, inside);
	buf_add(text, bytes + inside, size - inside);
}

static int place(struct gather *g, const struct row *row, const char *bytes, size_t size, size_t at,
    struct ecsfs_error *err)
{
	if (at > limit_of(row) || size > limit_of(row) - at)
		return too_long(row, err);
	if (at > g->text.len)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the write leaves a gap: write the text from its start");
	if (row->form == ROW_LINES)
		reopen_line(g, at, *bytes);
	overlay(&g->text, at, bytes, size);
	g->length = g->text.len;
	g->dirty = true;
	/* Otherwise a document that arrives byte by byte would be scanned for each byte. */
	g->scan |= at == 0 || memchr(bytes, '}', size) || memchr(bytes, ']', size);
	return buf_failed(&g->text) ? ecsfs_error_set(err, ENOMEM, NULL, "out of memory") : 0;
}

int gather_put(struct gather *g, const struct row *row, const char *bytes, size_t size, off_t off,
    bool append, struct ecsfs_error *err)
{
	bool over = g->complete || request_over(g, row);

	if (!size)
		return 0;
	if (over && blank(bytes, size)) {
		g->length += size;
		return 0;
	}
	if (over && row->form == ROW_DIALOG) {
		/* Regardless of where the reading of the last response ended. */
		start_again(g, false);
		g->acted = false;
	} else if (over && off == g->base && !append) {
		start_again(g, true);
	} else if (over) {
		return ecsfs_error_set(
		    err, EINVAL, NULL, "unexpected text after the JSON document");
	}
	if (!g->based)
		g->base = off;
	g->based = true;
	/* With O_APPEND the kernel adds its own idea of the size, which may be that of a new value. */
	off_t at = append ? (off_t)g->text.len : off - g->base;
	if (at < 0)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the write lies before the start of the text");
	return place(g, row, bytes, size, (size_t)at, err);
}

int gather_truncate(struct gather *g, const struct row *row, off_t size, struct ecsfs_error *err)
{
	off_t at = size - g->base;

	if (size == 0 || (g->based && at == 0)) {
		start_again(g, false);
		return 0;
	}
	if (g->based && at > 0 && (uint64_t)at == g->length)
		return 0;
	if (!g->based || at < 0 || (uint64_t)at > g->text.len)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the size of a file is that of its text: nothing was sent (write the text, or "
		    "truncate to 0)");
	if (row->form == ROW_LINES && (size_t)at < g->lines_sent)
		reopen_line(g, (size_t)at, '\0');
	g->text.len = g->length = (size_t)at;
	g->text.data[at] = '\0';
	g->dirty = true;
	return 0;
}

bool gather_waits(const struct gather *g, const struct row *row)
{
	if (!g->dirty || is_document(g, row) || ((row->flags & ROW_ACTION) && g->acted))
		return false;
	return g->text.len > g->lines_sent;
}

bool gather_stops_short(const struct gather *g, const struct row *row)
{
	const char *text = buf_str(&g->text);
	size_t end = g->text.len;

	if (!is_document(g, row) || !g->dirty)
		return false;
	while (end && isspace((unsigned char)text[end - 1]))
		end--;
	return end && !strchr(",:[{", text[end - 1]) && !memchr(text, '\n', end);
}

int gather_malformed(const struct gather *g, size_t size, struct ecsfs_error *err)
{
	json_auto_t *named = NULL;
	const char *text = buf_str(&g->text);
	size_t from = g->text.len > size ? g->text.len - size : 0;

	while (from && text[from - 1] != '\n')
		from--;
	return lines_parse(text + from, g->text.len - from, &named, err);
}

size_t gather_lines(const struct gather *g)
{
	size_t lines = 0;

	for (size_t i = g->lines_sent; i < g->text.len; i++)
		lines += g->text.data[i] == '\n';
	return lines;
}

static int document_due(struct gather *g, const struct row *row, enum gather_end how,
    size_t *ret_end, struct ecsfs_error *err)
{
	if (gather_blank(g))
		return how == GATHER_OPEN ? 0 : refuse_empty(row, err);
	if (how == GATHER_CLOSED)
		return ecsfs_error_set(err, EINVAL, NULL, "the JSON document is incomplete");
	if (!g->scan)
		return 0;
	g->scan = false;
	int64_t end = value_document_end(buf_str(&g->text), g->text.len);
	if (end < 0)
		return refuse_document(row, buf_str(&g->text), g->text.len, err);
	*ret_end = g->text.len;
	return end > 0;
}

static int lines_due(struct gather *g, const struct row *row, enum gather_end how, size_t *ret_end,
    struct ecsfs_error *err)
{
	const char *text = buf_str(&g->text);
	size_t end = g->text.len;

	if (gather_blank(g))
		return how == GATHER_OPEN ? 0 : refuse_empty(row, err);
	if (how == GATHER_OPEN && (row->flags & ROW_DEPLOYS))
		return 0;
	while (how == GATHER_OPEN && end > g->lines_sent && text[end - 1] != '\n')
		end--;
	if (blank(text + g->lines_sent, end - g->lines_sent)) {
		g->lines_sent = end;
		g->dirty = end < g->text.len;
		return 0;
	}
	*ret_end = end;
	return 1;
}

struct span {
	const char *at;
	size_t len;
};

static struct span trimmed(const struct gather *g)
{
	struct span s = {buf_str(&g->text), g->text.len};

	for (; s.len && isspace((unsigned char)s.at[s.len - 1]); s.len--)
		;
	for (; s.len && isspace((unsigned char)*s.at); s.len--)
		s.at++;
	return s;
}

static int value_due(struct gather *g, const struct row *row, enum gather_end how, size_t *ret_end,
    struct ecsfs_error *err)
{
	struct span s = trimmed(g);

	if (g->acted && (row->flags & ROW_ACTION)) {
		g->dirty = false;
		return 0;
	}
	if (how == GATHER_OPEN)
		return 0;
	if (g->acted && s.len == g->value.len && memcmp(s.at, buf_str(&g->value), s.len) == 0) {
		g->dirty = false;
		return 0;
	}
	if (!s.len && !(row->flags & ROW_EMPTY_OK))
		return refuse_empty(row, err);
	*ret_end = g->text.len;
	return 1;
}

int gather_due(struct gather *g, const struct row *row, enum gather_end end, size_t *ret_end,
    struct ecsfs_error *err)
{
	if (!g->dirty)
		return 0;
	if (is_document(g, row))
		return document_due(g, row, end, ret_end, err);
	if (row->form == ROW_LINES)
		return lines_due(g, row, end, ret_end, err);
	return value_due(g, row, end, ret_end, err);
}

void gather_sent(struct gather *g, const struct row *row, size_t end)
{
	struct span s = trimmed(g);

	g->acted = true;
	if (is_document(g, row)) {
		g->complete = true;
		buf_reset(&g->text);
	} else if (row->form == ROW_LINES) {
		g->lines_sent = end;
		g->complete = lines_none(buf_str(&g->text), g->text.len);
	} else {
		buf_reset(&g->value);
		buf_add(&g->value, s.at, s.len);
	}
	g->dirty = row->form == ROW_LINES && end < g->text.len;
}

/* The key of a line, as it is written. */
static struct span key_of(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && line[i] != '=')
		i += line[i] == '\\' && i + 1 < len ? 2 : 1;
	return (struct span){line, i < 60 ? i : 60};
}

static void lines_earlier(const struct gather *g, struct buf *out)
{
	const char *at = buf_str(&g->text), *end = at + g->lines_sent;
	struct span first = {0}, last = {0};
	size_t count = 0;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);

		if (!blank(at, len)) {
			last = key_of(at, len);
			first = count++ ? first : last;
		}
		at += len + 1;
	}
	if (count == 0)
		buf_adds(out, "after the start of this line");
	else if (count == 1)
		buf_addf(out, "after the line \"%.*s\"", (int)first.len, first.at);
	else
		buf_addf(out, "after %zu lines, \"%.*s\" to \"%.*s\"", count, (int)first.len,
		    first.at, (int)last.len, last.at);
}

char *gather_earlier(const struct gather *g, const struct row *row)
{
	auto_buf struct buf out = BUF_INIT(LIMIT_VALUE);

	if (!g->acted || row->form == ROW_DIALOG || (row->flags & ROW_ACTION))
		return NULL;
	if (row->form == ROW_DOCUMENT)
		buf_adds(&out, "after the document before it");
	else if (row->form == ROW_LINES)
		lines_earlier(g, &out);
	else
		buf_addf(&out, "after \"%.60s\"", buf_str(&g->value));
	buf_adds(&out, ", which took effect");
	return strdup(buf_str(&out));
}

int gather_check(const struct row *row, const char *text, size_t len, struct ecsfs_error *err)
{
	if (len > limit_of(row))
		return too_long(row, err);
	if (!(row->flags & ROW_EMPTY_OK) && blank(text, len))
		return refuse_empty(row, err);
	if (row->form == ROW_DOCUMENT && value_document_end(text, len) <= 0)
		return refuse_document(row, text, len, err);
	return 0;
}
