/* `version`: which version, variant and fingerprint this is. */
#include <stdio.h>

#include "commands.h"
#include "text.h"
#include "version.h"

void version_append(struct text *out) {
    text_append(out, "{\"name\":");
    text_append_json(out, TOOL_NAME);
    text_append(out, ",\"version\":");
    text_append_json(out, TOOL_VERSION);
    text_append(out, ",\"variant\":");
    text_append_json(out, TOOL_VARIANT);
    text_append(out, ",\"arch\":");
    text_append_json(out, TOOL_ARCH);
    text_append(out, ",\"fingerprint\":");
    text_append_json(out, TOOL_FINGERPRINT);
    text_append(out, "}");
}

int run_version(void) {
    struct text out = {0};
    version_append(&out);
    return text_print_line(&out) ? EXIT_DONE : EXIT_TROUBLE;
}
