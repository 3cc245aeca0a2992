/* A multipart form, read in pieces. Input: a byte that tells how long the pieces are, then the body, whose boundary is
 * "b". However it is cut, the same must be told of it. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/server/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    struct buf text;
    bool in_part;
};

static void on_begin(void *context, const char *name, const char *file_name)
{
    struct told *told = context;
    assert(!told->in_part);
    told->in_part = true;
    buf_format(&told->text, "(%s|%s|", name == NULL ? "-" : name, file_name == NULL ? "-" : file_name);
}

static void on_bytes(void *context, const char *bytes, size_t len)
{
    struct told *told = context;
    assert(told->in_part && len > 0);
    buf_append(&told->text, bytes, len);
}

static void on_end(void *context)
{
    struct told *told = context;
    assert(told->in_part);
    told->in_part = false;
    buf_char(&told->text, ')');
}

static bool read_in(size_t piece, const char *body, size_t len, struct told *told)
{
    static const struct multipart_events events = {.begin = on_begin, .bytes = on_bytes, .end = on_end};
    struct multipart multipart;
    bool taken = multipart_init(&multipart, "multipart/form-data; boundary=b", &events, told);
    assert(taken);
    for (size_t at = 0; at < len; at += piece) {
        multipart_read(&multipart, body + at, len - at < piece ? len - at : piece);
    }
    bool whole = multipart_whole(&multipart);
    assert(!whole || !told->in_part);
    multipart_release(&multipart);
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told at_once = {.text = BUF_EMPTY}, in_pieces = {.text = BUF_EMPTY};
    if (size == 0) {
        return 0;
    }
    const char *body = (const char *)data + 1;
    bool whole = read_in(size, body, size - 1, &at_once);
    bool whole_again = read_in((size_t)data[0] % 31 + 1, body, size - 1, &in_pieces);
    assert(whole == whole_again);
    assert(!whole || at_once.text.len == in_pieces.text.len);
    assert(!whole || memcmp(buf_string(&at_once.text), buf_string(&in_pieces.text), at_once.text.len) == 0);
    buf_release(&at_once.text);
    buf_release(&in_pieces.text);
    return 0;
}
