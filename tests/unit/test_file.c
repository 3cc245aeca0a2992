#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>

#include "staff_site.h"
#include "warta/newsroom/activity.h"
#include "warta/newsroom/file.h"
#include "warta/newsroom/undo.h"

enum { REASON_CAP = 300 };

static const struct actor ana = {7, "Ana"};

/* --- uploads --- */

/* A PDF of that length with a text in it. */
static char *pdf(size_t len, const char *text)
{
    static const char begin[] = "%PDF-1.4\n", end[] = "\n%%EOF";
    char *bytes = malloc(len);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)('a' + i * 7 % 26);
    memcpy(bytes, begin, sizeof begin - 1);
    memcpy(bytes + sizeof begin - 1, text, strlen(text));
    memcpy(bytes + len - sizeof end + 1, end, sizeof end - 1);
    return bytes;
}

/* Puts bytes; the reason is in `reason`. */
static enum file_outcome put(struct staff_site *site, int64_t id, const char *name, const char *bytes, size_t len,
                             int64_t *file_id, char reason[static REASON_CAP])
{
    *reason = '\0';
    enum file_outcome outcome =
        file_put(site->store, ana, id, name, bytes, len, NOW, file_id, NULL, reason, REASON_CAP);
    assert_int_equal(outcome == FILE_REFUSED, *reason != '\0');
    return outcome;
}

static int64_t put_pdf(struct staff_site *site, int64_t id, const char *name, size_t len, const char *text)
{
    char reason[REASON_CAP];
    int64_t file_id = 0;
    char *bytes = pdf(len, text);
    assert_int_equal(put(site, id, name, bytes, len, &file_id, reason), FILE_OK);
    free(bytes);
    return file_id;
}

/* The smallest GIF there is. */
static const char gif[] = "GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";

static json_t *get(struct staff_site *site, int64_t id)
{
    json_t *file = file_get(site->store, id, NOW);
    assert_true(json_is_object(file));
    return file;
}

static int64_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* All chunks of a content; `*chunks` tells how many. */
static struct buf content(struct staff_site *site, int64_t number_of, int *chunks)
{
    struct buf bytes = BUF_EMPTY;
    *chunks = 0;
    while (file_chunk(site->store, number_of, *chunks, &bytes))
        ++*chunks;
    return bytes;
}

static void check_bytes(struct staff_site *site, int64_t id, const char *expected, size_t len, int chunks)
{
    int found;
    unsigned char hash[crypto_hash_sha256_BYTES];
    char words[2 * sizeof hash + 1];
    json_t *file = get(site, id);
    struct buf bytes = content(site, number(file, "content"), &found);
    assert_int_equal(found, chunks);
    assert_int_equal(bytes.len, len);
    assert_int_equal(number(file, "size"), (int64_t)len);
    assert_memory_equal(bytes.data, expected, len);
    crypto_hash_sha256(hash, (const unsigned char *)expected, len);
    assert_string_equal(text(file, "sha256"), sodium_bin2hex(words, sizeof words, hash, sizeof hash));
    buf_release(&bytes);
    json_decref(file);
}

/* --- tests --- */

static const size_t sizes[] = {100, FILE_CHUNK_LEN - 1, FILE_CHUNK_LEN, FILE_CHUNK_LEN + 1, 3 * FILE_CHUNK_LEN, 900000};

static void test_bytes(void **state)
{
    (void)state;
    struct staff_site site;
    staff_site_open(&site);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *bytes = pdf(sizes[i], "x");
        int64_t id = put_pdf(&site, 0, "a.pdf", sizes[i], "x");
        check_bytes(&site, id, bytes, sizes[i], (int)((sizes[i] + FILE_CHUNK_LEN - 1) / FILE_CHUNK_LEN));
        json_t *file = get(&site, id);
        assert_string_equal(text(file, "media_type"), "application/pdf");
        assert_true(json_is_null(json_object_get(file, "width")));
        assert_true(json_is_false(json_object_get(file, "public")));
        json_decref(file);
        free(bytes);
    }
    staff_site_close(&site);
}

static const struct {
    const char *given, *kept;
} names[] = {
    {"a.gif", "a.gif"},
    {"a.GIF", "a.gif"},
    {"a.jpeg", "a.gif"},
    {"a", "a.gif"},
    {"a.", "a.gif"},
    {"", "file.gif"},
    {".", "file.gif"},
    {"..", "file.gif"},
    {".gif", "gif.gif"},
    {".htaccess", "htaccess.gif"},
    {"../../etc/passwd", "passwd.gif"},
    {"C:\\fotos\\Cr\xc3\xa8me.gif", "Cr\xc3\xa8me.gif"},
    {"a/b\\", "file.gif"},
    {"a.php.gif", "a.php.gif"},
    {"Report v1.2", "Report v1.2.gif"},
    {"a\tb\n c\x01\x7f.gif", "a b c.gif"},
    {"a:b*c?d\"e<f>g|h.gif", "a-b-c-d-e-f-g-h.gif"},
    {"Cre\xcc\x80me.gif", "Cr\xc3\xa8me.gif"},
    {"a\xe2\x80\xae"
     "fig.exe",
     "afig.gif"},
    {"\xd8\xa7\xd8\xb3\xd9\x85.gif", "\xd8\xa7\xd8\xb3\xd9\x85.gif"},
    {"a\xff\xc0"
     "b\xed\xa0\x80.gif",
     "ab.gif"},
    {"<script>alert(1)</script>", "script-.gif"},
    {"\xe1\x9e\x81\xe1\x9f\x92\xe1\x9e\x98\xe1\x9f\x82\xe1\x9e\x9a.gif",
     "\xe1\x9e\x81\xe1\x9f\x92\xe1\x9e\x98\xe1\x9f\x82\xe1\x9e\x9a.gif"},
};

static void test_names(void **state)
{
    (void)state;
    struct staff_site site;
    char reason[REASON_CAP];
    int64_t id;
    staff_site_open(&site);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(put(&site, 0, names[i].given, gif, sizeof gif - 1, &id, reason), FILE_OK);
        check_text(get(&site, id), "name", names[i].kept);
    }
    staff_site_close(&site);
}

static void test_long_name(void **state)
{
    (void)state;
    struct staff_site site;
    char name[1000] = "", reason[REASON_CAP];
    int64_t id;
    for (int i = 0; i < 300; i++)
        strcat(name, "\xe1\x9e\x81");
    staff_site_open(&site);
    assert_int_equal(put(&site, 0, name, gif, sizeof gif - 1, &id, reason), FILE_OK);
    json_t *file = get(&site, id);
    size_t len = strlen(text(file, "name"));
    assert_true(len <= FILE_NAME_MAX && len > FILE_NAME_MAX - 3);
    assert_string_equal(text(file, "name") + len - 4, ".gif");
    assert_int_equal((len - 4) % 3, 0);
    json_decref(file);
    staff_site_close(&site);
}

static void test_replace(void **state)
{
    (void)state;
    struct staff_site site;
    char reason[REASON_CAP];
    int chunks;
    int64_t other = 0;
    staff_site_open(&site);
    int64_t id = put_pdf(&site, 0, "report.pdf", 600000, "old");
    json_t *before = get(&site, id);
    assert_int_equal(put_pdf(&site, id, "report final (2).pdf", 300000, "new"), id);
    json_t *after = get(&site, id);
    assert_string_equal(text(after, "name"), "report.pdf");
    assert_int_not_equal(number(after, "content"), number(before, "content"));
    /* the bytes from before are kept, to be taken back, until it is replaced again */
    struct buf old = content(&site, number(before, "content"), &chunks);
    assert_int_equal(chunks, 3);
    char *bytes = pdf(300000, "new");
    check_bytes(&site, id, bytes, 300000, 2);
    /* another kind, nothing that is known, and no such file */
    assert_int_equal(put(&site, id, "a.gif", gif, sizeof gif - 1, &other, reason), FILE_REFUSED);
    assert_non_null(strstr(reason, "“a.gif” is of another kind"));
    assert_int_equal(put(&site, id, "a.pdf", "hello", 5, &other, reason), FILE_REFUSED);
    assert_int_equal(put(&site, 99, "a.gif", gif, sizeof gif - 1, &other, reason), FILE_GONE);
    check_bytes(&site, id, bytes, 300000, 2);
    free(bytes);
    buf_release(&old);
    json_decref(before);
    json_decref(after);
    staff_site_close(&site);
}

static void test_refused(void **state)
{
    (void)state;
    struct staff_site site;
    char reason[REASON_CAP];
    int64_t id;
    staff_site_open(&site);
    assert_int_equal(put(&site, 0, "a.jpg", "", 0, &id, reason), FILE_REFUSED);
    assert_string_equal(reason, "“a.jpg” is empty.");
    assert_int_equal(put(&site, 0, "x/<b>.svg", "<svg/>", 6, &id, reason), FILE_REFUSED);
    assert_string_equal(reason, "“-b-.svg” is neither an image (JPEG, PNG, WebP or GIF) nor a PDF.");
    assert_int_equal(put(&site, 0, "a.gif", gif, sizeof gif - 2, &id, reason), FILE_REFUSED);
    json_t *files = file_list(site.store, "", 0, 10);
    assert_int_equal(json_array_size(files), 0);
    json_decref(files);
    staff_site_close(&site);
}

static void test_list(void **state)
{
    (void)state;
    struct staff_site site;
    staff_site_open(&site);
    for (int i = 1; i <= 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s %d%%.pdf", i % 2 == 0 ? "Even" : "odd", i);
        assert_int_equal(put_pdf(&site, 0, name, 100, ""), i);
    }
    static const struct {
        const char *q;
        int64_t before;
        int limit;
        size_t len;
        int64_t first;
    } cases[] = {{"", 0, 10, 5, 5},     {"", 0, 2, 2, 5},   {"", 4, 10, 3, 3},
                 {"EVEN", 0, 10, 2, 4}, {"_", 0, 10, 0, 0}, {"5%", 0, 10, 1, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *files = file_list(site.store, cases[i].q, cases[i].before, cases[i].limit);
        assert_int_equal(json_array_size(files), cases[i].len);
        if (cases[i].len > 0)
            assert_int_equal(number(json_array_get(files, 0), "id"), cases[i].first);
        json_decref(files);
    }
    staff_site_close(&site);
}

static void test_delete(void **state)
{
    (void)state;
    struct staff_site site;
    int chunks;
    staff_site_open(&site);
    int64_t id = put_pdf(&site, 0, "a.pdf", 600000, "");
    json_t *file = get(&site, id);
    assert_int_equal(file_delete(site.store, ana, id + 1, NOW, NULL), FILE_GONE);
    assert_int_equal(file_delete(site.store, ana, id, NOW, NULL), FILE_OK);
    assert_int_equal(file_delete(site.store, ana, id, NOW, NULL), FILE_GONE);
    check_null(file_get(site.store, id, NOW));
    struct buf bytes = content(&site, number(file, "content"), &chunks);
    assert_int_equal(chunks, 3);
    json_t *rows = activity_list(site.store, 0, 0, "", 0, 10);
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(text(json_array_get(rows, 0), "action"), "delete file");
    assert_string_equal(text(json_array_get(rows, 1), "action"), "upload file");
    assert_string_equal(text(json_array_get(rows, 1), "subject"), "a.pdf");
    assert_string_equal(text(json_array_get(rows, 1), "user_name"), "Ana");
    json_decref(rows);
    json_decref(file);
    buf_release(&bytes);
    staff_site_close(&site);
}

static int64_t replace_pdf(struct staff_site *site, int64_t id, const char *words)
{
    char reason[REASON_CAP];
    char *bytes = pdf(300000, words);
    int64_t file_id, undo_id;
    assert_int_equal(
        file_put(site->store, ana, id, "a.pdf", bytes, 300000, NOW, &file_id, &undo_id, reason, REASON_CAP), FILE_OK);
    free(bytes);
    return undo_id;
}

static enum file_outcome undo(struct staff_site *site, int64_t undo_id, int64_t now_unix, int64_t *redo_id)
{
    int64_t file_id;
    return file_undo(site->store, ana, undo_id, now_unix, &file_id, redo_id);
}

static void check_words(struct staff_site *site, int64_t id, const char *words)
{
    char *bytes = pdf(300000, words);
    check_bytes(site, id, bytes, 300000, 2);
    free(bytes);
}

static int chunks_of(struct staff_site *site, int64_t number_of)
{
    int chunks;
    struct buf bytes = content(site, number_of, &chunks);
    buf_release(&bytes);
    return chunks;
}

static int64_t content_of(struct staff_site *site, int64_t id)
{
    json_t *file = get(site, id);
    int64_t number_of = number(file, "content");
    json_decref(file);
    return number_of;
}

/* The bytes from before the last replacement come back, and go again; those from before that are gone. */
static void test_undo_replace(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t redo, none;
    staff_site_open(&site);
    int64_t id = put_pdf(&site, 0, "a.pdf", 300000, "one");
    int64_t one = content_of(&site, id);
    int64_t first = replace_pdf(&site, id, "two");
    int64_t two = content_of(&site, id);
    int64_t second = replace_pdf(&site, id, "three");
    assert_int_equal(chunks_of(&site, one), 0);
    assert_int_equal(undo(&site, first, NOW, &none), FILE_GONE);
    assert_int_equal(undo(&site, second, NOW, &redo), FILE_OK);
    check_words(&site, id, "two");
    assert_int_equal(undo(&site, second, NOW, &none), FILE_GONE);
    assert_int_equal(undo(&site, redo, NOW, &second), FILE_OK);
    check_words(&site, id, "three");
    assert_int_equal(undo(&site, second, NOW + UNDO_LIFE_S, &none), FILE_GONE);
    assert_int_equal(chunks_of(&site, two), 2);
    /* any later change that is kept lets go of it */
    int64_t other = put_pdf(&site, 0, "b.pdf", 300000, "other");
    assert_int_equal(file_delete(site.store, ana, other, NOW + UNDO_LIFE_S, NULL), FILE_OK);
    assert_int_equal(chunks_of(&site, two), 0);
    check_words(&site, id, "three");
    staff_site_close(&site);
}

static void test_undo_delete(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t deleted, redo;
    staff_site_open(&site);
    int64_t id = put_pdf(&site, 0, "a.pdf", 300000, "one");
    int64_t one = content_of(&site, id);
    int64_t replaced = replace_pdf(&site, id, "two");
    json_t *before = get(&site, id);
    assert_int_equal(file_delete(site.store, ana, id, NOW, &deleted), FILE_OK);
    assert_int_equal(chunks_of(&site, one), 0);
    assert_int_equal(undo(&site, replaced, NOW, &redo), FILE_GONE);
    assert_int_equal(undo(&site, deleted, NOW, &redo), FILE_OK);
    assert_int_equal(redo, 0);
    json_t *after = get(&site, id);
    assert_true(json_equal(before, after));
    check_words(&site, id, "two");
    assert_int_equal(undo(&site, deleted, NOW, &redo), FILE_GONE);
    assert_int_equal(undo(&site, 999, NOW, &redo), FILE_GONE);
    json_decref(before);
    json_decref(after);
    staff_site_close(&site);
}

static enum file_outcome put_new(struct staff_site *site, const char *name, int64_t *id, int64_t *undo_id)
{
    char reason[REASON_CAP];
    enum file_outcome outcome =
        file_put(site->store, ana, 0, name, gif, sizeof gif - 1, NOW, id, undo_id, reason, REASON_CAP);
    return outcome;
}

/* What was taken in goes again and comes back, but not if items carry it, it was replaced, or it was there before. */
static void test_undo_upload(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t id, uploaded, deleted, none;
    staff_site_open(&site);
    assert_int_equal(put_new(&site, "a.gif", &id, &uploaded), FILE_OK);
    assert_int_equal(put_new(&site, "a.gif", &id, &none), FILE_OK);
    assert_int_equal(none, 0);
    json_t *before = get(&site, id);
    assert_int_equal(undo(&site, uploaded, NOW + UNDO_LIFE_S, &none), FILE_GONE);
    assert_int_equal(undo(&site, uploaded, NOW, &deleted), FILE_OK);
    check_null(file_get(site.store, id, NOW));
    assert_int_equal(undo(&site, uploaded, NOW, &none), FILE_GONE);
    assert_int_equal(undo(&site, deleted, NOW, &none), FILE_OK);
    json_t *after = get(&site, id);
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
    char reason[REASON_CAP];
    int64_t pdf_id;
    char *bytes = pdf(1000, "");
    assert_int_equal(file_put(site.store, ana, 0, "b.pdf", bytes, 1000, NOW, &pdf_id, &uploaded, reason, REASON_CAP),
                     FILE_OK);
    free(bytes);
    int64_t replaced = replace_pdf(&site, pdf_id, "two");
    assert_int_equal(undo(&site, uploaded, NOW, &none), FILE_GONE);
    assert_int_equal(undo(&site, replaced, NOW, &none), FILE_OK);
    assert_int_equal(undo(&site, uploaded, NOW, &none), FILE_OK);
    check_null(file_get(site.store, pdf_id, NOW));
    staff_site_close(&site);
}

/* Bytes that have been kept long enough go when somebody logs in. */
static void test_kept_bytes_go(void **state)
{
    (void)state;
    struct staff_site site;
    char session[SESSION_TOKEN_CAP];
    staff_site_open(&site);
    int64_t boris = add_user(&site, "Boris", "editor");
    int64_t id = put_pdf(&site, 0, "a.pdf", 300000, "one");
    int64_t one = content_of(&site, id);
    assert_int_equal(file_delete(site.store, ana, id, NOW, NULL), FILE_OK);
    assert_true(session_start(site.store, boris, "", "", NOW + UNDO_LIFE_S - 1, session));
    assert_int_equal(chunks_of(&site, one), 2);
    assert_true(session_start(site.store, boris, "", "", NOW + UNDO_LIFE_S, session));
    assert_int_equal(chunks_of(&site, one), 0);
    staff_site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),       cmocka_unit_test(test_names),         cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_replace),     cmocka_unit_test(test_refused),       cmocka_unit_test(test_list),
        cmocka_unit_test(test_delete),      cmocka_unit_test(test_undo_replace),  cmocka_unit_test(test_undo_delete),
        cmocka_unit_test(test_undo_upload), cmocka_unit_test(test_kept_bytes_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
