#include "warta/view/template.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template_ops.h"

static int program_by_name(const void *left, const void *right)
{
    const struct program *a = left;
    const struct program *b = right;
    return strcmp(a->name, b->name);
}

const struct program *template_find(const struct templates *templates, const char *name)
{
    struct program key = {.name = name};
    return bsearch(&key, templates->programs, templates->programs_len, sizeof key, program_by_name);
}

struct templates *templates_create(const struct template_source *sources, size_t sources_len,
                                   char error[static TEMPLATE_ERROR_CAP])
{
    struct templates *set = mem_alloc(sizeof *set);
    arena_init(&set->arena);
    set->programs = arena_alloc(&set->arena, (sources_len + 1) * sizeof *set->programs);
    set->programs_len = sources_len;
    for (size_t i = 0; i < sources_len; i++) {
        struct program *program = &set->programs[i];
        program->name = arena_copy(&set->arena, sources[i].name, strlen(sources[i].name));
        program->text = arena_copy(&set->arena, sources[i].text, sources[i].len);
        program->len = sources[i].len;
    }
    qsort(set->programs, sources_len, sizeof *set->programs, program_by_name);
    if (!template_parse(set, error)) {
        templates_destroy(set);
        return NULL;
    }
    return set;
}

void templates_destroy(struct templates *templates)
{
    if (templates == NULL)
        return;
    free(templates->ops);
    arena_release(&templates->arena);
    free(templates);
}

struct scope {
    const json_t *value;
    const json_t *list; /* the array that `value` is an element of, or NULL */
    size_t index;
};

struct call {
    const struct op *back;
    const struct program *program;
    size_t indent_begin;
    size_t indent_len;
};

enum { SCOPE_GLOBALS, SCOPE_MODEL, SCOPE_SECTIONS };

struct render {
    const struct templates *templates;
    const struct program *program;
    struct buf *out;
    struct buf indent; /* of all callers; what counts now begins at indent_begin */
    size_t indent_begin;
    struct scope scopes[SCOPE_SECTIONS + TEMPLATE_DEPTH_MAX];
    size_t scopes_len;
    struct call calls[TEMPLATE_DEPTH_MAX];
    size_t calls_len;
    bool failed;
    char *error;
};

static const struct op *render_fail(struct render *render, const struct op *op, const char *reason)
{
    int shown = op->len < 64 ? (int)op->len : 64;
    snprintf(render->error, TEMPLATE_ERROR_CAP, "%.96s:%zu: '%.*s' %s", render->program->name, op->line, shown,
             op->text, reason);
    render->failed = true;
    return NULL;
}

/* Mustache specification, "interpolation": the first part is looked up in all scopes from the innermost, the others
 * only in what the one before gave. */
static const json_t *find_value(const struct render *render, const struct op *op)
{
    if (op->parts_len == 0)
        return render->scopes[render->scopes_len - 1].value;
    const json_t *value = NULL;
    for (size_t i = render->scopes_len; value == NULL && i > 0; i--)
        value = json_object_getn(render->scopes[i - 1].value, op->parts[0].text, op->parts[0].len);
    for (size_t i = 1; value != NULL && i < op->parts_len; i++)
        value = json_object_getn(value, op->parts[i].text, op->parts[i].len);
    return value;
}

static size_t plain_len(const char *bytes, size_t len)
{
    static const bool special[UCHAR_MAX + 1] = {['&'] = true, ['<'] = true, ['>'] = true, ['"'] = true, ['\''] = true};
    size_t at = 0;
    while (at < len && !special[(unsigned char)bytes[at]])
        at++;
    return at;
}

static void append_entity(struct buf *out, char c)
{
    switch (c) {
    case '&':
        buf_append(out, "&amp;", 5);
        break;
    case '<':
        buf_append(out, "&lt;", 4);
        break;
    case '>':
        buf_append(out, "&gt;", 4);
        break;
    case '"':
        buf_append(out, "&quot;", 6);
        break;
    default:
        buf_append(out, "&#39;", 5);
        break;
    }
}

static void append_escaped(struct buf *out, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        size_t plain = plain_len(bytes + at, len - at);
        buf_append(out, bytes + at, plain);
        at += plain;
        if (at < len)
            append_entity(out, bytes[at]);
    }
}

/* 15 significant digits (DBL_DIG) give every decimal number back as it was written: 1.1 and not 1.1000000000000001. */
static void append_real(struct buf *out, const json_t *value)
{
    char digits[64];
    size_t len = json_dumpb(value, digits, sizeof digits, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    assert(len <= sizeof digits);
    buf_append(out, digits, len);
}

static const struct op *render_value(struct render *render, const struct op *op)
{
    const json_t *value = find_value(render, op);
    if (value == NULL)
        return render_fail(render, op, "is in no scope");
    switch (json_typeof(value)) {
    case JSON_STRING:
        (op->kind == OP_RAW ? buf_append : append_escaped)(render->out, json_string_value(value),
                                                           json_string_length(value));
        break;
    case JSON_INTEGER:
        buf_integer(render->out, json_integer_value(value));
        break;
    case JSON_REAL:
        append_real(render->out, value);
        break;
    case JSON_NULL:
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        return render_fail(render, op, "is a boolean and cannot be shown");
    case JSON_ARRAY:
        return render_fail(render, op, "is an array and cannot be shown");
    case JSON_OBJECT:
        return render_fail(render, op, "is an object and cannot be shown");
    }
    return op + 1;
}

static void append_indent(struct render *render)
{
    buf_append(render->out, buf_string(&render->indent) + render->indent_begin,
               render->indent.len - render->indent_begin);
}

static void append_indented(struct render *render, const struct op *op)
{
    const char *end = op->text + op->len;
    if (op->starts_line)
        append_indent(render);
    for (const char *at = op->text; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline == NULL ? end : newline + 1;
        buf_append(render->out, at, (size_t)(next - at));
        if (next < end)
            append_indent(render);
        at = next;
    }
}

static const struct op *render_text(struct render *render, const struct op *op)
{
    if (render->indent.len > render->indent_begin)
        append_indented(render, op);
    else
        buf_append(render->out, op->text, op->len);
    return op + 1;
}

static bool is_falsy(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) || (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

static const struct op *render_section(struct render *render, const struct op *op)
{
    const json_t *value = find_value(render, op);
    if (value == NULL)
        return render_fail(render, op, "is in no scope");
    if (is_falsy(value) != (op->kind == OP_INVERTED))
        return render->templates->ops + op->jump;
    if (op->kind == OP_INVERTED)
        return op + 1;
    if (render->scopes_len == SCOPE_SECTIONS + TEMPLATE_DEPTH_MAX)
        return render_fail(render, op, "is a section in too many others");
    bool is_list = json_is_array(value);
    render->scopes[render->scopes_len++] =
        (struct scope){.value = is_list ? json_array_get(value, 0) : value, .list = is_list ? value : NULL};
    return op + 1;
}

static const struct op *render_end(struct render *render, const struct op *op)
{
    struct scope *scope = &render->scopes[render->scopes_len - 1];
    scope->index++;
    if (scope->list != NULL && scope->index < json_array_size(scope->list)) {
        scope->value = json_array_get(scope->list, scope->index);
        return render->templates->ops + op->jump + 1;
    }
    render->scopes_len--;
    return op + 1;
}

/* Mustache specification, "partials": the indentation of a partial alone on its line stands before each of its lines,
 * and adds to that of the caller; a partial within a line has none. */
static const struct op *render_partial(struct render *render, const struct op *op)
{
    if (render->calls_len == TEMPLATE_DEPTH_MAX)
        return render_fail(render, op, "is a partial in too many others");
    render->calls[render->calls_len++] = (struct call){.back = op + 1,
                                                       .program = render->program,
                                                       .indent_begin = render->indent_begin,
                                                       .indent_len = render->indent.len};
    if (op->parts_len == 0)
        render->indent_begin = render->indent.len;
    else
        buf_append(&render->indent, op->parts[0].text, op->parts[0].len);
    render->program = &render->templates->programs[op->jump];
    return render->templates->ops + render->program->first;
}

static const struct op *render_return(struct render *render)
{
    if (render->calls_len == 0)
        return NULL;
    const struct call *call = &render->calls[--render->calls_len];
    render->program = call->program;
    render->indent_begin = call->indent_begin;
    buf_truncate(&render->indent, call->indent_len);
    return call->back;
}

/* Returns the operation that comes next, or NULL at the end and after a failure. */
static const struct op *render_op(struct render *render, const struct op *op)
{
    switch (op->kind) {
    case OP_TEXT:
        return render_text(render, op);
    case OP_ESCAPED:
    case OP_RAW:
        return render_value(render, op);
    case OP_SECTION:
    case OP_INVERTED:
        return render_section(render, op);
    case OP_END:
        return render_end(render, op);
    case OP_PARTIAL:
        return render_partial(render, op);
    case OP_RETURN:
        return render_return(render);
    }
    return NULL;
}

bool template_render(const struct templates *templates, const char *name, const json_t *model, const json_t *globals,
                     struct buf *out, char error[static TEMPLATE_ERROR_CAP])
{
    const struct program *program = template_find(templates, name);
    if (program == NULL) {
        snprintf(error, TEMPLATE_ERROR_CAP, "%.128s: there is no such template", name);
        return false;
    }
    struct render render = {.templates = templates,
                            .program = program,
                            .out = out,
                            .indent = BUF_EMPTY,
                            .scopes_len = SCOPE_SECTIONS,
                            .error = error};
    render.scopes[SCOPE_GLOBALS].value = globals;
    render.scopes[SCOPE_MODEL].value = model;
    size_t out_len = out->len;
    for (const struct op *op = templates->ops + program->first; op != NULL;)
        op = render_op(&render, op);
    if (render.failed)
        buf_truncate(out, out_len);
    buf_release(&render.indent);
    return !render.failed;
}
