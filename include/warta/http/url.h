/* Addresses: percent-encoding, query strings, the site's base address (RFC 3986; forms: WHATWG URL, 5.1).
 *
 * Threads: any. */
#ifndef WARTA_HTTP_URL_H
#define WARTA_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"

/* Appends `text` percent-encoded but for RFC 3986's unreserved characters: right in a path segment and in a query. */
void url_encode(struct buf *out, const char *text);

/* Percent-decodes one path segment (*arena*). NULL if an escape is malformed, or the result holds NUL or '/', is not
 * valid UTF-8, or is "." or "..". */
char *url_decode_segment(struct arena *arena, const char *segment, size_t len);

/* Takes the next `name=value` off a query string; '+' is a space. Returns 1 with both decoded (*arena*), 0 at the end,
 * -1 if an escape is malformed or the result is not valid UTF-8 or holds NUL (`name` is then as far as it could be
 * read, or ""). `*query` moves on. Empty pairs ("&&") are passed over. */
int url_query_next(struct arena *arena, const char **query, char **name, char **value);

/* Appends "?name=value" or "&name=value", encoded, depending on whether `out` already holds a '?'. */
void url_query_append(struct buf *out, const char *name, const char *value);

/* A base address "https://host[:port][/prefix]" in parts: `origin` as a browser sends it (lower case, without the
 * scheme's usual port or a trailing slash), `prefix` "" or "/prefix" without a trailing slash. */
struct url_base {
    char *origin;
    char *prefix;
};

/* False, with a reason in `error`, unless `address` is http or https with a host and without user, query or fragment,
 * and without dot segments; the host must be plain ASCII and the prefix hold unreserved characters only, so that it
 * needs no escape in a page, a header or a cookie. The parts are owned by `base`. */
bool url_base_init(struct url_base *base, const char *address, char *error, size_t error_len);
void url_base_release(struct url_base *base);

/* Whether `address` is an absolute http or https address with a host and no white space or control characters: what
 * an item's link may be. `address` must be valid UTF-8. */
bool url_is_http(const char *address);

#endif
