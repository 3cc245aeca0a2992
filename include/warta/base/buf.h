/* A growing byte buffer.
 *
 * Invariants: `data` is NULL only while nothing was ever appended; otherwise data[len] is NUL, so that
 * the content can be read as a string, and `len` does not count that NUL. Initialise with BUF_EMPTY.
 * Knows nothing of escaping: that belongs to the room that knows the context.
 *
 * Threads: a buffer belongs to one thread at a time. */
#ifndef WARTA_BASE_BUF_H
#define WARTA_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;
    size_t len;
    size_t capacity;
};

#define BUF_EMPTY ((struct buf){0})

void buf_release(struct buf *buf);

void buf_append(struct buf *buf, const char *bytes, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_integer(struct buf *buf, int64_t number); /* in decimal digits */
void buf_percent(struct buf *buf, char byte);      /* as "%2F" (RFC 3986, 2.1) */
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for `more` bytes behind the content. */
void buf_reserve(struct buf *buf, size_t more);

/* Gives back what the buffer grew beyond its content, for one that stays for long. */
void buf_shrink(struct buf *buf);

/* Cuts the content back to `len` bytes, which must not exceed its length. */
void buf_truncate(struct buf *buf, size_t len);

/* Hands the content over (*owned* by the caller, free()) and leaves the buffer empty; never NULL. */
char *buf_steal(struct buf *buf);

/* The content as a string, "" when nothing was appended (*borrowed* until the next change). */
const char *buf_string(const struct buf *buf);

#endif
