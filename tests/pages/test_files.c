/* Files: uploading them, and what readers get of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/harness.h"
#include "warta/newsroom/file.h"

static const char items[] = "[{\"title\": \"One\", \"type\": \"news\", \"date\": \"2020-01-01\"},"
                            "{\"title\": \"Draft\", \"type\": \"news\", \"status\": \"draft\"}]";

/* The smallest GIF there is. */
static const char gif[] = "GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";

enum { GIF_LEN = sizeof gif - 1, PDF_LEN = 600000, UPLOAD_MAX = 1 << 20 };

static struct upload upload(const char *name, const char *bytes, size_t len)
{
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return (struct upload){.field = "file", .name = name, .bytes = copy, .len = len};
}

static struct upload pdf_upload(const char *name, size_t len, char fill)
{
    char *bytes = malloc(len);
    assert_non_null(bytes);
    memset(bytes, fill, len);
    memcpy(bytes, "%PDF-1.4\n", 9);
    memcpy(bytes + len - 5, "%%EOF", 5);
    struct upload made = upload(name, bytes, len);
    free(bytes);
    return made;
}

static struct response post(struct harness *harness, const struct harness_session *session, const char *target,
                            const struct upload *uploads, size_t len)
{
    const struct harness_message message = {
        .method = "POST", .target = target, .body = "", .uploads = uploads, .uploads_len = len, .session = session};
    struct response response = harness_send(harness, &message);
    for (size_t i = 0; i < len; i++)
        free((void *)(uintptr_t)uploads[i].bytes);
    return response;
}

static void check(struct response response, int status, const char *location, const char *says)
{
    const char *found = response_header_get(&response, "Location");
    if (response.status != status || (says != NULL && strstr(buf_string(&response.body), says) == NULL))
        fail_msg("%d rather than %d: %s", response.status, status, buf_string(&response.body));
    assert_string_equal(found == NULL ? "" : found, location == NULL ? "" : location);
    response_release(&response);
}

static void check_get(struct harness *harness, const struct harness_session *session, const char *target, int status,
                      const char *location, const char *says)
{
    const struct harness_message message = {.target = target, .session = session};
    check(harness_send(harness, &message), status, location, says);
}

static void run_sql(struct harness *harness, const char *sql)
{
    free(harness_query(harness, sql));
}

/* --- staff --- */

static void test_upload(void **state)
{
    (void)state;
    struct harness harness;
    harness_open(&harness, items, NULL);
    harness.site.upload_max = UPLOAD_MAX;
    const struct harness_session ana = harness_login(&harness, "Ana", "editor");
    check_get(&harness, &ana, "/admin/files", 200, NULL, "There are no files yet.");
    check(post(&harness, &ana, "/admin/files", NULL, 0), 422, NULL, "Choose a file first.");
    struct upload empty = upload("", "", 0);
    check(post(&harness, &ana, "/admin/files", &empty, 1), 422, NULL, "Choose a file first.");
    struct upload one = upload("\"><b>.gif", gif, GIF_LEN);
    check(post(&harness, &ana, "/admin/files", &one, 1), 303, "/admin/files?done=uploaded&undo=1", NULL);
    check_get(&harness, &ana, "/admin/files?done=uploaded&undo=1", 200, NULL, "--b-.gif");
    struct upload same = upload("\"><b>.gif", gif, GIF_LEN);
    check(post(&harness, &ana, "/admin/files", &same, 1), 303, "/admin/files?done=uploaded", NULL);
    struct upload text = upload("a.txt", "hello", 5);
    check(post(&harness, &ana, "/admin/files", &text, 1), 422, NULL, "“a.txt” is neither an image");
    struct upload some[] = {upload("b.gif", gif, GIF_LEN), upload("a.txt", "hello", 5)};
    check(post(&harness, &ana, "/admin/files", some, 2), 422, NULL, "What else was chosen is uploaded.");
    struct upload large = pdf_upload("c.pdf", UPLOAD_MAX + 1, 'x');
    check(post(&harness, &ana, "/admin/files", &large, 1), 413, NULL, "up to 1 MB");
    struct upload fits = pdf_upload("c.pdf", UPLOAD_MAX, 'x');
    check(post(&harness, &ana, "/admin/files", &fits, 1), 303, "/admin/files?done=uploaded&undo=3", NULL);
    check_get(&harness, &ana, "/admin/files?q=B", 200, NULL, "b.gif");
    check_get(&harness, &ana, "/admin/files?q=none", 200, NULL, "No file’s name has “none” in it.");
    check_get(&harness, &ana, "/admin/files/2", 200, NULL, "In no item.");
    check_get(&harness, &ana, "/admin/files/9", 404, NULL, NULL);
    check_get(&harness, &ana, "/admin/files/x", 404, NULL, NULL);
    harness_close(&harness);
}

static void test_replace_and_delete(void **state)
{
    (void)state;
    struct harness harness;
    harness_open(&harness, items, NULL);
    harness.site.upload_max = UPLOAD_MAX;
    const struct harness_session ana = harness_login(&harness, "Ana", "editor");
    struct upload first = pdf_upload("a.pdf", 1000, 'x');
    check(post(&harness, &ana, "/admin/files", &first, 1), 303, "/admin/files?done=uploaded&undo=1", NULL);
    check(post(&harness, &ana, "/admin/files/1/replace", NULL, 0), 422, NULL, "Choose a file first.");
    struct upload other = upload("b.gif", gif, GIF_LEN);
    check(post(&harness, &ana, "/admin/files/1/replace", &other, 1), 422, NULL, "is of another kind");
    struct upload second = pdf_upload("b.pdf", 2000, 'y');
    check(post(&harness, &ana, "/admin/files/1/replace", &second, 1), 303, "/admin/files/1?done=replaced&undo=2", NULL);
    struct upload none = pdf_upload("b.pdf", 2000, 'y');
    check(post(&harness, &ana, "/admin/files/7/replace", &none, 1), 404, NULL, NULL);
    check_get(&harness, &ana, "/admin/files/1/content/a.pdf", 200, NULL, "%PDF-1.4\nyyy");
    check_get(&harness, &ana, "/admin/files/1/content/b.pdf", 303, "/admin/files/1/content/a.pdf", NULL);
    check_get(&harness, &ana, "/admin/files/7/content/b.pdf", 404, NULL, NULL);
    run_sql(&harness, "INSERT INTO item_file VALUES (2, 1, '', 0)");
    check(post(&harness, &ana, "/admin/files/1/delete", NULL, 0), 409, NULL, "/admin/items/2");
    run_sql(&harness, "DELETE FROM item_file");
    check(post(&harness, &ana, "/admin/files/1/delete", NULL, 0), 303, "/admin/files?done=deleted&undo=3", NULL);
    check(post(&harness, &ana, "/admin/files/1/delete", NULL, 0), 404, NULL, NULL);
    harness_close(&harness);
}

static void check_undo(struct harness *harness, const struct harness_session *session, const char *form, int status,
                       const char *location, const char *says)
{
    const struct harness_message message = {
        .method = "POST", .target = "/admin/files/undo", .body = form, .session = session};
    check(harness_send(harness, &message), status, location, says);
}

/* Several files that were taken in go again together, but for those that items carry, and come back together. */
static void test_undo_of_uploads(void **state)
{
    (void)state;
    struct harness harness;
    harness_open(&harness, items, NULL);
    harness.site.upload_max = UPLOAD_MAX;
    const struct harness_session ana = harness_login(&harness, "Ana", "editor");
    struct upload both[] = {upload("a.gif", gif, GIF_LEN), pdf_upload("b.pdf", 1000, 'x')};
    check(post(&harness, &ana, "/admin/files", both, 2), 303, "/admin/files?done=uploaded&undo=1%202", NULL);
    check_get(&harness, &ana, "/admin/files?done=uploaded&undo=1%202", 200, NULL,
              "name=\"undo\" value=\"1\">\n<input type=\"hidden\" name=\"undo\" value=\"2\"");
    check_undo(&harness, &ana, "undo=1&undo=2", 303, "/admin/files?done=undone&undo=3%204", NULL);
    check_get(&harness, &ana, "/admin/files/2", 404, NULL, NULL);
    check_get(&harness, &ana, "/admin/activity", 200, NULL, "<p>file deleted by <bdi>Ana</bdi></p>");
    check_undo(&harness, &ana, "undo=1", 409, NULL,
               "id=\"error\" role=\"alert\" tabindex=\"-1\">This cannot be undone");
    check_undo(&harness, &ana, "undo=3&undo=4", 303, "/admin/files?done=undone", NULL);
    check_get(&harness, &ana, "/admin/files/2/content/b.pdf", 200, NULL, "%PDF-1.4\nxxx");
    struct upload more[] = {pdf_upload("c.pdf", 1000, 'y'), upload("<b>.gif", gif, GIF_LEN)};
    check(post(&harness, &ana, "/admin/files", more, 2), 303, "/admin/files?done=uploaded&undo=5%206", NULL);
    run_sql(&harness, "INSERT INTO item_file VALUES (2, 4, '', 0)");
    check_undo(&harness, &ana, "undo=5&undo=6", 409, NULL, "“-b-.gif” stays, as items carry it.");
    check_get(&harness, &ana, "/admin/files/3", 404, NULL, NULL);
    check_get(&harness, &ana, "/admin/files/4", 200, NULL, NULL);
    run_sql(&harness, "DELETE FROM item_file");
    check_undo(&harness, &ana, "undo=6", 303, "/admin/files?done=undone&undo=8", NULL);
    check_undo(&harness, &ana, "undo=8x", 409, NULL, "cannot be undone any more");
    check_undo(&harness, &ana, "undo=8", 303, "/admin/files/4?done=undone", NULL);
    harness_close(&harness);
}

/* --- readers --- */

struct reader_case {
    enum method method;
    const char *header, *value; /* one that the request has; NULL: none */
    int status;
    int64_t from, len; /* of the body */
    const char *content_range;
};

static const struct reader_case cases[] = {
    {METHOD_GET, NULL, NULL, 200, 0, PDF_LEN, NULL},
    {METHOD_HEAD, NULL, NULL, 200, 0, PDF_LEN, NULL},
    {METHOD_GET, "Range", "bytes=0-0", 206, 0, 1, "bytes 0-0/600000"},
    {METHOD_GET, "Range", "bytes=262140-262150", 206, 262140, 11, "bytes 262140-262150/600000"},
    {METHOD_GET, "Range", "bytes=599999-", 206, 599999, 1, "bytes 599999-599999/600000"},
    {METHOD_GET, "Range", "bytes=500000-900000", 206, 500000, 100000, "bytes 500000-599999/600000"},
    {METHOD_GET, "Range", "bytes=-5", 206, 599995, 5, "bytes 599995-599999/600000"},
    {METHOD_GET, "Range", "bytes=-900000", 206, 0, PDF_LEN, "bytes 0-599999/600000"},
    {METHOD_GET, "Range", "bytes=600000-", 416, 0, 0, "bytes */600000"},
    {METHOD_GET, "Range", "bytes=-0", 416, 0, 0, "bytes */600000"},
    {METHOD_HEAD, "Range", "bytes=0-0", 200, 0, PDF_LEN, NULL},
    {METHOD_GET, "Range", "bytes=0-0,2-3", 200, 0, PDF_LEN, NULL},
    {METHOD_GET, "Range", "bytes=5-4", 200, 0, PDF_LEN, NULL},
    {METHOD_GET, "Range", "bytes=-", 200, 0, PDF_LEN, NULL},
    {METHOD_GET, "Range", "bytes=x-", 200, 0, PDF_LEN, NULL},
    {METHOD_GET, "Range", "bytes=99999999999999999999-", 200, 0, PDF_LEN, NULL},
    {METHOD_GET, "Range", "lines=0-1", 200, 0, PDF_LEN, NULL},
    {METHOD_GET, "If-None-Match", "*", 304, 0, 0, NULL},
    {METHOD_GET, "If-None-Match", "\"other\"", 200, 0, PDF_LEN, NULL},
};

static struct response read_with(struct harness *harness, enum method method, const struct header *headers, size_t len)
{
    const struct request request = {.method = method,
                                    .path = "/files/1/a.pdf",
                                    .query = "",
                                    .headers = headers,
                                    .headers_len = len,
                                    .client = "127.0.0.1"};
    struct response response;
    response_init(&response);
    app_handle(harness->app, &request, &response);
    return response;
}

static void check_file(const struct response_file *file, int64_t from, int64_t len)
{
    char *bytes = malloc((size_t)len + 1);
    assert_non_null(bytes);
    assert_int_equal(file->len, len);
    assert_int_equal(file->offset, from);
    assert_int_equal(pread(file->fd, bytes, (size_t)len, from), len);
    for (int64_t i = 0; i < len; i++) {
        bool is_fill = from + i >= 9 && from + i < PDF_LEN - 5;
        assert_true(is_fill ? bytes[i] == 'x' : bytes[i] != 'x');
    }
    free(bytes);
}

static void check_header(const struct response *response, const char *name, const char *expected)
{
    const char *value = response_header_get(response, name);
    assert_string_equal(value == NULL ? "" : value, expected == NULL ? "" : expected);
}

static void open_with_pdf(struct harness *harness)
{
    harness_open(harness, items, NULL);
    harness->site.upload_max = UPLOAD_MAX;
    const struct harness_session ana = harness_login(harness, "Ana", "editor");
    struct upload pdf = pdf_upload("a.pdf", PDF_LEN, 'x');
    check(post(harness, &ana, "/admin/files", &pdf, 1), 303, "/admin/files?done=uploaded&undo=1", NULL);
}

static void test_public_alone(void **state)
{
    (void)state;
    struct harness harness;
    open_with_pdf(&harness);
    check_get(&harness, NULL, "/files/1/a.pdf", 404, NULL, NULL);
    run_sql(&harness, "INSERT INTO item_file VALUES (2, 1, '', 0)");
    check_get(&harness, NULL, "/files/1/a.pdf", 404, NULL, NULL);
    check_get(&harness, NULL, "/files/1/b.pdf", 404, NULL, NULL);
    run_sql(&harness, "INSERT INTO item_file VALUES (1, 1, '', 0)");
    check_get(&harness, NULL, "/files/1/b.pdf", 301, "/files/1/a.pdf", NULL);
    check_get(&harness, NULL, "/files/1/a.pdf", 200, NULL, NULL);
    run_sql(&harness, "UPDATE item SET publish_unix = 1795435201 WHERE id = 1");
    check_get(&harness, NULL, "/files/1/a.pdf", 404, NULL, NULL);
    check_get(&harness, NULL, "/files/-1/a.pdf", 404, NULL, NULL);
    check_get(&harness, NULL, "/files/1x/a.pdf", 404, NULL, NULL);
    check_get(&harness, NULL, "/files/1/", 404, NULL, NULL);
    harness_close(&harness);
}

static void test_reading(void **state)
{
    (void)state;
    struct harness harness;
    open_with_pdf(&harness);
    run_sql(&harness, "INSERT INTO item_file VALUES (1, 1, '', 0)");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct header header = {cases[i].header, cases[i].value};
        struct response response = read_with(&harness, cases[i].method, &header, cases[i].header == NULL ? 0 : 1);
        if (response.status != cases[i].status)
            fail_msg("%s: %d", cases[i].value, response.status);
        check_header(&response, "Content-Range", cases[i].content_range);
        if (response.status < 300) {
            check_header(&response, "Content-Type", "application/pdf");
            check_header(&response, "Accept-Ranges", "bytes");
            check_header(&response, "X-Content-Type-Options", "nosniff");
            check_file(&response.file, cases[i].from, cases[i].len);
        } else {
            assert_true(response.status == 304 || response.file.fd < 0);
        }
        check_header(&response, "Cache-Control", response.status == 416 ? "no-store" : "public, no-cache");
        response_release(&response);
    }
    harness_close(&harness);
}

/* Every form of an item tells of its files. */
static void test_named_by_items(void **state)
{
    static const char url[] = "http://news.example/files/1/a.pdf";
    static const char *const forms[] = {"/items/one", "/items/one.json", "/items/one.md", "/items.json"};
    (void)state;
    struct harness harness;
    open_with_pdf(&harness);
    run_sql(&harness, "INSERT INTO item_file VALUES (1, 1, 'The cover', 0)");
    check_get(&harness, NULL, forms[0], 200, NULL, "href=\"/files/1/a.pdf\"");
    for (size_t i = 1; i < sizeof forms / sizeof *forms; i++)
        check_get(&harness, NULL, forms[i], 200, NULL, url);
    struct response response = harness_request(&harness, "GET", "/items/one.json", NULL);
    json_t *item = json_loadb(response.body.data, response.body.len, 0, NULL);
    json_t *file = json_array_get(json_object_get(item, "files"), 0);
    char *sha256 = harness_query(&harness, "SELECT sha256 FROM file");
    json_t *expected = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "name", "a.pdf", "media_type", "application/pdf",
                                 "size", PDF_LEN, "alt", "The cover", "sha256", sha256, "url", url);
    assert_true(json_equal(file, expected));
    json_decref(expected);
    free(sha256);
    json_decref(item);
    response_release(&response);
    harness_close(&harness);
}

/* The tag of before is known again; replaced bytes have another, and what was begun is not gone on with. */
static void test_tags(void **state)
{
    (void)state;
    struct harness harness;
    char tag[100], list[200];
    open_with_pdf(&harness);
    run_sql(&harness, "INSERT INTO item_file VALUES (1, 1, '', 0)");
    struct response first = read_with(&harness, METHOD_GET, NULL, 0);
    snprintf(tag, sizeof tag, "%s", response_header_get(&first, "ETag"));
    snprintf(list, sizeof list, "\"a\", W/%s, \"b\"", tag);
    const struct header known = {"If-None-Match", list};
    struct response second = read_with(&harness, METHOD_GET, &known, 1);
    assert_int_equal(second.status, 304);
    check_header(&second, "ETag", tag);
    assert_int_equal(second.file.len, PDF_LEN); /* which Content-Length says, as no body follows */
    response_release(&second);
    const struct header ranged[] = {{"Range", "bytes=5-"}, {"If-Range", tag}},
                        changed[] = {{"Range", "bytes=5-"}, {"If-Range", "\"a\""}};
    second = read_with(&harness, METHOD_GET, ranged, 2);
    assert_int_equal(second.status, 206);
    response_release(&second);
    second = read_with(&harness, METHOD_GET, changed, 2);
    assert_int_equal(second.status, 200);
    response_release(&second);

    const struct harness_session ben = harness_login(&harness, "Ben", "editor");
    struct upload pdf = pdf_upload("new.pdf", PDF_LEN, 'y');
    char byte;
    check(post(&harness, &ben, "/admin/files/1/replace", &pdf, 1), 303, "/admin/files/1?done=replaced&undo=2", NULL);
    /* Who still reads gets the bytes it began with, and never those of another file. */
    struct upload newer = pdf_upload("newer.pdf", PDF_LEN, 'z');
    check(post(&harness, &ben, "/admin/files/1/replace", &newer, 1), 303, "/admin/files/1?done=replaced&undo=3", NULL);
    assert_int_equal(pread(first.file.fd, &byte, 1, 300000), 1);
    assert_int_equal(byte, 'x');
    response_release(&first);
    second = read_with(&harness, METHOD_GET, &known, 1);
    assert_int_equal(second.status, 200);
    assert_string_not_equal(response_header_get(&second, "ETag"), tag);
    response_release(&second);
    harness_close(&harness);
}

/* What is shown by itself can do nothing: not to the site, and not in another's frame. */
static void test_policies(void **state)
{
    (void)state;
    struct harness harness;
    open_with_pdf(&harness);
    const struct harness_session ana = harness_login(&harness, "Ben", "editor");
    struct upload picture = upload("b.gif", gif, GIF_LEN);
    check(post(&harness, &ana, "/admin/files", &picture, 1), 303, "/admin/files?done=uploaded&undo=2", NULL);
    run_sql(&harness, "INSERT INTO item_file VALUES (1, 1, '', 0), (1, 2, '', 1)");
    struct response response = harness_request(&harness, "GET", "/files/2/b.gif", NULL);
    check_header(&response, "Content-Type", "image/gif");
    check_header(&response, "Content-Security-Policy",
                 "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'");
    response_release(&response);
    response = harness_request(&harness, "GET", "/files/1/a.pdf", NULL);
    check_header(&response, "Content-Security-Policy",
                 "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    response_release(&response);
    harness_close(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upload),   cmocka_unit_test(test_replace_and_delete), cmocka_unit_test(test_public_alone),
        cmocka_unit_test(test_reading),  cmocka_unit_test(test_named_by_items),     cmocka_unit_test(test_tags),
        cmocka_unit_test(test_policies), cmocka_unit_test(test_undo_of_uploads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
