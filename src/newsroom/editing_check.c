#include "editing.h"

#include <stdlib.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/newsroom/item.h"

const char *change_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* --- what it is to become; false on a fault, mistakes go to `errors` --- */

static void refuse(json_t *errors, const char *key, json_t *reason)
{
    json_array_append_new(errors, json_pack("{s:s, s:o}", "key", key, "reason", reason));
}

/* The item that has a slug or alias; 0 for none, -1 on a fault. */
int64_t change_owner_of(const struct change *change, const char *name)
{
    json_t *params = json_pack("{s:s}", "name", name);
    json_t *value = store_value(change->editing->store, SQL_ITEM_BY_NAME, params);
    int64_t id = value == NULL ? -1 : (int64_t)json_integer_value(value);
    json_decref(value);
    json_decref(params);
    return id;
}

json_t *change_new_whole(void)
{
    json_t *whole = item_blank("");
    json_object_set_new(whole, "status", json_string("draft"));
    json_object_set_new(whole, "files", json_array());
    return whole;
}

void change_lay_over(json_t *whole, const json_t *values)
{
    static const char *const stay_if_empty[] = {"lang", "status"};
    json_t *given = json_copy((json_t *)(uintptr_t)values);
    const char *key;
    json_t *value;
    for (size_t i = 0; i < sizeof stay_if_empty / sizeof *stay_if_empty; i++) {
        if (*change_text(given, stay_if_empty[i]) == '\0')
            json_object_del(given, stay_if_empty[i]);
    }
    json_object_foreach(whole, key, value)
    {
        json_t *other = json_object_get(given, key);
        if (other != NULL)
            json_object_set(whole, key, other);
    }
    json_decref(given);
}

/* What readers see already does not become newer because its time was left empty. */
void change_settle_time(const struct change *change)
{
    int64_t publish_unix;
    bool seen = strcmp(change_text(change->stored, "status"), "published") == 0 &&
                text_utc_parse(change_text(change->stored, "publish_at"), &publish_unix) &&
                publish_unix <= change->editing->now_unix;
    if (seen && strcmp(change_text(change->whole, "status"), "published") == 0 &&
        json_is_null(json_object_get(change->whole, "publish_at")))
        json_object_set(change->whole, "publish_at", json_object_get(change->stored, "publish_at"));
}

/* A type may be given by its name. `*type` is its slug, null for none (*owned*). */
bool change_find_type(const struct change *change, const char *given, json_t **type)
{
    json_t *params = json_pack("{s:s}", "name", given);
    json_t *row = store_row(change->editing->store, SQL_TYPE_BY_NAME, params);
    const json_t *slug = json_object_get(row, "value");
    *type = slug == NULL ? json_null() : json_string(json_string_value(slug));
    bool ok = row != NULL;
    json_decref(row);
    json_decref(params);
    return ok;
}

static bool check_type(const struct change *change, json_t *errors)
{
    json_t *type;
    const char *given = change_text(change->whole, "type");
    if (*given == '\0')
        return true;
    if (!change_find_type(change, given, &type))
        return false;
    if (json_is_null(type))
        refuse(errors, "type", json_string("is none of the types"));
    else
        json_object_set(change->whole, "type", type);
    json_decref(type);
    return true;
}

static void check_required(const struct change *change, json_t *errors)
{
    static const char *const keys[] = {"type", "title", "lang"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (*change_text(change->whole, keys[i]) == '\0')
            refuse(errors, keys[i], json_string("is missing"));
    }
}

static bool propose_slug(const struct change *change)
{
    const char *title = change_text(change->whole, "title");
    char *slug = item_slug_unique(change->editing->store, change->editing->text, title, change->id);
    if (slug != NULL)
        json_object_set_new(change->whole, "slug", json_string(slug));
    free(slug);
    return slug != NULL;
}

static bool check_slug(const struct change *change, json_t *errors)
{
    const char *slug = change_text(change->whole, "slug");
    if (*slug == '\0')
        return propose_slug(change);
    if (strcmp(slug, change_text(change->stored, "slug")) == 0)
        return true;
    int64_t owner = change_owner_of(change, slug);
    if (owner > 0 && owner != change->id)
        refuse(errors, "slug", json_string("belongs to another item"));
    else if (slug[strspn(slug, "0123456789")] == '\0')
        refuse(errors, "slug", json_string("is a number: those are the items' permanent addresses"));
    return owner >= 0;
}

static bool array_has(const json_t *array, const char *text)
{
    size_t i;
    json_t *entry;
    json_array_foreach(array, i, entry)
    {
        if (strcmp(json_string_value(entry), text) == 0)
            return true;
    }
    return false;
}

/* `*free_names` gets those of `names` that are no other item's, each once and not the item's own slug; `*taken` the others
 * (both *owned*). */
static bool part_names(const struct change *change, const json_t *names, json_t **free_names, json_t **taken)
{
    bool ok = true;
    size_t i;
    json_t *name;
    *free_names = json_array();
    *taken = json_array();
    json_array_foreach(names, i, name)
    {
        const char *text = json_string_value(name);
        int64_t owner = ok ? change_owner_of(change, text) : -1;
        ok = owner >= 0;
        bool others = owner > 0 && owner != change->id;
        if (others || (strcmp(text, change_text(change->whole, "slug")) != 0 && !array_has(*free_names, text)))
            json_array_append(others ? *taken : *free_names, name);
    }
    return ok;
}

/* Sets the aliases to those of `names` that can be had, and the slug that the item leaves; the others are named in `errors`,
 * unless that is NULL. */
bool change_settle_aliases(const struct change *change, const json_t *names, json_t *errors)
{
    json_t *aliases, *taken;
    size_t i;
    json_t *name;
    const char *old_slug = change_text(change->stored, "slug");
    bool ok = part_names(change, names, &aliases, &taken);
    if (*old_slug != '\0' && strcmp(old_slug, change_text(change->whole, "slug")) != 0 && !array_has(aliases, old_slug))
        json_array_append_new(aliases, json_string(old_slug));
    json_object_set_new(change->whole, "aliases", aliases);
    json_array_foreach(taken, i, name)
    {
        if (errors != NULL)
            refuse(errors, "aliases",
                   json_sprintf("has \"%s\", which belongs to another item", json_string_value(name)));
    }
    json_decref(taken);
    return ok;
}

/* Sets the attachments to those of `files` that there are; one that is not is told in `errors`, unless that is NULL. */
bool change_settle_files(const struct change *change, json_t *files, json_t *errors)
{
    json_t *params = json_pack("{s:O}", "files", files);
    json_t *rows = store_rows(change->editing->store, SQL_ITEM_FILE_KNOWN, params);
    json_t *known = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (json_is_string(json_object_get(row, "name")))
            json_array_append(known, row);
    }
    if (errors != NULL && json_array_size(known) < json_array_size(rows))
        refuse(errors, "files", json_string("has one that was deleted"));
    json_object_set_new(change->whole, "files", known);
    bool ok = rows != NULL;
    json_decref(rows);
    json_decref(params);
    return ok;
}

/* --- saving --- */

bool change_check_save(const struct change *change, const json_t *values, json_t *errors)
{
    json_t *files = json_object_get(values, "files");
    json_t *names = json_deep_copy(json_object_get(change->whole, "aliases"));
    check_required(change, errors);
    bool ok = check_type(change, errors) && check_slug(change, errors) &&
              change_settle_aliases(change, names, errors) &&
              (files == NULL || change_settle_files(change, files, errors));
    json_decref(names);
    return ok;
}
