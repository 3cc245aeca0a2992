#include "warta/pages/item_page.h"

#include <string.h>

#include "warta/newsroom/editing.h"
#include "warta/newsroom/file.h"
#include "warta/newsroom/login.h"
#include "warta/pages/item_form.h"
#include "warta/pages/item_view.h"

enum { LIBRARY_LEN = 100 };

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* --- words and addresses --- */

const char *page_time_words(struct exchange *x, int64_t unix_time)
{
    char local[TEXT_LOCAL_CAP];
    text_local_time(x->text, unix_time, local);
    const char *words = text_date_words(x->text, local);
    return arena_copy(&x->arena, words, strlen(words));
}

const char *item_admin_href(struct exchange *x, int64_t id, const char *rest)
{
    return page_href(x, arena_format(&x->arena, "/admin/items/%lld%s", (long long)id, rest));
}

/* --- what a stored item is --- */

static bool is_published(const json_t *item, int64_t *publish_unix)
{
    return strcmp(string_at(item, "status"), "published") == 0 &&
           text_utc_parse(string_at(item, "publish_at"), publish_unix);
}

bool item_is_public(const json_t *item, int64_t now_unix)
{
    int64_t publish_unix;
    return is_published(item, &publish_unix) && publish_unix <= now_unix;
}

bool item_is_scheduled(const json_t *item, int64_t now_unix)
{
    int64_t publish_unix;
    return is_published(item, &publish_unix) && publish_unix > now_unix;
}

const char *item_status_words(struct exchange *x, const json_t *item)
{
    int64_t publish_unix;
    int64_t trashed_unix = (int64_t)json_integer_value(json_object_get(item, "trashed_unix"));
    if (is_published(item, &publish_unix))
        return publish_unix <= x->now_unix ? "Published"
                                           : arena_format(&x->arena, "Scheduled for %s (%s)",
                                                          page_time_words(x, publish_unix), x->site->timezone);
    if (strcmp(string_at(item, "status"), "trashed") != 0)
        return "Draft";
    return trashed_unix == 0 ? "In the trash"
                             : arena_format(&x->arena, "In the trash since %s", page_time_words(x, trashed_unix));
}

/* --- the parts of the model; each false on a fault --- */

static bool model_choices(struct exchange *x, const struct item_page *page)
{
    const char *chosen = string_at(page->values, "type");
    json_t *types = store_rows(x->store, SQL_TYPE_CHOICES, NULL);
    bool is_event = strcmp(chosen, "event") == 0;
    size_t i;
    json_t *type;
    json_array_foreach(types, i, type)
        json_object_set_new(type, "selected", json_boolean(strcmp(string_at(type, "value"), chosen) == 0));
    is_event = is_event || *string_at(page->values, "event_starts") != '\0' ||
               *string_at(page->values, "event_ends") != '\0' || *string_at(page->values, "event_venue") != '\0';
    bool ok = types != NULL;
    json_object_update_new(x->model, json_pack("{s:o*, s:b}", "types", types, "is_event", is_event));
    return ok;
}

static bool model_names(struct exchange *x, enum sql sql, const char *key)
{
    json_t *rows = store_rows(x->store, sql, NULL);
    json_t *names = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) json_array_append(names, json_object_get(row, "name"));
    json_object_set_new(x->model, key, names);
    bool ok = rows != NULL;
    json_decref(rows);
    return ok;
}

/* The newest files of the library, but for those that the item has. */
static bool model_library(struct exchange *x, const struct item_page *page)
{
    json_t *files = file_list(x->store, "", 0, LIBRARY_LEN);
    json_t *library = json_array();
    size_t i, k;
    json_t *file, *own;
    json_array_foreach(files, i, file)
    {
        bool has = false;
        json_array_foreach(page->files, k, own) has =
            has || json_equal(json_object_get(own, "id"), json_object_get(file, "id"));
        if (!has)
            json_array_append_new(library,
                                  json_pack("{s:O, s:O, s:s}", "id", json_object_get(file, "id"), "name",
                                            json_object_get(file, "name"), "size_words",
                                            page_size_words(x, json_integer_value(json_object_get(file, "size")))));
    }
    bool ok = files != NULL;
    json_object_update_new(x->model,
                           json_pack("{s:b, s:o}", "has_library", json_array_size(library) > 0, "library", library));
    json_decref(files);
    return ok;
}

/* The languages of all items, and the site's. */
static bool model_languages(struct exchange *x)
{
    json_t *languages = store_rows(x->store, SQL_LANGUAGE_TAGS, NULL);
    bool known = false;
    bool ok = languages != NULL;
    size_t i;
    json_t *language;
    json_array_foreach(languages, i, language) known =
        known || strcmp(string_at(language, "value"), x->site->lang) == 0;
    if (ok && !known)
        json_array_insert_new(languages, 0, json_pack("{s:s}", "value", x->site->lang));
    json_array_foreach(languages, i, language)
        json_object_set_new(language, "name", json_string(text_lang_name(x->text, string_at(language, "value"))));
    json_object_set_new(x->model, "known_langs", languages);
    return ok;
}

/* "Saved 23 November 2026, 19:00 by Ana"; null where no revision says so. */
static bool model_saved(struct exchange *x, const struct item_page *page)
{
    json_int_t version = json_integer_value(json_object_get(page->stored, "version"));
    json_t *revision = page->id == 0 ? json_null() : edit_revision(x->store, page->id, version);
    json_t *words = json_null();
    const char *name = string_at(revision, "user_name");
    if (json_is_object(revision)) {
        json_int_t at = json_integer_value(json_object_get(revision, "at_unix"));
        words = json_sprintf("%s %s%s%s", *name == '\0' ? "Imported" : "Saved", page_time_words(x, (int64_t)at),
                             *name == '\0' ? "" : " by ", name);
    }
    json_object_set_new(x->model, "last_saved_words", words);
    bool ok = revision != NULL;
    json_decref(revision);
    return ok;
}

static void model_status(struct exchange *x, const struct item_page *page)
{
    bool is_new = page->id == 0;
    bool is_public = item_is_public(page->stored, x->now_unix);
    const char *status = is_new ? "draft" : string_at(page->stored, "status");
    const char *slug = string_at(page->stored, "slug");
    json_object_update_new(
        x->model, json_pack("{s:s, s:b, s:b, s:b, s:b, s:s, s:s?}", "status", status, "is_draft",
                            strcmp(status, "draft") == 0, "is_published", is_public, "is_scheduled",
                            item_is_scheduled(page->stored, x->now_unix), "is_trashed", strcmp(status, "trashed") == 0,
                            "status_words", is_new ? "Not saved yet" : item_status_words(x, page->stored), "view_href",
                            is_public ? page_href(x, arena_format(&x->arena, "/items/%s", slug)) : NULL));
}

/* Sets where the page leads to. False on a fault. */
static bool model_links(struct exchange *x, const struct item_page *page)
{
    json_t *token = json_pack("{s:s, s:I, s:I}", "kind", "preview", "item_id", (json_int_t)page->id, "now_unix",
                              (json_int_t)x->now_unix);
    json_t *has_links = store_value(x->store, SQL_TOKEN_ITEM, token);
    bool ok = has_links != NULL;
    bool is_new = page->id == 0;
    const char *draft_key = is_new ? "item-new" : arena_format(&x->arena, "item-%lld", (long long)page->id);
    const char *expires = page_time_words(x, x->now_unix + PREVIEW_LIFE_S);
    json_object_update_new(
        x->model, json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s, s:I}", "action_href",
                            is_new ? page_href(x, "/admin/items") : item_admin_href(x, page->id, ""), "preview_href",
                            is_new ? NULL : item_admin_href(x, page->id, "/preview"), "revisions_href",
                            is_new ? NULL : item_admin_href(x, page->id, "/revisions"), "share_href",
                            is_new ? NULL : item_admin_href(x, page->id, "/share"), "share_url", page->share_url,
                            "share_expires_words", page->share_url == NULL ? NULL : expires, "draft_key", draft_key,
                            "changed_unix", json_integer_value(json_object_get(page->stored, "changed_unix"))));
    json_object_set_new(x->model, "has_links", has_links);
    json_decref(token);
    return ok;
}

/* A new form with nothing in it has nothing to be warned of. */
static json_t *warnings(struct exchange *x, const struct item_page *page)
{
    if (page->id == 0 && page->checked == NULL)
        return json_array();
    return item_form_warnings(x->text, page->values, page->files, x->now_unix);
}

/* What the message says of pasted markup; the words may come from the address, behind a 303 (*arena*). */
static const char *cleaned_words(struct exchange *x, const struct item_page *page)
{
    const char *words = page->cleaned;
    if (words == NULL)
        words = json_string_value(json_object_get(x->params, "cleaned"));
    return words == NULL ? NULL : arena_format(&x->arena, "What was pasted is Markdown now. Left out: %s.", words);
}

/* What was typed of files that have to be chosen again: [] unless the form waited for a login (*owned*). */
static json_t *upload_alts(const struct exchange *x, const struct item_page *page)
{
    json_t *alts = page->restored ? json_object_get(x->form, "upload_alt") : NULL;
    if (json_is_array(alts))
        return json_incref(alts);
    return json_is_string(alts) ? json_pack("[O]", alts) : json_array();
}

/* What the form holds, and what is said about it. */
static void model_form(struct exchange *x, const struct item_page *page)
{
    json_t *list = warnings(x, page);
    json_object_update_new(x->model,
                           json_pack("{s:I, s:O, s:s, s:o, s:s, s:I, s:b, s:b, s:o, s:b, s:o, s:s?}", "version",
                                     (json_int_t)page->version, "values", page->values, "timezone", x->site->timezone,
                                     "files", file_rows(x, page->files), "upload_max_words",
                                     page_size_words(x, (int64_t)x->site->upload_max), "upload_max",
                                     (json_int_t)x->site->upload_max, "asks", page->asks, "warnings_any",
                                     json_array_size(list) > 0, "warnings", list, "restored", page->restored,
                                     "upload_alts", upload_alts(x, page), "cleaned", cleaned_words(x, page)));
}

int item_page_html(struct exchange *x, int status, const struct item_page *page)
{
    bool is_new = page->id == 0;
    json_decref(x->model);
    x->model = item_form_errors(page->errors);
    bool ok = model_choices(x, page) && model_names(x, SQL_PLACE_NAMES, "known_places") &&
              model_names(x, SQL_TOPIC_NAMES, "known_topics") && model_languages(x) && model_library(x, page) &&
              model_saved(x, page);
    if (!ok || !model_links(x, page))
        return 500;
    model_status(x, page);
    model_form(x, page);
    json_object_update_new(x->model,
                           json_pack("{s:s, s:s, s:b, s:o}", "page_title",
                                     is_new ? "New item" : string_at(page->stored, "title"), "section", "items",
                                     "is_new", is_new, "id", is_new ? json_null() : json_integer(page->id)));
    return page_admin_html(x, status, "admin/item.html");
}
