#include "warta/base/asset_make.h"

#include <sodium.h>
#include <string.h>

#include "warta/base/compress.h"

static const struct {
    const char *suffix, *name;
} media_types[] = {
    {".css", "text/css; charset=utf-8"},
    {".gif", "image/gif"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/x-icon"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".png", "image/png"},
    {".sql", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".xml", "application/xml"},
    {".xsl", "application/xslt+xml"},
};

const char *asset_media_type(const char *name)
{
    const char *suffix = strrchr(name, '.');
    for (size_t i = 0; suffix != NULL && i < sizeof media_types / sizeof *media_types; i++)
        if (strcmp(suffix, media_types[i].suffix) == 0)
            return media_types[i].name;
    return NULL;
}

void asset_hash(const char *bytes, size_t len, char hash[static ASSET_HASH_CAP])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)bytes, len);
    sodium_bin2hex(hash, ASSET_HASH_CAP, digest, ASSET_HASH_CAP / 2);
}

static void drop_if_not_smaller(struct buf *form, size_t len)
{
    if (form->len >= len)
        buf_release(form);
}

void asset_compress(const char *bytes, size_t len, bool quick, struct buf *gzip, struct buf *brotli)
{
    enum { BROTLI_QUICK = 9 };
    if (len == 0)
        return;
    compress_gzip(bytes, len, COMPRESS_GZIP_MAX, gzip);
    compress_brotli(bytes, len, quick ? BROTLI_QUICK : COMPRESS_BROTLI_MAX, brotli);
    drop_if_not_smaller(gzip, len);
    drop_if_not_smaller(brotli, len);
}
