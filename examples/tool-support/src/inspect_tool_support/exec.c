/* `exec`: one JSON-RPC request from standard input, its response to standard output.
 *
 * The exit code tells whether an answer was given, not whether the answer is an error. */
#include <stdio.h>

#include "commands.h"
#include "jsonrpc.h"
#include "text.h"

/* A little more than allowed is read, so that too large a request shows. */
static void read_request(struct text *request) {
    char chunk[4096];
    size_t got;
    while (!request->failed && request->length <= JSONRPC_MAX_REQUEST && (got = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        text_append_bytes(request, chunk, got);
}

static int trouble(const char *what) {
    fprintf(stderr, "inspect-tool-support: %s\n", what);
    return EXIT_TROUBLE;
}

int run_exec(void) {
    struct text request = {0}, response = {0};
    read_request(&request);
    if (!request.failed && !ferror(stdin)) jsonrpc_answer(request.bytes, request.length, &response);
    bool out_of_memory = request.failed || response.failed;
    text_free(&request);
    if (ferror(stdin)) return trouble("standard input can't be read");
    if (out_of_memory) return trouble("out of memory");
    if (response.length == 0) return EXIT_DONE; /* a notification */
    return text_print_line(&response) ? EXIT_DONE : trouble("out of memory");
}
