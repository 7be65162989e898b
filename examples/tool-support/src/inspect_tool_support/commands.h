/* The commands, one file each. Each writes its answer to standard output and returns the exit code. */
#ifndef COMMANDS_H
#define COMMANDS_H

enum { EXIT_DONE = 0, EXIT_TROUBLE = 1, EXIT_USAGE = 2 };

int run_healthcheck(void);
int run_version(void);
int run_exec(void);

#endif
