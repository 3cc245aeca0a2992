#include "warta/http/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/http/url.h"

enum { QUOTE_MAX = 40 };

static const char digits[] = "0123456789";

void param_quote(struct buf *out, const char *text)
{
    size_t at = 0;
    for (int points = 0; text[at] != '\0'; points++) {
        size_t start = at;
        UChar32 point;
        if (points == QUOTE_MAX) {
            buf_text(out, "…");
            return;
        }
        U8_NEXT_UNSAFE(text, at, point);
        if (u_iscntrl(point))
            buf_char(out, '?');
        else
            buf_append(out, text + start, at - start);
    }
}

/* --- kinds: a new value, or NULL if the text is malformed --- */

bool param_is_slug(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len <= TEXT_SLUG_MAX && text[len] == '\0' && text[0] != '-' && text[len - 1] != '-' &&
           strstr(text, "--") == NULL;
}

static json_t *parse_year(const struct param *param, const char *text)
{
    if (strlen(text) != 4 || strspn(text, digits) != 4)
        return NULL;
    long year = strtol(text, NULL, 10);
    return year >= param->min && year <= param->max ? json_integer(year) : NULL;
}

static json_t *parse_lang(const char *text)
{
    char canonical[TEXT_LANG_CAP];
    return text_lang_canonical(text, canonical) ? json_string(canonical) : NULL;
}

/* One spelling for each place, so that a page has one address. The id stays exact as a JSON number of any reader
 * (RFC 8259, section 6). */
static json_t *parse_cursor(const char *text)
{
    enum { DAY_LEN = 8, ID_LEN_MAX = 16 };
    const char *id_text = text + DAY_LEN + 1;
    if (strspn(text, digits) != DAY_LEN || text[DAY_LEN] != '.')
        return NULL;
    size_t id_len = strspn(id_text, digits);
    if (id_len == 0 || id_len > ID_LEN_MAX || id_text[id_len] != '\0' || *id_text == '0')
        return NULL;
    long day = strtol(text, NULL, 10);
    long long id = strtoll(id_text, NULL, 10);
    if (day < 10101 || day > 99991231 || id >= 1LL << 53)
        return NULL;
    return json_pack("{s:I, s:I}", "day", (json_int_t)day, "id", (json_int_t)id);
}

static json_t *parse_text(const struct param *param, const char *text)
{
    bool fits = text_length(text) <= (size_t)param->max && strpbrk(text, "\n\t") == NULL && !text_has_controls(text);
    return fits ? json_string(text) : NULL;
}

static json_t *parse_number(const struct param *param, const char *text)
{
    enum { DIGITS_MAX = 16 };
    size_t len = strspn(text, digits);
    long long number = strtoll(text, NULL, 10);
    long long max = param->max > 0 ? param->max : (1LL << 53) - 1;
    return len > 0 && len <= DIGITS_MAX && text[len] == '\0' && number <= max ? json_integer(number) : NULL;
}

static json_t *parse(const struct param *param, const char *text)
{
    switch (param->kind) {
    case PARAM_SLUG:
        return param_is_slug(text) ? json_string(text) : NULL;
    case PARAM_YEAR:
        return parse_year(param, text);
    case PARAM_LANG:
        return parse_lang(text);
    case PARAM_CURSOR:
        return parse_cursor(text);
    case PARAM_TEXT:
        return parse_text(param, text);
    case PARAM_NUMBER:
        return parse_number(param, text);
    }
    return NULL;
}

/* --- what is said of a mistake --- */

static void say_takes(const struct param *param, struct buf *out)
{
    buf_format(out, "%s takes ", param->name);
    switch (param->kind) {
    case PARAM_SLUG:
        buf_text(out, "words of a-z and 0-9 joined by hyphens");
        break;
    case PARAM_YEAR:
        buf_format(out, "a year from %04d to %04d", param->min, param->max);
        break;
    case PARAM_LANG:
        buf_text(out, "a language tag such as km or pt-BR");
        break;
    case PARAM_CURSOR:
        buf_text(out, "a place in the listing as its links give it");
        break;
    case PARAM_TEXT:
        buf_format(out, "one line of at most %d characters", param->max);
        break;
    case PARAM_NUMBER:
        buf_text(out, "a number as its links give it");
        break;
    }
}

/* Always false. */
static bool refuse_value(const struct param *param, const char *value, char error[static PARAM_ERROR_CAP])
{
    struct buf sentence = BUF_EMPTY;
    say_takes(param, &sentence);
    size_t bare_len = sentence.len;
    buf_text(&sentence, ", not \"");
    param_quote(&sentence, value);
    buf_char(&sentence, '"');
    /* Cut whole, because half a character is no text. */
    if (sentence.len >= PARAM_ERROR_CAP)
        buf_truncate(&sentence, bare_len);
    snprintf(error, PARAM_ERROR_CAP, "%s", buf_string(&sentence));
    buf_release(&sentence);
    return false;
}

/* --- the table --- */

static const struct param *find(const struct param *table, const char *name)
{
    while (table->name != NULL && strcmp(table->name, name) != 0)
        table++;
    return table->name != NULL ? table : NULL;
}

static json_t *all_absent(const struct param *table)
{
    json_t *values = json_object();
    for (; table->name != NULL; table++)
        json_object_set_new(values, table->name, table->repeats ? json_array() : json_null());
    return values;
}

static bool holds(const json_t *array, const json_t *value)
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

static bool add_to_array(const struct param *param, json_t *array, json_t *value, char error[static PARAM_ERROR_CAP])
{
    size_t most = (size_t)(param->kind == PARAM_YEAR ? PARAM_YEARS_MAX : param->max);
    if (holds(array, value))
        return true;
    if (json_array_size(array) < most)
        return json_array_append(array, value) == 0;
    snprintf(error, PARAM_ERROR_CAP, "%s takes at most %zu different values", param->name, most);
    return false;
}

static bool add(const struct param *param, json_t *values, json_t *value, char error[static PARAM_ERROR_CAP])
{
    json_t *known = json_object_get(values, param->name);
    if (param->repeats)
        return add_to_array(param, known, value, error);
    if (json_is_null(known))
        return json_object_set(values, param->name, value) == 0;
    snprintf(error, PARAM_ERROR_CAP, "%s can be given only once", param->name);
    return false;
}

static bool take(const struct param *param, json_t *values, const char *text, char error[static PARAM_ERROR_CAP])
{
    json_t *value = parse(param, text);
    bool ok = value != NULL ? add(param, values, value, error) : refuse_value(param, text, error);
    json_decref(value);
    return ok;
}

json_t *params_parse(const struct param *table, const char *query, char error[static PARAM_ERROR_CAP])
{
    struct arena arena;
    json_t *values = all_absent(table);
    char *name, *text;
    bool ok = true;
    int pair = 0;
    error[0] = '\0';
    arena_init(&arena);
    while (ok && (pair = url_query_next(&arena, &query, &name, &text)) != 0) {
        const struct param *param = find(table, name);
        if (param != NULL && pair < 0) {
            snprintf(error, PARAM_ERROR_CAP, "%s holds a percent sign or bytes that are no text", name);
            ok = false;
        } else if (param != NULL && *text != '\0') {
            ok = take(param, values, text, error);
        }
    }
    arena_release(&arena);
    if (ok)
        return values;
    json_decref(values);
    return NULL;
}

/* --- one spelling --- */

static const char *value_text(struct arena *arena, const json_t *value)
{
    if (json_is_object(value))
        return arena_format(arena, "%lld.%lld", (long long)json_integer_value(json_object_get(value, "day")),
                            (long long)json_integer_value(json_object_get(value, "id")));
    if (json_is_integer(value))
        return arena_format(arena, "%04lld", (long long)json_integer_value(value));
    return json_string_value(value);
}

static int compare_values(const void *a, const void *b)
{
    const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
    if (json_is_string(left))
        return strcmp(json_string_value(left), json_string_value(right));
    json_int_t x = json_integer_value(left), y = json_integer_value(right);
    return (x > y) - (x < y);
}

static void sort(json_t *array)
{
    size_t len = json_array_size(array);
    json_t **values = mem_alloc((len + 1) * sizeof *values);
    for (size_t i = 0; i < len; i++)
        values[i] = json_incref(json_array_get(array, i));
    qsort(values, len, sizeof *values, compare_values);
    json_array_clear(array);
    for (size_t i = 0; i < len; i++)
        json_array_append_new(array, values[i]);
    free(values);
}

void params_canonical(const struct param *table, json_t *values, struct buf *out)
{
    struct arena arena;
    size_t i;
    json_t *entry;
    arena_init(&arena);
    for (; table->name != NULL; table++) {
        json_t *value = json_object_get(values, table->name);
        if (json_is_array(value)) {
            sort(value);
            json_array_foreach(value, i, entry) url_query_append(out, table->name, value_text(&arena, entry));
        } else if (!json_is_null(value)) {
            url_query_append(out, table->name, value_text(&arena, value));
        }
    }
    arena_release(&arena);
}
