/* A finished page: the bytes that readers are sent, in each coding, with their headers.
 *
 * It is made of an app's response, and never changes but for its compressed forms, which are made when they are first asked
 * for. Each form has a strong ETag of its own (RFC 9110, 8.8.3), a hash of its bytes.
 *
 * Threads: any; pages are counted references. */
#ifndef WARTA_SERVER_PAGE_H
#define WARTA_SERVER_PAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/http/accept.h"
#include "warta/http/conditional.h"
#include "warta/http/message.h"

enum { PAGE_ETAG_CAP = 19 };

struct page;

/* One form of a page, borrowed from it. `encoding` is identity where compression would not make it smaller. */
struct page_form {
    enum encoding encoding;
    const char *bytes;
    size_t len;
    char etag[PAGE_ETAG_CAP];
};

/* Takes body and headers of `response`. `modified_unix` is when its content was last changed, 0 if that is not known;
 * the bytes it takes are counted in `*total` (*borrowed* for the page's life) as long as it lives. The caller owns a
 * reference. */
struct page *page_create(struct response *response, int64_t modified_unix, atomic_size_t *total);
struct page *page_keep(struct page *page);
void page_drop(struct page *page);

/* The form for a client that takes `encoding` (*borrowed*). */
const struct page_form *page_form(struct page *page, enum encoding encoding);

/* The page's own headers, and when it was last changed: "" and 0 if that is not known (*borrowed*). */
const struct header *page_headers(const struct page *page, size_t *len);
const char *page_modified(const struct page *page, int64_t *modified_unix);

/* Whether it was asked for since the last page_forget_use: what tells pages that are read from those that are not.
 * Setting it again and again writes nothing, so that cores do not contend for it. */
void page_use(struct page *page);
bool page_forget_use(struct page *page);

#endif
