#include "words.h"

#include <stdio.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/base/nearest.h"
#include "warta/base/text.h"

enum { LINE_MAX_BYTES = 1000 };

static const char blanks[] = " \t\r";

struct reading {
    const json_t *known;
    json_t *words;
    const char *file;
    size_t line;
    char *error;
    size_t error_len;
};

static bool fail(const struct reading *reading, const char *quoted, const char *reason)
{
    const char *mark = *quoted == '\0' ? "" : "'";
    snprintf(reading->error, reading->error_len, "%s:%zu: %s%.64s%s%s%s", reading->file, reading->line, mark, quoted,
             mark, *quoted == '\0' ? "" : " ", reason);
    return false;
}

static bool fail_unknown(const struct reading *reading, const char *name)
{
    struct nearest nearest;
    char reason[NEAREST_CAP + 64];
    const char *known;
    json_t *unused;
    nearest_init(&nearest, name);
    json_object_foreach((json_t *)(uintptr_t)reading->known, known, unused) nearest_offer(&nearest, known);
    snprintf(reason, sizeof reason, "is none of the words that warta has%s%s%s",
             *nearest.name == '\0' ? "" : "; did you mean ", nearest.name, *nearest.name == '\0' ? "" : "?");
    return fail(reading, name, reason);
}

/* One line, which it cuts apart. */
static bool take_line(const struct reading *reading, char *line)
{
    line += strspn(line, blanks);
    for (size_t len = strlen(line); len > 0 && strchr(blanks, line[len - 1]) != NULL; len--)
        line[len - 1] = '\0';
    if (*line == '\0' || *line == '#')
        return true;
    size_t name_len = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_");
    char *equals = line + name_len + strspn(line + name_len, blanks);
    if (name_len == 0 || *equals != '=')
        return fail(reading, "", "is not 'name = words'");
    line[name_len] = '\0';
    const char *words = equals + 1 + strspn(equals + 1, blanks);
    if (!text_valid(words, strlen(words)) || text_has_controls(words))
        return fail(reading, line, "is not plain text in UTF-8");
    if (reading->known != NULL && json_object_get(reading->known, line) == NULL)
        return fail_unknown(reading, line);
    if (json_object_get(reading->words, line) != NULL)
        return fail(reading, line, "is there twice");
    if (json_object_set_new(reading->words, line, json_string(words)) != 0)
        mem_exhausted();
    return true;
}

static bool take_lines(struct reading *reading, const struct asset *asset)
{
    char line[LINE_MAX_BYTES + 1];
    const char *end = asset->bytes + asset->len;
    for (const char *at = asset->bytes; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline == NULL ? end : newline) - at);
        reading->line++;
        if (len > LINE_MAX_BYTES || memchr(at, '\0', len) != NULL)
            return fail(reading, "", "is too long, or not plain text");
        memcpy(line, at, len);
        line[len] = '\0';
        if (!take_line(reading, line))
            return false;
        at += len + (newline != NULL);
    }
    return true;
}

json_t *words_read(const struct asset *asset, const json_t *known, char *error, size_t error_len)
{
    struct reading reading = {
        .known = known, .words = json_object(), .file = asset->name, .error = error, .error_len = error_len};
    if (!take_lines(&reading, asset)) {
        json_decref(reading.words);
        return NULL;
    }
    if (known != NULL && json_object_update_missing(reading.words, (json_t *)(uintptr_t)known) != 0)
        mem_exhausted();
    return reading.words;
}
