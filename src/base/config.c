#include "warta/base/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "warta/base/nearest.h"
#include "warta/base/text.h"

enum source { SOURCE_FLAG, SOURCE_ENVIRONMENT, SOURCE_FILE };

static const char env_prefix[] = "WARTA_";
static const char env_file_suffix[] = "_FILE";

/* One setting as one source gives it. */
struct given {
    enum source source;
    const char *name; /* as this source spells it */
    const char *text;
    const char *where;
    const char *origin;
};

/* The reason may quote what a user typed, so it is made printable before it reaches a terminal. */
__attribute__((format(printf, 3, 4))) static bool fail(char error[static CONFIG_ERROR_CAP], const char *where,
                                                       const char *format, ...)
{
    char reason[CONFIG_ERROR_CAP];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    struct buf line = BUF_EMPTY;
    buf_format(&line, "%s%s%s", where, *where ? ": " : "", reason);
    buf_truncate(&line, line.len < CONFIG_ERROR_CAP ? line.len : CONFIG_ERROR_CAP - 1);
    bool utf8 = text_valid(line.data, line.len);
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.data[i];
        if (c < ' ' || c == 0x7f || (c > 0x7f && !utf8))
            line.data[i] = '?';
    }
    memcpy(error, line.data, line.len + 1);
    buf_release(&line);
    return false;
}

/* --- names ---------------------------------------------------------------------------------------- */

static void spell(enum source source, const char *name, char out[static CONFIG_NAME_CAP])
{
    const char *prefix = source == SOURCE_FLAG ? "--" : source == SOURCE_ENVIRONMENT ? env_prefix : "";
    int len = snprintf(out, CONFIG_NAME_CAP, "%s%s", prefix, name);
    assert(len < CONFIG_NAME_CAP);
    (void)len;
    for (char *p = out; source == SOURCE_ENVIRONMENT && *p; p++)
        *p = *p == '-' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
}

static struct config_value *find(const struct config *config, enum source source, const char *name)
{
    char spelled[CONFIG_NAME_CAP];
    for (size_t i = 0; i < config->values_len; i++) {
        spell(source, config->values[i].setting->name, spelled);
        if (!strcmp(spelled, name))
            return &config->values[i];
    }
    return NULL;
}

static bool fail_unknown(const struct config *config, const struct given *given, char error[static CONFIG_ERROR_CAP])
{
    struct nearest nearest;
    nearest_init(&nearest, given->name);
    for (size_t i = 0; i < config->values_len; i++) {
        const struct config_value *value = &config->values[i];
        char spelled[CONFIG_NAME_CAP];
        spell(given->source, value->setting->name, spelled);
        if (given->source == SOURCE_FLAG || !value->flag_only)
            nearest_offer(&nearest, spelled);
    }
    const char *what = given->source == SOURCE_FLAG ? "flag" : "setting";
    return *nearest.name ? fail(error, given->where, "no such %s, did you mean %s?", what, nearest.name)
                         : fail(error, given->where, "no such %s", what);
}

/* --- values --------------------------------------------------------------------------------------- */

static const char *check_text(struct arena *arena, const struct setting *setting, const char *text)
{
    char reason[CONFIG_ERROR_CAP];
    if (!text_valid(text, strlen(text)) || text_has_controls(text) || strpbrk(text, "\n\t"))
        return "must be one line of UTF-8 text";
    if (setting->filled && !*text)
        return "must not be empty";
    bool valid = !setting->valid || setting->valid(text, reason, sizeof reason);
    return valid ? NULL : arena_copy(arena, reason, strlen(reason));
}

static const char *check_integer(struct arena *arena, const struct setting *setting, const char *text, int64_t *number)
{
    char *end = NULL;
    errno = 0;
    *number = strtoll(text, &end, 10);
    bool digits = strspn(text, "-0123456789") == strlen(text) && end != text && !*end;
    if (!digits || errno || *number < setting->min || *number > setting->max) {
        return arena_format(arena, "takes a whole number from %lld to %lld", (long long)setting->min,
                            (long long)setting->max);
    }
    return NULL;
}

void config_join_choices(const struct setting *setting, const char *separator, struct buf *out)
{
    for (const char *const *choice = setting->choices; *choice; choice++)
        buf_format(out, "%s%s", choice == setting->choices ? "" : separator, *choice);
}

static const char *check_choice(struct arena *arena, const struct setting *setting, const char *text)
{
    for (const char *const *choice = setting->choices; *choice; choice++) {
        if (!strcmp(*choice, text))
            return NULL;
    }
    struct buf all = BUF_EMPTY;
    config_join_choices(setting, ", ", &all);
    const char *reason = arena_format(arena, "takes one of %s", buf_string(&all));
    buf_release(&all);
    return reason;
}

static const char *check_boolean(const char *text, int64_t *number)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strcmp(words[i], text)) {
            *number = (int64_t)(i % 2);
            return NULL;
        }
    }
    return "takes yes or no";
}

/* Why `text` cannot be the setting's value (*arena*), or NULL. */
static const char *check(struct arena *arena, const struct setting *setting, const char *text, int64_t *number)
{
    switch (setting->kind) {
    case SETTING_TEXT:
        return check_text(arena, setting, text);
    case SETTING_INTEGER:
        return check_integer(arena, setting, text, number);
    case SETTING_CHOICE:
        return check_choice(arena, setting, text);
    case SETTING_BOOLEAN:
        return check_boolean(text, number);
    }
    return "is of no known kind";
}

/* Sources are read strongest first, so a value that stands is not replaced. */
static bool take(struct config *config, const struct given *given, char error[static CONFIG_ERROR_CAP])
{
    struct config_value *value = find(config, given->source, given->name);
    if (!value)
        return fail_unknown(config, given, error);
    if (value->flag_only && given->source != SOURCE_FLAG)
        return fail(error, given->where, "can only be given as a flag");
    unsigned bit = 1U << given->source;
    if (value->given_by & bit)
        return fail(error, given->where, "given twice");
    int64_t number = 0;
    const char *reason = check(&config->arena, value->setting, given->text, &number);
    if (reason)
        return fail(error, given->where, "%s", reason);
    if (!value->given_by) {
        value->text = given->text;
        value->number = number;
        value->origin = given->origin;
    }
    value->given_by |= bit;
    return true;
}

/* --- the command line ----------------------------------------------------------------------------- */

static bool is_flag(const char *word)
{
    return word[0] == '-' && word[1];
}

/* Takes one flag, with its value; `*at` moves on to the last word used. */
static bool take_flag(struct config *config, size_t words_len, const char *const *words, size_t *at,
                      char error[static CONFIG_ERROR_CAP])
{
    const char *word = words[*at];
    const char *equals = strchr(word, '=');
    const char *name = arena_copy(&config->arena, word, equals ? (size_t)(equals - word) : strlen(word));
    const struct config_value *value = find(config, SOURCE_FLAG, name);
    const char *text = equals ? arena_copy(&config->arena, equals + 1, strlen(equals + 1)) : NULL;
    if (value && value->setting->kind == SETTING_BOOLEAN) {
        if (text)
            return fail(error, name, "takes no value");
        text = "yes";
    } else if (value && !text) {
        if (*at + 1 == words_len || !strncmp(words[*at + 1], "--", 2))
            return fail(error, name, "needs a value");
        const char *next = words[++*at];
        text = arena_copy(&config->arena, next, strlen(next));
    }
    return take(config, &(struct given){SOURCE_FLAG, name, text, name, "flag"}, error);
}

static bool count_arguments(const struct config *config, char error[static CONFIG_ERROR_CAP])
{
    const struct usage *usage = config->usage;
    if (config->arguments_len < usage->arguments_min)
        return fail(error, "", "an argument is missing: warta %s %s", usage->command, usage->arguments);
    if (config->arguments_len > usage->arguments_max) {
        return fail(error, "", "\"%s\" is one argument too many: warta %s%s%s", config->arguments[usage->arguments_max],
                    usage->command, *usage->arguments ? " " : "", usage->arguments);
    }
    return true;
}

static bool read_words(struct config *config, size_t words_len, const char *const *words,
                       char error[static CONFIG_ERROR_CAP])
{
    bool flags_ended = false;
    config->arguments = arena_alloc(&config->arena, (words_len + 1) * sizeof *config->arguments);
    for (size_t i = 0; i < words_len; i++) {
        if (!flags_ended && !strcmp(words[i], "--")) {
            flags_ended = true;
        } else if (flags_ended || !is_flag(words[i])) {
            config->arguments[config->arguments_len++] = arena_copy(&config->arena, words[i], strlen(words[i]));
        } else if (!take_flag(config, words_len, words, &i, error)) {
            return false;
        }
    }
    return count_arguments(config, error);
}

/* --- environment and file ------------------------------------------------------------------------- */

/* NULL, or why the file could not be read (*borrowed*). */
static const char *read_whole(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return strerror(errno);
    buf_reserve(out, CONFIG_FILE_MAX + 2);
    char *content = out->data;
    size_t len = fread(content, 1, CONFIG_FILE_MAX + 1, file);
    const char *reason = ferror(file) ? strerror(errno) : len > CONFIG_FILE_MAX ? "is too large" : NULL;
    content[len] = '\0';
    out->len = len;
    fclose(file);
    return reason;
}

/* What a secret's file holds (*arena*); NULL, said in `error`, if it cannot be read. */
static const char *read_secret(struct config *config, const char *where, const char *path,
                               char error[static CONFIG_ERROR_CAP])
{
    struct buf content = BUF_EMPTY;
    const char *text = NULL;
    const char *reason = read_whole(path, &content);
    if (!reason && memchr(buf_string(&content), '\0', content.len))
        reason = "it holds a NUL";
    if (reason) {
        fail(error, where, "%s cannot be read: %s", path, reason);
    } else {
        size_t feed_len = content.len && buf_string(&content)[content.len - 1] == '\n';
        text = arena_copy(&config->arena, buf_string(&content), content.len - feed_len);
    }
    buf_release(&content);
    return text;
}

/* Where a variable is a secret's with "_FILE" behind it, it becomes that secret with what the file holds. */
static bool resolve_secret_file(struct config *config, struct given *given, char error[static CONFIG_ERROR_CAP])
{
    size_t len = strlen(given->name);
    size_t suffix_len = sizeof env_file_suffix - 1;
    if (len <= suffix_len || strcmp(given->name + len - suffix_len, env_file_suffix) != 0)
        return true;
    const char *stem = arena_copy(&config->arena, given->name, len - suffix_len);
    const struct config_value *value = find(config, given->source, stem);
    if (!value)
        return true;
    if (!value->setting->secret)
        return fail(error, given->where, "no such setting, did you mean %s?", stem);
    given->name = stem;
    given->origin = arena_format(&config->arena, "file %s", given->text);
    given->text = read_secret(config, given->where, given->text, error);
    return given->text != NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Kubernetes tells each container where services are, by variables that begin with a service's name, such as
 * WARTA_SERVICE_HOST and WARTA_PORT_8080_TCP_ADDR ("Discovering services": environment variables). */
static bool is_of_service(const char *name)
{
    const char *port = strstr(name, "_PORT_");
    return ends_with(name, "_SERVICE_HOST") || ends_with(name, "_PORT") || strstr(name, "_SERVICE_PORT_") != NULL ||
           (port != NULL && port[6] >= '0' && port[6] <= '9');
}

static bool read_environment(struct config *config, const char *const *environment, char error[static CONFIG_ERROR_CAP])
{
    for (; *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        if (!equals || strncmp(*environment, env_prefix, sizeof env_prefix - 1) != 0)
            continue;
        const char *name = arena_copy(&config->arena, *environment, (size_t)(equals - *environment));
        if (is_of_service(name))
            continue;
        const char *text = arena_copy(&config->arena, equals + 1, strlen(equals + 1));
        const char *where = arena_format(&config->arena, "%s in the environment", name);
        struct given given = {SOURCE_ENVIRONMENT, name, text, where, "environment"};
        if (!resolve_secret_file(config, &given, error) || !take(config, &given, error))
            return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static const char *trimmed(struct arena *arena, const char *bytes, size_t len)
{
    while (len && is_blank(bytes[0])) {
        bytes++;
        len--;
    }
    while (len && is_blank(bytes[len - 1]))
        len--;
    return arena_copy(arena, bytes, len);
}

static bool take_line(struct config *config, const char *place, const char *line, size_t len,
                      char error[static CONFIG_ERROR_CAP])
{
    struct arena *arena = &config->arena;
    if (!text_valid(line, len))
        return fail(error, place, "is not UTF-8 text");
    const char *content = trimmed(arena, line, len);
    if (!*content || *content == '#')
        return true;
    const char *equals = strchr(content, '=');
    if (!equals)
        return fail(error, place, "should read name = value");
    const char *name = trimmed(arena, content, (size_t)(equals - content));
    const char *text = trimmed(arena, equals + 1, strlen(equals + 1));
    const char *where = arena_format(arena, "%s: %s", place, name);
    if (!strcmp(name, "config"))
        return fail(error, where, "cannot be set in the file itself");
    const char *origin = arena_format(arena, "file %s", place);
    return take(config, &(struct given){SOURCE_FILE, name, text, where, origin}, error);
}

static bool take_lines(struct config *config, const char *path, const struct buf *content,
                       char error[static CONFIG_ERROR_CAP])
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    const char *line = buf_string(content);
    const char *end = line + content->len;
    if (!strncmp(line, byte_order_mark, 3))
        line += 3;
    for (size_t number = 1; line < end; number++) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        const char *line_end = feed ? feed : end;
        const char *place = arena_format(&config->arena, "%s:%zu", path, number);
        if (!take_line(config, place, line, (size_t)(line_end - line), error))
            return false;
        line = feed ? feed + 1 : end;
    }
    return true;
}

static bool read_file(struct config *config, char error[static CONFIG_ERROR_CAP])
{
    const struct config_value *value = find(config, SOURCE_FILE, "config");
    if (!value || !*value->text)
        return true;
    struct buf content = BUF_EMPTY;
    const char *reason = read_whole(value->text, &content);
    bool ok = reason ? fail(error, value->text, "cannot be read: %s", reason)
                     : take_lines(config, value->text, &content, error);
    buf_release(&content);
    return ok;
}

/* --- lifecycle and queries ------------------------------------------------------------------------ */

size_t config_table_len(const struct setting *table)
{
    size_t len = 0;
    while (table && table[len].name)
        len++;
    return len;
}

static void add_table(struct config *config, const struct setting *table, bool flag_only)
{
    for (const struct setting *setting = table; setting && setting->name; setting++) {
        struct config_value *value = &config->values[config->values_len++];
        *value = (struct config_value){.setting = setting, .flag_only = flag_only, .origin = "default"};
        value->text = setting->fallback ? setting->fallback : setting->kind == SETTING_BOOLEAN ? "no" : "";
        const char *reason = check(&config->arena, setting, value->text, &value->number);
        assert(!reason);
        (void)reason;
    }
}

bool config_init(struct config *config, const struct usage *usage, size_t words_len, const char *const *words,
                 const char *const *environment, char error[static CONFIG_ERROR_CAP])
{
    *config = (struct config){.usage = usage};
    arena_init(&config->arena);
    size_t capacity = config_table_len(usage->shared) + config_table_len(usage->own) + 1;
    config->values = arena_alloc(&config->arena, capacity * sizeof *config->values);
    add_table(config, usage->shared, false);
    add_table(config, usage->own, true);
    error[0] = '\0';
    return read_words(config, words_len, words, error) && read_environment(config, environment, error) &&
           read_file(config, error);
}

void config_release(struct config *config)
{
    arena_release(&config->arena);
}

static const struct config_value *known(const struct config *config, const char *name)
{
    const struct config_value *value = find(config, SOURCE_FILE, name);
    assert(value);
    return value;
}

const char *config_text(const struct config *config, const char *name)
{
    const struct config_value *value = known(config, name);
    assert(value->setting->kind == SETTING_TEXT || value->setting->kind == SETTING_CHOICE);
    return value->text;
}

int64_t config_int(const struct config *config, const char *name)
{
    const struct config_value *value = known(config, name);
    assert(value->setting->kind == SETTING_INTEGER);
    return value->number;
}

bool config_flag(const struct config *config, const char *name)
{
    const struct config_value *value = known(config, name);
    assert(value->setting->kind == SETTING_BOOLEAN);
    return value->number != 0;
}

const char *config_argument(const struct config *config, size_t index)
{
    return index < config->arguments_len ? config->arguments[index] : NULL;
}
