#include "warta/pages/item_view.h"

#include <string.h>

#include "warta/http/url.h"
#include "warta/newsroom/listing.h"
#include "warta/pages/card.h"
#include "warta/pages/file.h"
#include "warta/view/markdown.h"

/* --- files --- */

const char *page_size_words(struct exchange *x, int64_t bytes)
{
    enum { KIB = 1024, MIB = 1024 * 1024 };
    if (bytes < KIB)
        return arena_format(&x->arena, "%lld bytes", (long long)bytes);
    if (bytes < MIB)
        return arena_format(&x->arena, "%lld KB", (long long)((bytes + KIB / 2) / KIB));
    long long tenths = ((long long)bytes * 10 + MIB / 2) / MIB;
    return tenths % 10 == 0 ? arena_format(&x->arena, "%lld MB", tenths / 10)
                            : arena_format(&x->arena, "%lld.%lld MB", tenths / 10, tenths % 10);
}

const char *page_too_large_words(struct exchange *x, size_t len)
{
    const char *max = page_size_words(x, (int64_t)x->site->upload_max);
    const char *has = page_size_words(x, (int64_t)len);
    size_t more = len - x->site->upload_max;
    if (strcmp(max, has) == 0)
        return arena_format(&x->arena, "A file may have up to %s, and this one has %zu byte%s more.", max, more,
                            more == 1 ? "" : "s");
    return arena_format(&x->arena, "A file may have up to %s, and this one has %s.", max, has);
}

/* A larger image is a link that says how large it is: readers on slow lines decide whether to wait for it. */
enum { IMAGE_SHOWN_MAX = 512 * 1024 };

static json_t *file_row(struct exchange *x, json_t *file)
{
    const char *media_type = json_string_value(json_object_get(file, "media_type"));
    bool is_image = strncmp(media_type, "image/", strlen("image/")) == 0;
    int64_t size = (int64_t)json_integer_value(json_object_get(file, "size"));
    json_t *row = json_copy(file);
    json_object_update_new(row, json_pack("{s:s, s:b, s:b, s:s, s:b}", "size_words", page_size_words(x, size),
                                          "is_image", is_image, "is_shown", is_image && size <= IMAGE_SHOWN_MAX, "href",
                                          file_href(x, file), "needs_alt",
                                          is_image && json_string_length(json_object_get(file, "alt")) == 0));
    return row;
}

json_t *file_rows(struct exchange *x, const json_t *files)
{
    json_t *rows = json_array();
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file) json_array_append_new(rows, file_row(x, file));
    return rows;
}

/* --- the item --- */

/* Each place or topic gets the link to the listing that it filters. */
static void link_names(struct exchange *x, const char *key, const char *param)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(x->model, key), i, entry)
    {
        struct buf href = BUF_EMPTY;
        buf_text(&href, page_href(x, "/"));
        url_query_append(&href, param, json_string_value(json_object_get(entry, "slug")));
        json_object_set_new(entry, "href", json_string(buf_string(&href)));
        buf_release(&href);
    }
}

/* "www.ilo.org" of the link, for people to see where it leads (*arena*). */
static const char *link_host(struct exchange *x, const char *link)
{
    const char *host = strstr(link, "://");
    host = host == NULL ? link : host + 3;
    return arena_copy(&x->arena, host, strcspn(host, "/?#"));
}

static void model_links(struct exchange *x)
{
    const char *slug = json_string_value(json_object_get(x->model, "slug"));
    const char *type = json_string_value(json_object_get(x->model, "type"));
    const char *link = json_string_value(json_object_get(x->model, "link"));
    const char *path = arena_format(&x->arena, "/items/%s", slug);
    const char *json_href = page_href(x, arena_format(&x->arena, "%s.json", path));
    json_object_update_new(
        x->model, json_pack("{s:O, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:s}]}", "page_title",
                            json_object_get(x->model, "title"), "canonical", page_absolute(x, path), "noindex", 0,
                            "listing_href", page_href(x, "/"), "type_href",
                            page_href(x, arena_format(&x->arena, "/?type=%s", type)), "json_href", json_href, "md_href",
                            page_href(x, arena_format(&x->arena, "%s.md", path)), "link_host", link_host(x, link),
                            "alternates", "media_type", "application/json", "title", "JSON", "href", json_href));
}

static void model_body(struct exchange *x)
{
    const json_t *body = json_object_get(x->model, "body");
    struct buf html = BUF_EMPTY;
    markdown_html(json_string_value(body), json_string_length(body), &html);
    json_object_set_new(x->model, "body_html", json_stringn(buf_string(&html), html.len));
    buf_release(&html);
}

void item_view_model(struct exchange *x)
{
    json_object_set_new(x->model, "files", file_rows(x, json_object_get(x->model, "files")));
    model_body(x);
    card_complete(x, x->model);
    model_links(x);
    link_names(x, "places", "place");
    link_names(x, "topics", "topic");
    json_object_update_new(
        x->model, json_pack("{s:n, s:n, s:n, s:[], s:b}", "preview", "newer", "older", "related", "related_any", 0));
}

bool item_view_around(struct exchange *x)
{
    json_t *around = listing_around(x->store, x->model, x->now_unix);
    if (around == NULL)
        return false;
    for (int i = 0; i < 2; i++) {
        const char *key = i == 0 ? "newer" : "older";
        json_t *cards = json_object_get(around, key);
        cards_complete(x, cards);
        json_t *card = json_array_get(cards, 0);
        json_object_set(x->model, key, card == NULL ? json_null() : card);
    }
    json_t *related = json_object_get(around, "related");
    cards_complete(x, related);
    json_object_set(x->model, "related", related);
    json_object_set_new(x->model, "related_any", json_boolean(json_array_size(related) > 0));
    json_decref(around);
    return true;
}
