/* Any bytes as a file: what is kept of one that is taken is taken again, and kept whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/newsroom/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Makes the checksums of PNG's chunks right, which no mutation would find. */
static void mend_checksums(unsigned char *bytes, size_t len)
{
    for (size_t at = 8; at + 12 <= len;) {
        size_t data_len =
            (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (data_len > len - at - 12)
            return;
        unsigned long sum = crc32_z(0, bytes + at + 4, data_len + 4);
        for (unsigned i = 0; i < 4; i++)
            bytes[at + 8 + data_len + i] = (unsigned char)(sum >> (24 - 8 * i));
        at += 12 + data_len;
    }
}

static void keep(const struct image *image, const unsigned char *bytes, size_t len, struct buf *out)
{
    const unsigned char *own_end = image->own + image->own_len;
    for (size_t i = 0; i < image->pieces_len; i++) {
        struct image_piece piece = image->pieces[i];
        bool in_file = piece.bytes >= bytes && piece.bytes + piece.len <= bytes + len;
        require(in_file || (piece.bytes >= image->own && piece.bytes + piece.len <= own_end));
        buf_append(out, (const char *)piece.bytes, piece.len);
    }
    require(out->len == image_len(image));
}

static void read_again(const struct image *image, const struct buf *kept)
{
    struct image again;
    struct buf kept_again = BUF_EMPTY;
    require(image_read(&again, (const unsigned char *)kept->data, kept->len) == NULL);
    require(again.media_type == image->media_type && again.width == image->width && again.height == image->height);
    keep(&again, (const unsigned char *)kept->data, kept->len, &kept_again);
    require(kept_again.len == kept->len && memcmp(kept_again.data, kept->data, kept->len) == 0);
    buf_release(&kept_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *bytes = mem_alloc(size);
    struct image image;
    struct buf kept = BUF_EMPTY;
    if (size > 0)
        memcpy(bytes, data, size);
    if (size > 8 && memcmp(data, "\x89PNG", 4) == 0)
        mend_checksums(bytes, size);
    if (image_read(&image, bytes, size) == NULL) {
        keep(&image, bytes, size, &kept);
        read_again(&image, &kept);
    }
    buf_release(&kept);
    free(bytes);
    return 0;
}
