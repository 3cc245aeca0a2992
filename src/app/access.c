#include "warta/app/access.h"

#include <string.h>
#include <strings.h>

#include "warta/http/client.h"
#include "warta/http/form.h"
#include "warta/newsroom/session.h"

/* --- the form --- */

static bool is_form(const char *media_type)
{
    static const char *const types[] = {"application/x-www-form-urlencoded", "multipart/form-data"};
    for (size_t i = 0; media_type != NULL && i < sizeof types / sizeof *types; i++) {
        size_t len = strlen(types[i]);
        if (strncasecmp(media_type, types[i], len) == 0 && strchr("; \t", media_type[len]) != NULL)
            return true;
    }
    return false;
}

static int form_read(struct exchange *x)
{
    const struct request *request = x->request;
    if (!is_form(request_header(request, "Content-Type")))
        return 415;
    if (strlen(request->body) == request->body_len && form_decode(&x->arena, request->body, x->form))
        return 200;
    x->detail =
        "The form holds something that is no text: a NUL, or bytes that are not UTF-8. Go back, and take out what was "
        "pasted last.";
    return 400;
}

/* --- the session --- */

/* The value of our cookie, if it can be one (*arena*); NULL otherwise. */
static const char *cookie_find(struct exchange *x, const char *name)
{
    size_t name_len = strlen(name);
    for (size_t i = 0; i < x->request->headers_len; i++) {
        const char *at = x->request->headers[i].value;
        if (!header_is(&x->request->headers[i], "Cookie"))
            continue;
        for (; *at != '\0'; at += strcspn(at, ";"), at += strspn(at, "; ")) {
            const char *value = at + name_len + 1;
            if (strncmp(at, name, name_len) != 0 || at[name_len] != '=')
                continue;
            const char *token = arena_copy(&x->arena, value, strcspn(value, "; \t"));
            if (session_token_valid(token))
                return token;
        }
    }
    return NULL;
}

/* Whether the visitor came with a cookie of ours; one who did not gets a new one with the first form. */
static bool cookie_read(struct exchange *x)
{
    const char *token = cookie_find(x, page_cookie_name(x->site));
    if (token != NULL)
        memcpy(x->cookie, token, strlen(token) + 1);
    else
        session_token(x->cookie);
    session_csrf(x->cookie, x->csrf);
    return token != NULL;
}

static int session_read(struct exchange *x)
{
    json_t *session = session_find(x->store, x->cookie, x->now_unix);
    if (session == NULL)
        return 500;
    if (!json_is_object(session)) {
        json_decref(session);
        return 200;
    }
    x->session = session;
    x->actor = (struct actor){
        .user_id = json_integer_value(json_object_get(session, "user_id")),
        .name = json_string_value(json_object_get(session, "name")),
    };
    store_request(x->store, x->id, true);
    /* Somebody else may be writing for a while, or the disk be full: who is logged in still is. */
    session_touch(x->store, session, x->now_unix);
    return 200;
}

/* --- where a form came from --- */

enum origin { ORIGIN_OURS, ORIGIN_FOREIGN, ORIGIN_UNTOLD };

static enum origin origin_of(const struct exchange *x)
{
    const char *origin = request_header(x->request, "Origin");
    const char *fetch_site = request_header(x->request, "Sec-Fetch-Site");
    if (origin != NULL)
        return strcmp(origin, x->site->base.origin) == 0 ? ORIGIN_OURS : ORIGIN_FOREIGN;
    if (fetch_site == NULL)
        return ORIGIN_UNTOLD;
    return strcmp(fetch_site, "same-origin") == 0 ? ORIGIN_OURS : ORIGIN_FOREIGN;
}

static int refuse(struct exchange *x, const char *why)
{
    log_write(x->site->log, LOG_WARN, x->id, "refused: %s (%s %s from %s)", why, method_name(x->request->method),
              x->route->pattern, page_shown_client(x));
    return 403;
}

static int refuse_origin(struct exchange *x)
{
    const char *origin = request_header(x->request, "Origin");
    if (origin == NULL || !text_valid(origin, strlen(origin)))
        origin = "another site";
    if (strcmp(origin, "null") == 0)
        x->detail = "The browser did not say where the form came from. Go back, open the page in a window of its own, "
                    "and send it once more.";
    else
        x->detail = arena_format(&x->arena,
                                 "The form came from %s, but this site is %s. If that is where you are, the site's "
                                 "--base-url is set wrong.",
                                 origin, x->site->base.origin);
    return refuse(x, "a form from a foreign origin");
}

/* A form with a wrong token may still be our own, from before the session ended or began anew. Where the browser vouches for
 * its origin it is trusted so far as to show what it holds again: behind the login, or in the editor. */
static int check_form(struct exchange *x, bool had_cookie)
{
    enum origin origin = origin_of(x);
    if (origin == ORIGIN_FOREIGN)
        return refuse_origin(x);
    if (had_cookie && session_csrf_valid(x->cookie, form_text(x, "csrf")))
        return 200;
    if (origin == ORIGIN_OURS && x->session == NULL)
        return 200;
    if (origin == ORIGIN_OURS && strncmp(x->path, "/admin/items", strlen("/admin/items")) == 0)
        return page_form_again(x);
    x->detail = "This form has expired. Go back, load the page again, and send it once more.";
    return refuse(x, "a form without its token");
}

/* --- the row --- */

/* Nobody is logged in: a form waits for the login, a page is come back to. */
static int ask_login(struct exchange *x)
{
    if (x->request->method == METHOD_POST)
        return page_login_carry(x);
    struct buf path = BUF_EMPTY;
    buf_text(&path, "/admin/login");
    const char *mark = *x->request->query == '\0' ? "" : "?";
    const char *next = arena_format(&x->arena, "%s%s%s", x->path, mark, x->request->query);
    if (strlen(next) <= PAGE_NEXT_MAX)
        url_query_append(&path, "next", next);
    int status = page_redirect(x, 303, buf_string(&path));
    buf_release(&path);
    return status;
}

int access_check(struct exchange *x, const struct route *route)
{
    bool posts = x->request->method == METHOD_POST;
    if (route->lane == LANE_FAST)
        return 200;
    x->client = client_address_text(&x->arena, x->request, x->site->trusted_proxies);
    bool had_cookie = cookie_read(x);
    int status = session_read(x);
    if (status != 200) {
        /* Who sent it cannot be told, but what was typed can be given back. */
        if (posts && origin_of(x) != ORIGIN_FOREIGN)
            form_read(x);
        return status;
    }
    if (posts)
        status = form_read(x);
    if (status == 200 && posts)
        status = check_form(x, had_cookie);
    if (status != 200 || route->access == ACCESS_ALL)
        return status;
    if (x->session == NULL)
        return ask_login(x);
    if (route->access == ACCESS_ADMIN && strcmp(json_string_value(json_object_get(x->session, "role")), "admin") != 0) {
        x->detail = "This page is for admins. Ask one of them.";
        return refuse(x, "an editor on an admin's page");
    }
    return 200;
}
