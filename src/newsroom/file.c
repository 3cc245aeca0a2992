#include "warta/newsroom/file.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/http/params.h"
#include "warta/newsroom/activity.h"
#include "warta/newsroom/image.h"
#include "warta/newsroom/undo.h"

/* --- names --- */

/* Behind the last separator of paths, of whatever system. */
static const char *base_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '/' || *at == '\\')
            name = at + 1;
    }
    return name;
}

/* What may not stand in a file's name: controls, what turns the direction of the text around, what is no character. */
static bool is_unfit(UChar32 c)
{
    int8_t type = u_charType(c);
    return c < 0 || type == U_CONTROL_CHAR || type == U_UNASSIGNED || type == U_SURROGATE ||
           type == U_PRIVATE_USE_CHAR || u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL) || c == 0xfeff;
}

/* `name` without that, as one line, in NFC (*owned*, free()). What file systems do not take becomes a hyphen. */
static char *clean_name(const char *name)
{
    enum { NORMALISED_MAX = TEXT_NFC_BYTES * FILE_NAME_MAX };
    struct buf fit = BUF_EMPTY;
    const uint8_t *bytes = (const uint8_t *)name;
    size_t len = strlen(name);
    for (size_t at = 0; at < len;) {
        size_t from = at;
        UChar32 c;
        U8_NEXT(bytes, at, len, c);
        if (c > 0 && c < 0x80 && strchr(":*?\"<>|", c) != NULL)
            buf_char(&fit, '-');
        else if (c == '\t' || c == '\n' || c == '\r')
            buf_char(&fit, ' ');
        else if (!is_unfit(c))
            buf_append(&fit, name + from, at - from);
    }
    char *line = text_single_line(buf_string(&fit));
    line[text_fit(line, NORMALISED_MAX)] = '\0';
    char *normal = text_nfc(line, NORMALISED_MAX);
    free(line);
    buf_release(&fit);
    return normal;
}

/* How much of a name stands before its extension, which is up to five letters and digits, not all of them digits:
 * "v1.2" has none. */
static size_t stem_len(const char *name)
{
    enum { EXTENSION_MAX = 5 };
    const char *dot = strrchr(name, '.');
    if (dot == NULL)
        return strlen(name);
    size_t len = strlen(dot + 1);
    bool plain = true, only_digits = true;
    for (const char *c = dot + 1; *c != '\0'; c++) {
        bool digit = *c >= '0' && *c <= '9';
        plain = plain && (digit || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z'));
        only_digits = only_digits && digit;
    }
    bool is_extension = len == 0 || (len <= EXTENSION_MAX && plain && !only_digits);
    return is_extension ? (size_t)(dot - name) : strlen(name);
}

/* The name to keep a file under (*owned*, free()): no path, nothing that misleads, and the extension of what it is. */
static char *safe_name(const char *name, const char *extension)
{
    char *clean = clean_name(base_name(name));
    const char *from = clean + strspn(clean, ". ");
    size_t len = stem_len(from);
    size_t max = FILE_NAME_MAX - 1 - strlen(extension);
    if (len > max)
        len = text_fit(from, max);
    while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '.'))
        len--;
    struct buf safe = BUF_EMPTY;
    buf_append(&safe, len > 0 ? from : "file", len > 0 ? len : strlen("file"));
    buf_format(&safe, ".%s", extension);
    free(clean);
    return buf_steal(&safe);
}

/* --- reading --- */

static bool run(struct store *store, enum sql sql, json_t *params)
{
    bool ok = store_exec(store, sql, params, NULL);
    json_decref(params);
    return ok;
}

static json_t *rows(struct store *store, enum sql sql, json_t *params)
{
    json_t *found = store_rows(store, sql, params);
    json_decref(params);
    return found;
}

json_t *file_get(struct store *store, int64_t id, int64_t now_unix)
{
    json_t *params = json_pack("{s:I, s:I}", "id", (json_int_t)id, "now_unix", (json_int_t)now_unix);
    json_t *file = store_row(store, SQL_FILE_GET, params);
    json_decref(params);
    return file;
}

bool file_chunk(struct store *store, int64_t content, int64_t number, struct buf *out)
{
    json_t *params = json_pack("{s:I, s:I}", "content", (json_int_t)content, "number", (json_int_t)number);
    bool ok = store_bytes(store, SQL_CHUNK_GET, params, out);
    json_decref(params);
    return ok;
}

json_t *file_list(struct store *store, const char *q, int64_t before_id, int limit)
{
    json_int_t before = before_id == 0 ? INT64_MAX : (json_int_t)before_id;
    return rows(store, SQL_FILE_LIST, json_pack("{s:s, s:I, s:i}", "q", q, "before_id", before, "limit", limit));
}

json_t *file_find(const json_t *files, int64_t id)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        if (json_integer_value(json_object_get(file, "id")) == id)
            return file;
    }
    return NULL;
}

json_t *file_uses(struct store *store, int64_t id)
{
    return rows(store, SQL_FILE_USES, json_pack("{s:I}", "id", (json_int_t)id));
}

/* --- writing --- */

struct writing {
    struct store *store;
    int64_t content, number;
    crypto_hash_sha256_state hash;
    unsigned char chunk[FILE_CHUNK_LEN];
    size_t chunk_len;
};

static bool write_chunk(struct writing *writing)
{
    json_t *params =
        json_pack("{s:I, s:I}", "content", (json_int_t)writing->content, "number", (json_int_t)writing->number++);
    bool ok = store_exec_bytes(writing->store, SQL_CHUNK_PUT, params, "bytes", writing->chunk, writing->chunk_len);
    writing->chunk_len = 0;
    json_decref(params);
    return ok;
}

static bool write_piece(struct writing *writing, struct image_piece piece)
{
    bool ok = true;
    crypto_hash_sha256_update(&writing->hash, piece.bytes, piece.len);
    while (ok && piece.len > 0) {
        size_t room = FILE_CHUNK_LEN - writing->chunk_len;
        size_t len = piece.len < room ? piece.len : room;
        memcpy(writing->chunk + writing->chunk_len, piece.bytes, len);
        writing->chunk_len += len;
        piece = (struct image_piece){piece.bytes + len, piece.len - len};
        ok = writing->chunk_len < FILE_CHUNK_LEN || write_chunk(writing);
    }
    return ok;
}

/* A number that no bytes ever had: who still reads those of before gets none, rather than another file's. */
static int64_t new_content(void)
{
    uint64_t number;
    randombytes_buf(&number, sizeof number);
    return (int64_t)(number >> 1);
}

/* Writes the pieces as the chunks of a new content; what the table `file` says of it (*owned*), NULL on a fault. */
static json_t *write_content(struct store *store, const struct image *image, int64_t now_unix)
{
    struct writing *writing = mem_alloc(sizeof *writing);
    unsigned char hash[crypto_hash_sha256_BYTES];
    char words[sizeof hash * 2 + 1];
    bool ok = true;
    writing->store = store;
    writing->content = new_content();
    crypto_hash_sha256_init(&writing->hash);
    for (size_t i = 0; ok && i < image->pieces_len; i++)
        ok = write_piece(writing, image->pieces[i]);
    ok = ok && (writing->chunk_len == 0 || write_chunk(writing));
    crypto_hash_sha256_final(&writing->hash, hash);
    sodium_bin2hex(words, sizeof words, hash, sizeof hash);
    json_t *width = image->width == 0 ? json_null() : json_integer(image->width);
    json_t *height = image->height == 0 ? json_null() : json_integer(image->height);
    json_t *row =
        json_pack("{s:I, s:o, s:o, s:s, s:I, s:I}", "size", (json_int_t)image_len(image), "width", width, "height",
                  height, "sha256", words, "content", (json_int_t)writing->content, "now_unix", (json_int_t)now_unix);
    free(writing);
    if (ok)
        return row;
    json_decref(row);
    return NULL;
}

struct putting {
    struct store *store;
    struct actor actor;
    const char *name;
    const struct image *image;
    int64_t now_unix;
    char *reason;
    size_t reason_len;
    int64_t *undo_id;
};

static enum file_outcome refuse(const struct putting *putting, const char *words)
{
    struct buf quoted = BUF_EMPTY;
    char *name = clean_name(base_name(putting->name));
    param_quote(&quoted, name);
    snprintf(putting->reason, putting->reason_len, "“%s” %s.", buf_string(&quoted), words);
    buf_release(&quoted);
    free(name);
    return FILE_REFUSED;
}

static bool note(const struct putting *putting, const char *action, const char *name, const json_t *row)
{
    char detail[64];
    snprintf(detail, sizeof detail, "%" JSON_INTEGER_FORMAT " bytes", json_integer_value(json_object_get(row, "size")));
    return activity_add(putting->store, putting->actor, action, 0, name, detail, putting->now_unix);
}

/* The file that is the same already, as when a form is sent twice; 0 for none, -1 on a fault. */
static int64_t find_same(struct store *store, const char *name, json_t *row)
{
    json_t *params = json_pack("{s:s, s:O}", "name", name, "sha256", json_object_get(row, "sha256"));
    json_t *id = store_value(store, SQL_FILE_SAME, params);
    int64_t same = id == NULL ? -1 : (int64_t)json_integer_value(id);
    json_decref(id);
    json_decref(params);
    return same;
}

/* Notes a new file, and keeps how it can be taken back. */
static bool note_new(const struct putting *putting, json_int_t id, const char *name, const json_t *row)
{
    bool ok = note(putting, "upload file", name, row);
    if (!ok || putting->undo_id == NULL)
        return ok;
    json_t *was = json_pack("{s:I, s:O}", "id", id, "content", json_object_get(row, "content"));
    return undo_keep(putting->store, "upload file", id, was, 0, putting->now_unix, putting->undo_id);
}

/* The new file's id; 0 on a fault. `*is_old` tells of one that was there. */
static int64_t insert(const struct putting *putting, bool *is_old)
{
    json_t *row = write_content(putting->store, putting->image, putting->now_unix);
    if (row == NULL)
        return 0;
    char *name = safe_name(putting->name, putting->image->extension);
    int64_t file_id = find_same(putting->store, name, row);
    *is_old = file_id > 0;
    json_object_set_new(row, "name", json_string(name));
    json_object_set_new(row, "media_type", json_string(putting->image->media_type));
    json_t *id = file_id == 0 ? store_value(putting->store, SQL_FILE_INSERT, row) : NULL;
    if (file_id <= 0)
        file_id = id != NULL && note_new(putting, json_integer_value(id), name, row) ? json_integer_value(id) : 0;
    json_decref(id);
    json_decref(row);
    free(name);
    return file_id;
}

/* Keeps the file's bytes, so that what is done with it can be taken back. */
static bool keep(struct store *store, const char *kind, const json_t *file, int64_t now_unix, int64_t *undo_id)
{
    int64_t id = json_integer_value(json_object_get(file, "id"));
    int64_t content = json_integer_value(json_object_get(file, "content"));
    return undo_keep(store, kind, id, json_copy((json_t *)(uintptr_t)file), content, now_unix, undo_id);
}

static bool replace(const struct putting *putting, int64_t id, const json_t *file)
{
    json_t *row = write_content(putting->store, putting->image, putting->now_unix);
    if (row == NULL)
        return false;
    const char *name = json_string_value(json_object_get(file, "name"));
    bool ok = keep(putting->store, "replace file", file, putting->now_unix, putting->undo_id) &&
              note(putting, "replace file", name, row);
    json_object_set_new(row, "id", json_integer(id));
    return run(putting->store, SQL_FILE_REPLACE, row) && ok;
}

static enum file_outcome put_over(const struct putting *putting, int64_t id)
{
    json_t *file = file_get(putting->store, id, putting->now_unix);
    enum file_outcome outcome = FILE_OK;
    if (file == NULL)
        outcome = FILE_FAULT;
    else if (json_is_null(file))
        outcome = FILE_GONE;
    else if (strcmp(json_string_value(json_object_get(file, "media_type")), putting->image->media_type) != 0)
        outcome = refuse(putting, "is of another kind than the file that it would take the place of");
    else if (!replace(putting, id, file))
        outcome = FILE_FAULT;
    json_decref(file);
    return outcome;
}

static enum file_outcome put(const struct putting *putting, int64_t id, int64_t *file_id)
{
    if (!store_begin(putting->store))
        return FILE_FAULT;
    enum file_outcome outcome = FILE_OK;
    bool is_old = false;
    *file_id = id;
    if (id != 0)
        outcome = put_over(putting, id);
    else if ((*file_id = insert(putting, &is_old)) == 0)
        outcome = FILE_FAULT;
    if (outcome == FILE_OK && !is_old)
        return store_commit(putting->store) ? FILE_OK : FILE_FAULT;
    store_rollback(putting->store);
    return outcome;
}

enum file_outcome file_put(struct store *store, struct actor actor, int64_t id, const char *name, const void *bytes,
                           size_t len, int64_t now_unix, int64_t *file_id, int64_t *undo_id, char *reason,
                           size_t reason_len)
{
    if (undo_id != NULL)
        *undo_id = 0;
    struct image *image = mem_alloc(sizeof *image);
    const struct putting putting = {store, actor, name, image, now_unix, reason, reason_len, undo_id};
    const char *refused = image_read(image, bytes, len);
    enum file_outcome outcome = refused != NULL ? refuse(&putting, refused) : put(&putting, id, file_id);
    free(image);
    return outcome;
}

/* Ends the transaction: commits what went well. */
static enum file_outcome finish(struct store *store, enum file_outcome outcome)
{
    if (outcome == FILE_OK)
        return store_commit(store) ? FILE_OK : FILE_FAULT;
    store_rollback(store);
    return outcome;
}

/* In the caller's transaction; `file` as file_get gave it. */
static enum file_outcome delete_unused(struct store *store, struct actor actor, const json_t *file, int64_t now_unix,
                                       int64_t *undo_id)
{
    int64_t id = json_integer_value(json_object_get(file, "id"));
    if (json_integer_value(json_object_get(file, "uses")) > 0)
        return FILE_IN_USE;
    bool ok =
        undo_trim(store, "replace file", id, now_unix) && keep(store, "delete file", file, now_unix, undo_id) &&
        run(store, SQL_FILE_DELETE, json_pack("{s:I}", "id", (json_int_t)id)) &&
        activity_add(store, actor, "delete file", 0, json_string_value(json_object_get(file, "name")), "", now_unix);
    return ok ? FILE_OK : FILE_FAULT;
}

enum file_outcome file_delete(struct store *store, struct actor actor, int64_t id, int64_t now_unix, int64_t *undo_id)
{
    if (!store_begin(store))
        return FILE_FAULT;
    json_t *file = file_get(store, id, now_unix);
    enum file_outcome outcome = file == NULL ? FILE_FAULT : FILE_GONE;
    if (json_is_object(file))
        outcome = delete_unused(store, actor, file, now_unix, undo_id);
    json_decref(file);
    return finish(store, outcome);
}

/* --- taking back: in the caller's transaction --- */

/* The values of `was` under the keys of a statement's parameters (*owned*). */
static json_t *was_params(const json_t *was, int64_t now_unix)
{
    static const char *const keys[] = {"id", "size", "width", "height", "sha256", "content"};
    json_t *params = json_pack("{s:I}", "now_unix", (json_int_t)now_unix);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_object_set(params, keys[i], json_object_get(was, keys[i]));
    return params;
}

/* The bytes from before are the file's again, and those that it has now are kept in their place. */
static enum file_outcome replace_back(struct store *store, struct actor actor, int64_t undo_id, const json_t *was,
                                      int64_t now_unix, int64_t *redo_id)
{
    json_t *file = file_get(store, json_integer_value(json_object_get(was, "id")), now_unix);
    enum file_outcome outcome = file == NULL ? FILE_FAULT : FILE_GONE;
    if (json_is_object(file)) {
        const char *name = json_string_value(json_object_get(file, "name"));
        bool ok = undo_drop(store, undo_id) && keep(store, "replace file", file, now_unix, redo_id) &&
                  run(store, SQL_FILE_REPLACE, was_params(was, now_unix)) &&
                  activity_add(store, actor, "replace file", 0, name, "by what it was before", now_unix);
        outcome = ok ? FILE_OK : FILE_FAULT;
    }
    json_decref(file);
    return outcome;
}

/* What was taken in goes again; bytes that have been replaced since are not those that were taken in. */
static enum file_outcome upload_back(struct store *store, struct actor actor, int64_t undo_id, const json_t *was,
                                     int64_t now_unix, int64_t *redo_id)
{
    json_t *file = file_get(store, json_integer_value(json_object_get(was, "id")), now_unix);
    enum file_outcome outcome = file == NULL ? FILE_FAULT : FILE_GONE;
    if (json_is_object(file) && json_equal(json_object_get(file, "content"), json_object_get(was, "content")))
        outcome = delete_unused(store, actor, file, now_unix, redo_id);
    if (outcome == FILE_OK && !undo_drop(store, undo_id))
        outcome = FILE_FAULT;
    json_decref(file);
    return outcome;
}

static enum file_outcome delete_back(struct store *store, struct actor actor, int64_t undo_id, const json_t *was,
                                     int64_t now_unix)
{
    static const char *const keys[] = {"name", "media_type", "created_unix"};
    json_t *params = was_params(was, now_unix);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_object_set(params, keys[i], json_object_get(was, keys[i]));
    bool ok =
        run(store, SQL_FILE_RESTORE, params) && undo_drop(store, undo_id) &&
        activity_add(store, actor, "bring back file", 0, json_string_value(json_object_get(was, "name")), "", now_unix);
    return ok ? FILE_OK : FILE_FAULT;
}

enum file_outcome file_undo(struct store *store, struct actor actor, int64_t undo_id, int64_t now_unix,
                            int64_t *file_id, int64_t *redo_id)
{
    *redo_id = 0;
    if (!store_begin(store))
        return FILE_FAULT;
    json_t *undo = undo_get(store, undo_id, now_unix);
    const json_t *was = json_object_get(undo, "was");
    enum file_outcome outcome = undo == NULL ? FILE_FAULT : FILE_GONE;
    *file_id = (int64_t)json_integer_value(json_object_get(was, "id"));
    if (undo_is(undo, "replace file"))
        outcome = replace_back(store, actor, undo_id, was, now_unix, redo_id);
    else if (undo_is(undo, "upload file"))
        outcome = upload_back(store, actor, undo_id, was, now_unix, redo_id);
    else if (undo_is(undo, "delete file"))
        outcome = delete_back(store, actor, undo_id, was, now_unix);
    json_decref(undo);
    return finish(store, outcome);
}
