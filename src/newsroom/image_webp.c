#include <string.h>

#include "image_reader.h"

enum { RIFF_LEN = 12, CHUNK_HEAD = 8, VP8X_LEN = 10, FLAG_XMP = 0x04, FLAG_EXIF = 0x08 };

struct chunk {
    const unsigned char *type;
    const unsigned char *data;
    size_t data_len;
    size_t len; /* with head and padding */
};

static bool is_type(const struct chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

/* RFC 9649, 2.3: what is of odd length is padded. */
static const char *next_chunk(const struct reader *reader, struct chunk *chunk)
{
    if (reader_left(reader) < CHUNK_HEAD)
        return image_cut_short;
    const unsigned char *here = reader_here(reader);
    *chunk = (struct chunk){.type = here, .data = here + CHUNK_HEAD, .data_len = little_32(here + 4)};
    size_t left = reader_left(reader) - CHUNK_HEAD;
    if (chunk->data_len > left || (chunk->data_len == left && left % 2 == 1))
        return image_cut_short;
    chunk->len = CHUNK_HEAD + chunk->data_len + chunk->data_len % 2;
    return NULL;
}

/* The sides in the frame header of RFC 6386, 9.1. */
static bool lossy_sides(const struct chunk *chunk, struct image *image)
{
    if (chunk->data_len < 10 || memcmp(chunk->data + 3, "\x9d\x01\x2a", 3) != 0)
        return false;
    image->width = little_16(chunk->data + 6) & 0x3fff;
    image->height = little_16(chunk->data + 8) & 0x3fff;
    return true;
}

/* RFC 9649, 3.4: 14 bits each, less one. */
static bool lossless_sides(const struct chunk *chunk, struct image *image)
{
    if (chunk->data_len < 5 || chunk->data[0] != 0x2f)
        return false;
    uint32_t bits = little_32(chunk->data + 1);
    image->width = (bits & 0x3fff) + 1;
    image->height = (bits >> 14 & 0x3fff) + 1;
    return true;
}

static bool extended_sides(const struct chunk *chunk, struct image *image)
{
    if (chunk->data_len < VP8X_LEN)
        return false;
    image->width = little_24(chunk->data + 4) + 1;
    image->height = little_24(chunk->data + 7) + 1;
    return true;
}

static bool is_picture(const struct chunk *chunk)
{
    return is_type(chunk, "VP8 ") || is_type(chunk, "VP8L") || is_type(chunk, "ANMF");
}

static bool is_kept(const struct chunk *chunk)
{
    return is_picture(chunk) || is_type(chunk, "ALPH") || is_type(chunk, "ANIM") || is_type(chunk, "ICCP");
}

/* The head of an extended file, which then no longer says that EXIF and XMP follow. */
static bool keep_extended(struct reader *reader, const struct chunk *chunk)
{
    unsigned char head[CHUNK_HEAD + VP8X_LEN];
    memcpy(head, "VP8X\x0a\0\0\0", CHUNK_HEAD);
    memcpy(head + CHUNK_HEAD, chunk->data, VP8X_LEN);
    head[CHUNK_HEAD] &= (unsigned char)~(FLAG_XMP | FLAG_EXIF);
    return reader_keep_own(reader, head, sizeof head);
}

static const char *read_extended(struct reader *reader, const struct chunk *head)
{
    struct chunk chunk;
    bool has_picture = false;
    if (!keep_extended(reader, head))
        return image_damaged;
    for (reader->at += head->len; reader_left(reader) > 0; reader->at += chunk.len) {
        const char *refused = next_chunk(reader, &chunk);
        if (refused != NULL)
            return refused;
        has_picture = has_picture || is_picture(&chunk);
        if (is_kept(&chunk) && !reader_keep(reader, reader->at, chunk.len))
            return image_damaged;
    }
    return has_picture ? NULL : image_damaged;
}

/* A simple file is one chunk of picture; others behind it would be passed over (RFC 9649, 2.5 and 2.6). */
static const char *read_chunks(struct reader *reader)
{
    struct image *image = reader->image;
    struct chunk chunk;
    const char *refused = next_chunk(reader, &chunk);
    if (refused != NULL)
        return refused;
    if (is_type(&chunk, "VP8X"))
        return extended_sides(&chunk, image) ? read_extended(reader, &chunk) : image_damaged;
    bool is_picture = (is_type(&chunk, "VP8 ") && lossy_sides(&chunk, image)) ||
                      (is_type(&chunk, "VP8L") && lossless_sides(&chunk, image));
    return is_picture && reader_keep(reader, reader->at, chunk.len) ? NULL : image_damaged;
}

const char *webp_read(struct reader *reader)
{
    unsigned char head[RIFF_LEN];
    size_t riff_len = little_32(reader->bytes + 4);
    if (riff_len < RIFF_LEN - CHUNK_HEAD)
        return image_damaged;
    if (riff_len > reader->len - CHUNK_HEAD)
        return image_cut_short;
    reader->len = CHUNK_HEAD + riff_len;
    reader->at = RIFF_LEN;
    memcpy(head, reader->bytes, RIFF_LEN);
    if (!reader_keep_own(reader, head, RIFF_LEN))
        return image_damaged;
    const char *refused = read_chunks(reader);
    size_t kept = image_len(reader->image) - CHUNK_HEAD;
    for (unsigned i = 0; i < 4; i++)
        reader->image->own[4 + i] = (unsigned char)(kept >> 8 * i);
    return refused;
}
