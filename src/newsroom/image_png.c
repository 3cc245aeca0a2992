#include <string.h>
#include <zlib.h>

#include "image_reader.h"

/* A chunk around its data: length, type, checksum (PNG, 5.3). */
enum { CHUNK_AROUND = 12, CHUNK_DATA = 8, CHUNK_LEN_MAX = 0x7fffffff };

struct chunk {
    const unsigned char *type;
    const unsigned char *data;
    size_t data_len;
};

static bool is_type(const struct chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

static const char *next_chunk(const struct reader *reader, struct chunk *chunk)
{
    if (reader_left(reader) < CHUNK_AROUND)
        return image_cut_short;
    const unsigned char *here = reader_here(reader);
    *chunk = (struct chunk){.type = here + 4, .data = here + CHUNK_DATA, .data_len = big_32(here)};
    if (chunk->data_len > CHUNK_LEN_MAX)
        return image_damaged;
    return chunk->data_len > reader_left(reader) - CHUNK_AROUND ? image_cut_short : NULL;
}

/* Critical ones, and what the look depends on; not what else a chunk may tell (PNG, 5.4 and 11.3). */
static bool is_kept(const struct chunk *chunk)
{
    static const char *const kept[] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB",
                                       "iCCP", "sBIT", "bKGD", "pHYs", "acTL", "fcTL", "fdAT"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (is_type(chunk, kept[i]))
            return true;
    }
    return false;
}

static bool is_critical(const struct chunk *chunk)
{
    return (chunk->type[0] & 0x20) == 0;
}

static bool is_whole(const struct chunk *chunk)
{
    uLong sum = crc32_z(0, chunk->type, chunk->data_len + 4);
    return sum == big_32(chunk->data + chunk->data_len);
}

const char *png_read(struct reader *reader)
{
    enum { SIGNATURE_LEN = 8, HEADER_LEN = 13 };
    struct image *image = reader->image;
    struct chunk chunk;
    bool has_data = false;
    reader_keep(reader, 0, SIGNATURE_LEN);
    reader->at = SIGNATURE_LEN;
    do {
        bool is_first = reader->at == SIGNATURE_LEN;
        const char *refused = next_chunk(reader, &chunk);
        if (refused != NULL)
            return refused;
        if (is_first != is_type(&chunk, "IHDR") || (is_first && chunk.data_len != HEADER_LEN))
            return image_damaged;
        if (is_critical(&chunk) && !is_kept(&chunk))
            return image_damaged;
        if (is_first) {
            image->width = big_32(chunk.data);
            image->height = big_32(chunk.data + 4);
        }
        has_data = has_data || is_type(&chunk, "IDAT");
        size_t len = CHUNK_AROUND + chunk.data_len;
        if (is_kept(&chunk) && (!is_whole(&chunk) || !reader_keep(reader, reader->at, len)))
            return image_damaged;
        reader->at += len;
    } while (!is_type(&chunk, "IEND"));
    return has_data && chunk.data_len == 0 ? NULL : image_damaged;
}
