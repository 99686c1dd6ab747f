/*
 * How does a value look in a file, and how is it read back? Text to and from JSON members. Pure;
 * any thread.
 */
#ifndef ECSFS_VALUE_H
#define ECSFS_VALUE_H

#include "backend/base/buf.h"
#include "backend/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* One value and a newline; nothing for NULL and JSON null. `time`: a number is epoch seconds. */
void value_render(const json_t *value, bool is_time, struct buf *out);
/* Pretty JSON and a newline, members in a stable order. Documents of AWS: shown_document(). */
void value_render_document(const json_t *doc, struct buf *out);

/* "2026-11-22T15:32:00.123Z" of epoch seconds; fractions only where there are any. */
void value_render_time(double epoch_seconds, struct buf *out);
/* ISO 8601 (with or without fraction, Z or an offset), or epoch seconds; -EINVAL. */
int value_parse_time(const char *text, double *ret_epoch_seconds);

/* camelCase to snake_case, a run of capitals as one word: enableECSManagedTags →
 * enable_ecs_managed_tags. */
void value_snake(const char *member, struct buf *out);

/* Whether a text begins with UTF-8's byte order mark, which no message could show: it is refused. */
bool value_has_mark(const char *text, size_t len);

/*
 * Parsers of written values: white space around one is ignored, anything else is -EINVAL with a
 * sentence that quotes it; a NUL byte is -EINVAL.
 */
int value_parse_int(
    const char *text, size_t len, int64_t min, int64_t max, int64_t *ret, struct ecsfs_error *err);
int value_parse_bool(const char *text, size_t len, bool *ret, struct ecsfs_error *err);
/* One line without control characters: a new string. */
int value_parse_line(const char *text, size_t len, char **ret, struct ecsfs_error *err);
/* A JSON object (or array where `array`), UTF-8, no doubled members: a new reference. The sentence
 * names line and column. */
int value_parse_document(
    const char *text, size_t len, bool array, json_t **ret, struct ecsfs_error *err);

/* The sentence of a text that is no document: -EINVAL. `what`: what the file takes ("a JSON array"). */
int value_refuse_document(const char *text, size_t len, const char *what, struct ecsfs_error *err);

/*
 * The state of a document that arrives in pieces: 0 incomplete so far, > 0 the length at which it
 * is complete, -EINVAL it can never become one, or something other than white space follows.
 */
int64_t value_document_end(const char *text, size_t len);

/* The last part of an ARN or id: "ecs-svc/0123" → "0123"; borrowed from `arn`. */
const char *value_arn_name(const char *arn);

/* A name that can be a file name: '/', a leading dot, '%' and the empty name percent-encoded. */
void value_encode_name(const char *name, struct buf *out);
/* The reverse: a new string, NULL when value_encode_name() would have written another one. */
char *value_decode_name(const char *file_name);

#endif
