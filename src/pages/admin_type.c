#include "warta/newsroom/type.h"

#include <string.h>

#include "warta/http/params.h"
#include "warta/pages/page.h"

/* The list; `error` is in words, NULL for none. After a mistake in it the form for a new type
 * has them beside it, and keeps what was typed. */
static int types_page(struct exchange *x, int status, const char *error)
{
    bool keeps = error != NULL && json_object_get(x->form, "name") != NULL && *form_text(x, "id") == '\0';
    json_t *types = type_list(x->store);
    size_t i;
    json_t *type;
    if (types == NULL)
        return 500;
    json_array_foreach(types, i, type)
    {
        bool in_use = json_integer_value(json_object_get(type, "items")) > 0;
        json_object_set_new(type, "in_use", json_boolean(in_use));
    }
    x->model = json_pack("{s:s, s:s, s:o, s:s?, s:s?, s:{s:s, s:s}}", "page_title", "Types", "section", "types",
                         "types", types, "error", keeps ? NULL : error, "add_error", keeps ? error : NULL, "values",
                         "name", keeps ? form_text(x, "name") : "", "position", keeps ? form_text(x, "position") : "");
    return page_admin_html(x, status, "admin/types.html");
}

int page_types(struct exchange *x)
{
    return types_page(x, 200, NULL);
}

/* The first mistake in words (*arena*). */
static const char *error_words(struct exchange *x, const json_t *errors)
{
    const json_t *error = json_array_get(errors, 0);
    const char *key = json_string_value(json_object_get(error, "key"));
    const char *name = form_text(x, "name");
    struct buf words = BUF_EMPTY;
    if (strcmp(key, "name") == 0 && *name != '\0' && text_valid(name, strlen(name))) {
        buf_text(&words, "The name “");
        param_quote(&words, name);
        buf_text(&words, "” ");
    } else {
        buf_text(&words, strcmp(key, "name") == 0 ? "The name " : "The type ");
    }
    buf_text(&words, json_string_value(json_object_get(error, "reason")));
    buf_char(&words, '.');
    const char *kept = arena_copy(&x->arena, buf_string(&words), words.len);
    buf_release(&words);
    return kept;
}

/* What a change of types answers. */
static int answer(struct exchange *x, enum type_outcome outcome, const char *done, int64_t undo_id,
                  const json_t *errors)
{
    switch (outcome) {
    case TYPE_OK:
        return page_redirect(x, 303, page_done(x, "/admin/types", done, undo_id));
    case TYPE_STALE:
        return types_page(x, 409, PAGE_UNDO_LATE);
    case TYPE_GONE:
        return 404;
    case TYPE_REFUSED:
        return types_page(x, 422, error_words(x, errors));
    case TYPE_FAULT:
        break;
    }
    return 500;
}

int page_type_save_post(struct exchange *x)
{
    bool is_new = *form_text(x, "id") == '\0';
    bool placed = *form_text(x, "position") != '\0';
    int64_t id = is_new ? 0 : form_number(x, "id");
    int64_t position = placed ? form_number(x, "position") : 0;
    bool deletes = !is_new && strcmp(form_text(x, "action"), "delete") == 0;
    if (id < 0 || (id == 0 && !is_new))
        return 404;
    if (!deletes && placed && position < 1)
        return types_page(x, 422, "The place in the order is not a number from 1 on.");
    int64_t undo_id;
    json_t *errors = json_array();
    enum type_outcome outcome = deletes ? type_delete(x->store, x->actor, id, x->now_unix, errors, &undo_id)
                                        : type_save(x->store, x->text, x->actor, id, form_text(x, "name"), position,
                                                    x->now_unix, errors, &undo_id);
    int status = answer(x, outcome, deletes ? "deleted" : is_new ? "added" : "changed", undo_id, errors);
    json_decref(errors);
    return status;
}

int page_type_merge_post(struct exchange *x)
{
    size_t items;
    int64_t undo_id;
    if (*form_text(x, "from") == '\0' || *form_text(x, "into") == '\0')
        return types_page(x, 422, "Choose the type to merge, and the one that gets its items.");
    json_t *errors = json_array();
    enum type_outcome outcome = type_merge(x->store, x->actor, form_number(x, "from"), form_number(x, "into"),
                                           x->now_unix, &items, errors, &undo_id);
    int status = answer(x, outcome, "merged", undo_id, errors);
    json_decref(errors);
    return status;
}

int page_type_undo_post(struct exchange *x)
{
    int64_t redo_id;
    json_t *errors = json_array();
    enum type_outcome outcome = type_undo(x->store, x->actor, form_number(x, "undo"), x->now_unix, errors, &redo_id);
    int status = answer(x, outcome, "undone", redo_id, errors);
    json_decref(errors);
    return status;
}
