#include <string.h>

#include "config_private.h"

enum { COLUMNS = 80, INDENT = 26 };

static void label(const struct setting *setting, struct buf *out)
{
    buf_format(out, "  --%s", setting->name);
    if (setting->kind == SETTING_CHOICE) {
        buf_char(out, ' ');
        config_join_choices(setting, "|", out);
    } else if (setting->kind != SETTING_BOOLEAN) {
        buf_format(out, " %s", setting->value);
    }
}

/* Appends words behind what the last line holds, up to column `at`, and breaks lines that would grow too long. */
static void wrap(const char *words, size_t at, size_t indent, struct buf *out)
{
    for (bool first = true; *words; first = false) {
        size_t len = strcspn(words, " ");
        if (!first && at + 1 + len > COLUMNS) {
            buf_format(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            buf_char(out, ' ');
            at++;
        }
        buf_append(out, words, len);
        at += len;
        words += len + (words[len] == ' ');
    }
    buf_char(out, '\n');
}

static void help_setting(const struct setting *setting, struct buf *out)
{
    struct buf words = BUF_EMPTY;
    size_t start = out->len;
    label(setting, out);
    size_t label_len = out->len - start;
    if (label_len + 2 > INDENT) {
        buf_char(out, '\n');
        label_len = 0;
    }
    buf_format(out, "%*s", (int)(INDENT - label_len), "");
    buf_format(&words, "%s", setting->help);
    if (setting->fallback && *setting->fallback)
        buf_format(&words, " (default: %s)", setting->fallback);
    wrap(buf_string(&words), INDENT, INDENT, out);
    buf_release(&words);
}

static void help_table(const char *heading, const struct setting *table, struct buf *out)
{
    if (!config_table_len(table))
        return;
    buf_char(out, '\n');
    wrap(heading, 0, 0, out);
    for (const struct setting *setting = table; setting->name; setting++)
        help_setting(setting, out);
}

void config_help(const struct usage *usage, struct buf *out)
{
    bool flags = config_table_len(usage->own) || config_table_len(usage->shared);
    buf_format(out, "usage: warta %s%s%s%s\n", usage->command, flags ? " [flags]" : "", *usage->arguments ? " " : "",
               usage->arguments);
    if (usage->details) {
        buf_char(out, '\n');
        wrap(usage->details, 0, 0, out);
    }
    help_table("Flags:", usage->own, out);
    help_table("Settings, each as a flag, a variable (WARTA_SITE_TITLE) or a line of the file that --config names "
               "(site-title = TEXT), in this order:",
               usage->shared, out);
}

bool config_wants_help(size_t words_len, const char *const *words)
{
    for (size_t i = 0; i < words_len && strcmp(words[i], "--") != 0; i++) {
        if (!strcmp(words[i], "--help") || !strcmp(words[i], "-h"))
            return true;
    }
    return false;
}

/* --- the settings as they stand ---------------------------------------------------------------------- */

static void describe_value(const struct config_value *value, const char *quote, struct buf *out)
{
    if (value->setting->secret && *value->text) {
        buf_text(out, "(secret)");
    } else if (value->setting->kind == SETTING_TEXT || value->setting->kind == SETTING_CHOICE) {
        buf_format(out, "%s%s%s", quote, value->text, quote);
    } else if (value->setting->kind == SETTING_BOOLEAN) {
        buf_text(out, value->number ? "yes" : "no");
    } else {
        buf_format(out, "%lld", (long long)value->number);
    }
}

bool config_row(const struct config *config, size_t index, struct config_row *row)
{
    if (index >= config_table_len(config->usage->shared))
        return false;
    const struct config_value *value = &config->values[index];
    *row = (struct config_row){.name = value->setting->name, .origin = value->origin};
    describe_value(value, "", &row->value);
    return true;
}

void config_describe(const struct config *config, struct buf *out)
{
    int width = 0;
    for (size_t i = 0; i < config_table_len(config->usage->shared); i++) {
        int len = (int)strlen(config->usage->shared[i].name);
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < config_table_len(config->usage->shared); i++) {
        const struct config_value *value = &config->values[i];
        buf_format(out, "  %-*s ", width, value->setting->name);
        describe_value(value, "\"", out);
        buf_format(out, " (%s)\n", value->origin);
    }
}
