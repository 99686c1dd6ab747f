#include "fs/columns.h"

#include <string.h>

#define MOST_COLUMNS 16

/* Characters, not bytes: UTF-8's further bytes take no room. */
static size_t width_of(const char *cell)
{
	size_t width = 0;

	for (; *cell; cell++)
		width += ((unsigned char)*cell & 0xc0) != 0x80;
	return width;
}

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

void columns_render(const json_t *lines, struct buf *out)
{
	size_t width[MOST_COLUMNS] = {0}, i;
	const json_t *line;

	json_array_foreach (lines, i, line) {
		for (size_t c = 0; c + 1 < json_array_size(line) && c < MOST_COLUMNS; c++) {
			size_t w = width_of(cell_at(line, c));

			width[c] = w > width[c] ? w : width[c];
		}
	}
	json_array_foreach (lines, i, line) {
		for (size_t c = 0; c < json_array_size(line); c++) {
			const char *cell = cell_at(line, c);
			bool last = c + 1 == json_array_size(line);
			size_t pad = last || c >= MOST_COLUMNS ? 0 : width[c] - width_of(cell) + 2;

			buf_addf(out, "%s%*s", cell, (int)pad, "");
		}
		buf_addc(out, '\n');
	}
}
