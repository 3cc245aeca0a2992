#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/http/form.h"
#include "warta/newsroom/editing.h"
#include "warta/newsroom/file.h"
#include "warta/pages/item_form.h"
#include "warta/pages/item_page.h"
#include "warta/pages/item_view.h"
#include "warta/view/clean.h"

enum { FILES_MAX = 50, ALT_MAX = 500, CLEANED_MAX = 200, REASON_CAP = 512 };

static const char TOO_MANY_FILES[] = "An item can carry 50 files at most.";

bool item_page_open(struct exchange *x, int64_t id, struct item_page *page)
{
    *page = (struct item_page){.id = id, .stored = id == 0 ? json_null() : edit_get(x->store, id)};
    page->version = (int64_t)json_integer_value(json_object_get(page->stored, "version"));
    page->values = item_form_values(x->text, page->stored);
    page->files = json_incref(json_object_get(page->stored, "files"));
    page->errors = json_array();
    if (page->files == NULL)
        page->files = json_array();
    return page->stored != NULL;
}

void item_page_release(struct item_page *page)
{
    json_decref(page->stored);
    json_decref(page->values);
    json_decref(page->files);
    json_decref(page->checked);
    json_decref(page->errors);
    *page = (struct item_page){0};
}

/* --- names that repeat in a form --- */

static size_t form_count(const struct exchange *x, const char *name)
{
    const json_t *value = json_object_get(x->form, name);
    return json_is_array(value) ? json_array_size(value) : value == NULL ? 0 : 1;
}

static const char *form_at(const struct exchange *x, const char *name, size_t i)
{
    const json_t *value = json_object_get(x->form, name);
    const char *text = json_string_value(json_is_array(value) ? json_array_get(value, i) : i == 0 ? value : NULL);
    return text == NULL ? "" : text;
}

static bool form_has(const struct exchange *x, const char *name, const char *text)
{
    for (size_t i = 0; i < form_count(x, name); i++) {
        if (strcmp(form_at(x, name, i), text) == 0)
            return true;
    }
    return false;
}

/* --- mistakes --- */

static void refuse(struct item_page *page, const char *key, const char *reason)
{
    json_array_append_new(page->errors, json_pack("{s:s, s:s}", "key", key, "reason", reason));
}

static void refuse_words(struct item_page *page, const char *key, const char *words)
{
    json_array_append_new(page->errors, json_pack("{s:s, s:s}", "key", key, "words", words));
}

/* --- files --- */

/* A description in normal form (*owned*); what cannot be one is a mistake, and stays as it is to be mended. */
static json_t *typed_alt(struct item_page *page, const char *typed)
{
    static const struct field table[] = {{.key = "files", .kind = FIELD_LINE, .max_len = ALT_MAX}, {0}};
    json_t *input = json_pack("{s:s}", "files", typed);
    json_t *checked = form_check(table, input, false, page->errors);
    json_t *alt = json_object_get(checked, "files");
    json_incref(alt);
    json_decref(checked);
    json_decref(input);
    return alt == NULL ? json_string(typed) : alt;
}

/* Adds a file of the library. False on a fault. */
static bool add_file(struct exchange *x, struct item_page *page, int64_t id, const char *alt)
{
    json_t *file = file_find(page->files, id) != NULL ? json_null() : file_get(x->store, id, x->now_unix);
    if (json_is_object(file)) {
        json_object_set_new(file, "alt", typed_alt(page, alt));
        json_array_append(page->files, file);
    } else if (file != NULL && file_find(page->files, id) == NULL) {
        refuse_words(page, "files", "A file of this item is no longer in the library.");
    }
    bool ok = file != NULL;
    json_decref(file);
    return ok;
}

/* 0 for what is no number. */
static int64_t file_number(const char *id)
{
    enum { DIGITS_MAX = 15 };
    return strlen(id) <= DIGITS_MAX && strspn(id, "0123456789") == strlen(id) ? strtoll(id, NULL, 10) : 0;
}

/* What is added goes into a list of its own: the stored item's stays as it was. */
static void own_files(struct item_page *page)
{
    json_t *files = json_copy(page->files);
    json_decref(page->files);
    page->files = files;
}

/* Adds the file that was chosen from the library, if one was. */
static bool chosen_file(struct exchange *x, struct item_page *page)
{
    if (*form_text(x, "file_add") == '\0')
        return true;
    own_files(page);
    page->files_typed = true;
    if (json_array_size(page->files) < FILES_MAX)
        return add_file(x, page, file_number(form_text(x, "file_add")), "");
    refuse_words(page, "files", TOO_MANY_FILES);
    return true;
}

static bool typed_files(struct exchange *x, struct item_page *page)
{
    bool ok = true;
    size_t count = form_count(x, "file_id");
    if (count == 0)
        return true;
    json_decref(page->files);
    page->files = json_array();
    page->files_typed = true;
    if (count > FILES_MAX)
        refuse_words(page, "files", TOO_MANY_FILES);
    for (size_t i = 0; ok && i < count && i < FILES_MAX; i++) {
        const char *id = form_at(x, "file_id", i);
        int64_t number = file_number(id);
        /* A merged form has the descriptions that were chosen apart from the others. */
        const char *chosen = arena_format(&x->arena, "file_alt_%lld", (long long)number);
        const char *alt = form_count(x, chosen) > 0 ? form_at(x, chosen, 0) : form_at(x, "file_alt", i);
        if (!form_has(x, "file_remove", id))
            ok = add_file(x, page, number, alt);
    }
    return ok;
}

/* Puts one upload into the library and among the item's files; a refusal is a mistake. False on a fault. */
static bool put_upload(struct exchange *x, struct item_page *page, const struct upload *upload, const char *alt)
{
    char reason[REASON_CAP] = "";
    int64_t id = 0;
    enum file_outcome outcome = FILE_REFUSED;
    if (json_array_size(page->files) >= FILES_MAX)
        snprintf(reason, sizeof reason, "%s", TOO_MANY_FILES);
    else if (upload->len > x->site->upload_max)
        snprintf(reason, sizeof reason, "%s", page_too_large_words(x, upload->len));
    else
        outcome = file_put(x->store, x->actor, 0, upload->name, upload->bytes, upload->len, x->now_unix, &id, NULL,
                           reason, sizeof reason);
    if (outcome == FILE_OK) {
        page->files_typed = true;
        return add_file(x, page, id, alt);
    }
    if (outcome == FILE_REFUSED)
        refuse_words(page, "files", reason);
    return outcome == FILE_REFUSED;
}

static bool put_uploads(struct exchange *x, struct item_page *page)
{
    bool ok = true;
    size_t count = 0;
    own_files(page);
    for (size_t i = 0; ok && i < x->posted->uploads_len; i++) {
        const struct upload *upload = &x->posted->uploads[i];
        if (strcmp(upload->field, "upload") != 0)
            continue;
        const char *alt = form_at(x, "upload_alt", count++);
        if (upload->len > 0 || *upload->name != '\0')
            ok = put_upload(x, page, upload, alt);
    }
    return ok;
}

/* --- pasted markup --- */

/* "2 images, 1 comment", or NULL (*arena*). */
static const char *dropped_words(struct exchange *x, const json_t *dropped)
{
    struct buf out = BUF_EMPTY;
    size_t i;
    json_t *what;
    json_array_foreach(dropped, i, what)
    {
        if (out.len > CLEANED_MAX) {
            buf_text(&out, ", …");
            break;
        }
        buf_text(&out, i == 0 ? "" : ", ");
        param_quote(&out, json_string_value(what));
    }
    const char *words = out.len == 0 ? NULL : arena_copy(&x->arena, buf_string(&out), out.len);
    buf_release(&out);
    return words;
}

static void clean_body(struct exchange *x, struct item_page *page)
{
    const json_t *body = json_object_get(page->values, "body");
    struct buf markdown = BUF_EMPTY;
    json_t *dropped = json_array();
    if (clean_is_markup(json_string_value(body)) &&
        clean_markup(json_string_value(body), json_string_length(body), &markdown, dropped)) {
        page->cleaned = dropped_words(x, dropped);
        json_object_set_new(page->values, "body", json_string(buf_string(&markdown)));
    }
    json_decref(dropped);
    buf_release(&markdown);
}

/* --- all of it --- */

/* Only admins make types, so a form may only name one that exists. False on a fault. */
static bool check_type(struct exchange *x, struct item_page *page)
{
    json_t *params = json_pack("{s:O}", "value", json_object_get(page->values, "type"));
    json_t *type = store_row(x->store, SQL_TYPE_BY_SLUG, params);
    if (json_is_null(type) && json_string_length(json_object_get(page->values, "type")) > 0)
        refuse(page, "type", "is none of the types");
    bool ok = type != NULL;
    json_decref(type);
    json_decref(params);
    return ok;
}

bool item_page_typed(struct exchange *x, struct item_page *page, bool keep_uploads)
{
    json_t *values = item_form_typed(page->values, x->form);
    json_decref(page->values);
    page->values = values;
    page->version = form_number(x, "version");
    clean_body(x, page);
    page->checked = item_form_check(x->text, page->values, page->stored, page->errors);
    return check_type(x, page) && typed_files(x, page) && chosen_file(x, page) &&
           (!keep_uploads || put_uploads(x, page));
}

bool item_page_unwarned(struct exchange *x, const struct item_page *page)
{
    if (form_count(x, "warned") == 0)
        return false;
    bool unwarned = false;
    json_t *warnings = item_form_warnings(x->text, page->values, page->files, x->now_unix);
    size_t i;
    json_t *warning;
    json_array_foreach(warnings, i, warning)
    {
        const char *words = json_string_value(json_object_get(warning, "words"));
        unwarned = unwarned || !form_has(x, "warned", words);
    }
    json_decref(warnings);
    return unwarned;
}
