#include <string.h>

#include "warta/http/url.h"
#include "warta/newsroom/listing.h"
#include "warta/pages/card.h"
#include "warta/pages/page.h"
#include "warta/view/markdown.h"

/* Where an old slug, an alias or an id leads: 301 to the item's own address in the same form, 404 for no item. */
static int item_redirect(struct exchange *x, const char *suffix)
{
    json_t *params =
        json_pack("{s:O, s:I}", "name", json_object_get(x->params, "slug"), "now_unix", (json_int_t)x->now_unix);
    json_t *slug = store_value(x->store, SQL_ITEM_PUBLIC_SLUG, params);
    int status = slug == NULL ? 500 : 404;
    if (json_is_string(slug))
        status = page_redirect(x, 301, arena_format(&x->arena, "/items/%s%s", json_string_value(slug), suffix));
    json_decref(slug);
    json_decref(params);
    return status;
}

/* Reads the item into the model: 200, or what to answer instead. */
static int item_read(struct exchange *x, const char *suffix)
{
    json_t *params =
        json_pack("{s:O, s:I}", "slug", json_object_get(x->params, "slug"), "now_unix", (json_int_t)x->now_unix);
    json_decref(x->model);
    x->model = store_row(x->store, SQL_ITEM_PUBLIC, params);
    json_decref(params);
    if (x->model == NULL)
        return 500;
    return json_is_null(x->model) ? item_redirect(x, suffix) : 200;
}

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

/* The names alone, as import and export have them. */
static void plain_names(json_t *model, const char *key)
{
    json_t *names = json_array();
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(model, key), i, entry) json_array_append(names, json_object_get(entry, "name"));
    json_object_set_new(model, key, names);
}

/* "www.ilo.org" of the link, for people to see where it leads (*arena*). */
static const char *link_host(struct exchange *x, const char *link)
{
    const char *host = strstr(link, "://");
    host = host == NULL ? link : host + 3;
    return arena_copy(&x->arena, host, strcspn(host, "/?#"));
}

static bool model_around(struct exchange *x)
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

static void model_links(struct exchange *x)
{
    const char *slug = json_string_value(json_object_get(x->model, "slug"));
    const char *type = json_string_value(json_object_get(x->model, "type"));
    const char *link = json_string_value(json_object_get(x->model, "link"));
    const char *path = arena_format(&x->arena, "/items/%s", slug);
    const char *json_href = page_href(x, arena_format(&x->arena, "%s.json", path));
    json_object_update_new(x->model,
                           json_pack("{s:O, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:[], s:[{s:s, s:s, s:s}]}",
                                     "page_title", json_object_get(x->model, "title"), "canonical",
                                     page_absolute(x, path), "noindex", 0, "listing_href", page_href(x, "/"),
                                     "type_href", page_href(x, arena_format(&x->arena, "/?type=%s", type)), "json_href",
                                     json_href, "md_href", page_href(x, arena_format(&x->arena, "%s.md", path)),
                                     "link_host", link_host(x, link), "files", "alternates", "media_type",
                                     "application/json", "title", "JSON", "href", json_href));
}

int page_item(struct exchange *x)
{
    int status = item_read(x, "");
    if (status != 200)
        return status;
    const json_t *body = json_object_get(x->model, "body");
    struct buf html = BUF_EMPTY;
    markdown_html(json_string_value(body), json_string_length(body), &html);
    json_object_set_new(x->model, "body_html", json_stringn(buf_string(&html), html.len));
    buf_release(&html);
    card_complete(x, x->model);
    model_links(x);
    link_names(x, "places", "place");
    link_names(x, "topics", "topic");
    return model_around(x) ? page_html(x, 200, "public/item.html") : 500;
}

int page_item_json(struct exchange *x)
{
    int status = item_read(x, ".json");
    if (status != 200)
        return status;
    const char *slug = json_string_value(json_object_get(x->model, "slug"));
    json_object_set_new(x->model, "url", json_string(page_absolute(x, arena_format(&x->arena, "/items/%s", slug))));
    plain_names(x->model, "places");
    plain_names(x->model, "topics");
    json_object_set_new(x->model, "files", json_array());
    json_object_del(x->model, "day");
    return page_json(x, 200, "application/json", json_incref(x->model));
}

/* The item as a text file: its title, what stands around it, and its Markdown. */
int page_item_md(struct exchange *x)
{
    int status = item_read(x, ".md");
    if (status != 200)
        return status;
    struct buf *out = &x->response->body;
    card_complete(x, x->model);
    const char *date_words = json_string_value(json_object_get(x->model, "date_words"));
    buf_format(out, "# %s\n\n%s", json_string_value(json_object_get(x->model, "title")),
               json_string_value(json_object_get(x->model, "kicker")));
    if (date_words != NULL)
        buf_format(out, ", %s", date_words);
    for (int i = 0; i < 2; i++) {
        const char *text = json_string_value(json_object_get(x->model, i == 0 ? "summary" : "body"));
        if (*text != '\0')
            buf_format(out, "\n\n%s", text);
    }
    buf_char(out, '\n');
    response_header(x->response, "Content-Type", "text/markdown; charset=utf-8");
    return 200;
}
