/* Text that grows. Running out of memory is remembered and told once, at the end. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes;
    size_t length;
    size_t room;
    bool failed;
};

void text_append_bytes(struct text *text, const char *bytes, size_t length);
void text_append(struct text *text, const char *string);

/* A C string as a JSON string. The string is ours and ASCII; a control character is escaped all the same. */
void text_append_json(struct text *text, const char *string);

/* Prints the text and a newline, and frees it. False if memory ran out on the way. */
bool text_print_line(struct text *text);

void text_free(struct text *text);

#endif
