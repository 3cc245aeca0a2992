#include "warta/pages/page.h"

#include <stdlib.h>
#include <string.h>

#include "warta/http/accept.h"

void exchange_release(struct exchange *x)
{
    json_decref(x->params);
    json_decref(x->form);
    json_decref(x->session);
    json_decref(x->model);
    arena_release(&x->arena);
}

static void page_type(struct exchange *x, const char *media_type)
{
    response_header(x->response, "Content-Type", media_type);
}

int page_html(struct exchange *x, int status, const char *template_name)
{
    char error[256];
    if (!view_render(x->site->view, template_name, x->model, &x->response->body, error, sizeof error)) {
        log_write(x->site->log, LOG_ERROR, x->id, "%s", error);
        return 500;
    }
    page_type(x, "text/html; charset=utf-8");
    return status;
}

int page_json(struct exchange *x, int status, const char *media_type, json_t *body)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(body);
    if (text == NULL)
        return 500;
    buf_text(&x->response->body, text);
    free(text);
    page_type(x, media_type);
    return status;
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

/* What a reader can do about it. */
static const char *status_words(int status)
{
    switch (status) {
    case 400:
        return "The address holds something that this page does not take.";
    case 403:
        return "You may not do this here.";
    case 404:
        return "There is nothing at this address. It may have been mistyped, or the item has been withdrawn.";
    case 405:
        return "This address does not answer that kind of request.";
    case 409:
        return "Somebody has changed this meanwhile.";
    case 410:
        return "This link has been used or has expired. Ask for a new one.";
    case 413:
        return "What was sent is larger than this site takes.";
    case 415:
        return "What was sent is not a form.";
    case 429:
        return "There were too many tries. Please wait.";
    case 500:
        return "Something went wrong here, not with you. Please try again in a while.";
    case 503:
        return "The site cannot do this just now, and nothing was changed. Please try again in a while; if that does "
               "not help, tell whoever runs it.";
    default:
        return "";
    }
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
    x->model = json_pack("{s:s, s:n, s:b, s:n, s:i, s:s, s:s, s:s?, s:s?, s:s, s:b, s:s, s:o}", "page_title",
                         status_reason(status), "canonical", "noindex", 1, "alternates", "status", status, "heading",
                         status_reason(status), "words", status_words(status), "detail", x->detail, "request_id", id,
                         "listing_href", page_href(x, "/"), "is_admin", is_admin_path(x->path), "admin_href",
                         page_href(x, "/admin"), "again", form_again(x, status));
    if (page_html(x, status, "public/error.html") == status)
        return status;
    /* The page that tells of faults is at fault itself: words alone must do. */
    buf_truncate(&x->response->body, 0);
    buf_format(&x->response->body, "%d %s\n", status, status_reason(status));
    page_type(x, "text/plain; charset=utf-8");
    return status;
}
