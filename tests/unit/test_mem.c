#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "warta/base/mem.h"

static bool all_zero(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void test_alloc_is_zeroed(void **state)
{
    (void)state;
    char *block = mem_alloc(4096);
    assert_true(all_zero(block, 4096));
    free(block);
    block = mem_alloc(0);
    assert_non_null(block);
    free(block);
}

static void test_resize_keeps_content(void **state)
{
    (void)state;
    char *block = mem_resize(NULL, 4);
    memcpy(block, "abc", 4);
    block = mem_resize(block, 100000);
    assert_string_equal(block, "abc");
    block = mem_resize(block, 0);
    assert_non_null(block);
    free(block);
}

static void test_copy(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {{"", 0}, {NULL, 0}, {"abcdef", 3}, {"a\0b", 3}, {"ខ្មែរ", 15}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *copy = mem_copy(cases[i].bytes, cases[i].len);
        assert_true(cases[i].len == 0 || memcmp(copy, cases[i].bytes, cases[i].len) == 0);
        assert_int_equal(copy[cases[i].len], '\0');
        free(copy);
    }
}

static void test_arena_blocks_do_not_overlap(void **state)
{
    (void)state;
    enum { BLOCKS = 2000 };
    static const size_t sizes[] = {1, 7, 16, 0, 100, 4095, 4096, 4097, 8192, 20000, 3};
    const size_t kinds = sizeof sizes / sizeof *sizes;
    struct arena arena;
    unsigned char *blocks[BLOCKS];
    arena_init(&arena);
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = sizes[i % kinds];
        blocks[i] = arena_alloc(&arena, size);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        assert_true(all_zero((const char *)blocks[i], size));
        memset(blocks[i], (int)(i % 251 + 1), size);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        for (size_t at = 0; at < sizes[i % kinds]; at++)
            assert_int_equal(blocks[i][at], i % 251 + 1);
    arena_release(&arena);
}

static void test_arena_is_usable_after_release(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    arena_release(&arena);
    assert_string_equal(arena_copy(&arena, "first", 5), "first");
    arena_release(&arena);
    assert_null(arena.newest);
    char *again = arena_alloc(&arena, 64);
    assert_true(all_zero(again, 64));
    arena_release(&arena);
}

static void test_arena_big_block_first(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    char *big = arena_alloc(&arena, 100000);
    char *small = arena_copy(&arena, "small", 5);
    memset(big, 'x', 100000);
    assert_string_equal(small, "small");
    arena_release(&arena);
}

static void test_arena_copy_and_format(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    char *copy = arena_copy(&arena, "a\0bcd", 3);
    assert_memory_equal(copy, "a\0b", 4);
    assert_string_equal(arena_copy(&arena, NULL, 0), "");
    assert_string_equal(arena_format(&arena, "%s", ""), "");
    assert_string_equal(arena_format(&arena, "%d items in %s", 57, "Asia"), "57 items in Asia");
    char *long_text = arena_format(&arena, "%*s", 30000, "end");
    assert_int_equal(strlen(long_text), 30000);
    assert_string_equal(long_text + 29997, "end");
    arena_release(&arena);
}

/* volatile, so that the compiler does not warn of what the test is about. */
static volatile size_t huge = PTRDIFF_MAX;
static volatile size_t largest = SIZE_MAX;

static void exhaust_alloc(struct arena *arena)
{
    (void)arena;
    free(mem_alloc(huge));
}

static void exhaust_resize(struct arena *arena)
{
    (void)arena;
    free(mem_resize(NULL, huge));
}

static void exhaust_copy(struct arena *arena)
{
    (void)arena;
    free(mem_copy("", largest));
}

static void exhaust_arena(struct arena *arena)
{
    arena_alloc(arena, huge);
}

static void exhaust_arena_by_overflow(struct arena *arena)
{
    arena_alloc(arena, largest - 3);
}

static void exhaust_arena_copy(struct arena *arena)
{
    arena_copy(arena, "", largest);
}

static int status_of_child(void (*exhaust)(struct arena *))
{
    pid_t child = fork();
    if (child == 0) {
        struct arena arena;
        close(STDERR_FILENO);
        arena_init(&arena);
        exhaust(&arena);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_exhaustion_ends_the_process(void **state)
{
    (void)state;
    static void (*const cases[])(struct arena *) = {
        exhaust_alloc, exhaust_resize, exhaust_copy, exhaust_arena, exhaust_arena_by_overflow, exhaust_arena_copy};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = status_of_child(cases[i]);
        assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_is_zeroed),
        cmocka_unit_test(test_resize_keeps_content),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_arena_blocks_do_not_overlap),
        cmocka_unit_test(test_arena_is_usable_after_release),
        cmocka_unit_test(test_arena_big_block_first),
        cmocka_unit_test(test_arena_copy_and_format),
        cmocka_unit_test(test_exhaustion_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
