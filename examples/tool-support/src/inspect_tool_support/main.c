/* inspect-tool-support: the executable that is put into a sandbox and answers there. Reads the command, calls it. */
#include <stdio.h>
#include <string.h>

#include "commands.h"

static const struct {
    const char *name;
    int (*run)(void);
    const char *help;
} COMMANDS[] = {
    {"healthcheck", run_healthcheck, "test this executable where it stands, report it as JSON"},
    {"version", run_version, "say which version, variant and fingerprint this is, as JSON"},
    {"exec", run_exec, "answer one JSON-RPC 2.0 request from standard input"},
};

static const size_t COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0];

static void usage(FILE *out) {
    fputs("usage: inspect-tool-support COMMAND\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-12s %s\n", COMMANDS[i].name, COMMANDS[i].help);
}

/* What was said only counts once it has left the process. */
static int finish(int code) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    fputs("inspect-tool-support: standard output can't be written\n", stderr);
    return EXIT_TROUBLE;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return finish(EXIT_DONE);
    }
    for (size_t i = 0; argc == 2 && i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0) return finish(COMMANDS[i].run());
    usage(stderr);
    return EXIT_USAGE;
}
