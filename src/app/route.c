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

static bool ends_as(const char *text, size_t text_len, const char *end, size_t end_len)
{
    return text_len >= end_len && memcmp(text + text_len - end_len, end, end_len) == 0;
}

/* Fits `path` to a pattern with at most one capture, in its last segment: what stands behind the capture is the segment's end.
 * The decoded capture goes into `captures`. */
static bool pattern_fits(const char *pattern, const char *path, struct arena *arena, json_t *captures)
{
    const char *open = strchr(pattern, '{');
    if (open == NULL)
        return strcmp(pattern, path) == 0;
    const char *close = strchr(open, '}');
    size_t before_len = (size_t)(open - pattern);
    size_t after_len = strlen(close + 1);
    if (strncmp(pattern, path, before_len) != 0)
        return false;
    const char *segment = path + before_len;
    size_t segment_len = strlen(segment);
    if (memchr(segment, '/', segment_len) != NULL || !ends_as(segment, segment_len, close + 1, after_len))
        return false;
    const char *value = url_decode_segment(arena, segment, segment_len - after_len);
    if (value == NULL || *value == '\0')
        return false;
    json_object_set_new(captures, arena_copy(arena, open + 1, (size_t)(close - open - 1)), json_string(value));
    return true;
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
