/*
 * How wide is each column? The widest cell decides, up to LIMIT_WIDTH for the line; a longer cell
 * shifts its own line only.
 */
#include "fs/columns.h"

#include "backend/base/text.h"

#include <string.h>

#define MOST_COLUMNS 16
#define GAP 2 /* between two columns */
/* A terminal's width, and how narrow a column is made for it. */
#define LIMIT_WIDTH 100
#define NARROWEST 12

static json_t *cell_of(const char *text, bool last)
{
	struct buf clean = BUF_INIT(64 * 1024);
	json_t *cell;

	for (const char *s = text && *text ? text : "-"; *s; s++) {
		bool control = (unsigned char)*s < 0x20 || *s == 0x7f;

		buf_addc(&clean, control || (*s == ' ' && !last) ? (last ? ' ' : '_') : *s);
	}
	cell = json_string(buf_str(&clean));
	buf_release(&clean);
	return cell ? cell : json_string("?");
}

void columns_add(json_t *lines, size_t n, const char *const *cells)
{
	json_t *line = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(line, cell_of(cells[i], i + 1 == n));
	json_array_append_new(lines, line);
}

static const char *cell_at(const json_t *line, size_t i)
{
	return json_string_value(json_array_get(line, i));
}

static size_t total_of(const size_t *width)
{
	size_t total = 0;

	for (size_t c = 0; c < MOST_COLUMNS; c++)
		total += width[c] ? width[c] + GAP : 0;
	return total;
}

static size_t widest_of(const size_t *width)
{
	size_t widest = 0;

	for (size_t c = 1; c < MOST_COLUMNS; c++)
		widest = width[c] > width[widest] ? c : widest;
	return widest;
}

/* The columns' widths. A name that is too long for the terminal shifts its own line alone. */
static void measure(const json_t *lines, size_t *width)
{
	const json_t *line;
	size_t i;

	json_array_foreach (lines, i, line)
		for (size_t c = 0; c < json_array_size(line) && c < MOST_COLUMNS; c++) {
			size_t w = text_characters(cell_at(line, c));

			width[c] = w > width[c] ? w : width[c];
		}
	while (total_of(width) > LIMIT_WIDTH + GAP && width[widest_of(width)] > NARROWEST)
		width[widest_of(width)]--;
}

void columns_render(const json_t *lines, struct buf *out)
{
	size_t width[MOST_COLUMNS] = {0}, i;
	const json_t *line;

	measure(lines, width);
	json_array_foreach (lines, i, line) {
		for (size_t c = 0; c < json_array_size(line); c++) {
			const char *cell = cell_at(line, c);
			bool last = c + 1 == json_array_size(line);
			size_t is = text_characters(cell), most = c < MOST_COLUMNS ? width[c] : 0;

			buf_addf(out, "%s%*s", cell,
			    last ? 0 : (int)((most > is ? most - is : 0) + GAP), "");
		}
		buf_addc(out, '\n');
	}
}
