/* A strict JSON scanner (RFC 8259). It keeps no tree: a value is a slice of the text that was checked.
 *
 * Stricter than the RFC asks, since the text comes from a stranger: valid UTF-8 only, no byte-order mark, no half of
 * a surrogate pair, at most JSON_MAX_DEPTH levels. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_MAX_DEPTH 64

enum json_kind { JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL };

/* A checked value: its first byte, its length, no white space around it. */
struct json {
    enum json_kind kind;
    const char *bytes;
    size_t length;
};

struct json_error {
    const char *what;
    size_t offset; /* in bytes, from the start of the text */
};

/* The one value that the whole text is, or false and what is wrong where. */
bool json_check(const char *text, size_t length, struct json *value, struct json_error *error);

/* How often an object has the member `name`; `member` is the last of them. Names are compared as they read, so
 * "\u0069d" is "id". */
size_t json_member(struct json object, const char *name, struct json *member);

/* Whether a string reads as `text` (ASCII). */
bool json_string_is(struct json string, const char *text);

/* Whether an object or an array has nothing in it. */
bool json_is_empty(struct json container);

struct text;

/* The value on one line, without white space between its parts. */
void json_append(struct text *out, struct json value);

#endif
