/* Memory: allocation that cannot fail, and arenas that release everything at once.
 *
 * Running out of memory ends the process with a line on standard error: everything acknowledged to a
 * client is already durable in the store by then, so nothing is lost by it. Callers never test for NULL.
 *
 * Threads: the mem_ functions may be called from any thread; an arena belongs to one thread at a time. */
#ifndef WARTA_BASE_MEM_H
#define WARTA_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory, owned by the caller, released with free(). */
void *mem_alloc(size_t size);

/* Like realloc(); the grown part is not zeroed. `block` may be NULL. */
void *mem_resize(void *block, size_t size);

/* An owned, NUL-terminated copy of `len` bytes. */
char *mem_copy(const char *bytes, size_t len);

/* Ends the process as running out of memory does; for libraries that report it by a return value. */
_Noreturn void mem_exhausted(void);

struct arena_block;

/* Memory with one lifetime: blocks are handed out and released together. */
struct arena {
    struct arena_block *newest;
};

void arena_init(struct arena *arena);

/* Releases everything the arena handed out; the arena is empty and usable again. */
void arena_release(struct arena *arena);

/* Zeroed memory, aligned for any type; lives as long as the arena (*arena*). */
void *arena_alloc(struct arena *arena, size_t size);

/* A NUL-terminated copy of `len` bytes (*arena*). */
char *arena_copy(struct arena *arena, const char *bytes, size_t len);

/* printf into arena memory; never NULL (*arena*). */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
