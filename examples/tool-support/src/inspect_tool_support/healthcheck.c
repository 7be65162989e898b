/* `healthcheck`: does this executable work on this machine? It answers a few requests to itself. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "jsonrpc.h"
#include "text.h"
#include "version.h"

struct check {
    const char *name;
    const char *request;
    const char *part; /* of the response; "" for no response at all */
};

static const struct check CHECKS[] = {
    {"ping", "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1}", "{\"jsonrpc\":\"2.0\",\"result\":\"pong\",\"id\":1}"},
    {"version", "{\"jsonrpc\":\"2.0\",\"method\":\"version\",\"id\":\"a\"}", "\"version\":\"" TOOL_VERSION "\""},
    {"echo", "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":[ \"\xC3\xA9\" ],\"id\":2}", "\"result\":[\"\xC3\xA9\"]"},
    {"notification", "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}", ""},
    {"parse-error", "{\"jsonrpc\":", "-32700"},
    {"invalid-request", "[]", "-32600"},
    {"unknown-method", "{\"jsonrpc\":\"2.0\",\"method\":\"no\",\"id\":3}", "-32601"},
};

static const size_t CHECK_COUNT = sizeof CHECKS / sizeof CHECKS[0];

static bool passes(const struct check *check) {
    struct text response = {0};
    jsonrpc_answer(check->request, strlen(check->request), &response);
    bool silent = response.length == 0;
    text_append_bytes(&response, "", 1); /* ends it for strstr */
    bool good = !response.failed && (check->part[0] == '\0' ? silent : strstr(response.bytes, check->part) != NULL);
    text_free(&response);
    return good;
}

/* The first check that fails, or NULL. */
static const struct check *first_failure(void) {
    for (size_t i = 0; i < CHECK_COUNT; i++)
        if (!passes(&CHECKS[i])) return &CHECKS[i];
    return NULL;
}

static bool report(const struct check *failed) {
    char count[32];
    snprintf(count, sizeof count, "%zu", CHECK_COUNT);
    struct text out = {0};
    text_append(&out, failed == NULL ? "{\"status\":\"ok\"" : "{\"status\":\"failed\"");
    if (failed != NULL) {
        text_append(&out, ",\"check\":");
        text_append_json(&out, failed->name);
    }
    text_append(&out, ",\"checks\":");
    text_append(&out, count);
    text_append(&out, ",\"tool\":");
    version_append(&out);
    text_append(&out, "}");
    return text_print_line(&out);
}

int run_healthcheck(void) {
    const struct check *failed = first_failure();
    return report(failed) && failed == NULL ? EXIT_DONE : EXIT_TROUBLE;
}
