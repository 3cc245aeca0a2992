/* The syntax of multipart/form-data (RFC 7578; RFC 2046, 5.1), read as it comes in, in pieces of any size.
 *
 * libmicrohttpd's post-processor is not used for it: it may hand on no bytes both for an empty value and for the
 * beginning of one, depending on where the network cuts the body, so that the values of a repeated field slip out of
 * step; and it takes quadratic time over a long preamble and over many short lines.
 *
 * What comes before the first boundary and behind the last is read past. Anything else that does not fit fails: a
 * boundary that is not followed by CR LF or "--", a part's head over MULTIPART_HEAD_MAX bytes, a NUL in it. Of a part's
 * head only name and filename of Content-Disposition are looked at; `name*` and nested parts mean nothing here (RFC
 * 7578, 4.2 and 4.3). In a quoted value \" stands for a quote, and any other backslash for itself, as browsers mean it.
 *
 * Takes linear time and, beside a piece, memory for one head. Threads: one at a time. */
#ifndef WARTA_SERVER_MULTIPART_H
#define WARTA_SERVER_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"

enum { MULTIPART_HEAD_MAX = 8192, MULTIPART_BOUNDARY_MAX = 70 };

/* What is told of each part, in this order. */
struct multipart_events {
    void (*begin)(void *context, const char *name, const char *file_name); /* borrowed; NULL where there is none */
    void (*bytes)(void *context, const char *bytes, size_t len);           /* any number of times; len > 0 */
    void (*end)(void *context);
};

struct multipart {
    enum {
        MULTIPART_PREAMBLE,
        MULTIPART_VALUE,
        MULTIPART_DELIMITER,
        MULTIPART_HEAD,
        MULTIPART_DONE,
        MULTIPART_FAILED
    } state;
    const struct multipart_events *events;
    void *context;
    struct buf pending; /* read, but not told yet */
    size_t delimiter_len;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX + 1]; /* CR LF "--" boundary */
};

/* Whether a Content-Type (NULL: none) is multipart/form-data. */
bool multipart_is(const char *content_type);

/* `events` and `context` are borrowed. False if the Content-Type names no boundary, or none that is allowed; there is
 * then nothing to release. */
bool multipart_init(struct multipart *multipart, const char *content_type, const struct multipart_events *events,
                    void *context);
void multipart_release(struct multipart *multipart);

/* Reads on. After a failure it does nothing. */
void multipart_read(struct multipart *multipart, const char *bytes, size_t len);

/* Whether all that was read is well-formed and its last boundary has come. */
bool multipart_whole(const struct multipart *multipart);

#endif
