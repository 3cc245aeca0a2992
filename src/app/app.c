#include "warta/app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "warta/app/access.h"
#include "warta/http/accept.h"
#include "warta/http/client.h"

struct app {
    const struct site *site;
    struct store *store;
    struct text *text;
};

struct app *app_create(const struct site *site, const char *database, enum store_access access, char *error,
                       size_t error_len)
{
    struct app *app = mem_alloc(sizeof *app);
    app->site = site;
    app->text = text_create(site->lang, site->timezone, error, error_len);
    if (app->text != NULL)
        app->store = store_open(database, access, site->log, error, error_len);
    if (app->store != NULL)
        return app;
    app_destroy(app);
    return NULL;
}

void app_destroy(struct app *app)
{
    if (app == NULL)
        return;
    store_destroy(app->store);
    text_destroy(app->text);
    free(app);
}

static void exchange_init(struct exchange *x, struct app *app, const struct request *request, struct match *match,
                          struct response *response)
{
    *x = (struct exchange){
        .site = app->site,
        .store = app->store,
        .text = app->text,
        .request = request,
        .id = request->id,
        .response = response,
        .route = match->route,
        .path = match->path,
        .params = match->params != NULL ? match->params : json_object(),
        .form = json_object(),
        .now_unix = app->site->clock(),
    };
    match->params = NULL;
    arena_init(&x->arena);
    x->client = client_address_text(&x->arena, request, app->site->trusted_proxies);
}

/* "/items/a/?q" → "/items/a?q", if that is an address of ours; 404 if not. */
static int redirect_without_slash(struct exchange *x)
{
    size_t len = strlen(x->path);
    while (len > 1 && x->path[len - 1] == '/')
        len--;
    const char *shorter = arena_copy(&x->arena, x->path, len);
    const char *mark = *x->request->query == '\0' ? "" : "?";
    if (!match_knows(shorter))
        return 404;
    return page_redirect(x, 308, arena_format(&x->arena, "%s%s%s", shorter, mark, x->request->query));
}

/* What to answer where no row fits. */
static int no_route(struct exchange *x, const char *allow)
{
    if (*allow != '\0') {
        response_header(x->response, "Allow", allow);
        return x->request->method == METHOD_OPTIONS ? 204 : 405;
    }
    size_t len = strlen(x->path);
    return len > 1 && x->path[len - 1] == '/' ? redirect_without_slash(x) : 404;
}

/* Nothing is wrong with the request: the same can be sent again when the disk can be written again. */
static int unavailable(struct exchange *x)
{
    enum { RETRY_AFTER_S = 30 };
    response_header(x->response, "Retry-After", arena_format(&x->arena, "%d", RETRY_AFTER_S));
    return 503;
}

/* All that a page for readers tells is of one moment, and its many statements take one lock of the database. */
static int page_of_one_moment(struct app *app, struct exchange *x)
{
    struct content content;
    if (!store_begin(x->store))
        return 500;
    int status = x->route->page(x);
    if ((x->route->flags & ROUTE_CACHED) != 0 && status == 200 && app_content(app, &content))
        x->response->generation = content.generation;
    store_rollback(x->store); /* it only read */
    return status;
}

static int dispatch(struct app *app, struct exchange *x, const struct match *match)
{
    const struct route *route = match->route;
    if (match->path == NULL)
        return page_redirect(x, 308, "/");
    if (route == NULL)
        return no_route(x, match->allow);
    if (route->access != ACCESS_PUBLIC)
        response_header(x->response, "Cache-Control", "no-store");
    store_request(x->store, x->id, false);
    if (*match->error != '\0') {
        x->detail = match->error;
        return 400;
    }
    int status = access_check(x, route);
    if (status != 200)
        return status;
    if (x->request->uploads_lost && (x->request->body_cut || (x->posted != NULL && x->posted->uploads_len > 0))) {
        x->detail = "There was no room for the files. Choose them again.";
        return unavailable(x);
    }
    if (x->request->body_cut)
        return 413;
    store_request(x->store, x->id, route->method != METHOD_GET);
    return route->lane == LANE_READ ? page_of_one_moment(app, x) : route->page(x);
}

void app_timings_add(const struct app *app, struct store_timing sums[static STORE_TIMED])
{
    store_timings_add(app->store, sums);
}

bool app_content(struct app *app, struct content *content)
{
    json_t *params = json_pack("{s:I}", "now_unix", (json_int_t)app->site->clock());
    json_t *row = store_row(app->store, SQL_CONTENT_NOW, params);
    json_t *next = json_object_get(row, "next_unix");
    content->generation = (int64_t)json_integer_value(json_object_get(row, "generation"));
    content->next_unix = json_is_integer(next) ? (int64_t)json_integer_value(next) : INT64_MAX;
    bool ok = json_is_object(row);
    json_decref(params);
    json_decref(row);
    return ok;
}

static void default_header(struct response *response, const char *name, const char *value)
{
    if (response_header_get(response, name) == NULL)
        response_header(response, name, value);
}

/* Browsers ask each time, and are told that nothing changed; caches that many share may hold a page for two seconds, and
 * serve it on while this server is down (RFC 9111, 5.2.2; RFC 5861). That they may also serve it while they ask for a newer
 * one is said to them alone (RFC 9213), as a browser would take it at its word. */
static void shared_caching(struct response *response)
{
    response_header(response, "Cache-Control", "public, max-age=0, s-maxage=2, stale-if-error=86400");
    response_header(response, "CDN-Cache-Control", "max-age=2, stale-while-revalidate=10, stale-if-error=86400");
}

/* Whether everybody gets the same. That there is no such page is held as a page is: it takes the place of one that was
 * withdrawn, which would be served again whenever this server is down. */
static bool is_shared(const struct exchange *x)
{
    int status = x->response->status;
    return x->route != NULL && (x->route->flags & ROUTE_CACHED) != 0 &&
           (status == 200 || (status == 404 && !request_prefers_json(x->request)));
}

/* Headers of every response; a page may have set its own caching. */
static void finish_headers(const struct exchange *x)
{
    struct response *response = x->response;
    if (is_shared(x) && response_header_get(response, "Cache-Control") == NULL)
        shared_caching(response);
    default_header(response, "Cache-Control", response->status == 200 ? "no-cache" : "no-store");
    default_header(
        response, "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'");
    response_header(response, "X-Content-Type-Options", "nosniff");
    response_header(response, "Referrer-Policy", "strict-origin-when-cross-origin");
    response_header(response, "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()");
}

void app_answer(struct app *app, const struct request *request, struct match *match, struct response *response)
{
    struct exchange x;
    exchange_init(&x, app, request, match, response);
    int status = dispatch(app, &x, match);
    if (status == 500 && store_unavailable(app->store))
        status = unavailable(&x);
    if (status >= 400 && response->body.len == 0 && response->file.fd < 0)
        status = page_error(&x, status);
    response->status = status;
    finish_headers(&x);
    store_request(app->store, NULL, false);
    exchange_release(&x);
}

void app_handle(struct app *app, const struct request *request, struct response *response)
{
    struct match match;
    match_init(&match, app->site->base.prefix, request);
    app_answer(app, request, &match, response);
    match_release(&match);
}

bool app_knows(struct app *app, const struct request *request)
{
    return access_knows(app->store, app->site, request, app->site->clock());
}
