/* The guard: which requests are let through to the pipeline, of those that are well-formed on the wire (wire.h).
 *
 * Refused: a method that is not a token; no Host (HTTP/1.1), several or an invalid one; chunks in HTTP/1.0; a target that does
 * not begin with '/' or holds '#', controls, bytes over 0x7e, malformed escapes or %00; in its path also '\', %2f, %5c and dot
 * segments, raw or escaped; and a body that is far too long. An unknown method that is a token is let through: the pipeline
 * answers it.
 *
 * Pure functions. Threads: any. */
#ifndef WARTA_SERVER_GUARD_H
#define WARTA_SERVER_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/http/message.h"

enum { GUARD_TARGET_MAX = 4096, GUARD_HEADERS_MAX = 64 /* as many as pass the wire */ };

/* A request's head, borrowed. */
struct guard_request {
    const char *method;
    const char *target;  /* as sent, with its query */
    const char *version; /* "HTTP/1.1" */
    const struct header *headers;
    size_t headers_len;
    size_t body_max; /* bytes of body that are read */
};

struct guard_verdict {
    int status;         /* 0 lets the request through; otherwise 400 or 413 */
    const char *reason; /* for the log, without any of the client's text; NULL if let through */
};

struct guard_verdict guard_check(const struct guard_request *request);

/* Whether a request let through sends a body, be it an empty one. */
bool guard_has_body(const struct guard_request *request);

/* The length of the body that a request let through declares; 0 if it has none or sends it in chunks. */
size_t guard_body_len(const struct guard_request *request);

#endif
