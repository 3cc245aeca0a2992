#include "warta/pages/item_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/newsroom/file.h"
#include "warta/newsroom/item.h"
#include "warta/view/markdown.h"

const struct item_field item_form_fields[] = {
    {"type", "Type", false},
    {"kicker", "Kicker", false},
    {"title", "Title", false},
    {"summary", "Summary", true},
    {"body", "Text", true},
    {"date", "Date", false},
    {"event_starts", "Event begins", false},
    {"event_ends", "Event ends", false},
    {"event_venue", "Event venue", false},
    {"lang", "Language", false},
    {"places", "Places", false},
    {"topics", "Topics", false},
    {"link", "Link", false},
    {"slug", "Address", false},
    {"aliases", "Other addresses", false},
    {"publish_at", "Publish at", false},
    {0},
};

static const char *const list_keys[] = {"places", "topics", "aliases"};
static const char *const event_keys[] = {"starts", "ends", "venue"};

enum { LIST_KEYS = sizeof list_keys / sizeof *list_keys, EVENT_KEYS = sizeof event_keys / sizeof *event_keys };

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* The form's key for one of an event (*owned*, free()). */
static char *event_field(const char *key)
{
    struct buf name = BUF_EMPTY;
    buf_format(&name, "event_%s", key);
    return buf_steal(&name);
}

static const struct item_field *find_field(const char *key)
{
    const struct item_field *field = item_form_fields;
    while (field->key != NULL && strcmp(field->key, key) != 0)
        field++;
    return field;
}

const char *item_form_label(const char *key)
{
    static const char *const others[][2] = {{"event", "Event"}, {"files", "Files"}, {"status", "Status"}};
    const struct item_field *field = find_field(key);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(others[i][0], key) == 0)
            return others[i][1];
    }
    return field->key == NULL ? key : field->label;
}

/* --- names parted by commas --- */

static void append_name(struct buf *out, const char *name)
{
    if (strchr(name, ',') == NULL && *name != '"') {
        buf_text(out, name);
        return;
    }
    buf_char(out, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"')
            buf_char(out, '"');
        buf_char(out, *name);
    }
    buf_char(out, '"');
}

static json_t *join_names(const json_t *names)
{
    struct buf out = BUF_EMPTY;
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        if (i > 0)
            buf_text(&out, ", ");
        append_name(&out, json_string_value(name));
    }
    json_t *text = json_string(buf_string(&out));
    buf_release(&out);
    return text;
}

/* Takes a name in quotes off; false, with `*cursor` where it was, if the quotes are not around the whole name. */
static bool take_quoted(const char **cursor, struct buf *name)
{
    const char *at = *cursor;
    if (*at++ != '"')
        return false;
    for (; *at != '\0' && (*at != '"' || at[1] == '"'); at++) {
        at += *at == '"' ? 1 : 0;
        buf_char(name, *at);
    }
    if (*at++ == '"') {
        at += strspn(at, " \t\r\n");
        if (*at == '\0' || *at == ',') {
            *cursor = at;
            return true;
        }
    }
    buf_truncate(name, 0);
    return false;
}

/* Empty entries and white space around a name are left to item_check, which drops them. */
static json_t *split_names(const char *text)
{
    json_t *names = json_array();
    while (*text != '\0') {
        struct buf name = BUF_EMPTY;
        text += strspn(text, " \t\r\n");
        if (!take_quoted(&text, &name)) {
            size_t len = strcspn(text, ",");
            buf_append(&name, text, len);
            text += len;
        }
        json_array_append_new(names, json_string(buf_string(&name)));
        buf_release(&name);
        text += *text == ',' ? 1 : 0;
    }
    return names;
}

/* --- publish_at --- */

/* A time in UTC as the site's clock shows it; "" for none. */
static void local_time(struct text *text, const json_t *utc, char local[static TEXT_LOCAL_CAP])
{
    int64_t instant;
    *local = '\0';
    if (json_is_string(utc) && text_utc_parse(json_string_value(utc), &instant))
        text_local_time(text, instant, local);
}

static json_t *publish_at(struct text *text, const json_t *values, const json_t *stored, json_t *errors)
{
    char utc[TEXT_UTC_CAP];
    char stored_local[TEXT_LOCAL_CAP];
    json_t *stored_at = json_object_get(stored, "publish_at");
    char *typed = text_single_line(string_at(values, "publish_at"));
    json_t *instant = json_null();
    local_time(text, stored_at, stored_local);
    if (*typed != '\0' && strcmp(typed, stored_local) == 0) {
        instant = json_incref(stored_at);
    } else if (*typed != '\0' && text_local_time_valid(typed)) {
        text_utc_format(text_local_unix(text, typed), utc);
        instant = json_string(utc);
    } else if (*typed != '\0') {
        json_array_append_new(errors, json_pack("{s:s, s:s}", "key", "publish_at", "reason",
                                                "is not a date and time such as 2019-08-30T09:30"));
    }
    free(typed);
    return instant;
}

/* --- from an item to strings and back --- */

json_t *item_form_values(struct text *text, const json_t *item)
{
    char local[TEXT_LOCAL_CAP];
    json_t *values = json_object();
    const json_t *event = json_object_get(item, "event");
    for (const struct item_field *field = item_form_fields; field->key != NULL; field++)
        json_object_set_new(values, field->key, json_string(string_at(item, field->key)));
    for (size_t i = 0; i < LIST_KEYS; i++)
        json_object_set_new(values, list_keys[i], join_names(json_object_get(item, list_keys[i])));
    for (size_t i = 0; i < EVENT_KEYS; i++) {
        char *field = event_field(event_keys[i]);
        json_object_set_new(values, field, json_string(string_at(event, event_keys[i])));
        free(field);
    }
    local_time(text, json_object_get(item, "publish_at"), local);
    json_object_set_new(values, "publish_at", json_string(local));
    return values;
}

json_t *item_form_typed(const json_t *values, const json_t *form)
{
    json_t *typed = json_object();
    for (const struct item_field *field = item_form_fields; field->key != NULL; field++) {
        json_t *value = json_object_get(form, field->key);
        if (json_is_array(value))
            value = json_array_get(value, 0);
        json_object_set(typed, field->key, value == NULL ? json_object_get(values, field->key) : value);
    }
    return typed;
}

static json_t *event_input(const json_t *values)
{
    json_t *event = json_object();
    for (size_t i = 0; i < EVENT_KEYS; i++) {
        char *field = event_field(event_keys[i]);
        json_object_set(event, event_keys[i], json_object_get(values, field));
        free(field);
    }
    return event;
}

json_t *item_form_check(struct text *text, const json_t *values, const json_t *stored, json_t *errors)
{
    static const char *const same[] = {"type", "kicker", "title", "summary", "body", "date", "link"};
    static const char *const where_given[] = {"slug", "lang"};
    bool makes_slug = *string_at(values, "slug") == '\0';
    json_t *input = json_object();
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        json_object_set(input, same[i], json_object_get(values, same[i]));
    for (size_t i = 0; i < sizeof where_given / sizeof *where_given; i++) {
        if (*string_at(values, where_given[i]) != '\0')
            json_object_set(input, where_given[i], json_object_get(values, where_given[i]));
    }
    for (size_t i = 0; i < LIST_KEYS; i++)
        json_object_set_new(input, list_keys[i], split_names(string_at(values, list_keys[i])));
    json_object_set_new(input, "event", event_input(values));
    json_object_set_new(input, "publish_at", publish_at(text, values, stored, errors));
    json_t *checked = item_check(input, errors);
    json_decref(input);
    if (makes_slug)
        json_object_set_new(checked, "slug", json_string(""));
    return checked;
}

/* --- mistakes --- */

/* "event.starts" → "event_starts"; "form" for what is no field (*owned*, free()). */
static char *error_field(const char *key)
{
    char *field = mem_copy(key, strlen(key));
    for (char *c = field; *c != '\0'; c++)
        *c = *c == '.' ? '_' : *c;
    if (find_field(field)->key != NULL || strcmp(field, "files") == 0)
        return field;
    free(field);
    return mem_copy("form", strlen("form"));
}

/* What is wrong, to stand behind the field's label (*owned*, free()). */
static char *error_reason(const char *field, const json_t *error)
{
    const char *key = strcmp(field, "form") == 0 ? string_at(error, "key") : "";
    const char *reason = string_at(error, "reason");
    struct buf words = BUF_EMPTY;
    if (strcmp(reason, "is before event.starts") == 0)
        reason = "is before it begins";
    if (json_object_get(error, "words") != NULL)
        buf_text(&words, string_at(error, "words"));
    else
        buf_format(&words, "%s%s%s.", key, *key == '\0' ? "" : " ", reason);
    return buf_steal(&words);
}

/* The same to stand alone (*owned*). */
static json_t *error_words(const char *field, const json_t *error, const char *reason)
{
    if (json_object_get(error, "words") != NULL || strcmp(field, "form") == 0)
        return json_string(reason);
    return json_sprintf("%s %s", item_form_label(field), reason);
}

static void add_error(json_t *by_field, json_t *list, const json_t *error)
{
    char *field = error_field(string_at(error, "key"));
    char *reason = error_reason(field, error);
    if (json_is_null(json_object_get(by_field, field)))
        json_object_set_new(by_field, field, error_words(field, error, reason));
    const char *label = strcmp(field, "form") == 0 ? NULL : item_form_label(field);
    json_array_append_new(list, json_pack("{s:s, s:s?, s:s}", "field", field, "label", label, "words", reason));
    free(reason);
    free(field);
}

json_t *item_form_errors(const json_t *errors)
{
    json_t *by_field = json_pack("{s:n, s:n}", "files", "form");
    json_t *list = json_array();
    size_t i;
    json_t *error;
    for (const struct item_field *field = item_form_fields; field->key != NULL; field++)
        json_object_set_new(by_field, field->key, json_null());
    json_array_foreach(errors, i, error) add_error(by_field, list, error);
    return json_pack("{s:o, s:b, s:o}", "errors", by_field, "has_errors", json_array_size(list) > 0, "error_list",
                     list);
}

/* --- warnings --- */

static void warn(json_t *warnings, const char *field, const char *words)
{
    json_array_append_new(warnings, json_pack("{s:s, s:s}", "field", field, "words", words));
}

static void warn_date(struct text *text, const json_t *values, const char *key, int64_t now_unix, json_t *warnings)
{
    enum { YEARS_AHEAD = 2 };
    char today[TEXT_DATE_CAP];
    char latest[32];
    const char *date = string_at(values, key);
    const char *label = strcmp(key, "date") == 0 ? "The date" : "The event";
    struct buf words = BUF_EMPTY;
    text_local_date(text, now_unix, today);
    snprintf(latest, sizeof latest, "%04ld%s", strtol(today, NULL, 10) + YEARS_AHEAD, today + strlen("2019"));
    if (*date != '\0' && text_local_time_valid(date) && strncmp(date, latest, strlen(latest)) > 0)
        buf_format(&words, "%s is more than two years ahead.", label);
    else if (*date != '\0' && text_local_time_valid(date) && strcmp(date, "1990") < 0)
        buf_format(&words, "%s is before 1990.", label);
    if (words.len > 0)
        warn(warnings, key, buf_string(&words));
    buf_release(&words);
}

static void warn_scripts(struct text *text, const json_t *values, json_t *warnings)
{
    static const char *const keys[] = {"title", "summary", "body"};
    const char *lang = string_at(values, "lang");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (text_script_fits(string_at(values, keys[i]), lang))
            continue;
        struct buf words = BUF_EMPTY;
        buf_format(&words, "%s does not look like %s: is the language right?", item_form_label(keys[i]),
                   text_lang_name(text, lang));
        warn(warnings, keys[i], buf_string(&words));
        buf_release(&words);
    }
}

static void warn_files(const json_t *files, json_t *warnings)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        if (strncmp(string_at(file, "media_type"), "image/", strlen("image/")) != 0 || *string_at(file, "alt") != '\0')
            continue;
        char field[32];
        struct buf words = BUF_EMPTY;
        snprintf(field, sizeof field, "alt-%lld", (long long)json_integer_value(json_object_get(file, "id")));
        buf_format(&words, "%s has no description for those who cannot see it.", string_at(file, "name"));
        warn(warnings, field, buf_string(&words));
        buf_release(&words);
    }
}

/* Whether an address is that of a file ("/files/{id}/{name}", below any path) which is none of `context`. */
static bool is_file_elsewhere(const char *address, const void *context)
{
    static const char folder[] = "/files/";
    const char *found = *address == '/' ? strstr(address, folder) : NULL;
    char *end;
    json_int_t id = found == NULL ? 0 : strtoll(found + strlen(folder), &end, 10);
    return id > 0 && *end == '/' && file_find(context, id) == NULL;
}

/* Warns of an address in the text (*steals*; NULL: of none). */
static void warn_address(json_t *warnings, const char *what, char *address)
{
    enum { SHOWN_MAX = 80 };
    struct buf words = BUF_EMPTY;
    if (address == NULL)
        return;
    buf_text(&words, what);
    if (strlen(address) <= SHOWN_MAX)
        buf_format(&words, ": “%s”", address);
    buf_char(&words, '.');
    warn(warnings, "body", buf_string(&words));
    buf_release(&words);
    free(address);
}

/* A text that is too long to be saved is not read. */
static void warn_links(const json_t *values, const json_t *files, json_t *warnings)
{
    const char *body = string_at(values, "body");
    size_t len = strlen(body);
    if (text_length(body) > ITEM_BODY_MAX)
        return;
    warn_address(warnings, "A link in the text does not begin with https:// or http://",
                 markdown_stray_link(body, len));
    warn_address(warnings, "The text shows a file that is not among this item's, so readers may not get it",
                 markdown_find_link(body, len, is_file_elsewhere, files));
}

json_t *item_form_warnings(struct text *text, const json_t *values, const json_t *files, int64_t now_unix)
{
    json_t *warnings = json_array();
    if (*string_at(values, "summary") == '\0')
        warn(warnings, "summary", "There is no summary: listings will show the title alone.");
    warn_files(files, warnings);
    warn_links(values, files, warnings);
    warn_date(text, values, "date", now_unix, warnings);
    warn_date(text, values, "event_starts", now_unix, warnings);
    warn_scripts(text, values, warnings);
    return warnings;
}
