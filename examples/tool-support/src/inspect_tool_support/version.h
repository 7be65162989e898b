/* Which executable this is, as a JSON object: `version`, and the JSON-RPC method of that name, say it. */
#ifndef VERSION_H
#define VERSION_H

#include "identity.h"

struct text;

void version_append(struct text *out);

#endif
