#include "warta/app/route.h"

#include <stdio.h>
#include <string.h>

#include "warta/http/url.h"

/* The first row that fits answers. */
static const struct route routes[] = {
    {.method = METHOD_GET, .pattern = "/", .page = page_listing, .params = listing_params},
    {.method = METHOD_GET, .pattern = "/items.json", .page = page_listing_json, .params = listing_params},
    {.method = METHOD_GET, .pattern = "/items/{slug}.json", .page = page_item_json},
    {.method = METHOD_GET, .pattern = "/items/{slug}.md", .page = page_item_md},
    {.method = METHOD_GET, .pattern = "/items/{slug}", .page = page_item},
    {.method = METHOD_GET, .pattern = "/static/{name}", .page = page_static},
};

enum { ROUTES = sizeof routes / sizeof *routes };

/* Fits one segment of a path to one of a pattern, which may hold a capture. The decoded capture goes into `captures`. */
static bool segment_fits(const char *pattern, size_t pattern_len, const char *segment, size_t segment_len,
                         struct arena *arena, json_t *captures)
{
    const char *open = memchr(pattern, '{', pattern_len);
    if (open == NULL)
        return segment_len == pattern_len && memcmp(segment, pattern, segment_len) == 0;
    const char *close = strchr(open, '}');
    size_t before_len = (size_t)(open - pattern);
    size_t after_len = (size_t)(pattern + pattern_len - close - 1);
    if (segment_len <= before_len + after_len || memcmp(segment, pattern, before_len) != 0 ||
        memcmp(segment + segment_len - after_len, close + 1, after_len) != 0)
        return false;
    const char *value = url_decode_segment(arena, segment + before_len, segment_len - before_len - after_len);
    if (value == NULL)
        return false;
    json_object_set_new(captures, arena_copy(arena, open + 1, (size_t)(close - open - 1)), json_string(value));
    return true;
}

static bool pattern_fits(const char *pattern, const char *path, struct arena *arena, json_t *captures)
{
    while (*pattern == '/' && *path == '/') {
        size_t pattern_len = strcspn(++pattern, "/");
        size_t path_len = strcspn(++path, "/");
        if (!segment_fits(pattern, pattern_len, path, path_len, arena, captures))
            return false;
        pattern += pattern_len;
        path += path_len;
    }
    return *pattern == '\0' && *path == '\0';
}

static bool method_fits(const struct route *route, enum method method)
{
    return route->method == method || (route->method == METHOD_GET && method == METHOD_HEAD);
}

/* Adds what a row answers to an Allow header's list, unless it is there. */
static void allow_add(char *allow, size_t allow_len, enum method method)
{
    const char *name = method == METHOD_GET ? "GET, HEAD" : method_name(method);
    if (strstr(allow, name) == NULL)
        snprintf(allow + strlen(allow), allow_len - strlen(allow), "%s, ", name);
}

const struct route *route_find(enum method method, const char *path, json_t *captures, char *allow, size_t allow_len)
{
    const struct route *found = NULL;
    struct arena arena;
    arena_init(&arena);
    *allow = '\0';
    for (size_t i = 0; i < ROUTES && found == NULL; i++) {
        if (!pattern_fits(routes[i].pattern, path, &arena, captures))
            continue;
        if (method_fits(&routes[i], method))
            found = &routes[i];
        else
            allow_add(allow, allow_len, routes[i].method);
    }
    arena_release(&arena);
    if (found == NULL && *allow != '\0')
        snprintf(allow + strlen(allow), allow_len - strlen(allow), "OPTIONS");
    return found;
}
