#include "warta/app/access.h"

#include <string.h>
#include <strings.h>

#include "warta/http/form_data.h"
#include "warta/newsroom/session.h"

/* --- the form --- */

static int form_read(struct exchange *x)
{
    const struct request *request = x->request;
    x->posted = arena_alloc(&x->arena, sizeof *x->posted);
    x->posted->arena = &x->arena;
    x->posted->fields = x->form;
    int status = form_data_read(x->posted, request_header(request, "Content-Type"), request->body, request->body_len,
                                request->body_cut);
    x->detail = x->posted->problem;
    if (status == 413)
        x->detail =
            arena_format(&x->arena,
                         "That is too large to send: at most %zu MB of files, %d of them, and 1 MB of text in %d "
                         "fields. Go back and send less at once.",
                         x->site->upload_max >> 20, FORM_DATA_UPLOADS_MAX, FORM_FIELDS_MAX);
    return status;
}

/* --- the session --- */

/* Reads the value of our cookie; false if there is none that can be one. */
static bool cookie_find(const struct site *site, const struct request *request, char token[static SESSION_TOKEN_CAP])
{
    const char *name = page_cookie_name(site);
    size_t name_len = strlen(name);
    for (size_t i = 0; i < request->headers_len; i++) {
        const char *at = request->headers[i].value;
        if (!header_is(&request->headers[i], "Cookie"))
            continue;
        for (; *at != '\0'; at += strcspn(at, ";"), at += strspn(at, "; ")) {
            if (strncmp(at, name, name_len) != 0 || at[name_len] != '=')
                continue;
            const char *value = at + name_len + 1;
            size_t len = strcspn(value, "; \t");
            if (len >= SESSION_TOKEN_CAP)
                continue;
            memcpy(token, value, len);
            token[len] = '\0';
            if (session_token_valid(token))
                return true;
        }
    }
    return false;
}

bool access_knows(struct store *store, const struct site *site, const struct request *request, int64_t now_unix)
{
    char token[SESSION_TOKEN_CAP];
    if (!cookie_find(site, request, token))
        return false;
    json_t *session = session_find(store, token, now_unix);
    bool known = json_is_object(session);
    json_decref(session);
    return known;
}

/* Whether the visitor came with a cookie of ours; one who did not gets a new one with the first form. */
static bool cookie_read(struct exchange *x)
{
    bool found = cookie_find(x->site, x->request, x->cookie);
    if (!found)
        session_token(x->cookie);
    session_csrf(x->cookie, x->csrf);
    return found;
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
    if (origin == ORIGIN_OURS && (x->route->flags & ROUTE_REOPENS) != 0)
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
    if (route->access == ACCESS_NOBODY)
        return refuse(x, "a page that nobody may see");
    if (route->access == ACCESS_PUBLIC && !posts)
        return 200;
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
    if (status != 200 || route->access == ACCESS_PUBLIC || route->access == ACCESS_VISITOR)
        return status;
    if (x->session == NULL)
        return ask_login(x);
    if (route->access != ACCESS_STAFF && strcmp(json_string_value(json_object_get(x->session, "role")), "admin") != 0) {
        x->detail = "This page is for admins. Ask one of them.";
        return refuse(x, "an editor on an admin's page");
    }
    return 200;
}
