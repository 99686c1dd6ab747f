/*
 * Which script runs in the container around a command, and how is its output read back?
 *
 * ECS Exec offers a terminal and no exit status. A short shell script around the command prints the
 * status behind a random marker, which is cut off here. In clean mode (no terminal on our side) the
 * script also turns the terminal's echo and line endings off and carries input and output as
 * base64, because the agent drops bytes that are not UTF-8. The container needs sh for either mode,
 * and stty, base64 and dd for the clean one; the script says which is missing.
 *
 * Pure; one thread at a time.
 */
#ifndef ECSFS_EXEC_SCRIPT_H
#define ECSFS_EXEC_SCRIPT_H

#include "backend/base/buf.h"
#include "backend/error.h"

#include <stdbool.h>

enum script_mode {
	SCRIPT_CLEAN,	 /* exact bytes in both directions, input that ends */
	SCRIPT_TERMINAL, /* a terminal's bytes as they are */
};

struct script;

/* `command` is a line for sh -c; copied. NULL: no memory or no randomness. */
struct script *script_new(enum script_mode mode, const char *command);
void script_free(struct script *s);

/* The value of ExecuteCommand's `command`, which the agent splits into words as a shell would. */
const char *script_command_peek(const struct script *s);

/*
 * Reads output of the terminal and appends the command's to `out`. 0; -EPROTO with a sentence for
 * output that the script cannot have made; -ENOENT with a sentence when the container lacks a
 * program.
 */
int script_output(
    struct script *s, const char *bytes, size_t len, struct buf *out, struct ecsfs_error *err);
/* Whether the command reads its input: nothing must be sent before. */
bool script_ready(const struct script *s);
/* Whether the command ended, and how: 0 to 255 as a shell's $?. */
bool script_ended(const struct script *s, int *ret_status);
/* The output before the script began, for an error's sentence: a container without sh prints its
 * reason there. Borrowed. */
const char *script_noise_peek(const struct script *s);

/*
 * Encodes input for sending, at most SCRIPT_INPUT_MAX bytes at once. SCRIPT_LINE bytes become at
 * most 4,096: a line of base64, and before the first line the number of lines.
 */
#define SCRIPT_LINE 2940
#define SCRIPT_LINES_MAX 32
#define SCRIPT_INPUT_MAX ((size_t)SCRIPT_LINE * SCRIPT_LINES_MAX)
void script_input(struct script *s, const char *bytes, size_t len, struct buf *out);
/* The end of the input. On a terminal it is Ctrl-D. */
void script_input_end(struct script *s, struct buf *out);

#endif
