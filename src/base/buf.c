#include "warta/base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"

enum { FIRST_CAPACITY = 256 };

void buf_release(struct buf *buf)
{
    free(buf->data);
    *buf = BUF_EMPTY;
}

void buf_reserve(struct buf *buf, size_t more)
{
    if (more > PTRDIFF_MAX - 1 - buf->len)
        mem_exhausted();
    size_t needed = buf->len + more + 1;
    if (needed <= buf->capacity)
        return;
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    buf->data = mem_resize(buf->data, capacity);
    buf->data[buf->len] = '\0';
    buf->capacity = capacity;
}

void buf_append(struct buf *buf, const char *bytes, size_t len)
{
    buf_reserve(buf, len);
    if (len)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_text(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

/* Printed into the room that is there; measured by that, and printed again only where it does not fit. */
void buf_format(struct buf *buf, const char *format, ...)
{
    va_list tried, printed;
    size_t room = buf->capacity - buf->len;
    va_start(tried, format);
    va_copy(printed, tried);
    int len = vsnprintf(buf->data == NULL ? NULL : buf->data + buf->len, room, format, tried);
    va_end(tried);
    assert(len >= 0);
    if ((size_t)len >= room) {
        buf_reserve(buf, (size_t)len);
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, printed);
    }
    va_end(printed);
    buf->len += (size_t)len;
}

void buf_integer(struct buf *buf, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        buf_char(buf, '-');
    buf_append(buf, digits + at, sizeof digits - at);
}

void buf_percent(struct buf *buf, char byte)
{
    static const char hex[] = "0123456789ABCDEF";
    buf_append(buf, (char[]){'%', hex[(unsigned char)byte >> 4], hex[byte & 15]}, 3);
}

/* A copy, as realloc() may keep a block that has become half empty. */
void buf_shrink(struct buf *buf)
{
    if (!buf->data)
        return;
    char *whole = buf->data;
    buf->data = mem_resize(NULL, buf->len + 1);
    memcpy(buf->data, whole, buf->len + 1);
    buf->capacity = buf->len + 1;
    free(whole);
}

void buf_truncate(struct buf *buf, size_t len)
{
    assert(len <= buf->len);
    if (!buf->data)
        return;
    buf->len = len;
    buf->data[len] = '\0';
}

char *buf_steal(struct buf *buf)
{
    char *data = buf->data ? buf->data : mem_copy("", 0);
    *buf = BUF_EMPTY;
    return data;
}

const char *buf_string(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}
