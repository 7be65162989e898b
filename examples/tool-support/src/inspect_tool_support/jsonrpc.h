/* JSON-RPC 2.0: one request in, one response out, nothing for a notification. Batches are refused. */
#ifndef JSONRPC_H
#define JSONRPC_H

#include <stddef.h>

#define JSONRPC_MAX_REQUEST ((size_t)1 << 20) /* bytes */

struct text;

/* Appends the response; nothing if the request was a notification. */
void jsonrpc_answer(const char *request, size_t length, struct text *response);

#endif
