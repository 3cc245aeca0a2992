#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <sodium.h>
#include <zlib.h>

#include "warta/base/asset.h"
#include "warta/base/buf.h"
#include "warta/store/sql.h"

static const char *source_dir(void)
{
    const char *dir = getenv("WARTA_SOURCE_DIR");
    return dir ? dir : ".";
}

static void read_source(const char *name, struct buf *out)
{
    char path[4096], chunk[4096];
    size_t len;
    snprintf(path, sizeof path, "%s/%s", source_dir(), name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_append(out, chunk, len);
    fclose(file);
}

static void test_every_asset_is_its_file(void **state)
{
    (void)state;
    const struct asset *first;
    size_t count = asset_range("", &first);
    assert_true(count > 10);
    for (const struct asset *asset = first; asset < first + count; asset++) {
        struct buf file = BUF_EMPTY;
        unsigned char digest[crypto_hash_sha256_BYTES];
        char hex[sizeof digest * 2 + 1];
        read_source(asset->name, &file);
        assert_int_equal(asset->len, file.len);
        assert_memory_equal(asset->bytes, buf_string(&file), file.len + 1);
        crypto_hash_sha256(digest, (const unsigned char *)buf_string(&file), file.len);
        sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
        assert_int_equal(strlen(asset->hash), 16);
        assert_memory_equal(asset->hash, hex, 16);
        assert_non_null(strchr(asset->media_type, '/'));
        buf_release(&file);
    }
}

static void test_names_are_sorted_and_found(void **state)
{
    (void)state;
    const struct asset *first;
    size_t count = asset_range("", &first);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(first[i - 1].name, first[i].name) < 0);
        assert_ptr_equal(asset_find(first[i].name), first + i);
    }
    static const char *const missing[] = {"", "static", "static/", "static/site.cs", "static/site.css2", "../x", "~"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        assert_null(asset_find(missing[i]));
}

static void test_ranges(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"sql/", "sql/migrate/", "static/", "templates/", "templates/public/"};
    const struct asset *all, *first;
    size_t all_len = asset_range("", &all);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t expected = 0, len = asset_range(prefixes[i], &first);
        for (size_t k = 0; k < all_len; k++)
            expected += strncmp(all[k].name, prefixes[i], strlen(prefixes[i])) == 0;
        assert_true(len > 0);
        assert_int_equal(len, expected);
        for (size_t k = 0; k < len; k++)
            assert_memory_equal(first[k].name, prefixes[i], strlen(prefixes[i]));
    }
    assert_int_equal(asset_range("a", &first), 0);
    assert_int_equal(asset_range("sql/z", &first), 0);
    assert_int_equal(asset_range("zzz", &first), 0);
}

static void assert_gunzips_to(const struct asset *asset)
{
    struct buf plain = BUF_EMPTY;
    z_stream stream = {0};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    buf_reserve(&plain, asset->len + 1);
    stream.next_in = (Bytef *)(uintptr_t)asset->gzip;
    stream.avail_in = (uInt)asset->gzip_len;
    stream.next_out = (Bytef *)plain.data;
    stream.avail_out = (uInt)asset->len + 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, asset->len);
    assert_memory_equal(plain.data, asset->bytes, asset->len);
    inflateEnd(&stream);
    buf_release(&plain);
}

static void test_compressed_forms(void **state)
{
    (void)state;
    const struct asset *first;
    const struct asset *css = asset_find("static/site.css");
    assert_non_null(css);
    assert_non_null(css->gzip);
    assert_non_null(css->brotli);
    assert_string_equal(css->media_type, "text/css; charset=utf-8");
    /* RFC 1952, 2.3.1: bytes 4 to 7 are the time. */
    assert_memory_equal(css->gzip, "\x1f\x8b\x08\0\0\0\0\0", 8);
    size_t len = asset_range("", &first);
    for (const struct asset *asset = first; asset < first + len; asset++) {
        if (strncmp(asset->name, "static/", 7) != 0) {
            assert_null(asset->gzip);
            assert_null(asset->brotli);
        }
        assert_true(asset->gzip ? asset->gzip_len > 0 && asset->gzip_len < asset->len : asset->gzip_len == 0);
        assert_true(asset->brotli ? asset->brotli_len > 0 && asset->brotli_len < asset->len : asset->brotli_len == 0);
        if (asset->gzip)
            assert_gunzips_to(asset);
    }
}

/* The names that the files of sql/ give, in any order; each must be known. Returns how many. */
static size_t check_names(const char *path, const char *file)
{
    char line[1024], name[64];
    size_t len = 0;
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    while (fgets(line, sizeof line, stream) != NULL) {
        enum sql sql = 0;
        if (sscanf(line, "-- name: %63s", name) != 1)
            continue;
        while (sql < SQL_COUNT && strcmp(sql_name(sql), name) != 0)
            sql++;
        assert_true(sql < SQL_COUNT);
        assert_string_equal(sql_file(sql), file);
        len++;
    }
    fclose(stream);
    return len;
}

static void test_statements_are_those_of_sql(void **state)
{
    (void)state;
    char folder[4096], path[8192];
    size_t len = 0;
    snprintf(folder, sizeof folder, "%s/sql", source_dir());
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strstr(entry->d_name, ".sql") == NULL)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        len += check_names(path, path + strlen(source_dir()) + 1);
    }
    closedir(entries);
    assert_int_equal(len, SQL_COUNT);
    for (enum sql sql = 1; sql < SQL_COUNT; sql++)
        assert_true(strcmp(sql_name(sql - 1), sql_name(sql)) < 0);
    assert_string_equal(sql_name(SQL_ITEM_INSERT), "item_insert");
    assert_non_null(strstr(sql_text(SQL_ITEM_INSERT), "INSERT INTO item"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_asset_is_its_file),
        cmocka_unit_test(test_names_are_sorted_and_found),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_compressed_forms),
        cmocka_unit_test(test_statements_are_those_of_sql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
