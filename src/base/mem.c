#include "warta/base/mem.h"

#include <assert.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BLOCK_SIZE = 8192 };

struct arena_block {
    struct arena_block *older;
    size_t size, used;
    max_align_t bytes[];
};

_Noreturn void mem_exhausted(void)
{
    /* write(2), because stdio may itself want memory; what nobody reads must not keep the process from ending. */
    static const char line[] = "warta: out of memory\n";
    if (poll(&(struct pollfd){.fd = STDERR_FILENO, .events = POLLOUT}, 1, 0) > 0) {
        ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
        (void)ignored;
    }
    abort();
}

void *mem_alloc(size_t size)
{
    void *block = calloc(1, size ? size : 1);
    if (!block)
        mem_exhausted();
    return block;
}

void *mem_resize(void *block, size_t size)
{
    void *resized = realloc(block, size ? size : 1);
    if (!resized)
        mem_exhausted();
    return resized;
}

char *mem_copy(const char *bytes, size_t len)
{
    if (len == SIZE_MAX)
        mem_exhausted();
    char *copy = mem_alloc(len + 1);
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

void arena_init(struct arena *arena)
{
    arena->newest = NULL;
}

void arena_release(struct arena *arena)
{
    while (arena->newest) {
        struct arena_block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
}

static struct arena_block *block_create(size_t size)
{
    struct arena_block *block = mem_alloc(sizeof *block + size);
    block->size = size;
    return block;
}

static void *block_take(struct arena_block *block, size_t size)
{
    char *taken = (char *)block->bytes + block->used;
    block->used += size;
    return taken;
}

/* A request too big for a common block gets its own, behind the newest, whose room stays in use. */
static void *arena_alloc_big(struct arena *arena, size_t size)
{
    struct arena_block *block = block_create(size);
    if (arena->newest) {
        block->older = arena->newest->older;
        arena->newest->older = block;
    } else {
        arena->newest = block;
    }
    return block_take(block, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t unit = sizeof(max_align_t);
    if (size > PTRDIFF_MAX - unit - sizeof(struct arena_block))
        mem_exhausted();
    size = size ? (size + unit - 1) / unit * unit : unit;
    if (size > ARENA_BLOCK_SIZE / 2)
        return arena_alloc_big(arena, size);
    if (!arena->newest || arena->newest->size - arena->newest->used < size) {
        struct arena_block *block = block_create(ARENA_BLOCK_SIZE);
        block->older = arena->newest;
        arena->newest = block;
    }
    return block_take(arena->newest, size);
}

char *arena_copy(struct arena *arena, const char *bytes, size_t len)
{
    if (len == SIZE_MAX)
        mem_exhausted();
    char *copy = arena_alloc(arena, len + 1);
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

/* Most of what is printed is short, and printed once; only what does not fit is measured by that and printed again. */
char *arena_format(struct arena *arena, const char *format, ...)
{
    char brief[256];
    va_list tried, printed;
    va_start(tried, format);
    va_copy(printed, tried);
    int len = vsnprintf(brief, sizeof brief, format, tried);
    va_end(tried);
    assert(len >= 0);
    char *text = NULL;
    if ((size_t)len < sizeof brief) {
        text = arena_copy(arena, brief, (size_t)len);
    } else {
        text = arena_alloc(arena, (size_t)len + 1);
        vsnprintf(text, (size_t)len + 1, format, printed);
    }
    va_end(printed);
    return text;
}
