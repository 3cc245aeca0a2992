/* Requests and responses as values, without a socket.
 *
 * Threads: a message belongs to one thread at a time. */
#ifndef WARTA_HTTP_MESSAGE_H
#define WARTA_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <strings.h>

#include "warta/base/buf.h"

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OPTIONS, METHOD_OTHER };

struct header {
    const char *name; /* as sent; names compare without case (RFC 9110, 5.1) */
    const char *value;
};

/* All borrowed from whoever made the request, for as long as it is handled. */
struct request {
    const char *id; /* names it in the log and on a 500 page; NULL: it has none */
    enum method method;
    const char *path;  /* as sent, still percent-encoded, begins with '/', without the query */
    const char *query; /* behind the '?', still percent-encoded; "" if none */
    const struct header *headers;
    size_t headers_len;
    const char *body; /* as sent */
    size_t body_len;
    bool body_cut;      /* only its beginning was kept: nobody is logged in, or there was no room */
    bool uploads_lost;  /* there was no room */
    const char *client; /* the peer's network address in words; "" if there is none */
};

enum { RESPONSE_HEADERS_MAX = 24 };

/* A body in a file. */
struct response_file {
    int fd; /* owned; -1: none */
    int64_t offset, len;
};

struct response {
    int status;
    int64_t generation;                          /* of the content that a page to be kept was made from; 0: not read */
    struct buf body;                             /* or */
    struct response_file file;                   /* where it has a descriptor */
    bool compressed;                             /* what follows is known; else it has to be made */
    struct buf gzip, brotli;                     /* the body's compressed forms, empty where that is no smaller */
    struct header headers[RESPONSE_HEADERS_MAX]; /* owned copies */
    size_t headers_len;
};

/* The method of that exact name (RFC 9110, 9.1: names are case-sensitive); METHOD_OTHER for any not listed. */
enum method method_parse(const char *name);
const char *method_name(enum method method);

/* Whether a header has that name, in any case. Most differ in the first letter, which is looked at before all of it
 * is compared: every request asks this some hundred times. */
static inline bool header_is(const struct header *header, const char *name)
{
    return ((header->name[0] ^ name[0]) & ~0x20) == 0 && strcasecmp(header->name, name) == 0;
}

/* The first header of that name, or NULL (*borrowed*). */
const char *request_header(const struct request *request, const char *name);

void response_init(struct response *response);
void response_release(struct response *response);

/* Sets a header, replacing one of the same name; both are copied. A control character in either is a bug. */
void response_header(struct response *response, const char *name, const char *value);

/* The header's value, or NULL (*borrowed*). */
const char *response_header_get(const struct response *response, const char *name);

/* "Not Found" for 404, and so on (RFC 9110, 15); "" for a status not used here. */
const char *status_reason(int status);

#endif
