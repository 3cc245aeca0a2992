#include "warta/newsroom/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/newsroom/item.h"
#include "warta/newsroom/revision.h"

void import_init(struct import *import, struct store *store, struct text *text, const char *lang, int64_t now_unix)
{
    *import = (struct import){.store = store, .text = text, .lang = lang, .now_unix = now_unix, .seen = json_object()};
}

void import_release(struct import *import)
{
    json_decref(import->seen);
    *import = (struct import){0};
}

static void refuse(json_t *errors, const char *key, json_t *reason)
{
    json_array_append_new(errors, json_pack("{s:s, s:o}", "key", key, "reason", reason));
}

/* --- which stored item it is: an id, 0 for a new one, -1 on a fault --- */

static int64_t id_by_name(const struct import *import, const char *name)
{
    json_t *params = json_pack("{s:s}", "name", name);
    json_t *value = store_value(import->store, SQL_ITEM_BY_NAME, params);
    int64_t id = value == NULL ? -1 : (int64_t)json_integer_value(value);
    json_decref(value);
    json_decref(params);
    return id;
}

/* The number of the file's item that was already taken for this stored one; -1 for none. */
static json_int_t seen_as(const struct import *import, int64_t id)
{
    char key[24];
    snprintf(key, sizeof key, "%lld", (long long)id);
    const json_t *index = json_object_get(import->seen, key);
    return index == NULL ? -1 : json_integer_value(index);
}

static void see(struct import *import, int64_t id, size_t index)
{
    char key[24];
    snprintf(key, sizeof key, "%lld", (long long)id);
    json_object_set_new(import->seen, key, json_integer((json_int_t)index));
}

/* By slug or alias. Names that belong to different stored items are refused. */
static int64_t id_by_names(const struct import *import, const json_t *values, json_t *errors)
{
    const char *slug = json_string_value(json_object_get(values, "slug"));
    int64_t id = slug == NULL || *slug == '\0' ? 0 : id_by_name(import, slug);
    size_t i;
    json_t *alias;
    json_array_foreach(json_object_get(values, "aliases"), i, alias)
    {
        int64_t other = id < 0 ? id : id_by_name(import, json_string_value(alias));
        if (other < 0)
            return -1;
        if (id != 0 && other != 0 && other != id)
            refuse(errors, "aliases",
                   json_sprintf("has \"%s\", which belongs to another item", json_string_value(alias)));
        else if (other != 0)
            id = other;
    }
    return id;
}

/* Whether a stored item is what `values`, which say no slug, describe: of the same type and date, and not yet
 * another item of this file. -1 on a fault. */
static int is_same(const struct import *import, int64_t id, const json_t *values)
{
    if (seen_as(import, id) >= 0)
        return 0;
    json_t *stored = item_stored(import->store, id);
    const json_t *date = json_object_get(values, "date");
    int same = stored == NULL ? -1
                              : json_equal(json_object_get(stored, "type"), json_object_get(values, "type")) &&
                                    (date == NULL ? json_is_null(json_object_get(stored, "date"))
                                                  : json_equal(json_object_get(stored, "date"), date));
    json_decref(stored);
    return same;
}

/* By the slug that the title gives: name, name-2 and so on are asked until one is the same item or free. */
static int64_t id_by_title(const struct import *import, const json_t *values)
{
    const char *title = json_string_value(json_object_get(values, "title"));
    if (title == NULL)
        return 0;
    char *slug = text_slug(import->text, title);
    size_t cap = strlen(slug) + 24;
    char *name = mem_alloc(cap);
    int64_t id = 0;
    for (unsigned n = 1;; n++) {
        snprintf(name, cap, n == 1 ? "%s" : "%s-%u", slug, n);
        id = id_by_name(import, name);
        int same = id > 0 ? is_same(import, id, values) : 1;
        if (same != 0) {
            id = same < 0 ? -1 : id;
            break;
        }
    }
    free(name);
    free(slug);
    return id;
}

/* --- what it becomes --- */

/* A type given by its name takes its slug, so that it compares with what is stored. False on a fault. */
static bool resolve_type(const struct import *import, json_t *values)
{
    json_t *given = json_object_get(values, "type");
    if (given == NULL)
        return true;
    json_t *params = json_pack("{s:O}", "name", given);
    json_t *type = store_row(import->store, SQL_TYPE_BY_NAME, params);
    if (json_is_object(type))
        json_object_set(values, "type", json_object_get(type, "value"));
    json_decref(params);
    json_decref(type);
    return type != NULL;
}

static bool array_has(const json_t *array, const json_t *value)
{
    size_t i;
    json_t *entry;
    json_array_foreach(array, i, entry)
    {
        if (json_equal(entry, value))
            return true;
    }
    return false;
}

/* The stored aliases and, behind them, the given ones that are new; the item's own slug is none (*owned*). */
static json_t *aliases_union(json_t *stored, const json_t *given, const json_t *slug)
{
    json_t *aliases = json_copy(stored);
    size_t i;
    json_t *alias;
    json_array_foreach(given, i, alias)
    {
        if (!array_has(aliases, alias) && !json_equal(alias, slug))
            json_array_append(aliases, alias);
    }
    return aliases;
}

static bool is_empty_text(const json_t *value)
{
    return !json_is_string(value) || json_string_length(value) == 0;
}

/* What stands with the given values laid over it (*owned*). */
static json_t *overlay(json_t *stored, json_t *values)
{
    json_t *whole = json_copy(stored);
    const char *key;
    json_t *value;
    json_object_foreach(values, key, value)
    {
        bool keeps = strcmp(key, "aliases") == 0 || (strcmp(key, "slug") == 0 && is_empty_text(value)) ||
                     (strcmp(key, "lang") == 0 && is_empty_text(value)) ||
                     (strcmp(key, "publish_at") == 0 && json_is_null(value)) ||
                     (strcmp(key, "status") == 0 && is_empty_text(value));
        if (!keeps)
            json_object_set(whole, key, value);
    }
    json_object_set_new(whole, "aliases",
                        aliases_union(json_object_get(stored, "aliases"), json_object_get(values, "aliases"),
                                      json_object_get(whole, "slug")));
    return whole;
}

/* An old slug in the file finds its item, but does not rename it back. */
static void keep_slug(const json_t *stored, json_t *whole)
{
    if (array_has(json_object_get(stored, "aliases"), json_object_get(whole, "slug")))
        json_object_set(whole, "slug", json_object_get(stored, "slug"));
}

static json_t *changed_keys(const json_t *stored, json_t *whole)
{
    json_t *changed = json_array();
    const char *key;
    json_t *value;
    json_object_foreach(whole, key, value)
    {
        if (!json_equal(value, json_object_get(stored, key)))
            json_array_append_new(changed, json_string(key));
    }
    return changed;
}

static enum import_outcome create(struct import *import, size_t index, json_t *values, json_t *errors, json_t **report)
{
    static const char *const required[] = {"type", "title"};
    for (size_t i = 0; i < 2; i++) {
        if (is_empty_text(json_object_get(values, required[i])))
            refuse(errors, required[i], json_string("is missing"));
    }
    if (json_array_size(errors) > 0)
        return IMPORT_REFUSED;
    json_t *blank = item_blank(import->lang);
    json_t *whole = overlay(blank, values);
    json_decref(blank);
    int64_t id = -1;
    if (is_empty_text(json_object_get(whole, "slug"))) {
        char *slug =
            item_slug_unique(import->store, import->text, json_string_value(json_object_get(whole, "title")), 0);
        json_object_set_new(whole, "slug", json_string(slug == NULL ? "" : slug));
        id = slug == NULL ? 0 : -1;
        free(slug);
    }
    if (id != 0)
        id = item_write(import->store, import->text, 0, NULL, whole, import->now_unix);
    if (id != 0) {
        see(import, id, index);
        *report = json_pack("{s:O, s:O, s:[]}", "slug", json_object_get(whole, "slug"), "title",
                            json_object_get(whole, "title"), "changed");
    }
    json_decref(whole);
    return id == 0 ? IMPORT_FAULT : IMPORT_CREATED;
}

static enum import_outcome update(struct import *import, size_t index, int64_t id, json_t *values, json_t *errors,
                                  json_t **report)
{
    if (seen_as(import, id) >= 0) {
        refuse(errors, "slug", json_sprintf("makes it the same item as number %lld", (long long)seen_as(import, id)));
        return IMPORT_REFUSED;
    }
    json_t *stored = item_stored(import->store, id);
    if (stored == NULL)
        return IMPORT_FAULT;
    json_t *whole = overlay(stored, values);
    keep_slug(stored, whole);
    json_t *changed = changed_keys(stored, whole);
    bool differs = json_array_size(changed) > 0;
    bool ok = !differs || (item_write(import->store, import->text, id, stored, whole, import->now_unix) != 0 &&
                           revision_follow(import->store, id, "import", import->now_unix));
    if (ok) {
        see(import, id, index);
        *report = json_pack("{s:O, s:O, s:O}", "slug", json_object_get(whole, "slug"), "title",
                            json_object_get(whole, "title"), "changed", changed);
    }
    json_decref(changed);
    json_decref(whole);
    json_decref(stored);
    return !ok ? IMPORT_FAULT : differs ? IMPORT_UPDATED : IMPORT_UNCHANGED;
}

enum import_outcome import_item(struct import *import, size_t index, json_t *values, json_t *errors, json_t **report)
{
    *report = NULL;
    json_t *given = json_copy(values);
    enum import_outcome outcome = IMPORT_FAULT;
    if (resolve_type(import, given)) {
        int64_t id = id_by_names(import, given, errors);
        if (id == 0 && is_empty_text(json_object_get(given, "slug")))
            id = id_by_title(import, given);
        if (json_array_size(errors) > 0)
            outcome = IMPORT_REFUSED;
        else if (id == 0)
            outcome = create(import, index, given, errors, report);
        else if (id > 0)
            outcome = update(import, index, id, given, errors, report);
    }
    json_decref(given);
    return outcome;
}
