#include <stdlib.h>
#include <string.h>

#include "warta/newsroom/editing.h"
#include "warta/newsroom/file.h"
#include "warta/newsroom/item.h"
#include "warta/newsroom/login.h"
#include "warta/pages/file.h"
#include "warta/pages/item_page.h"
#include "warta/pages/item_view.h"
#include "warta/view/clean.h"
#include "warta/view/markdown.h"

/* --- the model of the public page --- */

/* Names as the public page has them: with the slugs they have or would get. */
static json_t *named(struct exchange *x, const json_t *names)
{
    json_t *list = json_array();
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        char *slug = text_slug(x->text, json_string_value(name));
        json_array_append_new(list, json_pack("{s:O, s:s}", "name", name, "slug", slug));
        free(slug);
    }
    return list;
}

/* The type's name; an item without a type has none. NULL on a fault (*owned*). */
static json_t *type_name(struct exchange *x, json_t *type)
{
    json_t *params = json_pack("{s:O}", "value", type);
    json_t *row = store_row(x->store, SQL_TYPE_BY_SLUG, params);
    json_t *name = json_object_get(row, "name");
    name = row == NULL ? NULL : name == NULL ? json_string("") : json_incref(name);
    json_decref(row);
    json_decref(params);
    return name;
}

/* What a draft carries has no address for readers: whoever has a link gets it by the link. */
static void share_files(struct exchange *x, const char *token)
{
    size_t i;
    json_t *file;
    json_array_foreach(json_object_get(x->model, "files"), i, file)
        json_object_set_new(file, "href", json_string(file_shared_href(x, token, file)));
}

/* The public page of a whole item of any status, with `words` that say what it is; `token`: of the link to it, or NULL. */
static int preview_html(struct exchange *x, json_t *item, json_t *files, const char *words, const char *edit_href,
                        const char *token)
{
    json_t *name = type_name(x, json_object_get(item, "type"));
    if (name == NULL)
        return 500;
    json_decref(x->model);
    x->model = json_copy(item);
    json_object_set_new(x->model, "type_name", name);
    json_object_set(x->model, "files", files);
    json_object_set_new(x->model, "places", named(x, json_object_get(item, "places")));
    json_object_set_new(x->model, "topics", named(x, json_object_get(item, "topics")));
    item_view_model(x);
    if (token != NULL)
        share_files(x, token);
    json_object_update_new(x->model, json_pack("{s:b, s:n, s:[], s:{s:s, s:s?}}", "noindex", 1, "canonical",
                                               "alternates", "preview", "words", words, "edit_href", edit_href));
    response_header(x->response, "Cache-Control", "no-store");
    response_header(x->response, "X-Robots-Tag", "noindex, nofollow");
    return page_html(x, 200, "public/item.html");
}

/* --- what is stored --- */

int page_item_preview(struct exchange *x)
{
    int64_t id = param_number(x, "id");
    json_t *item = id <= 0 ? json_null() : edit_get(x->store, id);
    int status = item == NULL ? 500 : 404;
    if (json_is_object(item)) {
        bool is_public = item_is_public(item, x->now_unix);
        const char *words = arena_format(&x->arena, "Preview. %s%s.", item_status_words(x, item),
                                         is_public ? ": readers see it so" : ": readers do not see it");
        status = preview_html(x, item, json_object_get(item, "files"), words, item_admin_href(x, id, ""), NULL);
    }
    json_decref(item);
    return status;
}

/* The item that a preview link leads to (*owned*): null if the link is none of ours, has expired, or its item has been put
 * away; NULL on a fault. */
static json_t *shared_item(struct exchange *x, const json_t *token)
{
    int64_t id = (int64_t)json_integer_value(json_object_get(token, "item_id"));
    json_t *item = token == NULL ? NULL : id <= 0 ? json_null() : edit_get(x->store, id);
    const char *status = json_string_value(json_object_get(item, "status"));
    if (status == NULL || strcmp(status, "trashed") != 0)
        return item;
    json_decref(item);
    return json_null();
}

int page_shared_preview(struct exchange *x)
{
    const char *text = json_string_value(json_object_get(x->params, "token"));
    json_t *token = text == NULL ? json_null() : token_find(x->store, "preview", text, x->now_unix);
    json_t *item = shared_item(x, token);
    int status = item == NULL ? 500 : 410;
    if (json_is_object(item)) {
        int64_t expires_unix = (int64_t)json_integer_value(json_object_get(token, "expires_unix"));
        const char *words = arena_format(&x->arena, "Preview, not for publication. This link works until %s.",
                                         page_time_words(x, expires_unix));
        status = preview_html(x, item, json_object_get(item, "files"), words, NULL, text);
    }
    json_decref(item);
    json_decref(token);
    return status;
}

int page_shared_file(struct exchange *x)
{
    const char *text = json_string_value(json_object_get(x->params, "token"));
    json_t *token = text == NULL ? json_null() : token_find(x->store, "preview", text, x->now_unix);
    json_t *item = shared_item(x, token);
    const json_t *name = json_object_get(file_find(json_object_get(item, "files"), param_number(x, "id")), "name");
    int status = item == NULL ? 500 : json_is_null(item) ? 410 : 404;
    if (name != NULL && json_equal(name, json_object_get(x->params, "name"))) {
        response_header(x->response, "Cache-Control", "no-store");
        response_header(x->response, "X-Robots-Tag", "noindex, nofollow");
        status = page_file_content(x);
    }
    json_decref(item);
    json_decref(token);
    return status;
}

static bool note(struct exchange *x, const struct item_page *page, const char *action)
{
    const char *title = json_string_value(json_object_get(page->stored, "title"));
    return activity_add(x->store, x->actor, action, page->id, title, "", x->now_unix);
}

/* The page with a new link, which is shown this once. */
static int make_link(struct exchange *x, struct item_page *page)
{
    char token[TOKEN_CAP];
    if (!token_make(x->store, "preview", x->actor.user_id, page->id, x->now_unix + PREVIEW_LIFE_S, token) ||
        !note(x, page, "share"))
        return 500;
    page->share_url = page_absolute(x, arena_format(&x->arena, "/preview/%s", token));
    page_say_done(x, "shared", token);
    return item_page_html(x, 200, page);
}

/* `which` is a link's token, or "all". */
static int end_links(struct exchange *x, const struct item_page *page, const char *which)
{
    bool ended = strcmp(which, "all") == 0 ? token_drop(x->store, "preview", 0, page->id)
                                           : token_use(x->store, "preview", which);
    if (ended && !note(x, page, "stop sharing"))
        return 500;
    return page_redirect(x, 303, arena_format(&x->arena, "/admin/items/%lld?done=unshared", (long long)page->id));
}

int page_item_share_post(struct exchange *x)
{
    struct item_page page;
    int64_t id = param_number(x, "id");
    const char *end = form_text(x, "end");
    if (id <= 0)
        return 404;
    int status = item_page_open(x, id, &page) ? 404 : 500;
    if (json_is_object(page.stored))
        status = *end == '\0' ? make_link(x, &page) : end_links(x, &page, end);
    item_page_release(&page);
    return status;
}

/* --- what is typed --- */

/* The typed values, as far as they are right, in a whole item (*owned*). */
static json_t *typed_item(struct exchange *x, const struct item_page *page)
{
    json_t *item = item_blank(x->site->lang);
    json_object_update(item, page->checked);
    if (json_string_length(json_object_get(item, "slug")) == 0) {
        char *slug = text_slug(x->text, json_string_value(json_object_get(item, "title")));
        json_object_set_new(item, "slug", json_string(slug));
        free(slug);
    }
    return item;
}

int page_item_preview_post(struct exchange *x)
{
    struct item_page page;
    int status = 500;
    if (item_page_open(x, 0, &page) && item_page_typed(x, &page, false)) {
        bool has_errors = json_array_size(page.errors) > 0;
        json_t *item = typed_item(x, &page);
        status =
            preview_html(x, item, page.files,
                         has_errors ? "Preview. It is not saved, and what cannot be saved as it stands is left out."
                                    : "Preview. It is not saved: close it, and go on writing.",
                         NULL, NULL);
        json_decref(item);
    }
    item_page_release(&page);
    return status;
}

/* --- parts of the editor, for its script --- */

int page_markdown_post(struct exchange *x)
{
    const char *body = form_text(x, "body");
    if (text_length(body) > ITEM_BODY_MAX) {
        x->detail = arena_format(&x->arena, "The text is longer than %d characters.", ITEM_BODY_MAX);
        return 422;
    }
    markdown_html(body, strlen(body), &x->response->body);
    return page_body(x, 200, "text/html; charset=utf-8");
}

int page_clean_post(struct exchange *x)
{
    const char *html = form_text(x, "html");
    struct buf markdown = BUF_EMPTY;
    json_t *dropped = json_array();
    int status = 422;
    if (clean_markup(html, strlen(html), &markdown, dropped))
        status = page_json(x, 200, "application/json",
                           json_pack("{s:s, s:O}", "markdown", buf_string(&markdown), "dropped", dropped));
    json_decref(dropped);
    buf_release(&markdown);
    return status;
}

int page_slug_post(struct exchange *x)
{
    int64_t id = form_number(x, "id");
    char *slug = item_slug_unique(x->store, x->text, form_text(x, "title"), id > 0 ? id : 0);
    int status = slug == NULL ? 500 : page_json(x, 200, "application/json", json_pack("{s:s}", "slug", slug));
    free(slug);
    return status;
}
