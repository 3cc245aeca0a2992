#include <string.h>

#include "warta/pages/card.h"
#include "warta/pages/file.h"
#include "warta/pages/item_view.h"
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

/* The names alone, as import and export have them. */
static void plain_names(json_t *model, const char *key)
{
    json_t *names = json_array();
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(model, key), i, entry) json_array_append(names, json_object_get(entry, "name"));
    json_object_set_new(model, key, names);
}

/* What readers may know of each file. */
static void plain_files(struct exchange *x)
{
    static const char *const own[] = {"name", "media_type", "size", "alt", "sha256"};
    json_t *files = json_array();
    size_t i;
    json_t *file;
    json_array_foreach(json_object_get(x->model, "files"), i, file)
    {
        json_t *plain = json_pack("{s:s}", "url", file_absolute(x, file));
        for (size_t k = 0; k < sizeof own / sizeof *own; k++)
            json_object_set(plain, own[k], json_object_get(file, own[k]));
        json_array_append_new(files, plain);
    }
    json_object_set_new(x->model, "files", files);
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
    plain_files(x);
    json_object_del(x->model, "day");
    return page_json(x, 200, "application/json", json_incref(x->model));
}

/* --- the Markdown form --- */

static const char *model_text(const struct exchange *x, const char *key)
{
    return json_string_value(json_object_get(x->model, key));
}

static void md_head(struct exchange *x, struct buf *out)
{
    const char *date_words = model_text(x, "date_words");
    buf_text(out, "# ");
    markdown_from_text(model_text(x, "title"), out);
    buf_text(out, "\n\n");
    markdown_from_text(model_text(x, "kicker"), out);
    if (date_words != NULL)
        buf_format(out, ", %s", date_words);
    buf_char(out, '\n');
}

static void md_event(const json_t *event, struct buf *out)
{
    const char *starts = json_string_value(json_object_get(event, "starts_words"));
    const char *ends = json_string_value(json_object_get(event, "ends_words"));
    const char *venue = json_string_value(json_object_get(event, "venue"));
    if (starts != NULL)
        buf_format(out, "\nWhen: %s%s%s\n", starts, ends == NULL ? "" : " \u2013 ", ends == NULL ? "" : ends);
    if (venue != NULL) {
        buf_text(out, "\nWhere: ");
        markdown_from_text(venue, out);
        buf_char(out, '\n');
    }
}

static void md_names(const char *label, const json_t *entries, struct buf *out)
{
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        if (i == 0)
            buf_format(out, "\n%s: ", label);
        buf_text(out, i == 0 ? "" : ", ");
        markdown_from_text(json_string_value(json_object_get(entry, "name")), out);
    }
    if (json_array_size(entries) > 0)
        buf_char(out, '\n');
}

static void md_links(struct exchange *x, struct buf *out)
{
    const char *link = model_text(x, "link");
    size_t i;
    json_t *file;
    if (*link != '\0')
        buf_format(out, "\n<%s>\n", link);
    json_array_foreach(json_object_get(x->model, "files"), i, file) buf_format(out, "\n<%s>\n", file_absolute(x, file));
}

/* The item as a text file: its title, what stands around it, and its Markdown. */
int page_item_md(struct exchange *x)
{
    int status = item_read(x, ".md");
    if (status != 200)
        return status;
    struct buf *out = &x->response->body;
    card_complete(x, x->model);
    md_head(x, out);
    md_event(json_object_get(x->model, "event"), out);
    if (*model_text(x, "summary") != '\0') {
        buf_char(out, '\n');
        markdown_from_text(model_text(x, "summary"), out);
        buf_char(out, '\n');
    }
    if (*model_text(x, "body") != '\0')
        buf_format(out, "\n%s\n", model_text(x, "body"));
    md_names("Place", json_object_get(x->model, "places"), out);
    md_names("Topic", json_object_get(x->model, "topics"), out);
    md_links(x, out);
    return page_body(x, 200, "text/markdown; charset=utf-8");
}
