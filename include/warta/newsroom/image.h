/* What a file is by its bytes, and which of them are kept.
 *
 * Taken are JPEG, PNG, WebP, GIF and PDF. Of an image only that is kept which a browser needs to show it: place,
 * camera and author (EXIF, XMP, IPTC, comments, text chunks), previews and whatever stands behind its end are left
 * out. A JPEG that was taken sideways keeps an EXIF block that says so and nothing else. A PDF is kept as it is.
 * Pixels are not decoded: the structure is walked and must be whole.
 *
 * Specifications: JPEG ITU-T T.81 annex B, JFIF ITU-T T.871, EXIF CIPA DC-008; PNG (Third Edition) 5; WebP RFC 9649;
 * GIF89a; ICC.1 annex B.4; PDF ISO 32000-2, 7.5.
 *
 * Threads: any. */
#ifndef WARTA_NEWSROOM_IMAGE_H
#define WARTA_NEWSROOM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_SIDE_MAX = 20000, IMAGE_PIXELS_MAX = 100000000, IMAGE_PIECES_MAX = 1024, IMAGE_OWN_CAP = 64 };

struct image_piece {
    const unsigned char *bytes;
    size_t len;
};

/* The pieces, one behind the other, are what is kept. They point into the bytes that were read, or into `own`. */
struct image {
    const char *media_type; /* "image/jpeg" */
    const char *extension;  /* "jpg" */
    uint32_t width, height; /* as shown, that is after turning; 0 of a PDF */
    struct image_piece pieces[IMAGE_PIECES_MAX];
    size_t pieces_len;
    unsigned char own[IMAGE_OWN_CAP]; /* what had to be written anew */
    size_t own_len;
};

/* Reads `len` bytes, which must outlive the image, as the image must stay where it is. NULL, or why they are refused:
 * words that go on from the file's name ("is cut short: …"). */
const char *image_read(struct image *image, const unsigned char *bytes, size_t len);

/* The sum of the pieces. */
size_t image_len(const struct image *image);

#endif
