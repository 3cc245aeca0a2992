#include "warta/newsroom/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"

static const char *const statuses[] = {"draft", "published", "trashed", NULL};

static const struct field event_fields[] = {
    {.key = "starts", .kind = FIELD_LOCAL_TIME, .nullable = true},
    {.key = "ends", .kind = FIELD_LOCAL_TIME, .nullable = true},
    {.key = "venue", .kind = FIELD_LINE, .nullable = true, .max_len = 300},
    {0},
};

const struct field item_fields[] = {
    {.key = "slug", .kind = FIELD_SLUG},
    {.key = "type", .kind = FIELD_LINE, .required = true, .max_len = 80},
    {.key = "kicker", .kind = FIELD_LINE, .max_len = 200},
    {.key = "title", .kind = FIELD_LINE, .required = true, .max_len = 300},
    {.key = "summary", .kind = FIELD_TEXT, .max_len = 2000},
    {.key = "body", .kind = FIELD_TEXT, .max_len = ITEM_BODY_MAX},
    {.key = "date", .kind = FIELD_DATE, .nullable = true},
    {.key = "event", .kind = FIELD_OBJECT, .nullable = true, .fields = event_fields},
    {.key = "lang", .kind = FIELD_LANG},
    {.key = "places", .kind = FIELD_LINES, .max_len = 100, .max_entries = 16},
    {.key = "topics", .kind = FIELD_LINES, .max_len = 100, .max_entries = 16},
    {.key = "link", .kind = FIELD_LINK, .max_len = 2000},
    {.key = "aliases", .kind = FIELD_LINES, .max_len = 200, .max_entries = 64},
    {.key = "status", .kind = FIELD_CHOICE, .choices = statuses},
    {.key = "publish_at", .kind = FIELD_INSTANT, .nullable = true},
    {.key = "files", .kind = FIELD_IGNORED},
    {.key = "id", .kind = FIELD_IGNORED},
    {.key = "version", .kind = FIELD_IGNORED},
    {0},
};

/* --- checking --- */

static void error_add(json_t *errors, const char *key, const char *reason)
{
    json_array_append_new(errors, json_pack("{s:s, s:s}", "key", key, "reason", reason));
}

/* All three keys, null where there is nothing; null for an event of which nothing is known (*owned*). */
static json_t *event_normal(const json_t *event)
{
    json_t *normal = json_object();
    bool known = false;
    for (const struct field *field = event_fields; field->key != NULL; field++) {
        json_t *value = json_object_get(event, field->key);
        bool given = json_is_string(value) && json_string_length(value) > 0;
        json_object_set(normal, field->key, given ? value : json_null());
        known = known || given;
    }
    if (known)
        return normal;
    json_decref(normal);
    return json_null();
}

static void check_event(json_t *values, json_t *errors)
{
    json_t *event = json_object_get(values, "event");
    if (!json_is_object(event))
        return;
    const char *starts = json_string_value(json_object_get(event, "starts"));
    const char *ends = json_string_value(json_object_get(event, "ends"));
    /* A day compares with a time of that day by its first ten characters: it ends no earlier than it starts. */
    if (starts != NULL && ends != NULL &&
        strncmp(ends, starts, strlen(ends) < strlen(starts) ? strlen(ends) : strlen(starts)) < 0)
        error_add(errors, "event.ends", "is before event.starts");
    json_object_set_new(values, "event", event_normal(event));
}

static void check_aliases(const json_t *values, json_t *errors)
{
    size_t i;
    json_t *alias;
    json_array_foreach(json_object_get(values, "aliases"), i, alias)
    {
        const char *name = json_string_value(alias);
        if (strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            error_add(errors, "aliases", "has an entry that cannot stand in an address");
    }
}

json_t *item_check(const json_t *input, json_t *errors)
{
    json_t *values = form_check(item_fields, input, false, errors);
    check_event(values, errors);
    check_aliases(values, errors);
    if (json_array_size(json_object_get(input, "files")) > 0)
        error_add(errors, "files", "is not empty: attachments do not travel in a file of items");
    for (const struct field *field = item_fields; field->key != NULL; field++) {
        if (field->kind == FIELD_IGNORED)
            json_object_del(values, field->key);
    }
    return values;
}

/* --- reading --- */

json_t *item_stored(struct store *store, int64_t id)
{
    json_t *params = json_pack("{s:I}", "id", (json_int_t)id);
    json_t *item = store_row(store, SQL_ITEM_STORED, params);
    json_decref(params);
    json_object_del(item, "id");
    return item;
}

json_t *item_blank(const char *lang)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:n, s:n, s:s, s:[], s:[], s:s, s:[], s:s, s:n}", "slug", "",
                     "type", "", "kicker", "", "title", "", "summary", "", "body", "", "date", "event", "lang", lang,
                     "places", "topics", "link", "", "aliases", "status", "published", "publish_at");
}

/* --- small steps of writing: each false, 0 or -1 on a fault --- */

/* The id that a lookup finds: 0 for none, -1 on a fault. Takes `params` over. */
static int64_t find_id(struct store *store, enum sql sql, json_t *params)
{
    json_t *value = store_value(store, sql, params);
    int64_t id = value == NULL ? -1 : (int64_t)json_integer_value(value);
    json_decref(value);
    json_decref(params);
    return id;
}

static bool run(struct store *store, enum sql sql, json_t *params)
{
    bool ok = store_exec(store, sql, params, NULL);
    json_decref(params);
    return ok;
}

static json_t *id_params(int64_t id)
{
    return json_pack("{s:I}", "id", (json_int_t)id);
}

/* How a row's slug is looked up before a new one takes it. */
struct slug_space {
    enum sql find;
    const char *param;
};

static const struct slug_space item_slugs = {SQL_ITEM_BY_NAME, "name"};
static const struct slug_space place_slugs = {SQL_PLACE_BY_SLUG, "value"};
static const struct slug_space topic_slugs = {SQL_TOPIC_BY_SLUG, "value"};
static const struct slug_space type_slugs = {SQL_TYPE_BY_SLUG, "value"};

/* "name", "name-2", "name-3" ...: the first that is free, or is that of row `own_id` (*owned*, free()); NULL on a fault. */
static char *slug_unique(struct store *store, struct text *text, const struct slug_space *space, const char *name,
                         const char *if_empty, int64_t own_id)
{
    char *base = text_slug(text, name);
    if (*base == '\0') {
        free(base);
        base = mem_copy(if_empty, strlen(if_empty));
    }
    size_t base_len = strlen(base);
    char *slug = mem_alloc(base_len + 24);
    memcpy(slug, base, base_len);
    int64_t taken = find_id(store, space->find, json_pack("{s:s}", space->param, slug));
    for (unsigned n = 2; taken > 0 && taken != own_id; n++) {
        char suffix[16];
        int suffix_len = snprintf(suffix, sizeof suffix, "-%u", n);
        size_t kept = base_len;
        if (kept + (size_t)suffix_len > TEXT_SLUG_MAX)
            kept = TEXT_SLUG_MAX - (size_t)suffix_len;
        memcpy(slug + kept, suffix, (size_t)suffix_len + 1);
        taken = find_id(store, space->find, json_pack("{s:s}", space->param, slug));
    }
    free(base);
    if (taken >= 0)
        return slug;
    free(slug);
    return NULL;
}

char *item_slug_unique(struct store *store, struct text *text, const char *title, int64_t id)
{
    return slug_unique(store, text, &item_slugs, title, "item", id);
}

/* The id of a place, topic or type by its name; made if there is none. -1 on a fault. */
static int64_t named_id(struct store *store, struct text *text, enum sql by_name, enum sql insert,
                        const struct slug_space *slugs, const char *name)
{
    int64_t id = find_id(store, by_name, json_pack("{s:s}", "name", name));
    if (id != 0)
        return id;
    char *slug = slug_unique(store, text, slugs, name, "other", 0);
    if (slug == NULL)
        return -1;
    id = find_id(store, insert, json_pack("{s:s, s:s}", "slug", slug, "name", name));
    free(slug);
    return id;
}

/* A type given by a slug that does not exist yet is named after it: "case-study" → "Case study" (*owned*, free()). */
static char *type_name(struct text *text, const char *given)
{
    char *name = mem_copy(given, strlen(given));
    char *slug = text_slug(text, given);
    if (strcmp(slug, given) == 0) {
        for (char *c = name; *c != '\0'; c++) {
            if (*c == '-')
                *c = ' ';
        }
        if (*name >= 'a' && *name <= 'z')
            *name = (char)(*name - 'a' + 'A');
    }
    free(slug);
    return name;
}

static int64_t type_id(struct store *store, struct text *text, const char *given)
{
    int64_t id = find_id(store, SQL_TYPE_BY_NAME, json_pack("{s:s}", "name", given));
    if (id != 0)
        return id;
    char *name = type_name(text, given);
    id = named_id(store, text, SQL_TYPE_BY_NAME, SQL_TYPE_INSERT, &type_slugs, name);
    free(name);
    return id;
}

static int64_t language_id(struct store *store, const char *tag)
{
    int64_t id = find_id(store, SQL_LANGUAGE_BY_TAG, json_pack("{s:s}", "value", tag));
    if (id != 0)
        return id;
    return find_id(store, SQL_LANGUAGE_INSERT, json_pack("{s:s}", "tag", tag));
}

/* Puts the places or topics of an item that has none. */
static bool put_names(struct store *store, struct text *text, int64_t id, const json_t *names, bool places)
{
    json_t *ids = json_array();
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        int64_t name_id = named_id(store, text, places ? SQL_PLACE_BY_NAME : SQL_TOPIC_BY_NAME,
                                   places ? SQL_PLACE_INSERT : SQL_TOPIC_INSERT, places ? &place_slugs : &topic_slugs,
                                   json_string_value(name));
        if (name_id < 0) {
            json_decref(ids);
            return false;
        }
        json_array_append_new(ids, json_integer(name_id));
    }
    json_t *params = json_pack("{s:I, s:o}", "id", (json_int_t)id, "ids", ids);
    return run(store, places ? SQL_ITEM_PLACE_PUT : SQL_ITEM_TOPIC_PUT, params);
}

static bool put_aliases(struct store *store, int64_t id, const json_t *stored, const json_t *whole)
{
    const char *slug = json_string_value(json_object_get(whole, "slug"));
    const char *old_slug = json_string_value(json_object_get(stored, "slug"));
    bool ok = true;
    size_t i;
    json_t *alias;
    json_array_foreach(json_object_get(whole, "aliases"), i, alias)
    {
        ok = ok && run(store, SQL_ALIAS_PUT, json_pack("{s:I, s:O}", "id", (json_int_t)id, "name", alias));
    }
    if (!ok || old_slug == NULL || strcmp(slug, old_slug) == 0)
        return ok;
    return run(store, SQL_ALIAS_PUT, json_pack("{s:I, s:s}", "id", (json_int_t)id, "name", old_slug));
}

/* Attachments stay as they are where the item does not say. */
static bool put_files(struct store *store, int64_t id, const json_t *whole)
{
    json_t *files = json_object_get(whole, "files");
    return files == NULL ||
           (run(store, SQL_ITEM_FILE_CLEAR, id_params(id)) &&
            run(store, SQL_ITEM_FILE_PUT, json_pack("{s:I, s:O}", "id", (json_int_t)id, "files", files)));
}

/* --- writing --- */

/* What listings sort by: the date, else the day of publishing, as 20190830. */
static int64_t sort_day(struct text *text, const json_t *whole, int64_t publish_unix)
{
    char day[TEXT_DATE_CAP];
    const char *date = json_string_value(json_object_get(whole, "date"));
    if (date == NULL) {
        text_local_date(text, publish_unix, day);
        date = day;
    }
    return strtol(date, NULL, 10) * 10000 + strtol(date + 5, NULL, 10) * 100 + strtol(date + 8, NULL, 10);
}

/* The row of table item (*owned*); NULL on a fault. */
static json_t *item_row(struct store *store, struct text *text, const json_t *whole, int64_t now_unix)
{
    static const char *const same[] = {"slug", "kicker", "title", "summary", "body", "date", "event", "link", "status"};
    const char *publish_at = json_string_value(json_object_get(whole, "publish_at"));
    int64_t publish_unix = now_unix;
    bool published = strcmp(json_string_value(json_object_get(whole, "status")), "published") == 0;
    bool timed = publish_at != NULL && text_utc_parse(publish_at, &publish_unix);
    int64_t type = type_id(store, text, json_string_value(json_object_get(whole, "type")));
    int64_t language = language_id(store, json_string_value(json_object_get(whole, "lang")));
    if (type < 0 || language < 0)
        return NULL;
    json_t *row = json_object();
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        json_object_set(row, same[i], json_object_get(whole, same[i]));
    json_object_set_new(row, "type_id", json_integer(type));
    json_object_set_new(row, "language_id", json_integer(language));
    json_object_set_new(row, "publish_unix", timed || published ? json_integer(publish_unix) : json_null());
    json_object_set_new(row, "day", json_integer(sort_day(text, whole, publish_unix)));
    json_object_set_new(row, "now_unix", json_integer(now_unix));
    return row;
}

/* Takes an item out of the listing, and its facets and aliases away. */
static bool item_unfile(struct store *store, int64_t id)
{
    static const enum sql steps[] = {SQL_LISTING_COUNT_REMOVE, SQL_LISTING_REMOVE, SQL_ITEM_PLACE_CLEAR,
                                     SQL_ITEM_TOPIC_CLEAR, SQL_ALIAS_CLEAR};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof steps / sizeof *steps; i++)
        ok = run(store, steps[i], id_params(id));
    return ok;
}

/* Writes the row itself; the item's id, or 0 on a fault. Takes `row` over. */
static int64_t item_put_row(struct store *store, int64_t id, json_t *row)
{
    if (id == 0) {
        int64_t new_id = find_id(store, SQL_ITEM_INSERT, row);
        return new_id > 0 ? new_id : 0;
    }
    json_object_set_new(row, "id", json_integer(id));
    return run(store, SQL_ITEM_UPDATE, row) ? id : 0;
}

int64_t item_write(struct store *store, struct text *text, int64_t id, const json_t *stored, const json_t *whole,
                   int64_t now_unix)
{
    if (id != 0 && !item_unfile(store, id))
        return 0;
    json_t *row = item_row(store, text, whole, now_unix);
    id = row == NULL ? 0 : item_put_row(store, id, row);
    bool ok = id != 0 && put_names(store, text, id, json_object_get(whole, "places"), true) &&
              put_names(store, text, id, json_object_get(whole, "topics"), false) &&
              put_aliases(store, id, stored, whole) && put_files(store, id, whole) &&
              run(store, SQL_LISTING_PUT, id_params(id)) && run(store, SQL_LISTING_COUNT_PUT, id_params(id));
    return ok ? id : 0;
}
