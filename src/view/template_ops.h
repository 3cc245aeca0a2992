/* What template_parse.c makes of a set of templates and template.c renders. Private to src/view/.
 *
 * The operations of all templates stand in one array; each template's end with OP_RETURN. */
#ifndef WARTA_VIEW_TEMPLATE_OPS_H
#define WARTA_VIEW_TEMPLATE_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/base/mem.h"

enum op_kind {
    OP_TEXT,
    OP_ESCAPED,
    OP_RAW,
    OP_SECTION,
    OP_INVERTED,
    OP_END,
    OP_PARTIAL,
    OP_RETURN,
};

struct slice {
    const char *text;
    size_t len;
};

struct op {
    enum op_kind kind;
    bool starts_line; /* text: it stands first on its line */
    size_t line;      /* counted from 1, for error messages */
    const char *text; /* the text, the whole key, or the partial's name */
    size_t len;
    const struct slice *parts; /* the key's parts, none for "."; a partial's indentation, none within a line */
    size_t parts_len;
    size_t jump; /* section, inverted: behind its end; end: its section; partial: its program */
};

struct program {
    const char *name;
    const char *text;
    size_t len;
    size_t first; /* operation */
};

struct templates {
    struct arena arena;
    struct program *programs; /* sorted by name, each name once */
    size_t programs_len;
    struct op *ops;
    size_t ops_len;
    size_t ops_cap;
};

/* The template of that name, or NULL. */
const struct program *template_find(const struct templates *templates, const char *name);

/* Appends the operations of all programs, which have name, text and len. `error` as for templates_create. */
bool template_parse(struct templates *templates, char *error);

#endif
