/*
 * Where does the command's output begin and end in the terminal's? Between markers that only this
 * session knows; a tail that may be the start of a marker is held back.
 */
#include "backend/exec/script.h"

#include "backend/base/base64.h"
#include "backend/base/cleanup.h"
#include "backend/base/words.h"
#include "backend/exec/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Both scripts print the marker M around what they say: "M:ready:M", "M:lacks stty:M", and at the
 * end "M:0:M". $0 and $2 are the halves of the marker, so that no list of processes shows it whole;
 * $1 is the command.
 *
 * The clean one. The terminal stays in canonical mode, in which a line has at most 4,095 bytes and
 * read(2) returns one line, so input comes as lines of base64, before them their number, and ends
 * with a dot. dd reads exactly those lines: two processes decode up to 32 of them. For the output dd
 * reads once per turn what the command has printed, so that nothing waits for a full block; its own
 * report, in POSIX's words, says when that is nothing. The last dd takes what a turn has encoded while
 * the terminal is full, so that the next turn runs meanwhile. No byte passes through a shell's
 * variable: dash moves half a megabyte a second. A terminal that hangs up before the dot must not look
 * like the end of the input, or half a file would be taken for all of it: the process group, which is
 * the script's own, gets SIGHUP while the command's input is still open. A decoder that fails is another
 * case: the command has closed its input. The status follows the command's output inside the same pipe: no program that still runs can come between them. Messages of the shells themselves (dash
 * reports "Terminated") are dropped.
 */
static const char clean_script[] =
    "for p in stty base64 dd; do command -v $p >/dev/null 2>&1 ||"
    " { printf '%s:lacks %s:%s' \"$0$2\" $p \"$0$2\"; exit 127; }; done; "
    "stty -echo -onlcr; printf '%s:ready:%s' \"$0$2\" \"$0$2\"; exec 2>/dev/null; "
    "{ while read -r n && [ \"$n\" != . ] && dd bs=4096 count=\"$n\" 2>/dev/null | base64 -d;"
    " do :; done; [ \"$n\" = . ] || read -r n || kill -HUP 0; } | "
    "{ (exec sh -c \"$1\" 2>&1); printf '%s:%s:%s' \"$0$2\" $? \"$0$2\"; } | "
    "while e=$({ LC_ALL=C dd bs=65536 count=1 | base64 >&3; } 2>&1);"
    " do case $e in *'0+0 records in'*|'') break;; esac; done 3>&1 | dd bs=65536 2>/dev/null";
/* The keyboard's signals are for the command, not for this shell, which must still print the
 * status. */
static const char terminal_script[] =
    "printf '%s:ready:%s' \"$0$2\" \"$0$2\"; trap : INT QUIT; sh -c \"$1\"; "
    "printf '%s:%s:%s' \"$0$2\" $? \"$0$2\"";

enum { MARKER_LEN = 36, WORD_MAX = 64, NOISE_MAX = 512 };

struct script {
	enum script_mode mode;
	char marker[MARKER_LEN + 1];
	char *command;
	bool ready, ended;
	bool mid_line; /* of the input, on a terminal */
	int status;
	struct buf noise; /* before the script began */
	/* The tail of the terminal's output, and of the decoded one, that may begin a marker. */
	struct buf raw, decoded;
	/* Base64 under way. */
	char quad[4];
	size_t quad_len;
};

static char *make_command(const struct script *s, const char *command)
{
	struct buf out = BUF_INIT(1024 * 1024);

	buf_adds(&out, "sh -c ");
	words_quote(&out, s->mode == SCRIPT_CLEAN ? clean_script : terminal_script);
	buf_addf(&out, " %.*s ", MARKER_LEN / 2, s->marker);
	words_quote(&out, command);
	buf_addf(&out, " %s", s->marker + MARKER_LEN / 2);
	return buf_detach(&out, NULL);
}

struct script *script_new(enum script_mode mode, const char *command)
{
	struct script *s = calloc(1, sizeof(*s));
	unsigned char id[16];

	if (!s)
		return NULL;
	s->mode = mode;
	buf_init(&s->noise, NOISE_MAX);
	buf_init(&s->raw, MESSAGE_MAX);
	buf_init(&s->decoded, MESSAGE_MAX);
	if (!message_new_id(id)) {
		message_id_text(id, s->marker);
		s->command = make_command(s, command);
	}
	if (s->command)
		return s;
	script_free(s);
	return NULL;
}

void script_free(struct script *s)
{
	if (!s)
		return;
	buf_release(&s->noise);
	buf_release(&s->raw);
	buf_release(&s->decoded);
	free(s->command);
	free(s);
}

const char *script_command_peek(const struct script *s)
{
	return s->command;
}

bool script_ready(const struct script *s)
{
	return s->ready;
}

bool script_ended(const struct script *s, int *ret_status)
{
	if (s->ended && ret_status)
		*ret_status = s->status;
	return s->ended;
}

const char *script_noise_peek(const struct script *s)
{
	return buf_str(&s->noise);
}

/* How many bytes at the end of `b` may be the beginning of the marker. */
static size_t partial_marker(const struct script *s, const struct buf *b)
{
	size_t n = b->len < MARKER_LEN - 1 ? b->len : MARKER_LEN - 1;

	while (n && memcmp(b->data + b->len - n, s->marker, n) != 0)
		n--;
	return n;
}

/*
 * Looks for "M:word:M" in `b`. True: `ret_at` is its offset, `ret_end` the one behind it, `word` its
 * content. False: `ret_at` is how many bytes are certainly none of it.
 */
static bool find_word(const struct script *s, const struct buf *b, size_t *ret_at, size_t *ret_end,
    char word[WORD_MAX])
{
	const char *from = b->len ? memmem(b->data, b->len, s->marker, MARKER_LEN) : NULL;
	const char *to;
	size_t left, len;

	if (!from) {
		*ret_at = b->len - partial_marker(s, b);
		return false;
	}
	*ret_at = (size_t)(from - b->data);
	left = b->len - *ret_at - MARKER_LEN;
	to = left ? memmem(from + MARKER_LEN, left, s->marker, MARKER_LEN) : NULL;
	/* A marker without its second half belongs to the command's output. */
	if (!to && left >= WORD_MAX + MARKER_LEN)
		*ret_at += MARKER_LEN;
	if (!to)
		return false;
	len = (size_t)(to - from) - MARKER_LEN;
	*ret_end = (size_t)(to - b->data) + MARKER_LEN;
	snprintf(word, WORD_MAX, "%.*s", len > 2 ? (int)(len - 2) : 0, from + MARKER_LEN + 1);
	return true;
}

static int take_word(struct script *s, const char *word, struct ecsfs_error *err)
{
	char *end;
	long status = strtol(word, &end, 10);

	if (!strcmp(word, "ready")) {
		s->ready = true;
		return 0;
	}
	if (!strncmp(word, "lacks ", 6))
		return ecsfs_error_set(err, ENOENT, NULL,
		    "the container has no %s, which exact bytes need; a terminal works without it "
		    "(ecsfs exec -t)",
		    word + 6);
	if (*word && !*end && status >= 0 && status <= 255) {
		s->ended = true;
		s->status = (int)status;
		return 0;
	}
	return ecsfs_error_set(err, EPROTO, NULL,
	    "the container's shell printed unexpected output: try a terminal (ecsfs exec -t)");
}

/* Output before the script began, cut to what fits a sentence. */
static void keep_noise(struct script *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && s->noise.len < NOISE_MAX - 1; i++)
		buf_addc(&s->noise, bytes[i]);
}

/* The raw stream in terminal mode, or the decoded one in clean mode: everything except the markers
 * is returned. */
static int take_bytes(struct script *s, struct buf *b, struct buf *out, struct ecsfs_error *err)
{
	char word[WORD_MAX];
	size_t at, end;

	while (find_word(s, b, &at, &end, word)) {
		int r;

		if (s->ready)
			buf_add(out, b->data, at);
		else
			keep_noise(s, b->data, at);
		buf_consume(b, end);
		r = take_word(s, word, err);
		/* Behind the clean script's first word comes base64: the caller decodes it. */
		if (r || s->ended || (s->mode == SCRIPT_CLEAN && b == &s->raw))
			return r;
	}
	if (s->ready)
		buf_add(out, buf_str(b), at);
	else
		keep_noise(s, buf_str(b), at);
	buf_consume(b, at);
	return buf_failed(b) ? ecsfs_error_set(err, ENOMEM, NULL, "out of memory") : 0;
}

static bool is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '+' || c == '/' || c == '=';
}

/* Each turn of the script's loop ends with its own padding, so groups of four are complete. */
static int decode(struct script *s, const char *bytes, size_t len, struct ecsfs_error *err)
{
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i++) {
		if (!is_base64(bytes[i]))
			continue;
		s->quad[s->quad_len++] = bytes[i];
		if (s->quad_len < sizeof(s->quad))
			continue;
		s->quad_len = 0;
		r = base64_decode(s->quad, sizeof(s->quad), &s->decoded);
	}
	return r
	    ? ecsfs_error_set(err, EPROTO, NULL,
		  "the container's base64 printed invalid output: try a terminal (ecsfs exec -t)")
	    : 0;
}

static int take_clean(struct script *s, struct buf *out, struct ecsfs_error *err)
{
	int r = 0;

	/* The script's own messages are plain text; all that follows is base64. */
	if (!s->ready)
		r = take_bytes(s, &s->raw, out, err);
	if (r || !s->ready)
		return r;
	r = decode(s, buf_str(&s->raw), s->raw.len, err);
	buf_reset(&s->raw);
	return r ? r : take_bytes(s, &s->decoded, out, err);
}

int script_output(
    struct script *s, const char *bytes, size_t len, struct buf *out, struct ecsfs_error *err)
{
	if (s->ended)
		return 0;
	buf_add(&s->raw, bytes, len);
	return s->mode == SCRIPT_TERMINAL ? take_bytes(s, &s->raw, out, err)
					  : take_clean(s, out, err);
}

void script_input(struct script *s, const char *bytes, size_t len, struct buf *out)
{
	if (s->mode == SCRIPT_TERMINAL) {
		buf_add(out, bytes, len);
		s->mid_line = bytes[len - 1] != '\n' && bytes[len - 1] != '\r';
		return;
	}
	buf_addf(out, "%zu\n", (len + SCRIPT_LINE - 1) / SCRIPT_LINE);
	for (size_t at = 0; at < len; at += SCRIPT_LINE) {
		size_t n = len - at < SCRIPT_LINE ? len - at : SCRIPT_LINE;

		if (base64_encode(bytes + at, n, out))
			buf_fail(out);
		buf_addc(out, '\n');
	}
}

void script_input_end(struct script *s, struct buf *out)
{
	if (s->mode == SCRIPT_CLEAN)
		buf_adds(out, ".\n");
	else
		/* After an unfinished line the first Ctrl-D only ends the line. */
		buf_adds(out, s->mid_line ? "\004\004" : "\004");
}
