#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/newsroom/image.h"

/* --- files: those that the fuzzing begins from --- */

static struct buf load(const char *name)
{
    char path[512], bytes[4096];
    const char *source = getenv("WARTA_SOURCE_DIR");
    struct buf content = BUF_EMPTY;
    snprintf(path, sizeof path, "%s/tests/fuzz/image/%s", source == NULL ? "." : source, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be read", path);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, file)) > 0;)
        buf_append(&content, bytes, got);
    fclose(file);
    return content;
}

static const unsigned char *bytes_of(const struct buf *buf)
{
    return (const unsigned char *)buf->data;
}

static struct buf kept_of(const struct image *image)
{
    struct buf kept = BUF_EMPTY;
    for (size_t i = 0; i < image->pieces_len; i++)
        buf_append(&kept, (const char *)image->pieces[i].bytes, image->pieces[i].len);
    assert_int_equal(kept.len, image_len(image));
    return kept;
}

static bool holds(const struct buf *bytes, const char *text)
{
    return memmem(bytes->data, bytes->len, text, strlen(text)) != NULL;
}

static void append_big_32(struct buf *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_char(out, (char)(value >> shift));
}

/* --- what is taken, and what of it is kept --- */

static const struct {
    const char *name, *media_type, *extension;
    uint32_t width, height;
    bool has_secrets;
    const char *kept[3];
} taken[] = {
    {"turned.jpg", "image/jpeg", "jpg", 16, 24, true, {"JFIF", "ICC_PROFILE", "Adobe"}},
    {"upright.jpg", "image/jpeg", "jpg", 24, 16, true, {"ICC_PROFILE"}},
    {"text.png", "image/png", "png", 24, 16, true, {"gAMA", "IDAT", "IEND"}},
    {"extended.webp", "image/webp", "webp", 24, 16, true, {"VP8X", "ICCP", "ALPH"}},
    {"lossy.webp", "image/webp", "webp", 24, 16, false, {"VP8 "}},
    {"lossless.webp", "image/webp", "webp", 24, 16, false, {"VP8L"}},
    {"moving.gif", "image/gif", "gif", 24, 16, true, {"NETSCAPE2.0"}},
    {"page.pdf", "application/pdf", "pdf", 0, 0, false, {"%PDF-1.4", "%%EOF"}},
};

static void test_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct buf file = load(taken[i].name);
        struct image image;
        const char *refused = image_read(&image, bytes_of(&file), file.len);
        if (refused != NULL)
            fail_msg("%s %s", taken[i].name, refused);
        assert_string_equal(image.media_type, taken[i].media_type);
        assert_string_equal(image.extension, taken[i].extension);
        assert_int_equal(image.width, taken[i].width);
        assert_int_equal(image.height, taken[i].height);
        struct buf kept = kept_of(&image);
        assert_int_equal(holds(&file, "SECRET"), taken[i].has_secrets);
        assert_false(holds(&kept, "SECRET"));
        assert_false(holds(&kept, "EXIF"));
        for (size_t k = 0; k < 3 && taken[i].kept[k] != NULL; k++) {
            if (!holds(&kept, taken[i].kept[k]))
                fail_msg("%s: %s is not kept", taken[i].name, taken[i].kept[k]);
        }
        buf_release(&kept);
        buf_release(&file);
    }
}

/* What is kept is a whole file of its kind, of which nothing more is taken away. */
static void test_kept_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct buf file = load(taken[i].name);
        struct image image, again;
        assert_null(image_read(&image, bytes_of(&file), file.len));
        struct buf kept = kept_of(&image);
        assert_null(image_read(&again, bytes_of(&kept), kept.len));
        struct buf kept_again = kept_of(&again);
        assert_int_equal(kept_again.len, kept.len);
        assert_memory_equal(kept_again.data, kept.data, kept.len);
        assert_int_equal(again.width, image.width);
        buf_release(&kept_again);
        buf_release(&kept);
        buf_release(&file);
    }
}

/* The only EXIF left is how the picture is turned. */
static void test_orientation(void **state)
{
    (void)state;
    static const unsigned char exif[] = {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                                         0,    1,    1, 18, 0,   3,   0,   0,   0, 1, 0,   6,   0, 0,  0, 0, 0, 0};
    struct buf turned = load("turned.jpg"), upright = load("upright.jpg");
    struct image image;
    assert_null(image_read(&image, bytes_of(&turned), turned.len));
    struct buf kept = kept_of(&image);
    assert_non_null(memmem(kept.data, kept.len, exif, sizeof exif));
    buf_release(&kept);
    assert_null(image_read(&image, bytes_of(&upright), upright.len));
    kept = kept_of(&image);
    assert_false(holds(&kept, "Exif"));
    buf_release(&kept);
    buf_release(&turned);
    buf_release(&upright);
}

static void test_all_orientations(void **state)
{
    (void)state;
    struct buf file = load("turned.jpg");
    static const char mark[] = {0x12, 0x01, 3, 0, 1, 0, 0, 0};
    char *tag = memmem(file.data, file.len, mark, sizeof mark);
    assert_non_null(tag);
    for (int value = 0; value < 12; value++) {
        struct image image;
        tag[sizeof mark] = (char)value;
        assert_null(image_read(&image, bytes_of(&file), file.len));
        bool sideways = value >= 5 && value <= 8;
        assert_int_equal(image.width, sideways ? 16 : 24);
        struct buf kept = kept_of(&image);
        assert_int_equal(holds(&kept, "Exif"), value >= 2 && value <= 8);
        buf_release(&kept);
    }
    buf_release(&file);
}

static void test_webp_says_what_it_has(void **state)
{
    (void)state;
    struct buf file = load("extended.webp");
    struct image image;
    assert_int_equal(file.data[20] & 0x0c, 0x0c);
    assert_null(image_read(&image, bytes_of(&file), file.len));
    struct buf kept = kept_of(&image);
    assert_int_equal(kept.data[20] & 0x0c, 0);
    assert_int_equal(kept.data[20] & 0x30, 0x30);
    uint32_t riff_len = 0;
    for (int i = 3; i >= 0; i--)
        riff_len = riff_len << 8 | (unsigned char)kept.data[4 + i];
    assert_int_equal(riff_len + 8, kept.len);
    buf_release(&kept);
    buf_release(&file);
}

/* --- what is refused --- */

/* Cut anywhere, each is refused in words, unless only what was not kept anyway is missing. */
static void test_cut_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct buf file = load(taken[i].name);
        struct image image;
        static const char trailer[] = "SECRET trailer";
        size_t whole = file.len;
        if (memcmp(file.data + file.len - sizeof trailer + 1, trailer, sizeof trailer - 1) == 0)
            whole -= sizeof trailer - 1;
        if (strcmp(taken[i].media_type, "application/pdf") == 0)
            whole -= 1; /* the line end behind %%EOF */
        for (size_t len = 0; len < file.len; len++) {
            unsigned char *cut = mem_alloc(len + 1);
            memcpy(cut, file.data, len);
            const char *refused = image_read(&image, len == 0 ? NULL : cut, len);
            if ((refused == NULL) != (len >= whole))
                fail_msg("%s: %zu of %zu bytes: %s", taken[i].name, len, file.len, refused == NULL ? "taken" : refused);
            free(cut);
        }
        buf_release(&file);
    }
}

static const struct {
    const char *bytes;
    size_t len;
    const char *refused;
} others[] = {
    {"", 0, "is empty"},
    {"hello", 5, "is neither an image"},
    {"<svg xmlns='http://www.w3.org/2000/svg'/>", 41, "is neither an image"},
    {"<!doctype html><script>alert(1)</script>", 40, "is neither an image"},
    {"\0\0\0\x18"
     "ftypheic",
     12, "is neither an image"},
    {"GIF88a", 6, "is neither an image"},
    {"%PDF-3.0\n%%EOF", 14, "is neither an image"},
    {"%PDF-1.4\nno end", 15, "is cut short"},
    {"RIFF\xff\xff\xff\xffWEBPVP8 ", 16, "is cut short"},
    {"RIFF\0\0\0\0WEBPVP8 ", 16, "is damaged"},
    {"\xff\xd8\xff\xd8\xff\xd9", 6, "is damaged"},
    {"\xff\xd8\xff\xd9", 4, "is damaged"},
    {"\xff\xd8\xff\xe0\0\1\xff\xd9", 8, "is damaged"},
    {"\xff\xd8\xff\xda\0\2\xff\xd9", 8, "is damaged"},
    {"GIF89a\1\0\1\0\0\0\0;", 14, "is damaged"},
    {"GIF89a\1\0\1\0\0\0\0\7;", 15, "is damaged"},
    {"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82", 20, "is damaged"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct image image;
        const char *refused = image_read(&image, (const unsigned char *)others[i].bytes, others[i].len);
        if (refused == NULL || strncmp(refused, others[i].refused, strlen(others[i].refused)) != 0)
            fail_msg("%zu: %s", i, refused == NULL ? "taken" : refused);
    }
}

/* Any one byte of another value: no crash; and of PNG, whose chunks have checksums, what is kept may lack a chunk that
 * is no longer known, but is not changed. */
static void test_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct buf file = load(taken[i].name);
        struct image image;
        assert_null(image_read(&image, bytes_of(&file), file.len));
        struct buf kept = kept_of(&image);
        for (size_t at = 0; at < file.len; at++) {
            file.data[at] = (char)(file.data[at] ^ 0x55);
            if (image_read(&image, bytes_of(&file), file.len) == NULL && strcmp(taken[i].name, "text.png") == 0) {
                struct buf now = kept_of(&image);
                assert_true(now.len < kept.len || memcmp(now.data, kept.data, kept.len) == 0);
                buf_release(&now);
            }
            file.data[at] = (char)(file.data[at] ^ 0x55);
        }
        buf_release(&kept);
        buf_release(&file);
    }
}

static void append_chunk(struct buf *out, const char *type, const char *data, size_t len)
{
    append_big_32(out, (uint32_t)len);
    size_t from = out->len;
    buf_append(out, type, 4);
    buf_append(out, data, len);
    append_big_32(out, (uint32_t)crc32_z(0, (const unsigned char *)out->data + from, len + 4));
}

static struct buf png(uint32_t width, uint32_t height, size_t text_chunks)
{
    struct buf file = BUF_EMPTY, header = BUF_EMPTY;
    append_big_32(&header, width);
    append_big_32(&header, height);
    buf_append(&header, "\x08\x02\0\0\0", 5);
    buf_append(&file, "\x89PNG\r\n\x1a\n", 8);
    append_chunk(&file, "IHDR", header.data, header.len);
    for (size_t i = 0; i < text_chunks; i++) {
        append_chunk(&file, "IDAT", "x", 1);
        append_chunk(&file, "tEXt", "a\0b", 3);
    }
    append_chunk(&file, "IDAT", "x", 1);
    append_chunk(&file, "IEND", "", 0);
    buf_release(&header);
    return file;
}

static const struct {
    uint32_t width, height;
    const char *refused; /* NULL: taken */
} sides[] = {
    {1, 1, NULL},
    {20000, 5000, NULL},
    {20000, 5001, "is a larger image"},
    {20001, 1, "is a larger image"},
    {1, 20001, "is a larger image"},
    {0xffffffff, 0xffffffff, "is a larger image"},
    {0, 1, "is an image without width or height"},
    {1, 0, "is an image without width or height"},
};

static void test_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        struct buf file = png(sides[i].width, sides[i].height, 0);
        struct image image;
        const char *refused = image_read(&image, bytes_of(&file), file.len);
        if (sides[i].refused == NULL)
            assert_null(refused);
        else
            assert_true(refused != NULL && strncmp(refused, sides[i].refused, strlen(sides[i].refused)) == 0);
        buf_release(&file);
    }
}

/* The pieces have a bound: memory does not grow with what is left out. */
static void test_many_pieces(void **state)
{
    (void)state;
    struct image image;
    struct buf few = png(1, 1, IMAGE_PIECES_MAX - 2), many = png(1, 1, 100000);
    assert_null(image_read(&image, bytes_of(&few), few.len));
    struct buf kept = kept_of(&image);
    assert_false(holds(&kept, "tEXt"));
    assert_non_null(image_read(&image, bytes_of(&many), many.len));
    buf_release(&kept);
    buf_release(&few);
    buf_release(&many);
}

/* A PDF may have something before its first line, but not much; and an image is never taken for one. */
static void test_pdf_within(void **state)
{
    (void)state;
    struct buf file = BUF_EMPTY;
    struct image image;
    for (int i = 0; i < 1000; i++)
        buf_char(&file, ' ');
    buf_text(&file, "%PDF-2.0\n%%EOF\n");
    assert_null(image_read(&image, bytes_of(&file), file.len));
    assert_int_equal(image_len(&image), file.len);
    buf_release(&file);
    for (int i = 0; i < 1100; i++)
        buf_char(&file, ' ');
    buf_text(&file, "%PDF-2.0\n%%EOF\n");
    assert_non_null(image_read(&image, bytes_of(&file), file.len));
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_kept_is_whole),
        cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_all_orientations),
        cmocka_unit_test(test_webp_says_what_it_has),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_sides),
        cmocka_unit_test(test_many_pieces),
        cmocka_unit_test(test_pdf_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
