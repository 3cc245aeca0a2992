/* The wire: what a connection's bytes are by RFC 9112, before libmicrohttpd sees them.
 *
 * libmicrohttpd accepts much that is malformed, differently in each version, and where two servers read the same bytes in
 * two ways, one of them can be made to answer what the other never saw (RFC 9112, 11.2). So the framing of every request is
 * followed here, byte by byte, and what is not plainly well-formed goes no further.
 *
 * Well-formed: lines that end in CR LF and hold no control but tabs; a request line of three parts with one space between each;
 * header names that are tokens, directly followed by a colon; no folded line; one Content-Length of up to 10 digits, or one
 * Transfer-Encoding that is `chunked`; chunks with their extensions, and trailers of the same form as headers. Empty lines may
 * come before a request.
 *
 * Takes no memory. Threads: a wire belongs to one at a time. */
#ifndef WARTA_SERVER_WIRE_H
#define WARTA_SERVER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_LINE_MAX = 4096 + 64, /* bytes of a request line */
    WIRE_HEAD_MAX = 9 * 1024,
    WIRE_HEADERS_MAX = 64,
    WIRE_CHUNK_DIGITS_MAX = 15
};

/* Zeroed at the connection's start. */
struct wire {
    uint64_t left;      /* bytes of the body, or of the chunk */
    const char *reason; /* what is wrong, for the log, without any of the client's text; NULL: nothing */
    int status;         /* what to refuse it with: 400, 414 or 431 */
    uint32_t len;       /* bytes of the head, or of a chunk's line, or of the trailer */
    uint16_t lines, name_len;
    uint8_t state, spaces, value_len;
    bool after_space, cr, frames, chunked, has_length;
    char name[20], value[20];
};

/* Reads on: all that was received, in order, in pieces of any size. How many bytes of them may be handed on: all, or where
 * something is wrong, those of the requests that end before it. From then on nothing more is read. */
size_t wire_read(struct wire *wire, const char *bytes, size_t len);

#endif
