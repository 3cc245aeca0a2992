#include <stdio.h>
#include <string.h>

#include "template_ops.h"
#include "warta/base/nearest.h"
#include "warta/view/template.h"

static bool is_key(const struct op *op)
{
    return op->parts_len > 0 &&
           (op->kind == OP_ESCAPED || op->kind == OP_RAW || op->kind == OP_SECTION || op->kind == OP_INVERTED);
}

static void add(json_t *keys, const struct slice *part)
{
    if (json_object_setn_new(keys, part->text, part->len, json_true()) != 0)
        mem_exhausted();
}

/* The first parts of all keys, as an object (*owned*). */
static json_t *first_parts(const struct templates *templates)
{
    json_t *keys = json_object();
    for (size_t i = 0; i < templates->ops_len; i++) {
        if (is_key(&templates->ops[i]))
            add(keys, &templates->ops[i].parts[0]);
    }
    return keys;
}

static bool fail(const struct program *program, const struct op *op, const struct slice *part, json_t *known,
                 char error[static TEMPLATE_ERROR_CAP])
{
    char wanted[NEAREST_CAP];
    struct nearest nearest;
    const char *key;
    json_t *unused;
    snprintf(wanted, sizeof wanted, "%.*s", part->len < sizeof wanted ? (int)part->len : 0, part->text);
    nearest_init(&nearest, wanted);
    json_object_foreach(known, key, unused) nearest_offer(&nearest, key);
    bool near = *nearest.name != '\0';
    snprintf(error, TEMPLATE_ERROR_CAP, "%.96s:%zu: there is no key '%.*s'%s%s%s", program->name, op->line,
             op->len < NEAREST_CAP ? (int)op->len : NEAREST_CAP, op->text, near ? "; did you mean " : "", nearest.name,
             near ? "?" : "");
    return false;
}

static bool check(const struct program *program, const struct op *op, json_t *keys, const json_t *globals,
                  char error[static TEMPLATE_ERROR_CAP])
{
    const struct slice *parts = op->parts;
    json_t *global = json_object_getn(globals, parts[0].text, parts[0].len);
    if (global == NULL && json_object_getn(keys, parts[0].text, parts[0].len) == NULL)
        return fail(program, op, &parts[0], keys, error);
    if (op->parts_len > 1 && json_is_object(global) && json_object_getn(global, parts[1].text, parts[1].len) == NULL)
        return fail(program, op, &parts[1], global, error);
    return true;
}

bool template_keys_known(const struct templates *templates, const struct templates *known, const json_t *globals,
                         char error[static TEMPLATE_ERROR_CAP])
{
    json_t *keys = first_parts(known);
    bool ok = true;
    for (size_t i = 0; ok && i < templates->programs_len; i++) {
        const struct program *program = &templates->programs[i];
        for (const struct op *op = templates->ops + program->first; ok && op->kind != OP_RETURN; op++)
            ok = !is_key(op) || check(program, op, keys, globals, error);
    }
    json_decref(keys);
    return ok;
}
