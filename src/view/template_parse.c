#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "template_ops.h"
#include "warta/view/template.h"

static const size_t no_section = (size_t)-1;

struct parser {
    struct templates *templates;
    const struct program *program;
    const char *at; /* where the text before the next tag begins */
    const char *end;
    const char *counted; /* the lines up to here are in `line` */
    size_t line;
    size_t open; /* the innermost open section; its `jump` names the one around it */
    char *error;
};

struct tag {
    const char *begin;
    const char *end;
    char sigil; /* ' ' for an escaped key */
    const char *content;
    size_t len;
    size_t line;
    bool standalone;
    const char *line_begin; /* if standalone: the blanks before the tag, and what follows its line */
    const char *line_end;
};

__attribute__((format(printf, 3, 4))) static bool parse_fail(const struct parser *parser, size_t line,
                                                             const char *format, ...)
{
    int used = snprintf(parser->error, TEMPLATE_ERROR_CAP, "%.128s:%zu: ", parser->program->name, line);
    va_list args;
    va_start(args, format);
    vsnprintf(parser->error + used, TEMPLATE_ERROR_CAP - (size_t)used, format, args);
    va_end(args);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\n' || c == '\r';
}

static bool is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct op *add_op(struct parser *parser, enum op_kind kind, size_t line)
{
    struct templates *set = parser->templates;
    if (set->ops_len == set->ops_cap) {
        set->ops_cap = set->ops_cap == 0 ? 64 : set->ops_cap * 2;
        set->ops = mem_resize(set->ops, set->ops_cap * sizeof *set->ops);
    }
    struct op *op = &set->ops[set->ops_len++];
    *op = (struct op){.kind = kind, .line = line};
    return op;
}

static void add_text(struct parser *parser, const char *text, size_t len, bool starts_line)
{
    struct op *op = add_op(parser, OP_TEXT, parser->line);
    op->text = text;
    op->len = len;
    op->starts_line = starts_line;
}

static bool at_line_start(const struct parser *parser, const char *at)
{
    return at == parser->program->text || at[-1] == '\n';
}

static void add_text_until(struct parser *parser, const char *until)
{
    if (until > parser->at)
        add_text(parser, parser->at, (size_t)(until - parser->at), at_line_start(parser, parser->at));
}

/* An empty text marks a line that begins with a tag, so that the line is indented whatever the tag renders. */
static void add_line_mark(struct parser *parser, const char *at)
{
    if (at_line_start(parser, at))
        add_text(parser, at, 0, true);
}

static size_t count_parts(const char *key, size_t len)
{
    size_t count = 1;
    for (size_t i = 0; i < len; i++)
        count += key[i] == '.';
    return count;
}

static size_t part_len(const char *part, const char *end)
{
    const char *at = part;
    while (at < end && is_key_char(*at))
        at++;
    return (size_t)(at - part);
}

static bool split_key(struct parser *parser, struct op *op)
{
    if (op->len == 1 && op->text[0] == '.')
        return true;
    op->parts_len = count_parts(op->text, op->len);
    struct slice *parts = arena_alloc(&parser->templates->arena, op->parts_len * sizeof *parts);
    const char *at = op->text;
    const char *end = op->text + op->len;
    for (size_t i = 0; i < op->parts_len; i++) {
        parts[i] = (struct slice){at, part_len(at, end)};
        at += parts[i].len;
        if (parts[i].len == 0 || (at < end && *at != '.'))
            return parse_fail(parser, op->line, "a key is letters, digits and _, in parts joined by dots");
        at++;
    }
    op->parts = parts;
    return true;
}

static struct op *add_key(struct parser *parser, enum op_kind kind, const struct tag *tag)
{
    struct op *op = add_op(parser, kind, tag->line);
    op->text = tag->content;
    op->len = tag->len;
    return split_key(parser, op) ? op : NULL;
}

static bool add_raw(struct parser *parser, const struct tag *tag)
{
    static const char suffix[] = "_html";
    size_t suffix_len = sizeof suffix - 1;
    if (add_key(parser, OP_RAW, tag) == NULL)
        return false;
    if (tag->len < suffix_len || memcmp(tag->content + tag->len - suffix_len, suffix, suffix_len) != 0)
        return parse_fail(parser, tag->line, "'%.*s' cannot be raw: its name does not end in _html", (int)tag->len,
                          tag->content);
    return true;
}

static bool open_section(struct parser *parser, enum op_kind kind, const struct tag *tag)
{
    size_t index = parser->templates->ops_len;
    struct op *op = add_key(parser, kind, tag);
    if (op == NULL)
        return false;
    op->jump = parser->open;
    parser->open = index;
    return true;
}

static bool close_section(struct parser *parser, const struct tag *tag)
{
    struct templates *set = parser->templates;
    size_t index = parser->open;
    if (index == no_section)
        return parse_fail(parser, tag->line, "this tag closes a section, but none is open");
    struct op section = set->ops[index];
    if (tag->len != section.len || memcmp(tag->content, section.text, section.len) != 0)
        return parse_fail(parser, tag->line, "section '%.*s' (line %zu) is closed under another name", (int)section.len,
                          section.text, section.line);
    parser->open = section.jump;
    if (section.kind == OP_SECTION)
        add_op(parser, OP_END, tag->line)->jump = index;
    set->ops[index].jump = set->ops_len;
    return true;
}

static bool is_partial_name(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_key_char(name[i]) && name[i] != '.' && name[i] != '/' && name[i] != '-')
            return false;
    return len > 0;
}

static bool add_partial(struct parser *parser, const struct tag *tag)
{
    struct templates *set = parser->templates;
    if (!is_partial_name(tag->content, tag->len))
        return parse_fail(parser, tag->line, "a partial's name is letters, digits and _ - . /");
    const struct program *program = template_find(set, arena_copy(&set->arena, tag->content, tag->len));
    if (program == NULL)
        return parse_fail(parser, tag->line, "there is no partial '%.*s'", (int)tag->len, tag->content);
    struct op *op = add_op(parser, OP_PARTIAL, tag->line);
    op->text = tag->content;
    op->len = tag->len;
    op->jump = (size_t)(program - set->programs);
    if (tag->standalone) {
        struct slice *indent = arena_alloc(&set->arena, sizeof *indent);
        *indent = (struct slice){tag->line_begin, (size_t)(tag->begin - tag->line_begin)};
        op->parts = indent;
        op->parts_len = 1;
    }
    return true;
}

/* Mustache specification, "standalone": a tag alone on its line takes the whole line with it. Tags that show a value
 * never do. */
static void find_standalone(const struct parser *parser, struct tag *tag)
{
    if (strchr(" {&", tag->sigil) != NULL)
        return;
    const char *before = tag->begin;
    while (before > parser->at && is_blank(before[-1]))
        before--;
    const char *after = tag->end;
    while (after < parser->end && is_blank(*after))
        after++;
    if (parser->end - after >= 2 && after[0] == '\r' && after[1] == '\n')
        after++;
    if (!at_line_start(parser, before) || (after < parser->end && *after != '\n'))
        return;
    tag->standalone = true;
    tag->line_begin = before;
    tag->line_end = after < parser->end ? after + 1 : after;
}

static void count_lines(struct parser *parser, const char *until)
{
    for (; parser->counted < until; parser->counted++)
        parser->line += *parser->counted == '\n';
}

static bool read_tag(struct parser *parser, const char *begin, struct tag *tag)
{
    static const char sigils[] = {'{', '&', '#', '^', '/', '>', '!', '='};
    const char *content = begin + 2;
    count_lines(parser, begin);
    *tag = (struct tag){.begin = begin, .sigil = ' ', .line = parser->line};
    if (content < parser->end && memchr(sigils, *content, sizeof sigils) != NULL)
        tag->sigil = *content++;
    size_t close_len = tag->sigil == '{' ? 3 : 2;
    const char *close = memmem(content, (size_t)(parser->end - content), "}}}", close_len);
    if (close == NULL)
        return parse_fail(parser, tag->line, "this tag is not closed");
    tag->end = close + close_len;
    while (content < close && is_space(*content))
        content++;
    while (content < close && is_space(close[-1]))
        close--;
    tag->content = content;
    tag->len = (size_t)(close - content);
    find_standalone(parser, tag);
    return true;
}

static bool add_tag(struct parser *parser, const struct tag *tag)
{
    switch (tag->sigil) {
    case ' ':
        return add_key(parser, OP_ESCAPED, tag) != NULL;
    case '{':
    case '&':
        return add_raw(parser, tag);
    case '#':
        return open_section(parser, OP_SECTION, tag);
    case '^':
        return open_section(parser, OP_INVERTED, tag);
    case '/':
        return close_section(parser, tag);
    case '>':
        return add_partial(parser, tag);
    case '=':
        return parse_fail(parser, tag->line, "delimiters cannot be changed");
    default:
        return true;
    }
}

static bool parse_program(struct templates *set, struct program *program, char *error)
{
    struct parser parser = {.templates = set,
                            .program = program,
                            .at = program->text,
                            .end = program->text + program->len,
                            .counted = program->text,
                            .line = 1,
                            .open = no_section,
                            .error = error};
    program->first = set->ops_len;
    const char *found;
    while ((found = memmem(parser.at, (size_t)(parser.end - parser.at), "{{", 2)) != NULL) {
        struct tag tag;
        if (!read_tag(&parser, found, &tag))
            return false;
        add_text_until(&parser, tag.standalone ? tag.line_begin : tag.begin);
        if (!tag.standalone)
            add_line_mark(&parser, tag.begin);
        if (!add_tag(&parser, &tag))
            return false;
        parser.at = tag.standalone ? tag.line_end : tag.end;
    }
    add_text_until(&parser, parser.end);
    if (parser.open != no_section) {
        const struct op *open = &set->ops[parser.open];
        return parse_fail(&parser, open->line, "section '%.*s' is not closed", (int)open->len, open->text);
    }
    add_op(&parser, OP_RETURN, parser.line);
    return true;
}

bool template_parse(struct templates *set, char *error)
{
    for (size_t i = 0; i < set->programs_len; i++) {
        if (i > 0 && strcmp(set->programs[i - 1].name, set->programs[i].name) == 0) {
            snprintf(error, TEMPLATE_ERROR_CAP, "%.128s: two templates have this name", set->programs[i].name);
            return false;
        }
        if (!parse_program(set, &set->programs[i], error))
            return false;
    }
    return true;
}
