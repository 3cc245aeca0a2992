#include "warta/base/compress.h"

#include <brotli/encode.h>
#include <stdint.h>
#define ZLIB_CONST
#include <zlib.h>

#include "warta/base/mem.h"

void compress_gzip(const char *bytes, size_t len, int level, struct buf *out)
{
    enum { GZIP_WINDOW_BITS = 15 + 16, MEM_LEVEL = 9 };
    z_stream stream = {0};
    if (deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        mem_exhausted();
    size_t bound = deflateBound(&stream, len);
    buf_reserve(out, bound);
    stream.next_in = (const Bytef *)bytes;
    stream.avail_in = (uInt)len;
    stream.next_out = (Bytef *)out->data + out->len;
    stream.avail_out = (uInt)bound;
    deflate(&stream, Z_FINISH); /* with room for the bound, in one go */
    out->len += stream.total_out;
    out->data[out->len] = '\0';
    deflateEnd(&stream);
}

void compress_brotli(const char *bytes, size_t len, int quality, struct buf *out)
{
    size_t form_len = BrotliEncoderMaxCompressedSize(len);
    buf_reserve(out, form_len);
    if (!BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, len, (const uint8_t *)bytes,
                               &form_len, (uint8_t *)out->data + out->len))
        mem_exhausted();
    out->len += form_len;
    out->data[out->len] = '\0';
}
