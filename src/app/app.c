#include "warta/app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "warta/app/access.h"
#include "warta/app/route.h"
#include "warta/http/accept.h"

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

static void exchange_init(struct exchange *x, struct app *app, const struct request *request, struct response *response)
{
    *x = (struct exchange){
        .site = app->site,
        .store = app->store,
        .text = app->text,
        .request = request,
        .id = request->id,
        .response = response,
        .params = json_object(),
        .form = json_object(),
        .client = request->client,
        .now_unix = app->site->clock(),
    };
    arena_init(&x->arena);
}

/* The path within the site: as it came where a proxy has taken the prefix off, else without the prefix. NULL if the
 * prefix is all there is, and its slash is missing. */
static const char *path_within(const struct site *site, const char *path)
{
    const char *prefix = site->base.prefix;
    size_t prefix_len = strlen(prefix);
    if (prefix_len == 0 || strncmp(path, prefix, prefix_len) != 0)
        return path;
    if (path[prefix_len] == '\0')
        return NULL;
    return path[prefix_len] == '/' ? path + prefix_len : path;
}

/* "/items/a/?q" → "/items/a?q", if that is an address of ours; 404 if not. */
static int redirect_without_slash(struct exchange *x, const char *path)
{
    char allow[64];
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    const char *shorter = arena_copy(&x->arena, path, len);
    json_t *captures = json_object();
    x->route = route_find(METHOD_GET, shorter, captures, allow, sizeof allow);
    bool known = x->route != NULL || *allow != '\0';
    json_decref(captures);
    if (!known)
        return 404;
    const char *mark = *x->request->query == '\0' ? "" : "?";
    return page_redirect(x, 308, arena_format(&x->arena, "%s%s%s", shorter, mark, x->request->query));
}

/* Reads the query by the route's table; the captures are among the parameters already, and stay. */
static int read_params(struct exchange *x, const struct route *route)
{
    char error[PARAM_ERROR_CAP];
    if (route->params == NULL)
        return 200;
    json_t *params = params_parse(route->params, x->request->query, error);
    if (params == NULL) {
        x->detail = arena_copy(&x->arena, error, strlen(error));
        return 400;
    }
    json_object_update_missing(x->params, params);
    json_decref(params);
    return 200;
}

/* What to answer where no row fits. */
static int no_route(struct exchange *x, const char *allow)
{
    if (*allow != '\0') {
        response_header(x->response, "Allow", allow);
        return x->request->method == METHOD_OPTIONS ? 204 : 405;
    }
    size_t len = strlen(x->path);
    if (len > 1 && x->path[len - 1] == '/')
        return redirect_without_slash(x, x->path);
    return 404;
}

/* Nothing is wrong with the request: the same can be sent again when the disk can be written again. */
static int unavailable(struct exchange *x)
{
    enum { RETRY_AFTER_S = 30 };
    response_header(x->response, "Retry-After", arena_format(&x->arena, "%d", RETRY_AFTER_S));
    return 503;
}

/* All that a page of the fast lane tells is of one moment, and its many statements take one lock of the database. */
static int page_of_one_moment(struct exchange *x, const struct route *route)
{
    if (!store_begin(x->store))
        return 500;
    int status = route->page(x);
    store_rollback(x->store); /* it only read */
    return status;
}

static int dispatch(struct exchange *x)
{
    char allow[64];
    x->path = path_within(x->site, x->request->path);
    if (x->path == NULL)
        return page_redirect(x, 308, "/");
    const struct route *route = route_find(x->request->method, x->path, x->params, allow, sizeof allow);
    x->route = route;
    if (route == NULL)
        return no_route(x, allow);
    if (route->lane != LANE_FAST)
        response_header(x->response, "Cache-Control", "no-store");
    store_request(x->store, x->id, false);
    int status = read_params(x, route);
    if (status == 200)
        status = access_check(x, route);
    if (status != 200)
        return status;
    if (x->request->uploads_lost) {
        x->detail = "There was no room for the files that came with it. They have to be chosen again.";
        return unavailable(x);
    }
    store_request(x->store, x->id, route->method != METHOD_GET);
    return route->lane == LANE_FAST ? page_of_one_moment(x, route) : route->page(x);
}

static const struct route *find_row(const struct app *app, enum method method, const char *path)
{
    char allow[64];
    path = path_within(app->site, path);
    json_t *captures = json_object();
    const struct route *route = path == NULL ? NULL : route_find(method, path, captures, allow, sizeof allow);
    json_decref(captures);
    return route;
}

const struct route *app_route(const struct app *app, const struct request *request)
{
    return find_row(app, request->method, request->path);
}

const struct route *app_keeps(const struct app *app, const struct request *request, struct buf *target)
{
    char error[PARAM_ERROR_CAP];
    const struct route *route = strchr(request->path, '%') == NULL ? find_row(app, METHOD_GET, request->path) : NULL;
    if (route == NULL || !route->cached)
        return NULL;
    buf_text(target, request->path);
    if (route->params == NULL)
        return route;
    json_t *params = params_parse(route->params, request->query, error);
    if (params != NULL)
        params_canonical(route->params, params, target);
    json_decref(params);
    return params != NULL ? route : NULL;
}

/* Whether some page of staff, or one that a token opens, is at an address that begins with the same segment. */
static bool is_near_private(const char *path)
{
    size_t len;
    size_t segment_len = 1 + strcspn(path + 1, "/");
    const struct route *routes = route_table(&len);
    for (size_t i = 0; i < len; i++) {
        const char *pattern = routes[i].pattern;
        if (routes[i].lane != LANE_FAST && 1 + strcspn(pattern + 1, "/") == segment_len &&
            memcmp(pattern, path, segment_len) == 0)
            return true;
    }
    return false;
}

/* The row that was meant, be it with slashes at its end or by a method that it does not take. */
static const struct route *meant(const struct app *app, const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    char *shorter = mem_copy(path, len);
    const struct route *route = find_row(app, METHOD_GET, shorter);
    if (route == NULL)
        route = find_row(app, METHOD_POST, shorter);
    free(shorter);
    return route;
}

void app_log_target(const struct app *app, const struct request *request, struct buf *target)
{
    const char *path = path_within(app->site, request->path);
    const struct route *route = meant(app, request->path);
    if (route != NULL && route->lane == LANE_FAST)
        buf_format(target, "%s%s%s", request->path, *request->query == '\0' ? "" : "?", request->query);
    else if (route != NULL)
        buf_text(target, route->access == ACCESS_ALL ? route->pattern : request->path);
    else if (path != NULL && is_near_private(path))
        buf_format(target, "%.*s…", (int)(1 + strcspn(path + 1, "/")), path);
    else
        buf_text(target, request->path);
}

void app_client(struct app *app, const struct request *request, char out[static CLIENT_CAP])
{
    client_address(request, app->site->trusted_proxies, out);
}

void app_timings_add(const struct app *app, struct store_timing sums[static STORE_TIMED])
{
    store_timings_add(app->store, sums);
}

bool app_content(struct app *app, struct content *content)
{
    json_t *params = json_pack("{s:I}", "now_unix", (json_int_t)app_now(app));
    json_t *row = store_row(app->store, SQL_CONTENT_NOW, params);
    json_t *next = json_object_get(row, "next_unix");
    content->generation = (int64_t)json_integer_value(json_object_get(row, "generation"));
    content->next_unix = json_is_integer(next) ? (int64_t)json_integer_value(next) : INT64_MAX;
    bool ok = json_is_object(row);
    json_decref(params);
    json_decref(row);
    return ok;
}

int64_t app_now(const struct app *app)
{
    return app->site->clock();
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
    return x->route != NULL && x->route->cached &&
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

void app_handle(struct app *app, const struct request *request, struct response *response)
{
    struct exchange x;
    exchange_init(&x, app, request, response);
    int status = dispatch(&x);
    if (status == 500 && store_unavailable(app->store))
        status = unavailable(&x);
    if (status >= 400 && response->body.len == 0 && response->stream.read == NULL)
        status = page_error(&x, status);
    response->status = status;
    finish_headers(&x);
    store_request(app->store, NULL, false);
    exchange_release(&x);
}
