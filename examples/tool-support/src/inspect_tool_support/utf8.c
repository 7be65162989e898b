#include "utf8.h"

/* How long a sequence is, by its first byte; 0 for a byte that starts none. */
static size_t sequence_length(unsigned char first) {
    if (first < 0x80) return 1;
    if (first < 0xC2) return 0;
    if (first < 0xE0) return 2;
    if (first < 0xF0) return 3;
    if (first < 0xF5) return 4;
    return 0;
}

size_t utf8_decode(const char *bytes, size_t length, unsigned *point) {
    static const unsigned char FIRST_MASK[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    static const unsigned SMALLEST[] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0) return 0;
    size_t count = sequence_length((unsigned char)bytes[0]);
    if (count == 0 || count > length) return 0;
    unsigned value = (unsigned char)bytes[0] & FIRST_MASK[count];
    for (size_t i = 1; i < count; i++) {
        unsigned char next = (unsigned char)bytes[i];
        if ((next & 0xC0) != 0x80) return 0;
        value = value << 6 | (next & 0x3F);
    }
    if (value < SMALLEST[count] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
    *point = value;
    return count;
}
