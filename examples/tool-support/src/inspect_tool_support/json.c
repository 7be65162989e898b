#include "json.h"

#include <string.h>

#include "text.h"
#include "utf8.h"

struct scanner {
    const char *text;
    size_t length;
    size_t at;
    const char *wrong;
};

static bool scan_value(struct scanner *s, unsigned depth, struct json *value);

static bool fail(struct scanner *s, const char *what) {
    s->wrong = what;
    return false;
}

/* The next byte, or -1 at the end. */
static int peek(const struct scanner *s) {
    return s->at < s->length ? (unsigned char)s->text[s->at] : -1;
}

static bool take(struct scanner *s, char byte) {
    if (peek(s) != byte) return false;
    s->at++;
    return true;
}

static bool is_space(int byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void skip_space(struct scanner *s) {
    while (is_space(peek(s))) s->at++;
}

static int hex_value(int byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
}

static bool scan_hex4(struct scanner *s, unsigned *unit) {
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(peek(s));
        if (digit < 0) return fail(s, "a \\u escape needs four hexadecimal digits");
        *unit = *unit * 16 + (unsigned)digit;
        s->at++;
    }
    return true;
}

/* After "\u": one unit, or a pair of surrogates. */
static bool scan_unicode_escape(struct scanner *s, unsigned *point) {
    if (!scan_hex4(s, point)) return false;
    if (*point < 0xD800 || *point > 0xDFFF) return true;
    unsigned low;
    if (*point > 0xDBFF) return fail(s, "half of a surrogate pair");
    if (!take(s, '\\') || !take(s, 'u')) return fail(s, "half of a surrogate pair");
    if (!scan_hex4(s, &low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return fail(s, "half of a surrogate pair");
    *point = 0x10000 + ((*point - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static bool scan_escape(struct scanner *s, unsigned *point) {
    static const char NAMES[] = "\"\\/bfnrt", MEANINGS[] = "\"\\/\b\f\n\r\t";
    int name = peek(s);
    if (name < 0) return fail(s, "the string doesn't end");
    if (name == 'u') {
        s->at++;
        return scan_unicode_escape(s, point);
    }
    const char *found = memchr(NAMES, name, sizeof NAMES - 1);
    if (found == NULL) return fail(s, "there is no such escape");
    s->at++;
    *point = (unsigned char)MEANINGS[found - NAMES];
    return true;
}

/* One character inside a string, as it reads. */
static bool scan_character(struct scanner *s, unsigned *point) {
    int byte = peek(s);
    if (byte < 0) return fail(s, "the string doesn't end");
    if (byte < 0x20) return fail(s, "a control character inside a string must be escaped");
    if (byte == '\\') {
        s->at++;
        return scan_escape(s, point);
    }
    size_t taken = utf8_decode(s->text + s->at, s->length - s->at, point);
    if (taken == 0) return fail(s, "not UTF-8");
    s->at += taken;
    return true;
}

static bool scan_string(struct scanner *s) {
    if (!take(s, '"')) return fail(s, "expected a string");
    while (!take(s, '"')) {
        unsigned point;
        if (!scan_character(s, &point)) return false;
    }
    return true;
}

static bool scan_digits(struct scanner *s) {
    size_t from = s->at;
    while (peek(s) >= '0' && peek(s) <= '9') s->at++;
    return s->at > from || fail(s, "expected a digit");
}

static bool scan_number(struct scanner *s) {
    take(s, '-');
    if (!take(s, '0') && !scan_digits(s)) return false; /* a 0 stands alone: 01 fails at the 1 */
    if (take(s, '.') && !scan_digits(s)) return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+')) take(s, '-');
        return scan_digits(s);
    }
    return true;
}

static bool scan_word(struct scanner *s, const char *word) {
    size_t length = strlen(word);
    if (s->length - s->at < length || memcmp(s->text + s->at, word, length) != 0) return fail(s, "expected a value");
    s->at += length;
    return true;
}

static bool scan_object_member(struct scanner *s, unsigned depth) {
    struct json ignored;
    skip_space(s);
    if (!scan_string(s)) return false;
    skip_space(s);
    if (!take(s, ':')) return fail(s, "expected ':'");
    return scan_value(s, depth, &ignored);
}

static bool scan_array_item(struct scanner *s, unsigned depth) {
    struct json ignored;
    return scan_value(s, depth, &ignored);
}

/* From the opening bracket to the closing one. */
static bool scan_container(struct scanner *s, unsigned depth, char close, bool (*scan_part)(struct scanner *, unsigned)) {
    if (depth >= JSON_MAX_DEPTH) return fail(s, "nested too deeply");
    s->at++;
    skip_space(s);
    if (take(s, close)) return true;
    for (;;) {
        if (!scan_part(s, depth + 1)) return false;
        skip_space(s);
        if (take(s, close)) return true;
        if (!take(s, ',')) return fail(s, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
    }
}

static bool scan_by_kind(struct scanner *s, unsigned depth, enum json_kind *kind) {
    switch (peek(s)) {
    case '{': *kind = JSON_OBJECT; return scan_container(s, depth, '}', scan_object_member);
    case '[': *kind = JSON_ARRAY; return scan_container(s, depth, ']', scan_array_item);
    case '"': *kind = JSON_STRING; return scan_string(s);
    case 't': *kind = JSON_TRUE; return scan_word(s, "true");
    case 'f': *kind = JSON_FALSE; return scan_word(s, "false");
    case 'n': *kind = JSON_NULL; return scan_word(s, "null");
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        *kind = JSON_NUMBER;
        return scan_number(s);
    default: return fail(s, "expected a value");
    }
}

static bool scan_value(struct scanner *s, unsigned depth, struct json *value) {
    skip_space(s);
    size_t from = s->at;
    if (!scan_by_kind(s, depth, &value->kind)) return false;
    value->bytes = s->text + from;
    value->length = s->at - from;
    return true;
}

bool json_check(const char *text, size_t length, struct json *value, struct json_error *error) {
    struct scanner s = {text, length, 0, NULL};
    bool good = scan_value(&s, 0, value);
    if (good) {
        skip_space(&s);
        good = s.at == s.length || fail(&s, "text after the value");
    }
    if (!good) *error = (struct json_error){s.wrong, s.at};
    return good;
}

/* From here on the text was checked, so scanning it again can't fail. */

static struct scanner inside(struct json value) {
    return (struct scanner){value.bytes, value.length, 1, NULL};
}

size_t json_member(struct json object, const char *name, struct json *member) {
    struct scanner s = inside(object);
    size_t found = 0;
    skip_space(&s);
    while (peek(&s) == '"') {
        struct json key = {JSON_STRING, s.text + s.at, 0}, value;
        if (!scan_string(&s)) break;
        key.length = (size_t)(s.text + s.at - key.bytes);
        skip_space(&s);
        if (!take(&s, ':') || !scan_value(&s, 0, &value)) break;
        if (json_string_is(key, name)) {
            *member = value;
            found++;
        }
        skip_space(&s);
        take(&s, ',');
        skip_space(&s);
    }
    return found;
}

bool json_string_is(struct json string, const char *text) {
    if (string.kind != JSON_STRING) return false;
    struct scanner s = inside(string);
    for (; *text != '\0'; text++) {
        unsigned point;
        if (peek(&s) == '"' || !scan_character(&s, &point) || point != (unsigned char)*text) return false;
    }
    return peek(&s) == '"';
}

bool json_is_empty(struct json container) {
    struct scanner s = inside(container);
    skip_space(&s);
    return peek(&s) == '}' || peek(&s) == ']';
}

void json_append(struct text *out, struct json value) {
    struct scanner s = {value.bytes, value.length, 0, NULL};
    while (s.at < s.length) {
        size_t from = s.at;
        if (peek(&s) != '"')
            s.at++;
        else if (!scan_string(&s))
            return;
        if (!is_space((unsigned char)s.text[from])) text_append_bytes(out, s.text + from, s.at - from);
    }
}
