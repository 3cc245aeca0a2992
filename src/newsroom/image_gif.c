#include <string.h>

#include "image_reader.h"

enum { EXTENSION = 0x21, PICTURE = 0x2c, TRAILER = 0x3b, CONTROL = 0xf9, APPLICATION = 0xff };

/* The bytes of a colour table, by the flags that announce it (GIF89a, 19 and 21). */
static size_t table_len(unsigned flags)
{
    return (flags & 0x80) == 0 ? 0 : (size_t)3 << ((flags & 7) + 1);
}

static bool skip(struct reader *reader, size_t len)
{
    if (reader_left(reader) < len)
        return false;
    reader->at += len;
    return true;
}

/* Sub-blocks, each behind its length, up to one of none (GIF89a, 15 and 16). */
static bool skip_blocks(struct reader *reader)
{
    size_t len;
    do {
        if (reader_left(reader) == 0)
            return false;
        len = *reader_here(reader);
        if (!skip(reader, 1 + len))
            return false;
    } while (len > 0);
    return true;
}

/* An extension that says how pictures follow each other; no comment, no text and no other program's data. */
static bool is_kept(const unsigned char *extension, size_t len)
{
    if (extension[1] == CONTROL)
        return true;
    return extension[1] == APPLICATION && len >= 14 &&
           (memcmp(extension + 2, "\x0bNETSCAPE2.0", 12) == 0 || memcmp(extension + 2,
                                                                        "\x0b"
                                                                        "ANIMEXTS1.0",
                                                                        12) == 0);
}

static bool skip_picture(struct reader *reader)
{
    enum { DESCRIPTOR_LEN = 10 };
    const unsigned char *here = reader_here(reader);
    return skip(reader, DESCRIPTOR_LEN) && skip(reader, table_len(here[9])) && skip(reader, 1) && skip_blocks(reader);
}

static bool skip_extension(struct reader *reader)
{
    return skip(reader, 2) && skip_blocks(reader);
}

const char *gif_read(struct reader *reader)
{
    enum { SCREEN_LEN = 13 };
    bool has_picture = false;
    if (!skip(reader, SCREEN_LEN) || !skip(reader, table_len(reader->bytes[10])))
        return image_cut_short;
    reader->image->width = little_16(reader->bytes + 6);
    reader->image->height = little_16(reader->bytes + 8);
    reader_keep(reader, 0, reader->at);
    while (reader_left(reader) > 0 && *reader_here(reader) != TRAILER) {
        size_t from = reader->at;
        const unsigned char *block = reader_here(reader);
        if (*block != EXTENSION && *block != PICTURE)
            return image_damaged;
        if (*block == PICTURE ? !skip_picture(reader) : !skip_extension(reader))
            return image_cut_short;
        has_picture = has_picture || *block == PICTURE;
        size_t len = reader->at - from;
        if ((*block == PICTURE || is_kept(block, len)) && !reader_keep(reader, from, len))
            return image_damaged;
    }
    if (reader_left(reader) == 0)
        return image_cut_short;
    return has_picture && reader_keep(reader, reader->at, 1) ? NULL : image_damaged;
}
