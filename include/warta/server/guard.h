/* The guard: which requests are let through to the pipeline.
 *
 * libmicrohttpd 0.9.75 accepts much that RFC 9112 calls malformed, and where two servers read the same bytes in two
 * ways, one of them can be made to answer what the other never saw (RFC 9112, 11.2). So every request that is not
 * plainly well-formed is refused here, before anything looks at it, and its connection is closed.
 *
 * Refused: a method or a header name that is not a token; control characters in values; no Host (HTTP/1.1), several or
 * an invalid one; a repeated or odd Content-Length; a Transfer-Encoding other than exactly `chunked`, in HTTP/1.0 or
 * beside a Content-Length; a target that does not begin with '/' or holds '#', white space, controls, bytes over 0x7e,
 * malformed escapes or %00; in its path also '\', %2f, %5c and dot segments, raw or escaped; and whatever is too long.
 * An unknown method that is a token is let through: the pipeline answers it.
 *
 * What libmicrohttpd hides from the application cannot be seen in the parts: a folded line (it lengthens the *name*), a
 * header without a name (it ends the head, and the rest would be read as a request), a NUL in the target or in a header
 * (they are cut short), a line that ends in LF alone, and spaces doubled in the request line. All of them make the
 * parts' lengths differ from the head's, which is what `exact` stands for. Two things stay hidden: chunk extensions and
 * LF alone in a chunked body, which change no framing, and a header without a name whose line ends in LF alone, as it
 * cannot be told from the head's end.
 *
 * Some requests never come here, because libmicrohttpd answers them itself and closes the connection: a malformed
 * request line (400, 505, or none), a header without a colon (400), a Content-Length that is no number (400, 413) and a
 * head that outgrows the connection's memory (414, 431); the last two it writes twice.
 *
 * Pure functions. Threads: any. */
#ifndef WARTA_SERVER_GUARD_H
#define WARTA_SERVER_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/http/message.h"

enum { GUARD_TARGET_MAX = 4096, GUARD_HEADERS_MAX = 64 };

/* A request's head, borrowed. */
struct guard_request {
    const char *method;
    const char *target;           /* as sent, with its query; one longer than GUARD_TARGET_MAX may be cut behind that */
    const char *version;          /* "HTTP/1.1" */
    const struct header *headers; /* at least the first GUARD_HEADERS_MAX */
    size_t headers_len;           /* how many were sent */
    bool exact;                   /* the parts add up to the head's length */
    size_t body_max;              /* bytes of body that are read */
};

struct guard_verdict {
    int status;         /* 0 lets the request through; otherwise 400, 413, 414 or 431 */
    const char *reason; /* for the log, without any of the client's text; NULL if let through */
};

struct guard_verdict guard_check(const struct guard_request *request);

/* Whether a request let through sends a body, be it an empty one. */
bool guard_has_body(const struct guard_request *request);

/* The length of the body that a request let through declares; 0 if it has none or sends it in chunks. */
size_t guard_body_len(const struct guard_request *request);

#endif
