#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/server/body.h"

enum { KIB = 1024, MAX = 1024 * KIB, TEXT_MAX = 256 * KIB };

static struct spool open_spool(const char *folder, size_t max)
{
    return (struct spool){.folder = folder, .memory.max = max, .disk.max = max};
}

static void expect_nothing_kept(const struct spool *spool)
{
    assert_int_equal(spool->memory.len, 0);
    assert_int_equal(spool->disk.len, 0);
    for (size_t i = 0; i < SPOOL_CLIENTS; i++) {
        assert_int_equal(spool->memory.of_client[i], 0);
        assert_int_equal(spool->disk.of_client[i], 0);
    }
}

/* Bytes of which no two kilobytes are alike. */
static char *bytes_of(size_t len)
{
    char *bytes = malloc(len + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i / KIB * 7 + i % 251);
    return bytes;
}

/* As an event loop does, in pieces of an odd size. */
static void send(struct body *body, const char *bytes, size_t len)
{
    enum { PIECE = 7777 };
    for (size_t at = 0; at < len; at += PIECE) {
        if (body_is_due(body))
            body_store(body);
        body_take(body, bytes + at, len - at < PIECE ? len - at : PIECE);
    }
}

static void small_ones_stay_in_memory_and_long_ones_go_to_a_file(void **state)
{
    (void)state;
    static const size_t lens[] = {0, 1, BODY_GATHERED_MAX - 1, 3 * BODY_GATHERED_MAX, MAX};
    char *bytes = bytes_of(MAX);
    struct spool spool = open_spool("/tmp", (size_t)16 * MAX);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct body body;
        struct request request = {0};
        body_init(&body, &spool, 7, MAX, TEXT_MAX);
        send(&body, bytes, lens[i]);
        assert_int_equal(body_is_stored(&body), lens[i] > BODY_GATHERED_MAX);
        assert_true(body.gathered.len <= 2 * BODY_GATHERED_MAX);
        assert_int_equal(spool.memory.len + spool.disk.len, lens[i]);
        assert_int_equal(body_finish(&body, &request), 0);
        assert_int_equal(request.body_len, lens[i]);
        assert_memory_equal(request.body, bytes, lens[i]);
        assert_false(request.body_cut || request.uploads_lost);
        body_release(&body);
        expect_nothing_kept(&spool);
    }
    free(bytes);
}

static void who_is_not_known_has_nothing_on_the_disk(void **state)
{
    (void)state;
    char *bytes = bytes_of(MAX);
    struct spool spool = open_spool("/nowhere", (size_t)16 * MAX);
    for (size_t len = 100; len <= MAX; len += MAX - 100) {
        struct body body;
        struct request request = {0};
        body_init(&body, &spool, 7, MAX, TEXT_MAX);
        body_keep_text(&body);
        send(&body, bytes, len);
        assert_int_equal(body_finish(&body, &request), 0);
        assert_int_equal(request.body_len, len < TEXT_MAX ? len : TEXT_MAX);
        assert_memory_equal(request.body, bytes, request.body_len);
        assert_int_equal(request.body_cut, len > TEXT_MAX);
        assert_false(request.uploads_lost);
        body_release(&body);
        expect_nothing_kept(&spool);
    }
    free(bytes);
}

static void what_is_too_long_is_passed_over(void **state)
{
    (void)state;
    char *bytes = bytes_of(2 * MAX);
    struct spool spool = open_spool("/tmp", (size_t)16 * MAX);
    struct body body;
    struct request request = {0};
    body_init(&body, &spool, 7, MAX, TEXT_MAX);
    send(&body, bytes, 2 * MAX);
    assert_int_equal(body.status, 413);
    assert_int_equal(spool.memory.len, 0);
    assert_int_equal(body_finish(&body, &request), 413);
    body_release(&body);
    body_init(&body, &spool, 7, MAX, TEXT_MAX);
    body_drop(&body);
    send(&body, bytes, MAX);
    assert_int_equal(body.status, 0);
    assert_int_equal(spool.memory.len, 0);
    send(&body, bytes, 1);
    assert_int_equal(body.status, 413);
    body_release(&body);
    expect_nothing_kept(&spool);
    free(bytes);
}

/* Where the disk takes nothing, what was typed has room in memory. */
static void without_a_disk_the_beginning_is_kept(void **state)
{
    (void)state;
    char *bytes = bytes_of(MAX);
    struct spool spool = open_spool("/nowhere", (size_t)16 * MAX);
    struct body body;
    struct request request = {0};
    body_init(&body, &spool, 7, MAX, TEXT_MAX);
    send(&body, bytes, MAX);
    assert_int_equal(body_finish(&body, &request), 0);
    assert_int_equal(request.body_len, TEXT_MAX);
    assert_memory_equal(request.body, bytes, TEXT_MAX);
    assert_true(request.body_cut && request.uploads_lost);
    assert_int_not_equal(body.fault, 0);
    body_release(&body);
    expect_nothing_kept(&spool);
    free(bytes);
}

/* One client has a quarter, from the first byte on; others have their own. */
static void each_client_has_a_share(void **state)
{
    (void)state;
    enum { CLIENTS = 4, BODIES = 40 };
    char *bytes = bytes_of(BODY_GATHERED_MAX);
    struct spool spool = open_spool("/tmp", 4 * (size_t)MAX);
    struct body bodies[CLIENTS][BODIES];
    for (size_t client = 0; client < CLIENTS; client++) {
        for (size_t i = 0; i < BODIES; i++) {
            body_init(&bodies[client][i], &spool, client, MAX, TEXT_MAX);
            body_take(&bodies[client][i], bytes, BODY_GATHERED_MAX - 1);
        }
        assert_true(spool.memory.of_client[client] <= MAX);
        assert_true(spool.memory.of_client[client] > MAX - 2 * BODY_GATHERED_MAX);
        assert_false(bodies[client][0].no_room);
        assert_true(bodies[client][BODIES - 1].no_room && bodies[client][BODIES - 1].cut);
    }
    assert_true(spool.memory.len <= 4 * (size_t)MAX);
    for (size_t client = 0; client < CLIENTS; client++)
        for (size_t i = 0; i < BODIES; i++)
            body_release(&bodies[client][i]);
    expect_nothing_kept(&spool);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_ones_stay_in_memory_and_long_ones_go_to_a_file),
        cmocka_unit_test(who_is_not_known_has_nothing_on_the_disk),
        cmocka_unit_test(what_is_too_long_is_passed_over),
        cmocka_unit_test(without_a_disk_the_beginning_is_kept),
        cmocka_unit_test(each_client_has_a_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
