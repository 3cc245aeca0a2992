#include "warta/newsroom/item_list.h"

#include <stdlib.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/base/text.h"

/* --- what is looked for --- */

enum { PATTERN_MAX = 200 /* bytes that the store's LIKE takes */, Q_MAX = ITEM_LIST_WORDS_MAX * PATTERN_MAX };

/* Appends the pattern for one word, escaped; what does not fit into it is not looked for. */
static void append_pattern(json_t *patterns, const char *word, size_t len)
{
    char pattern[PATTERN_MAX + 1] = "%";
    size_t at = 1;
    for (size_t i = 0; i < len;) {
        size_t character = 1;
        while (i + character < len && ((unsigned char)word[i + character] & 0xC0) == 0x80)
            character++;
        if (at + character + 2 > PATTERN_MAX)
            break;
        if (strchr("%_\\", word[i]) != NULL)
            pattern[at++] = '\\';
        memcpy(pattern + at, word + i, character);
        at += character;
        i += character;
    }
    pattern[at++] = '%';
    json_array_append_new(patterns, json_stringn(pattern, at));
}

static json_t *patterns_of(const char *q)
{
    json_t *patterns = json_array();
    char *line = text_single_line(q);
    line[text_fit(line, Q_MAX)] = '\0';
    char *normal = text_nfc(line, Q_MAX);
    for (const char *word = normal; *word != '\0' && json_array_size(patterns) < ITEM_LIST_WORDS_MAX;) {
        size_t len = strcspn(word, " ");
        append_pattern(patterns, word, len);
        word += len;
        word += strspn(word, " ");
    }
    free(line);
    free(normal);
    return patterns;
}

/* --- where a page begins: "ID.POSITION" of the last row before, where the position is what the list is sorted by --- */

struct sort {
    const char *name, *key;
    enum sql sql;
};

static const struct sort sorts[] = {
    {"changed", "changed_unix", SQL_ITEM_LIST_CHANGED},
    {"date", "day", SQL_ITEM_LIST_SORTED},
    {"title", "title", SQL_ITEM_LIST_SORTED},
};

static const struct sort *find_sort(const char *name)
{
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
        if (strcmp(sorts[i].name, name) == 0)
            return &sorts[i];
    }
    return &sorts[0];
}

static char *cursor_of(const struct sort *sort, const json_t *row)
{
    struct buf cursor = BUF_EMPTY;
    const json_t *position = json_object_get(row, sort->key);
    buf_format(&cursor, "%lld.", (long long)json_integer_value(json_object_get(row, "id")));
    if (json_is_string(position))
        buf_text(&cursor, json_string_value(position));
    else
        buf_format(&cursor, "%lld", (long long)json_integer_value(position));
    return buf_steal(&cursor);
}

/* False if it can be no cursor; `*position` is then untouched, else owned. */
static bool cursor_parse(const struct sort *sort, const char *cursor, int64_t *id, json_t **position)
{
    static const char digits[] = "0123456789";
    bool by_title = strcmp(sort->key, "title") == 0;
    const char *dot = cursor + strspn(cursor, digits);
    if (dot == cursor || *dot != '.')
        return false;
    const char *rest = dot + 1;
    if (!by_title && (*rest == '\0' || rest[strspn(rest, digits)] != '\0'))
        return false;
    int64_t number = strtoll(rest, NULL, 10);
    *id = strtoll(cursor, NULL, 10);
    *position = by_title ? json_string(rest) : json_integer(strcmp(sort->key, "day") == 0 ? -number : number);
    return true;
}

static void set_start(json_t *params, const struct sort *sort, const char *cursor)
{
    int64_t id = INT64_MAX;
    json_t *position = NULL;
    bool first = !cursor_parse(sort, cursor, &id, &position);
    if (sort->sql == SQL_ITEM_LIST_CHANGED) {
        json_object_set_new(params, "changed_unix", first ? json_integer(INT64_MAX) : position);
        json_object_set_new(params, "id", json_integer(id));
        return;
    }
    json_object_set_new(params, "sort", json_string(sort->name));
    json_object_set_new(params, "position", first ? json_null() : position);
    json_object_set_new(params, "id", first ? json_null() : json_integer(id));
}

json_t *edit_list(struct store *store, const char *status, const char *type, const char *q, const char *sort_name,
                  const char *cursor, int limit, int64_t now_unix, char **next)
{
    const struct sort *sort = find_sort(sort_name);
    json_t *params = json_pack("{s:s, s:s, s:o, s:I, s:i}", "status", status, "type", type, "words", patterns_of(q),
                               "now_unix", (json_int_t)now_unix, "limit", limit + 1);
    set_start(params, sort, cursor);
    json_t *rows = store_rows(store, sort->sql, params);
    json_decref(params);
    *next = NULL;
    if (json_array_size(rows) > (size_t)limit) {
        json_array_remove(rows, (size_t)limit);
        *next = cursor_of(sort, json_array_get(rows, (size_t)limit - 1));
    }
    return rows;
}

json_t *edit_counts(struct store *store, int64_t now_unix)
{
    json_t *params = json_pack("{s:I}", "now_unix", (json_int_t)now_unix);
    json_t *counts = store_row(store, SQL_ITEM_STATUS_COUNTS, params);
    json_decref(params);
    return counts;
}
