#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct text *text, size_t more) {
    if (text->failed) return false;
    if (text->room - text->length >= more) return true;
    size_t room = text->room == 0 ? 256 : text->room;
    while (room - text->length < more) {
        if (room > (size_t)-1 / 2) {
            text->failed = true;
            return false;
        }
        room *= 2;
    }
    char *bytes = realloc(text->bytes, room);
    if (bytes == NULL) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->room = room;
    return true;
}

void text_append_bytes(struct text *text, const char *bytes, size_t length) {
    if (length == 0 || !make_room(text, length)) return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

void text_append(struct text *text, const char *string) {
    text_append_bytes(text, string, strlen(string));
}

void text_append_json(struct text *text, const char *string) {
    text_append(text, "\"");
    for (; *string != '\0'; string++) {
        unsigned char byte = (unsigned char)*string;
        char escaped[8];
        if (byte == '"' || byte == '\\') {
            snprintf(escaped, sizeof escaped, "\\%c", byte);
            text_append(text, escaped);
        } else if (byte < 0x20) {
            snprintf(escaped, sizeof escaped, "\\u%04x", byte);
            text_append(text, escaped);
        } else {
            text_append_bytes(text, string, 1);
        }
    }
    text_append(text, "\"");
}

bool text_print_line(struct text *text) {
    text_append(text, "\n");
    bool whole = !text->failed;
    if (whole) fwrite(text->bytes, 1, text->length, stdout); /* main asks whether it was written */
    text_free(text);
    return whole;
}

void text_free(struct text *text) {
    free(text->bytes);
    *text = (struct text){0};
}
