#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "warta/server/body.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TYPE "multipart/form-data; boundary=b"
#define FIELD(name) "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_NAMED(name, file) "--b\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" file "\"\r\n\r\n"
#define END "--b--\r\n"

enum { MAX = 10000, TEXT_MAX = 300, SPOOL_MAX = 5000, FILES_MAX = 30 };

struct place {
    char folder[32];
    struct spool spool;
};

static int open_place(void **state)
{
    static struct place place;
    place = (struct place){.folder = "/tmp/warta-body-XXXXXX"};
    if (mkdtemp(place.folder) == NULL)
        return -1;
    place.spool =
        (struct spool){.folder = place.folder, .max = SPOOL_MAX, .files_max = FILES_MAX, .text_max = SPOOL_MAX};
    *state = &place;
    return 0;
}

/* The folder is empty, and nothing is counted any more. */
static int close_place(void **state)
{
    struct place *place = *state;
    assert_int_equal(place->spool.len, 0);
    assert_int_equal(place->spool.files, 0);
    assert_int_equal(place->spool.text_len, 0);
    return rmdir(place->folder);
}

static int take(struct body *body, struct spool *spool, const char *type, const char *bytes)
{
    body_init(body, spool, MAX, TEXT_MAX, type);
    for (size_t at = 0, len = strlen(bytes); at < len; at += 7) {
        body_take(body, bytes + at, len - at < 7 ? len - at : 7);
        body_store(body);
    }
    return body_end(body);
}

static void plain(void **state)
{
    struct place *place = *state;
    struct body body;
    size_t len;
    assert_int_equal(take(&body, &place->spool, NULL, ""), 0);
    assert_string_equal(buf_string(&body.text), "");
    body_release(&body);
    assert_int_equal(take(&body, &place->spool, NULL, "a=b&--b\r\n"), 0);
    assert_string_equal(buf_string(&body.text), "a=b&--b\r\n");
    assert_null(body_uploads(&body, &len));
    assert_int_equal(len, 0);
    body_release(&body);
}

static void plain_too_long(void **state)
{
    struct place *place = *state;
    static const char bytes[MAX];
    struct body body;
    body_init(&body, &place->spool, MAX, TEXT_MAX, NULL);
    body_take(&body, bytes, MAX);
    assert_int_equal(body_end(&body), 0);
    body_take(&body, bytes, 1);
    assert_int_equal(body_end(&body), 413);
    body_release(&body);
}

/* Whoever sends long ones takes no room from short ones. */
static void all_texts_are_bounded(void **state)
{
    struct place *place = *state;
    static char bytes[BODY_GATHERED_MAX + SPOOL_MAX];
    struct body first, second, third, form;
    memset(bytes, 'a', sizeof bytes);
    body_init(&first, &place->spool, sizeof bytes, sizeof bytes, NULL);
    body_take(&first, bytes, sizeof bytes);
    assert_int_equal(body_end(&first), 0);
    body_init(&second, &place->spool, sizeof bytes, sizeof bytes, NULL);
    body_take(&second, bytes, BODY_GATHERED_MAX);
    body_init(&third, &place->spool, sizeof bytes, sizeof bytes, NULL);
    body_take(&third, bytes, BODY_GATHERED_MAX);
    assert_int_equal(body_end(&second), 0);
    body_take(&third, bytes, 1);
    assert_int_equal(body_end(&third), 503);
    assert_int_equal(third.text.len, 0);
    body_init(&form, &place->spool, sizeof bytes, sizeof bytes, TYPE);
    body_take(&form, FIELD("a"), strlen(FIELD("a")));
    body_take(&form, bytes, BODY_GATHERED_MAX + 100);
    assert_int_equal(body_end(&form), 503);
    body_release(&form);
    body_release(&third);
    body_take(&second, bytes, 1);
    assert_int_equal(body_end(&second), 503);
    body_release(&second);
    body_release(&first);
}

/* Read past, so what was kept of it goes at once. */
static void a_refused_text_is_let_go(void **state)
{
    struct place *place = *state;
    static const char bytes[BODY_GATHERED_MAX + 1] = "a";
    struct body body;
    body_init(&body, &place->spool, sizeof bytes, sizeof bytes, NULL);
    body_take(&body, bytes, sizeof bytes);
    assert_int_equal(place->spool.text_len, 1);
    body_take(&body, bytes, 1);
    assert_int_equal(body.status, 413);
    assert_int_equal(place->spool.text_len, 0);
    assert_int_equal(body.text.capacity, 0);
    body_release(&body);
}

/* A file that was not chosen has no bytes, but names. */
static void names_count_as_text(void **state)
{
    struct place *place = *state;
    struct body body;
    struct buf sent = BUF_EMPTY;
    while (sent.len < MAX - 200)
        buf_text(&sent, FILE_NAMED("a-name-of-some-length", "") "\r\n");
    buf_text(&sent, END);
    assert_int_equal(take(&body, &place->spool, TYPE, sent.data), 413);
    body_release(&body);
    buf_release(&sent);
}

static void fields(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *sent, *text;
    } rows[] = {
        {END, ""},
        {FIELD("a") "b\r\n" END, "a=b"},
        {FIELD("a") "\r\n" FIELD("a") "b\r\n" FIELD("a") "\r\n" END, "a=&a=b&a="},
        {FIELD("a b") "c+d&e=f%20\r\ng\r\n" END, "a%20b=c%2Bd%26e%3Df%2520%0D%0Ag"},
        {FIELD("t") "\xe1\x9e\x81\xff-._~\r\n" END, "t=%E1%9E%81%FF-._~"},
        {FIELD("") "x\r\n" END, "=x"},
        {"--b\r\n\r\nnameless\r\n" FIELD("a") "b\r\n" END, "a=b"},
        {FILE_NAMED("f", "") "\r\n" FIELD("a") "b\r\n" END, "a=b"},
    };
    struct body body;
    size_t len;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(take(&body, &place->spool, TYPE, rows[i].sent), 0);
        assert_string_equal(buf_string(&body.text), rows[i].text);
        body_uploads(&body, &len);
        assert_int_equal(len, 0);
        body_release(&body);
    }
}

static void check_upload(const struct upload *upload, const char *field, const char *name, const char *content)
{
    char bytes[100];
    assert_string_equal(upload->field, field);
    assert_string_equal(upload->name, name);
    assert_int_equal(upload->len, strlen(content));
    assert_int_equal(pread(upload->fd, bytes, sizeof bytes, 0), (int)upload->len);
    assert_memory_equal(bytes, content, upload->len);
}

static bool is_empty(const char *folder)
{
    DIR *entries = opendir(folder);
    int count = 0;
    while (readdir(entries) != NULL)
        count++;
    closedir(entries);
    return count == 2;
}

static void files(void **state)
{
    struct place *place = *state;
    struct body body;
    size_t len;
    assert_int_equal(take(&body, &place->spool, TYPE,
                          FILE_NAMED("f", "../../x") "first\r\n--\r\n" FIELD("a") "b\r\n" FILE_NAMED(
                              "f", "") "unnamed\r\n" FILE_NAMED("g", "empty") "\r\n" FILE_NAMED("f", "") "\r\n" END),
                     0);
    assert_string_equal(buf_string(&body.text), "a=b");
    const struct upload *uploads = body_uploads(&body, &len);
    assert_int_equal(len, 3);
    check_upload(&uploads[0], "f", "../../x", "first\r\n--");
    check_upload(&uploads[1], "f", "", "unnamed");
    check_upload(&uploads[2], "g", "empty", "");
    assert_int_equal(place->spool.files, 3);
    assert_int_equal(place->spool.len, strlen("first\r\n--unnamed"));
    assert_true(is_empty(place->folder));
    int fd = uploads[0].fd;
    body_release(&body);
    assert_int_equal(close(fd), -1);
}

/* Nothing touches the disk before it is due. */
static void gathered(void **state)
{
    struct place *place = *state;
    struct body body;
    static const char head[] = FILE_NAMED("f", "x"), bytes[1000];
    place->spool.max = 3 * BODY_GATHERED_MAX;
    body_init(&body, &place->spool, 2 * BODY_GATHERED_MAX, TEXT_MAX, TYPE);
    body_take(&body, head, strlen(head));
    while (!body_is_due(&body))
        body_take(&body, bytes, sizeof bytes);
    assert_in_range(body.len, BODY_GATHERED_MAX, BODY_GATHERED_MAX + sizeof bytes);
    assert_false(body_has_files(&body));
    assert_int_equal(place->spool.files, 0);
    body_store(&body);
    assert_true(body_has_files(&body));
    assert_in_range(place->spool.len, BODY_GATHERED_MAX - sizeof bytes, BODY_GATHERED_MAX + sizeof bytes);
    assert_false(body_is_due(&body));
    while (body.status == 0)
        body_take(&body, bytes, sizeof bytes);
    assert_true(body_is_due(&body)); /* its file, of a form that is too long */
    body_store(&body);
    assert_false(body_has_files(&body));
    body_take(&body, bytes, sizeof bytes);
    assert_false(body_is_due(&body));
    assert_int_equal(body_end(&body), 413);
    body_release(&body);
}

static int take_files(struct body *body, struct spool *spool, int count)
{
    struct buf sent = BUF_EMPTY;
    for (int i = 0; i < count; i++)
        buf_text(&sent, FILE_NAMED("f", "x") "x\r\n" FILE_NAMED("f", "") "\r\n");
    buf_text(&sent, END);
    int status = take(body, spool, TYPE, sent.data);
    buf_release(&sent);
    return status;
}

/* No file is left, for that reason. */
static void assert_lost(const struct body *body, int fault)
{
    size_t len;
    assert_true(body->files_lost);
    assert_int_equal(body->fault, fault);
    body_uploads(body, &len);
    assert_int_equal(len, 0);
}

static void many_files(void **state)
{
    struct place *place = *state;
    struct body body, other;
    size_t len;
    assert_int_equal(take_files(&body, &place->spool, BODY_UPLOADS_MAX + 1), 413);
    assert_int_equal(place->spool.files, 0);
    body_release(&body);
    assert_int_equal(take_files(&body, &place->spool, BODY_UPLOADS_MAX), 0);
    body_uploads(&body, &len);
    assert_int_equal(len, BODY_UPLOADS_MAX);
    assert_int_equal(take_files(&other, &place->spool, FILES_MAX - BODY_UPLOADS_MAX + 1), 0);
    assert_lost(&other, 0);
    body_release(&other);
    assert_int_equal(take_files(&other, &place->spool, FILES_MAX - BODY_UPLOADS_MAX), 0);
    body_release(&other);
    body_release(&body);
}

static void refusals(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *type, *sent;
        int status;
    } rows[] = {
        {"multipart/form-data", END, 400},
        {TYPE, "", 400},
        {TYPE, "a=b", 400},
        {TYPE, FILE_NAMED("f", "x") "cut", 400},
        {TYPE, FILE_NAMED("f", "x") "whole\r\n" FIELD("a"), 400},
        {TYPE, FILE_NAMED("f", "x") "whole\r\n--bb", 400},
        {TYPE, FIELD("a") "0123456789\r\n" END, 0},
    };
    struct body body;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(take(&body, &place->spool, rows[i].type, rows[i].sent), rows[i].status);
        body_release(&body);
    }
}

/* 100 bytes that are written as 300, with the field's name beside them. */
static void long_text(void **state)
{
    struct place *place = *state;
    struct body body;
    char sent[300];
    for (int len = 98; len <= 99; len++) {
        snprintf(sent, sizeof sent, FILE_NAMED("f", "x") "x\r\n" FIELD("a") "%0*d\r\n" END, len, 0);
        memset(strstr(sent, "0000"), '&', (size_t)len);
        assert_int_equal(take(&body, &place->spool, TYPE, sent), len == 98 ? 0 : 413);
        assert_int_equal(place->spool.files, len == 98 ? 1 : 0);
        body_release(&body);
    }
}

static int take_file_of(struct body *body, struct spool *spool, int len)
{
    struct buf sent = BUF_EMPTY;
    buf_format(&sent, FILE_NAMED("f", "x") "%0*d\r\n" END, len, 0);
    int status = take(body, spool, TYPE, sent.data);
    buf_release(&sent);
    return status;
}

static void room_in_the_spool(void **state)
{
    struct place *place = *state;
    struct body first, second;
    assert_int_equal(take_file_of(&first, &place->spool, 3000), 0);
    assert_int_equal(take_file_of(&second, &place->spool, 2001), 0);
    assert_lost(&second, 0);
    assert_int_equal(place->spool.len, 3000);
    body_release(&second);
    assert_int_equal(take_file_of(&second, &place->spool, 2000), 0);
    body_release(&first);
    assert_int_equal(place->spool.len, 2000);
    body_release(&second);
}

static void no_folder(void **state)
{
    (void)state;
    struct spool spool = {.folder = "/nonexistent", .max = SPOOL_MAX, .files_max = FILES_MAX, .text_max = SPOOL_MAX};
    struct body body;
    assert_int_equal(take_file_of(&body, &spool, 10), 0);
    assert_lost(&body, ENOENT);
    assert_int_equal(spool.files, 0);
    body_release(&body);
}

#define LARGE "0123456789012345678901234567890123456789" /* than the limit */

/* A limit on the size of files stands in for a full disk. What was typed beside them is kept. */
static void full_disk(void **state)
{
    struct place *place = *state;
    struct rlimit before, small;
    struct body body;
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){.rlim_cur = 30, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    int status = take(&body, &place->spool, TYPE,
                      FIELD("a") "before\r\n" FILE_NAMED("f", "x") LARGE
                      "\r\n" FILE_NAMED("g", "y") "small\r\n" FIELD("b") "after\r\n" END);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, 0);
    assert_lost(&body, EFBIG);
    assert_int_equal(place->spool.len, 0);
    assert_int_equal(place->spool.files, 0);
    assert_string_equal(buf_string(&body.text), "a=before&b=after");
    body_release(&body);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_place, close_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain),
        TEST(plain_too_long),
        TEST(all_texts_are_bounded),
        TEST(a_refused_text_is_let_go),
        TEST(names_count_as_text),
        TEST(fields),
        TEST(files),
        TEST(gathered),
        TEST(many_files),
        TEST(refusals),
        TEST(long_text),
        TEST(room_in_the_spool),
        TEST(no_folder),
        TEST(full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
