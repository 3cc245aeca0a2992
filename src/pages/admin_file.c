#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/http/url.h"
#include "warta/newsroom/file.h"
#include "warta/pages/file.h"
#include "warta/pages/item_page.h"
#include "warta/pages/item_view.h"

const struct param file_list_params[] = {
    PARAMS_DONE,
    {.name = "before", .kind = PARAM_NUMBER},
    {.name = "q", .kind = PARAM_TEXT, .max = 200},
    {0},
};

enum { FILES_PAGE_LEN = 48, REASON_CAP = 512, UNDO_MAX = 50 };

static int64_t number_at(const json_t *object, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(object, key));
}

/* "/admin/files/12" + `rest`, without the site's prefix (*arena*). */
static const char *admin_path(struct exchange *x, int64_t id, const char *rest)
{
    return arena_format(&x->arena, "/admin/files/%lld%s", (long long)id, rest);
}

static const char *uses_words(struct exchange *x, int64_t uses)
{
    if (uses == 0)
        return "In no item";
    return uses == 1 ? "In 1 item" : arena_format(&x->arena, "In %lld items", (long long)uses);
}

/* Adds what templates show of a file to what the newsroom says of it. */
static void complete(struct exchange *x, json_t *file)
{
    const char *media_type = json_string_value(json_object_get(file, "media_type"));
    json_object_update_new(file, json_pack("{s:s, s:b, s:s, s:s, s:s, s:s}", "size_words",
                                           page_size_words(x, number_at(file, "size")), "is_image",
                                           strncmp(media_type, "image/", 6) == 0, "href", file_href(x, file),
                                           "admin_href", page_href(x, admin_path(x, number_at(file, "id"), "")),
                                           "uses_words", uses_words(x, number_at(file, "uses")), "changed_words",
                                           page_time_words(x, number_at(file, "changed_unix"))));
}

/* --- the list --- */

/* The same list, further on; NULL where a page is not full (*arena*). */
static const char *next_href(struct exchange *x, const json_t *files, const char *q)
{
    size_t len = json_array_size(files);
    if (len < FILES_PAGE_LEN)
        return NULL;
    struct buf href = BUF_EMPTY;
    int64_t last = number_at(json_array_get(files, len - 1), "id");
    buf_text(&href, page_href(x, "/admin/files"));
    if (*q != '\0')
        url_query_append(&href, "q", q);
    url_query_append(&href, "before", arena_format(&x->arena, "%lld", (long long)last));
    const char *copy = arena_copy(&x->arena, href.data, href.len);
    buf_release(&href);
    return copy;
}

/* What cannot be done, in words; NULL where nothing was refused. */
struct refusal {
    const char *upload, *undo;
};

static int list_html(struct exchange *x, int status, struct refusal refusal)
{
    const char *q = json_string_value(json_object_get(x->params, "q"));
    int64_t before = param_number(x, "before");
    q = q == NULL ? "" : q;
    json_t *files = file_list(x->store, q, before < 0 ? 0 : before, FILES_PAGE_LEN);
    if (files == NULL)
        return 500;
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file) complete(x, file);
    json_decref(x->model);
    x->model = json_pack("{s:s, s:s, s:b, s:s, s:s?, s:s, s:s?, s:I, s:s?, s:o}", "page_title", "Files", "section",
                         "files", "any", json_array_size(files) > 0, "q", q, "next_href", next_href(x, files, q),
                         "upload_max_words", page_size_words(x, (int64_t)x->site->upload_max), "error", refusal.undo,
                         "upload_max", (json_int_t)x->site->upload_max, "upload_error", refusal.upload, "files", files);
    return page_admin_html(x, status, "admin/files.html");
}

int page_files(struct exchange *x)
{
    return list_html(x, 200, (struct refusal){0});
}

/* --- taking files in --- */

/* A field without a chosen file is sent as a file without name and bytes (WHATWG HTML, 4.10.21.4). */
static bool is_chosen(const struct upload *upload)
{
    return strcmp(upload->field, "file") == 0 && (upload->len > 0 || *upload->name != '\0');
}

/* Stores one upload: 200, or what to answer, with the reason. `*undo_id` takes it back. */
static int take(struct exchange *x, const struct upload *upload, int64_t id, int64_t *undo_id,
                char reason[static REASON_CAP])
{
    int64_t file_id;
    if (upload->len > x->site->upload_max) {
        snprintf(reason, REASON_CAP, "%s", page_too_large_words(x, upload->len));
        return 413;
    }
    switch (file_put(x->store, x->actor, id, upload->name, upload->bytes, upload->len, x->now_unix, &file_id, undo_id,
                     reason, REASON_CAP)) {
    case FILE_OK:
        return 200;
    case FILE_GONE:
        return 404;
    case FILE_REFUSED:
    case FILE_IN_USE:
        return 422;
    case FILE_FAULT:
        break;
    }
    return 500;
}

/* What came of several files, each by itself. */
struct several {
    bool uploads; /* else changes are taken back */
    int worst;    /* of their statuses */
    bool any;     /* went well */
    struct buf refused, undo;
};

static void several_add(struct several *several, int status, const char *reason, int64_t undo_id)
{
    several->worst = status > several->worst ? status : several->worst;
    several->any = several->any || status == 200;
    if (status != 200 && strstr(buf_string(&several->refused), reason) == NULL)
        buf_format(&several->refused, "%s%s", several->refused.len > 0 ? " " : "", reason);
    if (undo_id != 0)
        buf_format(&several->undo, "%s%lld", several->undo.len > 0 ? " " : "", (long long)undo_id);
}

/* The list, with what was refused and the message of what was done. */
static int several_refused(struct exchange *x, const struct several *several, const char *undo)
{
    const char *words = arena_copy(&x->arena, several->refused.data, several->refused.len);
    if (several->any)
        page_say_done(x, several->uploads ? "uploaded-rest" : "undone-rest", undo);
    return list_html(x, several->worst,
                     several->uploads ? (struct refusal){.upload = words} : (struct refusal){.undo = words});
}

/* Back to `path` with the message of what was done, if nothing was refused. */
static int several_answer(struct exchange *x, struct several *several, const char *path)
{
    struct buf target = BUF_EMPTY;
    const char *undo = arena_copy(&x->arena, buf_string(&several->undo), several->undo.len);
    buf_format(&target, "%s?done=%s", path, several->uploads ? "uploaded" : "undone");
    if (*undo != '\0')
        url_query_append(&target, "undo", undo);
    int status = several->worst == 200   ? page_redirect(x, 303, buf_string(&target))
                 : several->worst == 500 ? 500
                                         : several_refused(x, several, undo);
    buf_release(&target);
    buf_release(&several->refused);
    buf_release(&several->undo);
    return status;
}

/* One that is refused does not keep the others out, and the page says which it was. */
int page_file_upload_post(struct exchange *x)
{
    struct several several = {.uploads = true, .worst = 200, .refused = BUF_EMPTY, .undo = BUF_EMPTY};
    bool any = false;
    for (size_t i = 0; i < x->posted->uploads_len && several.worst != 500; i++) {
        char reason[REASON_CAP] = "";
        int64_t undo_id = 0;
        if (!is_chosen(&x->posted->uploads[i]))
            continue;
        any = true;
        int status = take(x, &x->posted->uploads[i], 0, &undo_id, reason);
        several_add(&several, status, reason, undo_id);
    }
    if (!any)
        several_add(&several, 422, "Choose a file first.", 0);
    return several_answer(x, &several, "/admin/files");
}

/* --- one file --- */

static json_t *uses_list(struct exchange *x, json_t *uses)
{
    size_t i;
    json_t *use;
    json_array_foreach(uses, i, use)
        json_object_set_new(use, "edit_href", json_string(item_admin_href(x, number_at(use, "id"), "")));
    return uses;
}

static int file_html(struct exchange *x, int status, int64_t id, const char *error)
{
    json_t *file = file_get(x->store, id, x->now_unix);
    json_t *uses = json_is_object(file) ? file_uses(x->store, id) : NULL;
    json_decref(x->model);
    x->model = file;
    if (uses == NULL)
        return json_is_null(file) ? 404 : 500;
    complete(x, file);
    json_object_update_new(file, json_pack("{s:O, s:s, s:b, s:o, s:s?, s:s, s:s, s:s, s:I}", "page_title",
                                           json_object_get(file, "name"), "section", "files", "in_use",
                                           json_array_size(uses) > 0, "uses_list", uses_list(x, uses), "error", error,
                                           "replace_href", page_href(x, admin_path(x, id, "/replace")), "delete_href",
                                           page_href(x, admin_path(x, id, "/delete")), "upload_max_words",
                                           page_size_words(x, (int64_t)x->site->upload_max), "upload_max",
                                           (json_int_t)x->site->upload_max));
    return page_admin_html(x, status, "admin/file.html");
}

int page_file_admin(struct exchange *x)
{
    return file_html(x, 200, param_number(x, "id"), NULL);
}

int page_file_replace_post(struct exchange *x)
{
    int64_t id = param_number(x, "id");
    char reason[REASON_CAP] = "Choose a file first.";
    int64_t undo_id = 0;
    int status = id <= 0 ? 404 : 422;
    for (size_t i = 0; status == 422 && i < x->posted->uploads_len; i++) {
        if (!is_chosen(&x->posted->uploads[i]))
            continue;
        status = take(x, &x->posted->uploads[i], id, &undo_id, reason);
        break;
    }
    if (status == 200)
        return page_redirect(x, 303, page_done(x, admin_path(x, id, ""), "replaced", undo_id));
    return status == 413 || status == 422 ? file_html(x, status, id, reason) : status;
}

int page_file_delete_post(struct exchange *x)
{
    int64_t undo_id;
    int64_t id = param_number(x, "id");
    switch (file_delete(x->store, x->actor, id, x->now_unix, &undo_id)) {
    case FILE_OK:
        return page_redirect(x, 303, page_done(x, "/admin/files", "deleted", undo_id));
    case FILE_GONE:
        return 404;
    case FILE_IN_USE:
        return file_html(x, 409, id, "It is not deleted: these items carry it. Take it off them first.");
    case FILE_REFUSED:
    case FILE_FAULT:
        break;
    }
    return 500;
}

/* --- taking back --- */

/* Takes one change back: 200, or what to answer, with the reason. `*id` tells which file it is, 0 where there is
 * none any more. */
static int take_back(struct exchange *x, const char *undo, int64_t *id, int64_t *redo_id,
                     char reason[static REASON_CAP])
{
    char *end;
    int64_t undo_id = strtoll(undo, &end, 10);
    int status = 500;
    *redo_id = 0;
    enum file_outcome outcome =
        *end == '\0' ? file_undo(x->store, x->actor, undo_id, x->now_unix, id, redo_id) : FILE_GONE;
    json_t *file = outcome == FILE_GONE || outcome == FILE_FAULT ? json_null() : file_get(x->store, *id, x->now_unix);
    const char *name = json_string_value(json_object_get(file, "name"));
    if (outcome == FILE_GONE) {
        snprintf(reason, REASON_CAP, "%s", PAGE_UNDO_LATE);
        status = 409;
    } else if (outcome == FILE_IN_USE && name != NULL) {
        snprintf(reason, REASON_CAP, "“%s” stays, as items carry it. Take it off them first.", name);
        status = 409;
    } else if (outcome == FILE_OK && file != NULL) {
        status = 200;
    }
    *id = name == NULL ? 0 : *id;
    json_decref(file);
    return status;
}

/* Each by itself; a single file that is there leads to its page. */
int page_file_undo_post(struct exchange *x)
{
    struct several several = {.worst = 200, .refused = BUF_EMPTY, .undo = BUF_EMPTY};
    const json_t *undo = json_object_get(x->form, "undo");
    size_t len = json_is_array(undo) ? json_array_size(undo) : 1;
    int64_t id = 0;
    if (len > UNDO_MAX) {
        x->detail = "That is more than can be undone at once.";
        return 422;
    }
    for (size_t i = 0; i < len && several.worst != 500; i++) {
        char reason[REASON_CAP] = "";
        int64_t redo_id;
        const char *one = json_is_array(undo) ? json_string_value(json_array_get(undo, i)) : form_text(x, "undo");
        int status = take_back(x, one, &id, &redo_id, reason);
        several_add(&several, status, reason, redo_id);
    }
    return several_answer(x, &several, len == 1 && id != 0 ? admin_path(x, id, "") : "/admin/files");
}
