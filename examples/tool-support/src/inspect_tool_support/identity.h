/* Which executable this is. The build script compiles the answers in; there are no defaults on purpose:
 * an executable that makes up its own version is worse than one that doesn't build. */
#ifndef IDENTITY_H
#define IDENTITY_H

#if !defined TOOL_VERSION || !defined TOOL_VARIANT || !defined TOOL_FINGERPRINT
#error "TOOL_VERSION, TOOL_VARIANT and TOOL_FINGERPRINT come from build_within_container.py"
#endif

#if defined __x86_64__
#define TOOL_ARCH "amd64"
#elif defined __aarch64__
#define TOOL_ARCH "arm64"
#else
#error "only amd64 and arm64 are built"
#endif

#define TOOL_NAME "inspect-tool-support"

#endif
