/* UTF-8, strictly: no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Decodes the first code point; how many bytes it took, 0 if they aren't UTF-8. */
size_t utf8_decode(const char *bytes, size_t length, unsigned *point);

#endif
