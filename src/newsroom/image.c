#include "warta/newsroom/image.h"

#include <assert.h>
#include <string.h>

#include "image_reader.h"

enum { PDF_MARK_WITHIN = 1024 };

const char image_cut_short[] = "is cut short: please save it again where it comes from, and upload that";
const char image_damaged[] = "is damaged: please save it again where it comes from, and upload that";

/* --- pieces --- */

static bool add_piece(struct image *image, const unsigned char *bytes, size_t len)
{
    struct image_piece *last = image->pieces_len == 0 ? NULL : &image->pieces[image->pieces_len - 1];
    if (last != NULL && last->bytes + last->len == bytes) {
        last->len += len;
        return true;
    }
    if (image->pieces_len == IMAGE_PIECES_MAX)
        return false;
    image->pieces[image->pieces_len++] = (struct image_piece){bytes, len};
    return true;
}

bool reader_keep(struct reader *reader, size_t from, size_t len)
{
    assert(from <= reader->len && len <= reader->len - from);
    return len == 0 || add_piece(reader->image, reader->bytes + from, len);
}

bool reader_keep_own(struct reader *reader, const unsigned char *bytes, size_t len)
{
    struct image *image = reader->image;
    assert(len <= IMAGE_OWN_CAP - image->own_len);
    unsigned char *own = image->own + image->own_len;
    memcpy(own, bytes, len);
    image->own_len += len;
    return add_piece(image, own, len);
}

size_t image_len(const struct image *image)
{
    size_t len = 0;
    for (size_t i = 0; i < image->pieces_len; i++)
        len += image->pieces[i].len;
    return len;
}

/* --- kinds --- */

static bool begins_with(const struct reader *reader, size_t at, const char *mark, size_t mark_len)
{
    return reader->len >= at + mark_len && memcmp(reader->bytes + at, mark, mark_len) == 0;
}

static bool is_jpeg(const struct reader *reader)
{
    return begins_with(reader, 0, "\xff\xd8\xff", 3);
}

static bool is_png(const struct reader *reader)
{
    return begins_with(reader, 0, "\x89PNG\r\n\x1a\n", 8);
}

static bool is_webp(const struct reader *reader)
{
    return begins_with(reader, 0, "RIFF", 4) && begins_with(reader, 8, "WEBP", 4);
}

static bool is_gif(const struct reader *reader)
{
    return begins_with(reader, 0, "GIF87a", 6) || begins_with(reader, 0, "GIF89a", 6);
}

/* Readers of PDF look for its first line in the first kilobyte, and for its last line in the last one; so the many
 * files are taken that have something before or behind (ISO 32000-1, annex H, implementation notes 13 and 18). */
static bool is_pdf(const struct reader *reader)
{
    size_t within = reader->len < PDF_MARK_WITHIN ? reader->len : PDF_MARK_WITHIN;
    return memmem(reader->bytes, within, "%PDF-1.", 7) != NULL || memmem(reader->bytes, within, "%PDF-2.", 7) != NULL;
}

static const char *pdf_read(struct reader *reader)
{
    size_t within = reader->len < PDF_MARK_WITHIN ? reader->len : PDF_MARK_WITHIN;
    if (memmem(reader->bytes + reader->len - within, within, "%%EOF", 5) == NULL)
        return image_cut_short;
    reader_keep(reader, 0, reader->len);
    return NULL;
}

static const struct kind {
    const char *media_type, *extension;
    bool (*is)(const struct reader *reader);
    const char *(*read)(struct reader *reader);
    bool has_sides;
} kinds[] = {
    {"image/jpeg", "jpg", is_jpeg, jpeg_read, true},     {"image/png", "png", is_png, png_read, true},
    {"image/webp", "webp", is_webp, webp_read, true},    {"image/gif", "gif", is_gif, gif_read, true},
    {"application/pdf", "pdf", is_pdf, pdf_read, false},
};

static const char *check_sides(const struct image *image)
{
    if (image->width == 0 || image->height == 0)
        return "is an image without width or height";
    if (image->width > IMAGE_SIDE_MAX || image->height > IMAGE_SIDE_MAX ||
        (uint64_t)image->width * image->height > IMAGE_PIXELS_MAX)
        return "is a larger image than browsers can show: please make it smaller than 20,000 pixels on each side and "
               "100 megapixels in all";
    return NULL;
}

const char *image_read(struct image *image, const unsigned char *bytes, size_t len)
{
    struct reader reader = {.image = image, .bytes = bytes, .len = len};
    *image = (struct image){0};
    if (len == 0)
        return "is empty";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!kinds[i].is(&reader))
            continue;
        image->media_type = kinds[i].media_type;
        image->extension = kinds[i].extension;
        const char *refused = kinds[i].read(&reader);
        return refused == NULL && kinds[i].has_sides ? check_sides(image) : refused;
    }
    return "is neither an image (JPEG, PNG, WebP or GIF) nor a PDF";
}
