/*
 * Which bytes did one open file receive, and which part of them must be sent now?
 *
 * The bytes of an open file are one text, placed by their offsets; the offset of the first write
 * counts as 0. A text is sent
 *
 *     ROW_VALUE      when a write ends it: with a newline, or because the writer is a shell
 *     ROW_LINES      line by line, an unfinished line as a value is; with ROW_DEPLOYS as a value is
 *     ROW_DOCUMENT   in the write that completes the JSON document
 *     ROW_DIALOG     as a document, or, where it does not begin as one, as a value
 *
 * and what is left when the file is closed. A longer text than the one sent is sent again as a
 * whole, unless its value is the same. A row with ROW_ACTION acts once for each open file.
 *
 * Pure: no lock (the handle's protects it), no call, no knowledge of who writes.
 */
#ifndef ECSFS_GATHER_H
#define ECSFS_GATHER_H

#include "fs/table.h"

#include <sys/types.h>

struct gather {
	struct buf text;
	bool based;
	off_t base;	   /* the offset of the first write, which counts as 0 */
	size_t length;	   /* of all that came, with the white space behind a document */
	bool dirty;	   /* bytes arrived that were neither sent nor found to change nothing */
	bool scan;	   /* they may complete a document */
	bool complete;	   /* a document, or [] for lines, was sent: only white space may follow */
	bool acted;	   /* something was sent */
	size_t lines_sent; /* ROW_LINES: number of bytes sent */
	struct buf value;  /* the value that was sent last, without white space around it */
};

/* How the writer marked the end of the text. */
enum gather_end {
	GATHER_OPEN,   /* more may follow */
	GATHER_ENDED,  /* a newline, or a shell's write */
	GATHER_CLOSED, /* close(2) */
};

void gather_init(struct gather *g);
void gather_release(struct gather *g);

/*
 * Places the bytes of one write(2). `append`: O_APPEND, the kernel's offset is meaningless. Returns
 * 0 or -errno with a sentence: a gap (EINVAL), too long (EFBIG), more after a document (EINVAL).
 */
int gather_put(struct gather *g, const struct row *row, const char *bytes, size_t size, off_t off,
    bool append, struct ecsfs_error *err);

/*
 * ftruncate(2): 0, -EINVAL with a sentence for a size that is not within what came, or that would cut a
 * document that was sent.
 */
int gather_truncate(struct gather *g, const struct row *row, off_t size, struct ecsfs_error *err);

/* Whether there is nothing but white space. */
bool gather_blank(const struct gather *g);
/* Whether the text waits for its end, so that the kind of writer matters. */
bool gather_waits(const struct gather *g, const struct row *row);
/*
 * Whether an incomplete document ends where no layout of JSON breaks off: one line, and not behind a
 * bracket, a colon or a comma. From a shell that is the whole text.
 */
bool gather_stops_short(const struct gather *g, const struct row *row);
/* ROW_LINES: -EINVAL with a sentence where one of the last `size` bytes' lines can never be sent, else 0. */
int gather_malformed(const struct gather *g, size_t size, struct ecsfs_error *err);
/* ROW_LINES: how many lines are ended and not sent. */
size_t gather_lines(const struct gather *g);

/*
 * Finds the text to send. 1: the first *ret_end bytes; gather_sent() is called before the next put.
 * 0: nothing now. -EINVAL with a sentence: it can never be sent, an empty text included.
 */
int gather_due(struct gather *g, const struct row *row, enum gather_end end, size_t *ret_end,
    struct ecsfs_error *err);
/*
 * What of the text took effect before the part that is due next, for the sentence of its refusal: a
 * new string such as 'after 3 lines, "A" to "C", which took effect'. NULL: nothing, or no memory.
 * Names the keys of lines, never their values. Of an action or a dialog each request is alone.
 */
char *gather_earlier(const struct gather *g, const struct row *row);
/* The first `end` bytes are on their way. */
void gather_sent(struct gather *g, const struct row *row, size_t end);

/*
 * Whether a whole text that arrives at once (a rename) can be a text of the row: 0, -EINVAL for an
 * empty one and for what is not a document, -EFBIG.
 */
int gather_check(const struct row *row, const char *text, size_t len, struct ecsfs_error *err);

/* The sentence of an open file that was emptied and closed without a write: -EINVAL. */
int gather_refuse_nothing(const struct row *row, struct ecsfs_error *err);

#endif
