#include <string.h>

#include "warta/base/asset.h"
#include "warta/pages/page.h"

/* "site.<hash>.css" → the file site.css, if that is its hash; NULL otherwise. */
static const struct asset *find_hashed(struct exchange *x, const char *name)
{
    const char *extension = strrchr(name, '.');
    const char *hash = extension;
    while (hash != NULL && hash > name && hash[-1] != '.')
        hash--;
    if (hash == NULL || hash == name)
        return NULL;
    const struct asset *asset =
        view_static(x->site->view, arena_format(&x->arena, "%.*s%s", (int)(hash - 1 - name), name, extension));
    size_t hash_len = (size_t)(extension - hash);
    if (asset == NULL || strlen(asset->hash) != hash_len || memcmp(asset->hash, hash, hash_len) != 0)
        return NULL;
    return asset;
}

int page_static(struct exchange *x)
{
    struct response *response = x->response;
    const char *name = json_string_value(json_object_get(x->params, "name"));
    const struct asset *asset = find_hashed(x, name);
    const char *caching = asset != NULL ? "public, max-age=31536000, immutable" : "public, max-age=3600";
    if (asset == NULL)
        asset = view_theme_static(x->site->view, name);
    if (asset == NULL)
        return 404;
    buf_append(&response->body, asset->bytes, asset->len);
    response->compressed = true;
    buf_append(&response->gzip, asset->gzip, asset->gzip_len);
    buf_append(&response->brotli, asset->brotli, asset->brotli_len);
    response_header(response, "Cache-Control", caching);
    return page_body(x, 200, asset->media_type);
}
