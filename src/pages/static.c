#include <string.h>

#include "warta/base/asset.h"
#include "warta/pages/page.h"

/* "site.<hash>.css" → the asset static/site.css, if that is its hash; NULL otherwise. */
static const struct asset *static_find(struct exchange *x, const char *name)
{
    const char *extension = strrchr(name, '.');
    const char *hash = extension;
    while (hash != NULL && hash > name && hash[-1] != '.')
        hash--;
    if (hash == NULL || hash == name)
        return NULL;
    const struct asset *asset =
        asset_find(arena_format(&x->arena, "static/%.*s%s", (int)(hash - 1 - name), name, extension));
    size_t hash_len = (size_t)(extension - hash);
    if (asset == NULL || strlen(asset->hash) != hash_len || memcmp(asset->hash, hash, hash_len) != 0)
        return NULL;
    return asset;
}

int page_static(struct exchange *x)
{
    const struct asset *asset = static_find(x, json_string_value(json_object_get(x->params, "name")));
    if (asset == NULL)
        return 404;
    buf_append(&x->response->body, asset->bytes, asset->len);
    x->response->asset = asset;
    response_header(x->response, "Content-Type", asset->media_type);
    response_header(x->response, "Cache-Control", "public, max-age=31536000, immutable");
    return 200;
}
