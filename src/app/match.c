#include "warta/app/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/http/url.h"

/* --- rows --- */

/* A segment of a pattern, which may hold a capture, and the part of a path's segment that is captured. */
struct segment {
    const char *name, *value; /* NULL: there is no capture */
    size_t name_len, value_len;
};

static bool segment_fits(const char *pattern, size_t pattern_len, const char *text, size_t len, struct segment *segment)
{
    const char *open = memchr(pattern, '{', pattern_len);
    *segment = (struct segment){0};
    if (open == NULL)
        return len == pattern_len && memcmp(text, pattern, len) == 0;
    const char *close = strchr(open, '}');
    size_t before_len = (size_t)(open - pattern), after_len = (size_t)(pattern + pattern_len - close - 1);
    *segment = (struct segment){.name = open + 1,
                                .value = text + before_len,
                                .name_len = (size_t)(close - open - 1),
                                .value_len = len - before_len - after_len};
    return len > before_len + after_len && memcmp(text, pattern, before_len) == 0 &&
           memcmp(text + len - after_len, close + 1, after_len) == 0;
}

/* Whether the path has the pattern's form. With `captures`, puts the decoded ones there; false if one cannot be decoded. */
static bool pattern_fits(const char *pattern, const char *path, struct arena *arena, json_t *captures)
{
    struct segment segment;
    while (*pattern == '/' && *path == '/') {
        size_t pattern_len = strcspn(++pattern, "/"), len = strcspn(++path, "/");
        if (!segment_fits(pattern, pattern_len, path, len, &segment))
            return false;
        if (captures != NULL && segment.name != NULL) {
            const char *value = url_decode_segment(arena, segment.value, segment.value_len);
            const char *name = arena_copy(arena, segment.name, segment.name_len);
            if (value == NULL || json_object_set_new(captures, name, json_string(value)) != 0)
                return false;
        }
        pattern += pattern_len;
        path += len;
    }
    return *pattern == '\0' && *path == '\0';
}

/* The captures of the row, as an object (*owned*); NULL if the path does not fit. Those of a row that does not fit are gone. */
static json_t *row_captures(const struct route *route, const char *path)
{
    if (!pattern_fits(route->pattern, path, NULL, NULL))
        return NULL;
    struct arena arena;
    json_t *captures = json_object();
    arena_init(&arena);
    bool fits = pattern_fits(route->pattern, path, &arena, captures);
    arena_release(&arena);
    if (fits)
        return captures;
    json_decref(captures);
    return NULL;
}

static bool method_fits(const struct route *route, enum method method)
{
    return route->method == method || (route->method == METHOD_GET && method == METHOD_HEAD);
}

/* Adds what a row answers to an Allow header's list, unless it is there. */
static void allow_add(char *allow, enum method method)
{
    const char *name = method == METHOD_GET ? "GET, HEAD" : method_name(method);
    size_t len = strlen(allow);
    if (strstr(allow, name) == NULL)
        snprintf(allow + len, MATCH_ALLOW_CAP - len, "%s, ", name);
}

/* The first row that answers; NULL if none does, and then `allow` names the methods of those that fit the path. */
static const struct route *find_row(enum method method, const char *path, json_t **captures,
                                    char allow[static MATCH_ALLOW_CAP])
{
    size_t rows_len;
    const struct route *rows = route_table(&rows_len);
    *allow = '\0';
    for (size_t i = 0; i < rows_len; i++) {
        *captures = row_captures(&rows[i], path);
        if (*captures != NULL && method_fits(&rows[i], method))
            return &rows[i];
        if (*captures != NULL)
            allow_add(allow, rows[i].method);
        json_decref(*captures);
    }
    *captures = NULL;
    if (*allow != '\0')
        snprintf(allow + strlen(allow), MATCH_ALLOW_CAP - strlen(allow), "OPTIONS");
    return NULL;
}

/* --- the match --- */

/* The path within the site; NULL if the prefix is all there is, and its slash is missing. */
static const char *path_within(const char *prefix, const char *path)
{
    size_t prefix_len = strlen(prefix);
    if (prefix_len == 0 || strncmp(path, prefix, prefix_len) != 0)
        return path;
    if (path[prefix_len] == '\0')
        return NULL;
    return path[prefix_len] == '/' ? path + prefix_len : path;
}

/* Parameters of the row's table; captures of the same name come first. */
static void read_query(struct match *match, const struct request *request)
{
    const struct param *table = match->route->params;
    json_t *params = table == NULL ? NULL : params_parse(table, request->query, match->error);
    bool reads = request->method == METHOD_GET || request->method == METHOD_HEAD;
    bool keeps = (match->route->flags & ROUTE_CACHED) != 0 && reads && strchr(request->path, '%') == NULL;
    if (keeps && *match->error == '\0') {
        struct buf key = BUF_EMPTY;
        buf_text(&key, request->path);
        if (params != NULL)
            params_canonical(table, params, &key);
        match->key = buf_steal(&key);
    }
    if (params != NULL)
        json_object_update_missing(match->params, params);
    json_decref(params);
}

void match_init(struct match *match, const char *prefix, const struct request *request)
{
    match->path = path_within(prefix, request->path);
    match->route = NULL;
    match->params = NULL;
    match->key = NULL;
    match->allow[0] = match->error[0] = '\0';
    if (match->path != NULL)
        match->route = find_row(request->method, match->path, &match->params, match->allow);
    if (match->route != NULL)
        read_query(match, request);
}

void match_release(struct match *match)
{
    json_decref(match->params);
    free(match->key);
}

bool match_knows(const char *path)
{
    json_t *captures;
    char allow[MATCH_ALLOW_CAP];
    bool known = find_row(METHOD_GET, path, &captures, allow) != NULL || *allow != '\0';
    json_decref(captures);
    return known;
}

/* --- in the log --- */

/* Whether some page of staff, or one that a token opens, is at an address that begins with the same segment. */
static bool is_near_private(const char *path)
{
    size_t len, segment_len = 1 + strcspn(path + 1, "/");
    const struct route *rows = route_table(&len);
    for (size_t i = 0; i < len; i++)
        if (rows[i].access != ACCESS_PUBLIC && 1 + strcspn(rows[i].pattern + 1, "/") == segment_len &&
            memcmp(rows[i].pattern, path, segment_len) == 0)
            return true;
    return false;
}

/* The row that was meant, be it with slashes at its end or by a method that it does not take. */
static const struct route *meant(const struct match *match)
{
    size_t rows_len, len = match->path == NULL ? 0 : strlen(match->path);
    const struct route *rows = route_table(&rows_len), *found = match->route;
    while (len > 1 && match->path[len - 1] == '/')
        len--;
    char *shorter = mem_copy(match->path == NULL ? "" : match->path, len);
    for (size_t i = 0; i < rows_len && found == NULL; i++) {
        json_t *captures = row_captures(&rows[i], shorter);
        found = captures != NULL ? &rows[i] : NULL;
        json_decref(captures);
    }
    free(shorter);
    return found;
}

void match_log_target(const struct match *match, const struct request *request, struct buf *out)
{
    const struct route *route = meant(match);
    if (route != NULL && route->access == ACCESS_PUBLIC)
        buf_format(out, "%s%s%s", request->path, *request->query == '\0' ? "" : "?", request->query);
    else if (route != NULL)
        buf_text(out, route->access == ACCESS_VISITOR ? route->pattern : request->path);
    else if (match->path != NULL && is_near_private(match->path))
        buf_format(out, "%.*s…", (int)(1 + strcspn(match->path + 1, "/")), match->path);
    else
        buf_text(out, request->path);
}
