#include "warta/pages/page.h"

#include <stdlib.h>
#include <string.h>

#include "warta/http/accept.h"
#include "warta/http/client.h"

void exchange_release(struct exchange *x)
{
    json_decref(x->params);
    json_decref(x->form);
    json_decref(x->session);
    json_decref(x->model);
    arena_release(&x->arena);
}

const char *page_shown_client(struct exchange *x)
{
    char *out = arena_alloc(&x->arena, CLIENT_CAP);
    client_shown(x->client, x->site->log->clients, out);
    return out;
}

int page_body(struct exchange *x, int status, const char *media_type)
{
    response_header(x->response, "Content-Type", media_type);
    return status;
}

int page_html(struct exchange *x, int status, const char *template_name)
{
    char error[256];
    bool ok = view_render(x->site->view, template_name, x->model, &x->response->body, error, sizeof error);
    if (*error != '\0')
        log_write(x->site->log, LOG_ERROR, x->id, "%s%s", ok ? "the theme's template was not used: " : "", error);
    if (!ok)
        return 500;
    return page_body(x, status, "text/html; charset=utf-8");
}

int page_json(struct exchange *x, int status, const char *media_type, json_t *body)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(body);
    if (text == NULL)
        return 500;
    buf_text(&x->response->body, text);
    free(text);
    return page_body(x, status, media_type);
}

int page_redirect(struct exchange *x, int status, const char *path)
{
    response_header(x->response, "Location", page_href(x, path));
    return status;
}

/* Pages hold many addresses, so these are put together without a format. */
static const char *address(struct exchange *x, const char *origin, const char *path)
{
    const char *prefix = x->site->base.prefix;
    size_t origin_len = strlen(origin), prefix_len = strlen(prefix), path_len = strlen(path);
    char *text = arena_alloc(&x->arena, origin_len + prefix_len + path_len + 1);
    memcpy(text, origin, origin_len);
    memcpy(text + origin_len, prefix, prefix_len);
    memcpy(text + origin_len + prefix_len, path, path_len);
    return text;
}

const char *page_href(struct exchange *x, const char *path)
{
    return address(x, "", path);
}

const char *page_absolute(struct exchange *x, const char *path)
{
    return address(x, x->site->base.origin, path);
}

static bool ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

/* Whether it is an address of staff, who go on working from there. */
static bool is_admin_path(const char *path)
{
    static const char admin[] = "/admin";
    size_t len = sizeof admin - 1;
    return path != NULL && strncmp(path, admin, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* What the status is called, and what a reader can do about it. */
static const char *status_words(struct exchange *x, int status, const char *part, const char *fallback)
{
    const char *words = view_words(x->site->view, arena_format(&x->arena, "error_%d%s", status, part));
    return words == NULL ? fallback : words;
}

/* --- a form that can be sent again --- */

static bool is_password(const char *name)
{
    return strncmp(name, "password", strlen("password")) == 0 || strcmp(name, "old") == 0;
}

static void add_field(json_t *fields, const char *name, const char *value)
{
    json_array_append_new(fields, json_pack("{s:s, s:s}", "name", name, "value", value));
}

/* All that was sent but files and passwords, for a button that sends it once more (*owned*); null where there is nothing
 * to keep. The form is only ours to show again once access_check has let it pass, or could not look. */
static json_t *form_again(struct exchange *x, int status)
{
    const char *name;
    json_t *value, *one;
    size_t i;
    if (status != 503 || json_object_size(x->form) == 0)
        return json_null();
    json_t *fields = json_array();
    json_object_foreach(x->form, name, value)
    {
        if (is_password(name))
            continue;
        if (json_is_string(value))
            add_field(fields, name, json_string_value(value));
        json_array_foreach(value, i, one) add_field(fields, name, json_string_value(one));
    }
    return json_pack("{s:s, s:o}", "action_href", page_href(x, x->path), "fields", fields);
}

int page_error(struct exchange *x, int status)
{
    const char *id = status >= 500 ? x->id : NULL;
    bool json = ends_with(x->request->path, ".json") || request_prefers_json(x->request);
    buf_truncate(&x->response->body, 0);
    json_decref(x->model);
    x->model = NULL;
    if (json)
        return page_json(x, status, "application/problem+json",
                         json_pack("{s:s, s:s, s:i, s:s*, s:s*}", "type", "about:blank", "title", status_reason(status),
                                   "status", status, "detail", x->detail, "request_id", id));
    const char *heading = status_words(x, status, "", status_reason(status));
    x->model = json_pack("{s:s, s:n, s:b, s:n, s:i, s:s, s:s, s:s?, s:s?, s:s, s:b, s:s, s:o}", "page_title", heading,
                         "canonical", "noindex", 1, "alternates", "status", status, "heading", heading, "words",
                         status_words(x, status, "_words", ""), "detail", x->detail, "request_id", id, "listing_href",
                         page_href(x, "/"), "is_admin", is_admin_path(x->path), "admin_href", page_href(x, "/admin"),
                         "again", form_again(x, status));
    if (page_html(x, status, "public/error.html") == status)
        return status;
    /* The page that tells of faults is at fault itself: words alone must do. */
    buf_truncate(&x->response->body, 0);
    buf_format(&x->response->body, "%d %s\n", status, status_reason(status));
    return page_body(x, status, "text/plain; charset=utf-8");
}
