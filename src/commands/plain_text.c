#include "warta/commands/plain_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/base/text.h"

/* What the next paragraph is. */
enum part { PART_PAGE_TITLE, PART_NOTHING, PART_KICKER, PART_TITLE, PART_DATE, PART_SUMMARY };

struct parser {
    json_t *items, *guesses;
    json_t *item; /* the open block's; borrowed from `items` */
    char *error;
    size_t line;
    enum part part;
    long number; /* of the open block */
    size_t block_line;
    size_t indent; /* of the first number line */
    struct buf paragraph;
    size_t paragraph_line;
    struct buf summary;
};

struct line {
    const char *words;
    size_t len;
    size_t indent;
    long number; /* -1: not a number line */
};

__attribute__((format(printf, 3, 4))) static bool fail(struct parser *parser, size_t line, const char *format, ...)
{
    int len = snprintf(parser->error, PLAIN_TEXT_ERROR_CAP, "line %zu: ", line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->error + len, (size_t)(PLAIN_TEXT_ERROR_CAP - len), format, arguments);
    va_end(arguments);
    return false;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (json_object_set_new(object, key, json_string(text))) {
        mem_exhausted();
    }
}

/* Steals `guess`. */
static void add_guess(struct parser *parser, json_t *guess)
{
    if (json_array_append_new(parser->guesses, guess)) {
        mem_exhausted();
    }
}

/* --- types ---------------------------------------------------------------------------------------- */

static const char *const types[] = {"news",     "article", "project",   "publication",
                                    "document", "event",   "interview", "presentation"};

/* The first row whose word is in a kicker gives the type; else it is news. */
static const struct {
    const char *word, *type;
} hints[] = {
    {"series", "publication"}, {"brief", "publication"}, {"interview", "interview"}, {"interviews", "interview"},
    {"day", "event"},          {"week", "event"},        {"webinar", "event"},       {"workshop", "event"},
};

static bool is_name_of(const char *kicker, const char *type)
{
    size_t len = strlen(type);
    if (strncasecmp(kicker, type, len) != 0) {
        return false;
    }
    const char *rest = kicker + len;
    return !*rest || (type[len - 1] != 's' && !strcasecmp(rest, "s"));
}

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c > 0x7f;
}

static bool has_word(const char *text, const char *word)
{
    size_t word_len = strlen(word);
    while (*text) {
        size_t len = 0;
        while (is_letter(text[len])) {
            len++;
        }
        if (len == word_len && !strncasecmp(text, word, len)) {
            return true;
        }
        text += len ? len : 1;
    }
    return false;
}

static const char *guessed_type(const char *kicker)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        if (has_word(kicker, hints[i].word)) {
            return hints[i].type;
        }
    }
    return "news";
}

static void set_type(struct parser *parser, const char *kicker)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (is_name_of(kicker, types[i])) {
            set_text(parser->item, "type", types[i]);
            set_text(parser->item, "kicker", "");
            return;
        }
    }
    const char *type = guessed_type(kicker);
    set_text(parser->item, "type", type);
    set_text(parser->item, "kicker", kicker);
    add_guess(parser,
              json_pack("{s:I, s:s, s:s}", "block", (json_int_t)parser->number, "kicker", kicker, "type", type));
}

/* --- dates ---------------------------------------------------------------------------------------- */

enum date { DATE_NONE, DATE_FALSE, DATE_TRUE };

/* The number that `len` digits make, or -1. */
static long digits(const char *text, size_t len)
{
    enum { DIGITS_MAX = 9 };
    long number = 0;
    if (!len || len > DIGITS_MAX) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static long month_number(const char *name, size_t len)
{
    static const char *const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                         "july",    "august",   "september", "october", "november", "december"};
    for (size_t i = 0; len >= 3 && i < 12; i++) {
        if (!strncasecmp(months[i], name, len)) {
            return (long)i + 1;
        }
    }
    return -1;
}

static size_t without_stop(const char *word, size_t len)
{
    return len && (word[len - 1] == ',' || word[len - 1] == '.') ? len - 1 : len;
}

/* "30 August 2019" and "August 30, 2019", words parted by single spaces. */
static bool date_in_words(const char *text, long *year, long *month, long *day)
{
    const char *second = strchr(text, ' ');
    const char *third = second ? strchr(second + 1, ' ') : NULL;
    if (!third || strlen(++third) != 4) {
        return false;
    }
    size_t first_len = without_stop(text, (size_t)(second++ - text));
    size_t second_len = without_stop(second, (size_t)(third - 1 - second));
    bool day_first = isdigit((unsigned char)*text);
    *day = day_first ? digits(text, first_len) : digits(second, second_len);
    *month = day_first ? month_number(second, second_len) : month_number(text, first_len);
    *year = digits(third, 4);
    return *day >= 0 && *day < 100 && *month > 0 && *year >= 0;
}

static bool date_in_digits(const char *text, long *year, long *month, long *day)
{
    if (strlen(text) != TEXT_DATE_CAP - 1 || text[4] != '-' || text[7] != '-') {
        return false;
    }
    *year = digits(text, 4);
    *month = digits(text + 5, 2);
    *day = digits(text + 8, 2);
    return *year >= 0 && *month >= 0 && *day >= 0;
}

/* Whether the whole text is a date, and whether that is one on the calendar. */
static enum date date_parse(const char *text, char out[static TEXT_DATE_CAP])
{
    long year = 0, month = 0, day = 0;
    if (!date_in_digits(text, &year, &month, &day) && !date_in_words(text, &year, &month, &day)) {
        return DATE_NONE;
    }
    char date[32];
    snprintf(date, sizeof date, "%04ld-%02ld-%02ld", year, month, day);
    memcpy(out, date, TEXT_DATE_CAP - 1);
    out[TEXT_DATE_CAP - 1] = '\0';
    return text_date_valid(out) ? DATE_TRUE : DATE_FALSE;
}

/* --- blocks --------------------------------------------------------------------------------------- */

static bool take_title(struct parser *parser, const char *title)
{
    char date[TEXT_DATE_CAP];
    if (date_parse(title, date) != DATE_NONE) {
        return fail(parser, parser->block_line, "block %ld has no title before its date", parser->number);
    }
    set_text(parser->item, "title", title);
    parser->part = PART_DATE;
    return true;
}

static bool take_summary(struct parser *parser, const char *text)
{
    char date[TEXT_DATE_CAP];
    if (json_object_get(parser->item, "date") && date_parse(text, date) != DATE_NONE) {
        return fail(parser, parser->paragraph_line, "block %ld has two dates", parser->number);
    }
    buf_text(&parser->summary, parser->summary.len ? "\n\n" : "");
    buf_text(&parser->summary, text);
    parser->part = PART_SUMMARY;
    return true;
}

/* Whether a paragraph in the date's place may be a date in a form that is not read: few words, with a digit. */
static bool may_be_date(const char *text)
{
    enum { WORDS_MAX = 5 };
    size_t words = 1;
    for (const char *space = text; (space = strchr(space, ' ')) != NULL; space++) {
        words++;
    }
    return words <= WORDS_MAX && strpbrk(text, "0123456789") != NULL;
}

static bool take_date(struct parser *parser, const char *text)
{
    char date[TEXT_DATE_CAP];
    switch (date_parse(text, date)) {
    case DATE_NONE:
        if (may_be_date(text)) {
            add_guess(parser, json_pack("{s:I, s:s}", "block", (json_int_t)parser->number, "text", text));
        }
        return take_summary(parser, text);
    case DATE_FALSE:
        return fail(parser, parser->paragraph_line, "block %ld: %s is not a date on the calendar", parser->number,
                    text);
    case DATE_TRUE:
        break;
    }
    set_text(parser->item, "date", date);
    parser->part = PART_SUMMARY;
    return true;
}

static bool take_kicker(struct parser *parser, const char *kicker)
{
    if (!*kicker) {
        return fail(parser, parser->block_line, "block %ld has no kicker", parser->number);
    }
    set_type(parser, kicker);
    parser->part = PART_TITLE;
    return true;
}

static bool take_paragraph(struct parser *parser, const char *text)
{
    if (text_has_controls(text)) {
        return fail(parser, parser->paragraph_line, "the paragraph holds a control character");
    }
    switch (parser->part) {
    case PART_PAGE_TITLE:
        parser->part = PART_NOTHING;
        return true;
    case PART_NOTHING:
        return fail(parser, parser->paragraph_line, "text before the first numbered block");
    case PART_KICKER:
        return take_kicker(parser, text);
    case PART_TITLE:
        return take_title(parser, text);
    case PART_DATE:
        return take_date(parser, text);
    case PART_SUMMARY:
        return take_summary(parser, text);
    }
    return true;
}

static bool end_paragraph(struct parser *parser)
{
    if (!parser->paragraph_line) {
        return true;
    }
    char *text = text_single_line(buf_string(&parser->paragraph));
    bool ok = (!*text && parser->part != PART_KICKER) || take_paragraph(parser, text);
    free(text);
    buf_truncate(&parser->paragraph, 0);
    parser->paragraph_line = 0;
    return ok;
}

static bool end_block(struct parser *parser)
{
    if (!end_paragraph(parser)) {
        return false;
    }
    if (parser->part == PART_TITLE) {
        return fail(parser, parser->block_line, "block %ld has no title", parser->number);
    }
    if (parser->item) {
        set_text(parser->item, "summary", buf_string(&parser->summary));
        buf_truncate(&parser->summary, 0);
    }
    return true;
}

static bool begin_block(struct parser *parser, const struct line *line)
{
    if (!end_block(parser)) {
        return false;
    }
    if (!parser->item) {
        parser->indent = line->indent;
    }
    parser->number = line->number;
    parser->block_line = parser->line;
    parser->part = PART_KICKER;
    parser->item = json_object();
    if (json_array_append_new(parser->items, parser->item)) {
        mem_exhausted();
    }
    return true;
}

/* --- lines ---------------------------------------------------------------------------------------- */

/* Bytes of the white space at `text`, 0 if it is none; saved pages indent with no-break spaces too. */
static size_t space_len(const char *text, size_t len)
{
    if (len && (*text == ' ' || *text == '\t' || *text == '\r')) {
        return 1;
    }
    return len > 1 && !memcmp(text, "\xC2\xA0", 2) ? 2 : 0;
}

static struct line line_of(const char *text, size_t len)
{
    enum { TAB_WIDTH = 8 };
    struct line line = {.words = text, .len = len, .number = -1};
    for (size_t n; (n = space_len(line.words, line.len)) > 0; line.words += n, line.len -= n) {
        line.indent += *line.words == '\t' ? TAB_WIDTH - line.indent % TAB_WIDTH : 1;
    }
    size_t digits_len = 0;
    while (digits_len < line.len && isdigit((unsigned char)line.words[digits_len])) {
        digits_len++;
    }
    if (digits_len < line.len && (line.words[digits_len] == '.' || line.words[digits_len] == ')')) {
        const char *behind = line.words + digits_len + 1;
        size_t behind_len = line.len - digits_len - 1;
        line.number = !behind_len || space_len(behind, behind_len) ? digits(line.words, digits_len) : -1;
    }
    return line;
}

/* Takes the number off a line that begins a block. */
static void cut_number(struct line *line)
{
    while (isdigit((unsigned char)*line->words)) {
        line->words++;
        line->len--;
    }
    line->words++;
    line->len--;
}

static bool take_line(struct parser *parser, const char *text, size_t len)
{
    if (!text_valid(text, len)) {
        return fail(parser, parser->line, "not valid UTF-8");
    }
    struct line line = line_of(text, len);
    if (!line.len) {
        return end_paragraph(parser);
    }
    if (line.number >= 0 && (!parser->item || line.indent <= parser->indent)) {
        if (!parser->item || line.number == parser->number + 1) {
            cut_number(&line);
            if (!begin_block(parser, &line)) {
                return false;
            }
        } else if (!parser->paragraph_line) {
            return fail(parser, parser->line, "number %ld where %ld is due: a block may be missing", line.number,
                        parser->number + 1);
        }
    }
    if (!parser->paragraph_line) {
        parser->paragraph_line = parser->line;
    }
    buf_append(&parser->paragraph, line.words, line.len);
    buf_char(&parser->paragraph, '\n');
    return true;
}

static bool take_lines(struct parser *parser, const char *text, size_t len)
{
    const char *end = text + len;
    if (len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) {
        text += 3;
    }
    while (text < end) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = feed ? feed : end;
        parser->line++;
        if (!take_line(parser, text, (size_t)(line_end - text))) {
            return false;
        }
        text = feed ? feed + 1 : end;
    }
    if (!end_block(parser)) {
        return false;
    }
    return parser->item || fail(parser, 1, "no numbered block, such as \"1. News\"");
}

json_t *plain_text_parse(const char *text, size_t len, json_t *guesses, char error[static PLAIN_TEXT_ERROR_CAP])
{
    struct parser parser = {.items = json_array(), .guesses = guesses, .error = error};
    if (!parser.items) {
        mem_exhausted();
    }
    error[0] = '\0';
    if (!take_lines(&parser, text, len)) {
        json_decref(parser.items);
        parser.items = NULL;
    }
    buf_release(&parser.paragraph);
    buf_release(&parser.summary);
    return parser.items;
}
