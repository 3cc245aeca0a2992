#include <string.h>

#include "warta/pages/card.h"
#include "warta/pages/item_view.h"

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

/* The names alone, as import and export have them. */
static void plain_names(json_t *model, const char *key)
{
    json_t *names = json_array();
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(model, key), i, entry) json_array_append(names, json_object_get(entry, "name"));
    json_object_set_new(model, key, names);
}

int page_item(struct exchange *x)
{
    int status = item_read(x, "");
    if (status != 200)
        return status;
    item_view_model(x);
    return item_view_around(x) ? page_html(x, 200, "public/item.html") : 500;
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
