/* The wire: what a connection's bytes are by RFC 9112, before libmicrohttpd sees them.
 *
 * libmicrohttpd accepts much that is malformed, differently in each version, and where two servers read the same bytes in
 * two ways, one of them can be made to answer what the other never saw (RFC 9112, 11.2). So the framing of every request is
 * followed here, byte by byte, and what is not plainly well-formed goes no further.
 *
 * Well-formed: lines that end in CR LF and hold no control but tabs; a request line of method, target and HTTP/1.x with one
 * space between each; header names that are tokens, directly followed by a colon; no folded line; one Content-Length of up to
 * 10 digits, or one Transfer-Encoding that is `chunked`; chunks with their extensions, and trailers of the same form as headers.
 * Empty lines may come before a request.
 *
 * What is well-formed but of no use goes no further either, as versions of libmicrohttpd stumble over it: empty lines before a
 * request, blanks around a Content-Length or a Transfer-Encoding, chunk extensions and trailers. libmicrohttpd 1.0 leaves the
 * LF behind an extension in the chunk, and takes trailers behind it for a request.
 *
 * Takes no memory. Threads: a wire belongs to one at a time. */
#ifndef WARTA_SERVER_WIRE_H
#define WARTA_SERVER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A head that passes has room in libmicrohttpd's memory of a connection, together with what it keeps of each header, each part
 * of a query and each cookie: where there is none, it answers twice, or hangs. */
enum {
    WIRE_LINE_MAX = 4096 + 64, /* bytes of a request line */
    WIRE_HEAD_MAX = 9 * 1024,  /* bytes of a head; of a chunk's extension, or of the trailers */
    WIRE_HEADERS_MAX = 64,
    WIRE_PART_LEN = 64,
    WIRE_KEPT_MAX = 11 * 1024
};

/* Zeroed at the connection's start. */
struct wire {
    uint64_t requests;  /* that have ended */
    uint64_t left;      /* bytes of the body, or of the chunk */
    const char *reason; /* what is wrong, for the log, without any of the client's text; NULL: nothing */
    int status;         /* what to refuse it with: 400, 414, 431 or 505 */
    uint32_t len;       /* bytes of the head, or of a chunk's line, or of the trailers */
    uint32_t kept_len;  /* what libmicrohttpd keeps beside the head */
    uint16_t lines, name_len, spaces;
    uint8_t state, kind, value_len;
    bool after_space, cr, chunked, has_length;
    char name[20], value[20];
};

/* Reads on: all that was received, in order, in pieces of any size. Moves what is to be handed on to the front of `bytes`, and
 * returns how many bytes that are, which may be none; where something is wrong, those of the requests that end before it.
 * From then on nothing more is read. */
size_t wire_read(struct wire *wire, char *bytes, size_t len);

#endif
