/* What a page handler works with: one exchange of a request for a response.
 *
 * A handler takes its values from `params` (query parameters and {captures} of the path, both under their own names),
 * fills `model`, and returns an HTTP status, mostly by way of page_html, page_json or page_redirect. It frees nothing:
 * the exchange owns arena, params and model, and exchange_release gives all of it back. A status of 400 and above that
 * comes without a body becomes the error page.
 *
 * Threads: a site is constant once filled in and shared; an exchange belongs to one thread. */
#ifndef WARTA_PAGES_PAGE_H
#define WARTA_PAGES_PAGE_H

#include <jansson.h>
#include <stdint.h>

#include "warta/base/log.h"
#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/http/message.h"
#include "warta/http/params.h"
#include "warta/http/url.h"
#include "warta/store/store.h"
#include "warta/view/view.h"

/* What all threads share; everything is borrowed. */
struct site {
    const struct view *view;
    const struct log *log;
    struct url_base base;
    const char *title, *description, *lang, *timezone;
    int64_t (*clock)(void); /* seconds since 1970 */
};

enum { EXCHANGE_ID_CAP = 24 };

struct exchange {
    const struct site *site;
    struct store *store;
    struct text *text;
    const struct request *request;
    struct response *response;
    struct arena arena;
    json_t *params;
    json_t *model;
    const char *detail; /* for the error page: what was wrong, in words; NULL if the status says it all */
    int64_t now_unix;
    char id[EXCHANGE_ID_CAP]; /* names this request in the log and on a 500 page */
};

typedef int page_handler(struct exchange *x);

void exchange_release(struct exchange *x);

/* Renders the model by that template as the body. Returns `status`, or 500 when the template cannot be rendered,
 * which is logged. */
int page_html(struct exchange *x, int status, const char *template_name);

/* `body` (*steals*; NULL is a fault) as JSON of that media type. Returns `status`, or 500 on a fault. */
int page_json(struct exchange *x, int status, const char *media_type, json_t *body);

/* A redirect within the site: `path` is without the site's prefix. Returns `status`. */
int page_redirect(struct exchange *x, int status, const char *path);

/* The error page for `status`, or problem details (RFC 9457) where JSON was asked for. Returns `status`. */
int page_error(struct exchange *x, int status);

/* "https://host/prefix" + `path` (*arena*). */
const char *page_absolute(struct exchange *x, const char *path);

/* "/prefix" + `path` (*arena*). */
const char *page_href(struct exchange *x, const char *path);

/* The handlers, for the route table. */
page_handler page_listing, page_listing_json;
page_handler page_item, page_item_json, page_item_md;
page_handler page_static;

/* The parameters of the listing in all its forms. */
extern const struct param listing_params[];

#endif
