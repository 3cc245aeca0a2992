#include "warta/http/form.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/base/nearest.h"
#include "warta/base/text.h"
#include "warta/http/params.h"
#include "warta/http/url.h"

enum { GIVEN_MAX = 20000 }; /* entries of a list, empty ones and doubles among them */

/* The object at hand; a nested one has its own key and a full stop as `prefix`. */
struct form {
    const char *prefix;
    bool whole;
    json_t *errors;
};

/* --- mistakes --- */

static void mistake(const struct form *form, const char *key, const char *reason)
{
    struct buf path = BUF_EMPTY;
    buf_text(&path, form->prefix);
    param_quote(&path, key);
    json_t *error = json_pack("{s:s, s:s}", "key", buf_string(&path), "reason", reason);
    if (json_array_append_new(form->errors, error) != 0)
        mem_exhausted();
    buf_release(&path);
}

static void unknown_key(const struct form *form, const struct field *table, const char *key)
{
    struct nearest meant;
    struct buf reason = BUF_EMPTY;
    nearest_init(&meant, key);
    for (const struct field *field = table; field->key != NULL; field++)
        nearest_offer(&meant, field->key);
    buf_text(&reason, "is not a known key");
    if (*meant.name != '\0')
        buf_format(&reason, ": did you mean %s%s?", form->prefix, meant.name);
    mistake(form, key, buf_string(&reason));
    buf_release(&reason);
}

/* --- text: a new value in normal form, or NULL with the reason --- */

/* In place, as the result is never longer. */
static void make_line_feeds(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from == '\r' && from[1] == '\n')
            continue;
        *to++ = *from == '\r' ? '\n' : *from;
    }
    *to = '\0';
}

static size_t longest(const struct field *field)
{
    return field->max_len > 0 ? field->max_len : FIELD_LEN_MAX;
}

/* Owned by the caller, free(); NULL if it is longer than the field takes. */
static char *normal_text(const struct field *field, const char *text)
{
    char *plain = field->kind == FIELD_TEXT ? mem_copy(text, strlen(text)) : text_single_line(text);
    make_line_feeds(plain);
    char *composed = text_nfc(plain, TEXT_NFC_BYTES * longest(field));
    free(plain);
    if (composed == NULL || text_length(composed) <= longest(field))
        return composed;
    free(composed);
    return NULL;
}

static json_t *accept(bool ok, const char *text, struct buf *reason, const char *otherwise)
{
    if (ok)
        return json_string(text);
    buf_text(reason, otherwise);
    return NULL;
}

static json_t *check_choice(const struct field *field, const char *text, struct buf *reason)
{
    for (const char *const *choice = field->choices; *choice != NULL; choice++) {
        if (strcmp(*choice, text) == 0)
            return json_string(text);
    }
    buf_text(reason, "is none of");
    for (const char *const *choice = field->choices; *choice != NULL; choice++)
        buf_format(reason, "%s %s", choice == field->choices ? "" : ",", *choice);
    return NULL;
}

static json_t *check_instant(const char *text, struct buf *reason)
{
    char utc[TEXT_UTC_CAP] = "";
    int64_t instant = 0;
    bool ok = text_utc_parse(text, &instant);
    if (ok)
        text_utc_format(instant, utc);
    return accept(ok, utc, reason, "is not a time such as 2019-08-30T09:30:00Z");
}

static json_t *check_lang(const char *text, struct buf *reason)
{
    char canonical[TEXT_LANG_CAP] = "";
    bool ok = text_lang_canonical(text, canonical);
    return accept(ok, canonical, reason, "is not a language tag such as km or pt-BR");
}

static json_t *check_kind(const struct field *field, const char *text, struct buf *reason)
{
    switch (field->kind) {
    case FIELD_SLUG:
        return accept(param_is_slug(text), text, reason,
                      "is not made of words of a-z and 0-9 joined by hyphens, 80 characters at most");
    case FIELD_DATE:
        return accept(text_date_valid(text), text, reason, "is not a date such as 2019-08-30");
    case FIELD_LOCAL_TIME:
        return accept(text_local_time_valid(text), text, reason,
                      "is not a date or time such as 2019-08-30 or 2019-08-30T09:30");
    case FIELD_INSTANT:
        return check_instant(text, reason);
    case FIELD_LANG:
        return check_lang(text, reason);
    case FIELD_LINK:
        return accept(url_is_http(text), text, reason, "is not an http or https address");
    case FIELD_CHOICE:
        return check_choice(field, text, reason);
    case FIELD_LINE:
    case FIELD_TEXT:
    case FIELD_LINES:
    case FIELD_OBJECT:
    case FIELD_IGNORED:
        break;
    }
    return json_string(text);
}

/* Text in normal form, NULL if it was too long, against the rules of its kind. */
static json_t *check_normal(const struct field *field, const char *text, struct buf *reason)
{
    if (text == NULL) {
        buf_format(reason, "is longer than %zu characters", longest(field));
        return NULL;
    }
    if (text_has_controls(text)) {
        buf_text(reason, "holds a control character");
        return NULL;
    }
    return *text == '\0' ? json_string("") : check_kind(field, text, reason);
}

static json_t *check_text(const struct field *field, const json_t *input, struct buf *reason)
{
    const char *given = json_string_value(input);
    if (given == NULL || !text_valid(given, json_string_length(input))) {
        buf_text(reason, "is not text");
        return NULL;
    }
    char *text = normal_text(field, given);
    json_t *value = check_normal(field, text, reason);
    free(text);
    return value;
}

/* --- other values --- */

static json_t *check_lines(const struct field *field, const json_t *input, struct buf *reason)
{
    json_t *lines = json_array(), *seen = json_object(), *entry;
    size_t i;
    if (!json_is_array(input))
        buf_text(reason, "is not a list");
    else if (field->max_entries > 0 && json_array_size(input) > GIVEN_MAX)
        buf_format(reason, "has more than %zu entries", field->max_entries);
    json_array_foreach(input, i, entry)
    {
        struct buf entry_reason = BUF_EMPTY;
        json_t *line = check_text(field, entry, &entry_reason);
        if (line == NULL)
            buf_format(reason, "has an entry that %s", buf_string(&entry_reason));
        else if (json_string_length(line) > 0 && json_object_get(seen, json_string_value(line)) == NULL) {
            json_array_append(lines, line);
            json_object_set(seen, json_string_value(line), line);
        }
        if (reason->len == 0 && field->max_entries > 0 && json_array_size(lines) > field->max_entries)
            buf_format(reason, "has more than %zu entries", field->max_entries);
        buf_release(&entry_reason);
        json_decref(line);
        if (reason->len > 0)
            break;
    }
    json_decref(seen);
    if (reason->len == 0)
        return lines;
    json_decref(lines);
    return NULL;
}

static json_t *empty_value(const struct field *field)
{
    return field->nullable               ? json_null()
           : field->kind == FIELD_LINES  ? json_array()
           : field->kind == FIELD_OBJECT ? json_object()
                                         : json_string("");
}

static json_t *check_object(const struct form *form, const struct field *table, const json_t *input);

static json_t *check_nested(const struct form *form, const struct field *field, const json_t *input, struct buf *reason)
{
    if (!json_is_object(input)) {
        buf_text(reason, "is not an object");
        return NULL;
    }
    struct buf prefix = BUF_EMPTY;
    buf_format(&prefix, "%s%s.", form->prefix, field->key);
    struct form nested = {buf_string(&prefix), form->whole, form->errors};
    json_t *value = check_object(&nested, field->fields, input);
    buf_release(&prefix);
    return value;
}

static json_t *check_value(const struct form *form, const struct field *field, const json_t *input, struct buf *reason)
{
    if (json_is_null(input))
        return empty_value(field);
    if (field->kind == FIELD_LINES)
        return check_lines(field, input, reason);
    if (field->kind == FIELD_OBJECT)
        return check_nested(form, field, input, reason);
    json_t *value = check_text(field, input, reason);
    if (value == NULL || json_string_length(value) > 0)
        return value;
    json_decref(value);
    return empty_value(field);
}

/* --- objects --- */

static bool is_empty(const json_t *value)
{
    return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

static void check_field(const struct form *form, const struct field *field, const json_t *input, json_t *values)
{
    struct buf reason = BUF_EMPTY;
    json_t *value = input == NULL ? NULL : check_value(form, field, input, &reason);
    bool missing = input == NULL ? form->whole : value != NULL && is_empty(value);
    if (field->required && missing)
        buf_text(&reason, "is missing");
    if (reason.len > 0)
        mistake(form, field->key, buf_string(&reason));
    else if (value != NULL && json_object_set(values, field->key, value) != 0)
        mem_exhausted();
    json_decref(value);
    buf_release(&reason);
}

static bool has_key(const struct field *table, const char *key)
{
    while (table->key != NULL && strcmp(table->key, key) != 0)
        table++;
    return table->key != NULL;
}

static json_t *check_object(const struct form *form, const struct field *table, const json_t *input)
{
    json_t *values = json_object();
    const char *key;
    json_t *ignored;
    for (const struct field *field = table; field->key != NULL; field++) {
        if (field->kind != FIELD_IGNORED)
            check_field(form, field, json_object_get(input, field->key), values);
    }
    /* jansson's iterator takes no const, and changes nothing. */
    json_object_foreach((json_t *)(uintptr_t)input, key, ignored)
    {
        if (!has_key(table, key))
            unknown_key(form, table, key);
    }
    return values;
}

json_t *form_check(const struct field *table, const json_t *input, bool whole, json_t *errors)
{
    assert(json_is_array(errors));
    struct form form = {"", whole, errors};
    if (json_is_object(input))
        return check_object(&form, table, input);
    mistake(&form, "", "is not an object");
    return json_object();
}

/* --- posted forms --- */

void form_add(json_t *form, const char *name, const char *value)
{
    json_t *known = json_object_get(form, name);
    if (known == NULL)
        json_object_set_new(form, name, json_string(value));
    else if (json_is_array(known))
        json_array_append_new(known, json_string(value));
    else
        json_object_set_new(form, name, json_pack("[O, s]", known, value));
}

bool form_decode(struct arena *arena, const char *urlencoded, json_t *form)
{
    char *name;
    char *value;
    int more = 1;
    for (size_t fields = 0; fields <= FORM_FIELDS_MAX && more > 0; fields++)
        if ((more = url_query_next(arena, &urlencoded, &name, &value)) > 0)
            form_add(form, name, value);
    return more == 0;
}
