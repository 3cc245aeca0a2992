#include "warta/newsroom/listing.h"

#include <stdlib.h>
#include <string.h>

#include "warta/http/params.h"
#include "warta/pages/card.h"
#include "warta/pages/file.h"
#include "warta/pages/page.h"
#include "warta/view/markdown.h"

const struct param listing_params[] = {
    {.name = "type", .kind = PARAM_SLUG, .repeats = true, .max = SELECTION_VALUES_MAX},
    {.name = "place", .kind = PARAM_SLUG, .repeats = true, .max = SELECTION_VALUES_MAX},
    {.name = "topic", .kind = PARAM_SLUG, .repeats = true, .max = SELECTION_VALUES_MAX},
    {.name = "year", .kind = PARAM_YEAR, .repeats = true, .min = 1, .max = 9999},
    {.name = "lang", .kind = PARAM_LANG, .repeats = true, .max = SELECTION_VALUES_MAX},
    {.name = "before", .kind = PARAM_CURSOR},
    {.name = "after", .kind = PARAM_CURSOR},
    {0},
};

/* In the order they are shown. Each is called by the words of its name. */
static const char *const facets_shown[] = {"type", "place", "topic", "year", "lang"};

enum { FACETS_SHOWN = sizeof facets_shown / sizeof *facets_shown };

/* --- addresses --- */

/* A change to the filter of this page: a facet's value put in or taken out, all values of a facet taken out, a cursor. */
struct change {
    const char *facet, *value;
    const char *without;
    const char *cursor, *cursor_value;
};

static const char *value_text(struct exchange *x, const json_t *value)
{
    if (json_is_integer(value))
        return arena_format(&x->arena, "%lld", (long long)json_integer_value(value));
    return json_string_value(value);
}

static void append_facet(struct exchange *x, struct buf *out, const char *facet, const struct change *change)
{
    bool adds = change->facet != NULL && strcmp(change->facet, facet) == 0;
    size_t i;
    json_t *selected;
    json_array_foreach(json_object_get(x->params, facet), i, selected)
    {
        const char *value = value_text(x, selected);
        if (adds && strcmp(value, change->value) == 0)
            change = &(const struct change){0}, adds = false;
        else
            url_query_append(out, facet, value);
    }
    if (adds)
        url_query_append(out, facet, change->value);
}

/* The address of this listing, in the form of `path`, with a change (*arena*). */
static const char *listing_href(struct exchange *x, const char *path, struct change change)
{
    struct buf out = BUF_EMPTY;
    buf_text(&out, path);
    for (size_t i = 0; i < FACETS_SHOWN; i++) {
        if (change.without == NULL || strcmp(change.without, facets_shown[i]) != 0)
            append_facet(x, &out, facets_shown[i], &change);
    }
    if (change.cursor != NULL)
        url_query_append(&out, change.cursor, change.cursor_value);
    char *href = arena_copy(&x->arena, buf_string(&out), out.len);
    buf_release(&out);
    return href;
}

/* Its address for a cursor of the model ("newer", "older"); NULL where there is no such page (*arena*). */
static const char *cursor_href(struct exchange *x, const char *path, const char *cursor, const char *key)
{
    const char *value = json_string_value(json_object_get(x->model, key));
    if (value == NULL)
        return NULL;
    return listing_href(x, path, (struct change){.cursor = cursor, .cursor_value = value});
}

/* --- the query --- */

/* Reads this page of the listing into the model. Returns 200, 404 where a value is unknown, 400 or 500. */
static int listing_read(struct exchange *x, enum sql cards)
{
    bool too_many;
    if (json_is_object(json_object_get(x->params, "before")) && json_is_object(json_object_get(x->params, "after"))) {
        x->detail = "before and after cannot be combined";
        return 400;
    }
    json_decref(x->model);
    x->model = listing_page(x->store, x->text, x->params, x->now_unix, cards, &too_many);
    if (too_many) {
        x->detail = "more values are selected than can be combined: choose fewer";
        return 400;
    }
    if (x->model == NULL)
        return 500;
    return json_array_size(json_object_get(x->model, "unknown")) > 0 ? 404 : 200;
}

/* --- the page's words --- */

static const char *words(const struct exchange *x, const char *name)
{
    return view_words(x->site->view, name);
}

/* "News or Project · Nepal · 2019"; null for the whole listing (*owned*). */
static json_t *heading(const struct exchange *x)
{
    struct buf out = BUF_EMPTY;
    const char *last_facet = "";
    size_t i;
    json_t *selected;
    json_array_foreach(json_object_get(x->model, "selected"), i, selected)
    {
        const char *facet = json_string_value(json_object_get(selected, "facet"));
        if (i > 0 && strcmp(facet, last_facet) == 0)
            buf_format(&out, " %s ", words(x, "or"));
        else if (i > 0)
            buf_text(&out, " \u00b7 ");
        buf_text(&out, json_string_value(json_object_get(selected, "name")));
        last_facet = facet;
    }
    json_t *text = out.len == 0 ? json_null() : json_string(buf_string(&out));
    buf_release(&out);
    return text;
}

/* The words of that name with the number in them (*owned*). */
static json_t *number_words(const struct exchange *x, const char *name, json_int_t number)
{
    static const char mark[] = "{number}";
    const char *text = words(x, name);
    const char *at = strstr(text, mark);
    if (at == NULL)
        return json_string(text);
    return json_sprintf("%.*s%lld%s", (int)(at - text), text, (long long)number, at + strlen(mark));
}

static json_t *total_words(const struct exchange *x)
{
    json_int_t total = json_integer_value(json_object_get(x->model, "total"));
    bool more = json_is_true(json_object_get(x->model, "total_more"));
    return number_words(x,
                        more         ? "more_items"
                        : total == 0 ? "no_items"
                        : total == 1 ? "one_item"
                                     : "many_items",
                        total);
}

/* The number of results stands in the title too, which screen readers say when the page has come; null for the whole
 * listing (*owned*). */
static json_t *page_title(const json_t *title, const json_t *words)
{
    if (json_is_null(title))
        return json_null();
    return json_sprintf("%s (%s)", json_string_value(title), json_string_value(words));
}

/* --- the page's links --- */

/* The types are links, each of which puts its value in or takes it out. */
static void type_links(struct exchange *x, json_t *types)
{
    size_t i;
    json_t *type;
    json_array_foreach(types, i, type)
    {
        const char *value = json_string_value(json_object_get(type, "value"));
        const char *href = listing_href(x, "/", (struct change){.facet = "type", .value = value});
        json_object_set_new(type, "href", json_string(page_href(x, href)));
    }
}

/* Languages are named in themselves. */
static void name_languages(json_t *values)
{
    size_t i;
    json_t *value;
    json_array_foreach(values, i, value) json_object_set(value, "lang", json_object_get(value, "value"));
}

/* The facets below the types, whose values are boxes to tick: those that have a value to offer. */
static json_t *facet_lists(const struct exchange *x)
{
    json_t *lists = json_array();
    json_t *facets = json_object_get(x->model, "facets");
    for (size_t i = 1; i < FACETS_SHOWN; i++) {
        json_t *values = json_object_get(facets, facets_shown[i]);
        if (strcmp(facets_shown[i], "lang") == 0)
            name_languages(values);
        if (json_array_size(values) > 0)
            json_array_append_new(lists, json_pack("{s:s, s:s, s:n, s:O}", "param", facets_shown[i], "name",
                                                   words(x, facets_shown[i]), "lang", "values", values));
    }
    return lists;
}

/* The selected values, each with the link that takes it back. */
static json_t *active_filters(struct exchange *x)
{
    json_t *active = json_array();
    size_t i;
    json_t *selected;
    json_array_foreach(json_object_get(x->model, "selected"), i, selected)
    {
        const char *facet = json_string_value(json_object_get(selected, "facet"));
        const char *value = value_text(x, json_object_get(selected, "value"));
        const char *href = listing_href(x, "/", (struct change){.facet = facet, .value = value});
        json_array_append_new(active,
                              json_pack("{s:s, s:O, s:s?, s:s}", "facet_name", words(x, facet), "name",
                                        json_object_get(selected, "name"), "lang",
                                        strcmp(facet, "lang") == 0 ? value : NULL, "remove_href", page_href(x, href)));
    }
    return active;
}

static json_t *unknown_values(const struct exchange *x)
{
    json_t *unknown = json_array();
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(x->model, "unknown"), i, entry)
    {
        json_array_append_new(unknown, json_pack("{s:s, s:O}", "name",
                                                 words(x, json_string_value(json_object_get(entry, "facet"))), "value",
                                                 json_object_get(entry, "value")));
    }
    return unknown;
}

/* The types stay selected when the form of the other facets is sent. */
static json_t *hidden_types(const json_t *params)
{
    json_t *hidden = json_array();
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(params, "type"), i, value)
        json_array_append_new(hidden, json_pack("{s:s, s:O}", "name", "type", "value", value));
    return hidden;
}

/* The items under the headings of their months. */
static json_t *months(struct exchange *x, json_t *items)
{
    json_t *list = json_array();
    json_t *in_month = NULL;
    json_int_t last_month = -1;
    size_t i;
    json_t *card;
    json_array_foreach(items, i, card)
    {
        json_int_t month = json_integer_value(json_object_get(card, "day")) / 100;
        if (month != last_month) {
            const char *name = arena_format(&x->arena, "%04d-%02d", (int)(month / 100), (int)(month % 100));
            in_month = json_array();
            json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "month", name, "month_words",
                                                  text_month_words(x->text, arena_format(&x->arena, "%s-01", name)),
                                                  "items", in_month));
            last_month = month;
        }
        card_complete(x, card);
        json_array_append(in_month, card);
    }
    return list;
}

/* Whether the reader is behind the first page. */
static bool is_deeper(const struct exchange *x)
{
    return json_is_object(json_object_get(x->params, "before")) || json_is_object(json_object_get(x->params, "after"));
}

static const char *href_or_null(struct exchange *x, const char *path)
{
    return path == NULL ? NULL : page_href(x, path);
}

static void model_links(struct exchange *x)
{
    const struct change none = {0};
    const char *here = listing_href(x, "/", none);
    const char *feed = page_href(x, listing_href(x, "/items.json", none));
    const char *all_types = page_href(x, listing_href(x, "/", (struct change){.without = "type"}));
    const char *newer = cursor_href(x, "/", "after", "newer");
    const char *older = cursor_href(x, "/", "before", "older");
    json_object_update_new(x->model,
                           json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:[{s:s, s:s, s:s}]}", "canonical",
                                     page_absolute(x, here), "reset_href", page_href(x, "/"), "feed_json_href", feed,
                                     "all_types_href", all_types, "newer_href", href_or_null(x, newer), "older_href",
                                     href_or_null(x, older), "first_href", is_deeper(x) ? page_href(x, here) : NULL,
                                     "alternates", "media_type", "application/feed+json", "title", x->site->title,
                                     "href", feed));
}

/* Makes the template's model of what listing_page found. */
static void listing_model(struct exchange *x)
{
    json_t *types = json_object_get(json_object_get(x->model, "facets"), "type");
    size_t selected = json_array_size(json_object_get(x->model, "selected"));
    bool unknown = json_array_size(json_object_get(x->model, "unknown")) > 0;
    json_t *title = heading(x);
    json_t *words = total_words(x);
    type_links(x, types);
    model_links(x);
    json_object_update_new(
        x->model,
        json_pack("{s:o, s:o, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:O, s:o, s:o, s:o}", "page_title",
                  page_title(title, words), "heading", title, "noindex", selected > 1 || unknown, "total_none",
                  json_integer_value(json_object_get(x->model, "total")) == 0, "filtered", selected > 0 || unknown,
                  "all_types_selected", json_array_size(json_object_get(x->params, "type")) == 0, "total_words", words,
                  "unknown", unknown_values(x), "active", active_filters(x), "types", types, "facets", facet_lists(x),
                  "hidden", hidden_types(x->params), "months", months(x, json_object_get(x->model, "items"))));
}

int page_listing(struct exchange *x)
{
    int status = listing_read(x, SQL_ITEM_CARDS);
    if (status != 200 && status != 404)
        return status;
    listing_model(x);
    return page_html(x, status, "public/listing.html");
}

/* --- the JSON form: JSON Feed 1.1 (jsonfeed.org/version/1.1) --- */

/* An instant on the site's calendar for a day, as RFC 3339 wants it. */
static json_t *date_published(struct exchange *x, const json_t *item)
{
    char utc[TEXT_UTC_CAP];
    const char *date = json_string_value(json_object_get(item, "date"));
    if (date == NULL)
        return json_incref(json_object_get(item, "publish_at"));
    text_utc_format(text_date_start_unix(x->text, date), utc);
    return json_string(utc);
}

static json_t *tags(const json_t *item)
{
    json_t *list = json_pack("[O]", json_object_get(item, "type_name"));
    json_array_extend(list, json_object_get(item, "places"));
    json_array_extend(list, json_object_get(item, "topics"));
    return list;
}

/* The item's files; NULL if it has none (*owned*). */
static json_t *attachments(struct exchange *x, const json_t *item)
{
    const json_t *files = json_object_get(item, "files");
    json_t *list = json_array_size(files) == 0 ? NULL : json_array();
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file) json_array_append_new(
        list, json_pack("{s:s, s:O, s:O, s:O}", "url", file_absolute(x, file), "mime_type",
                        json_object_get(file, "media_type"), "title", json_object_get(file, "name"), "size_in_bytes",
                        json_object_get(file, "size")));
    return list;
}

static json_t *feed_item(struct exchange *x, json_t *item)
{
    static const char *const own[] = {"slug", "type", "kicker", "date", "event", "places", "topics"};
    const char *slug = json_string_value(json_object_get(item, "slug"));
    const json_t *body = json_object_get(item, "body");
    json_int_t id = json_integer_value(json_object_get(item, "id"));
    struct buf html = BUF_EMPTY;
    json_t *entry = json_pack("{s:s, s:s, s:O, s:o, s:O, s:o, s:o*}", "id",
                              page_absolute(x, arena_format(&x->arena, "/items/%lld", (long long)id)), "url",
                              page_absolute(x, arena_format(&x->arena, "/items/%s", slug)), "title",
                              json_object_get(item, "title"), "date_published", date_published(x, item), "language",
                              json_object_get(item, "lang"), "tags", tags(item), "attachments", attachments(x, item));
    json_t *summary = json_object_get(item, "summary");
    if (json_string_length(summary) > 0)
        json_object_set(entry, "summary", summary);
    if (json_string_length(json_object_get(item, "link")) > 0)
        json_object_set(entry, "external_url", json_object_get(item, "link"));
    if (json_string_length(body) > 0) {
        markdown_html(json_string_value(body), json_string_length(body), &html);
        json_object_set_new(entry, "content_html", json_string(buf_string(&html)));
    } else {
        json_object_set(entry, "content_text", summary);
    }
    buf_release(&html);
    json_t *warta = json_object();
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        json_object_set(warta, own[i], json_object_get(item, own[i]));
    json_object_set_new(entry, "_warta", warta);
    return entry;
}

/* Facets, totals and cursors, which a feed has no words for. */
static json_t *feed_warta(struct exchange *x)
{
    static const char *const own[] = {"total", "total_more", "newer", "older", "facets", "unknown"};
    json_t *warta = json_object();
    size_t i;
    const char *facet;
    json_t *values, *value;
    for (i = 0; i < sizeof own / sizeof *own; i++)
        json_object_set(warta, own[i], json_object_get(x->model, own[i]));
    json_object_foreach(json_object_get(x->model, "facets"), facet, values)
    {
        json_array_foreach(values, i, value)
        {
            const char *text = json_string_value(json_object_get(value, "value"));
            const char *href = listing_href(x, "/items.json", (struct change){.facet = facet, .value = text});
            json_object_del(value, "id");
            json_object_del(value, "rank");
            json_object_set_new(value, "url", json_string(page_absolute(x, href)));
        }
    }
    return warta;
}

int page_listing_json(struct exchange *x)
{
    int status = listing_read(x, SQL_ITEM_FEED);
    if (status != 200 && status != 404)
        return status;
    const char *next = cursor_href(x, "/items.json", "before", "older");
    json_t *items = json_array();
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(x->model, "items"), i, item) json_array_append_new(items, feed_item(x, item));
    return page_json(
        x, status, "application/feed+json",
        json_pack("{s:s, s:s, s:s*, s:s, s:s, s:s, s:s*, s:o, s:o}", "version", "https://jsonfeed.org/version/1.1",
                  "title", x->site->title, "description", *x->site->description == '\0' ? NULL : x->site->description,
                  "home_page_url", page_absolute(x, listing_href(x, "/", (struct change){0})), "feed_url",
                  page_absolute(x, listing_href(x, "/items.json", (struct change){0})), "language", x->site->lang,
                  "next_url", next == NULL ? NULL : page_absolute(x, next), "_warta", feed_warta(x), "items", items));
}
