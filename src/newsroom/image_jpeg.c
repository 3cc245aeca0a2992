#include <string.h>

#include "image_reader.h"

/* Markers (ITU-T T.81, table B.1). */
enum {
    SOF0 = 0xc0,
    DHT = 0xc4,
    JPG = 0xc8,
    DAC = 0xcc,
    SOF15 = 0xcf,
    RST0 = 0xd0,
    RST7 = 0xd7,
    SOI = 0xd8,
    EOI = 0xd9,
    SOS = 0xda,
    DQT = 0xdb,
    DRI = 0xdd,
    APP0 = 0xe0,
    APP1 = 0xe1,
    APP2 = 0xe2,
    APP14 = 0xee,
    APP15 = 0xef,
    COM = 0xfe,
};

struct segment {
    unsigned marker;
    size_t from, len; /* with marker and length */
    const unsigned char *data;
    size_t data_len;
};

struct jpeg {
    struct reader *reader;
    uint32_t orientation; /* 1: as stored */
    bool has_frame, has_scan;
};

/* --- orientation, as EXIF has it --- */

struct tiff {
    const unsigned char *bytes;
    size_t len;
    bool big;
};

static uint32_t tiff_16(const struct tiff *tiff, size_t at)
{
    return tiff->big ? big_16(tiff->bytes + at) : little_16(tiff->bytes + at);
}

/* The orientation in the first directory (TIFF 6.0, section 2; CIPA DC-008, 4.6.5.1.6); 1 if it says none that exists. */
static uint32_t tiff_orientation(const struct tiff *tiff)
{
    enum { HEADER_LEN = 8, ENTRY_LEN = 12, TAG_ORIENTATION = 0x112, TYPE_SHORT = 3 };
    if (tiff->len < HEADER_LEN || tiff_16(tiff, 2) != 42)
        return 1;
    size_t at = tiff->big ? big_32(tiff->bytes + 4) : little_32(tiff->bytes + 4);
    if (at > tiff->len - 2)
        return 1;
    uint32_t entries = tiff_16(tiff, at);
    at += 2;
    for (uint32_t i = 0; i < entries && tiff->len - at >= ENTRY_LEN; i++, at += ENTRY_LEN) {
        if (tiff_16(tiff, at) != TAG_ORIENTATION || tiff_16(tiff, at + 2) != TYPE_SHORT)
            continue;
        uint32_t value = tiff_16(tiff, at + 8);
        return value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}

static uint32_t exif_orientation(const unsigned char *data, size_t len)
{
    enum { MARK_LEN = 6 };
    if (len < MARK_LEN + 2 || memcmp(data, "Exif\0", MARK_LEN - 1) != 0)
        return 1;
    struct tiff tiff = {data + MARK_LEN, len - MARK_LEN, false};
    tiff.big = memcmp(tiff.bytes, "MM", 2) == 0;
    if (!tiff.big && memcmp(tiff.bytes, "II", 2) != 0)
        return 1;
    return tiff_orientation(&tiff);
}

/* A segment of EXIF with one directory of one entry. */
static bool keep_orientation(struct reader *reader, uint32_t orientation)
{
    unsigned char exif[] = {0xff, APP1, 0, 34, 'E', 'x', 'i',  'f', 0, 0, 'M', 'M', 0, 42, 0,
                            0,    0,    8, 0,  1,   1,   0x12, 0,   3, 0, 0,   0,   1, 0,  (unsigned char)orientation,
                            0,    0,    0, 0,  0,   0};
    return reader_keep_own(reader, exif, sizeof exif);
}

/* --- segments --- */

/* The segment that begins here; NULL, or what is wrong. Markers may have fill bytes before them (T.81, B.1.1.2). */
static const char *next_segment(struct reader *reader, struct segment *segment)
{
    if (reader_left(reader) < 2)
        return image_cut_short;
    if (*reader_here(reader) != 0xff)
        return image_damaged;
    while (reader_left(reader) >= 2 && reader_here(reader)[1] == 0xff)
        reader->at++;
    if (reader_left(reader) < 2)
        return image_cut_short;
    *segment = (struct segment){.marker = reader_here(reader)[1], .from = reader->at, .len = 2};
    if (segment->marker == EOI)
        return NULL;
    if (segment->marker < SOF0 || (segment->marker >= RST0 && segment->marker <= SOI))
        return image_damaged;
    if (reader_left(reader) < 4)
        return image_cut_short;
    size_t data_len = big_16(reader_here(reader) + 2);
    if (data_len < 2)
        return image_damaged;
    if (data_len > reader_left(reader) - 2)
        return image_cut_short;
    segment->len = data_len + 2;
    segment->data = reader_here(reader) + 4;
    segment->data_len = data_len - 2;
    return NULL;
}

static bool is_frame(unsigned marker)
{
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

static const char *read_frame(struct jpeg *jpeg, const struct segment *segment)
{
    struct image *image = jpeg->reader->image;
    if (jpeg->has_frame || segment->data_len < 6)
        return image_damaged;
    jpeg->has_frame = true;
    image->height = big_16(segment->data + 1);
    image->width = big_16(segment->data + 3);
    return NULL;
}

/* The image's own data goes on behind a scan's header up to the next marker (T.81, B.1.1.5). */
static void skip_scan(struct reader *reader)
{
    for (;;) {
        const unsigned char *mark = memchr(reader_here(reader), 0xff, reader_left(reader));
        if (mark == NULL || mark + 1 == reader->bytes + reader->len) {
            reader->at = reader->len;
            return;
        }
        reader->at = (size_t)(mark - reader->bytes);
        if (mark[1] != 0 && mark[1] != 0xff && (mark[1] < RST0 || mark[1] > RST7))
            return;
        reader->at += mark[1] == 0xff ? 1 : 2;
    }
}

static bool data_is(const struct segment *segment, const char *mark, size_t mark_len)
{
    return segment->data_len >= mark_len && memcmp(segment->data, mark, mark_len) == 0;
}

/* Of the application's segments only those that say how colours are meant; a JFIF one only without its preview
 * picture. */
static bool is_kept(const struct segment *segment)
{
    enum { JFIF_LEN = 14 };
    if (segment->marker == APP0)
        return segment->data_len == JFIF_LEN && data_is(segment, "JFIF", 5);
    if (segment->marker == APP2)
        return data_is(segment, "ICC_PROFILE", 12);
    if (segment->marker == APP14)
        return segment->data_len == 12 && data_is(segment, "Adobe", 5);
    return is_frame(segment->marker) || segment->marker == DHT || segment->marker == DAC || segment->marker == SOS ||
           segment->marker == DQT || segment->marker == DRI;
}

static const char *read_segment(struct jpeg *jpeg, const struct segment *segment)
{
    struct reader *reader = jpeg->reader;
    const char *refused = is_frame(segment->marker) ? read_frame(jpeg, segment) : NULL;
    if (refused != NULL)
        return refused;
    reader->at += segment->len;
    if (segment->marker == SOS) {
        if (!jpeg->has_frame)
            return image_damaged;
        jpeg->has_scan = true;
        skip_scan(reader);
    }
    if (segment->marker == APP1 && jpeg->orientation == 1 && !jpeg->has_frame) {
        jpeg->orientation = exif_orientation(segment->data, segment->data_len);
        if (jpeg->orientation != 1 && !keep_orientation(reader, jpeg->orientation))
            return image_damaged;
    }
    if (is_kept(segment) && !reader_keep(reader, segment->from, reader->at - segment->from))
        return image_damaged;
    return NULL;
}

const char *jpeg_read(struct reader *reader)
{
    struct jpeg jpeg = {.reader = reader, .orientation = 1};
    struct segment segment;
    reader_keep(reader, 0, 2);
    reader->at = 2;
    const char *refused = next_segment(reader, &segment);
    while (refused == NULL && segment.marker != EOI) {
        refused = read_segment(&jpeg, &segment);
        if (refused == NULL)
            refused = next_segment(reader, &segment);
    }
    if (refused != NULL)
        return refused;
    if (!jpeg.has_scan || !reader_keep(reader, segment.from, segment.len))
        return image_damaged;
    if (jpeg.orientation >= 5) {
        uint32_t width = reader->image->width;
        reader->image->width = reader->image->height;
        reader->image->height = width;
    }
    return NULL;
}
