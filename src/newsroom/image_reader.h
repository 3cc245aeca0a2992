/* What the readers of the kinds share: where they are in the bytes, and what they keep of them.
 *
 * Threads: a reader belongs to one thread. */
#ifndef WARTA_NEWSROOM_IMAGE_READER_H
#define WARTA_NEWSROOM_IMAGE_READER_H

#include "warta/newsroom/image.h"

/* Invariant: at <= len. */
struct reader {
    struct image *image;
    const unsigned char *bytes;
    size_t len;
    size_t at;
};

extern const char image_cut_short[], image_damaged[];

/* Each reads one kind, whose first bytes have been recognised: NULL, or why it is refused. */
const char *jpeg_read(struct reader *reader);
const char *png_read(struct reader *reader);
const char *webp_read(struct reader *reader);
const char *gif_read(struct reader *reader);

static inline size_t reader_left(const struct reader *reader)
{
    return reader->len - reader->at;
}

static inline const unsigned char *reader_here(const struct reader *reader)
{
    return reader->bytes + reader->at;
}

/* Keeps `len` of the bytes from `from` on, which must be there; false if they have become too many pieces. */
bool reader_keep(struct reader *reader, size_t from, size_t len);

/* Keeps bytes that are not in the file; false likewise. */
bool reader_keep_own(struct reader *reader, const unsigned char *bytes, size_t len);

static inline uint32_t big_16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t big_32(const unsigned char *p)
{
    return big_16(p) << 16 | big_16(p + 2);
}

static inline uint32_t little_16(const unsigned char *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t little_24(const unsigned char *p)
{
    return (uint32_t)p[2] << 16 | little_16(p);
}

static inline uint32_t little_32(const unsigned char *p)
{
    return little_16(p + 2) << 16 | little_16(p);
}

#endif
