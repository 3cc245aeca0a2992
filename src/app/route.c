#include "warta/app/route.h"

#include <stdio.h>
#include <string.h>

#include "warta/http/url.h"

/* The first row that fits answers. */
static const struct route routes[] = {
    {.method = METHOD_GET, .pattern = "/", .page = page_listing, .params = listing_params, .cached = true},
    {.method = METHOD_GET,
     .pattern = "/items.json",
     .page = page_listing_json,
     .params = listing_params,
     .cached = true},
    {.method = METHOD_GET, .pattern = "/items/{slug}.json", .page = page_item_json, .cached = true},
    {.method = METHOD_GET, .pattern = "/items/{slug}.md", .page = page_item_md, .cached = true},
    {.method = METHOD_GET, .pattern = "/items/{slug}", .page = page_item, .cached = true},
    {.method = METHOD_GET, .pattern = "/static/{name}", .page = page_static, .cached = true},

    /* files that items carry */
    {.method = METHOD_GET, .pattern = "/files/{id}/{name}", .page = page_file},

    /* for service managers and proxies, who ask every few seconds */
    {.method = METHOD_GET, .pattern = "/healthz", .page = page_healthz, .probe = true},
    {.method = METHOD_GET, .pattern = "/readyz", .page = page_readyz, .lane = LANE_SLOW, .probe = true},

    /* for Prometheus; what it counts may take the database a while */
    {.method = METHOD_GET, .pattern = "/metrics", .page = page_metrics, .lane = LANE_SLOW, .probe = true},

    /* a draft, for whoever has the link */
    {.method = METHOD_GET,
     .pattern = "/preview/{token}",
     .page = page_shared_preview,
     .params = admin_params,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/preview/{token}/files/{id}/{name}",
     .page = page_shared_file,
     .params = admin_params,
     .lane = LANE_SLOW},

    /* the doors */
    {.method = METHOD_GET, .pattern = "/admin/login", .page = page_login, .params = admin_params, .lane = LANE_SLOW},
    {.method = METHOD_POST, .pattern = "/admin/login", .page = page_login_post, .lane = LANE_HASH},
    {.method = METHOD_GET, .pattern = "/admin/setup", .page = page_setup, .params = admin_params, .lane = LANE_SLOW},
    {.method = METHOD_POST, .pattern = "/admin/setup", .page = page_setup_post, .lane = LANE_HASH},
    {.method = METHOD_GET, .pattern = "/admin/reset", .page = page_reset, .params = admin_params, .lane = LANE_SLOW},
    {.method = METHOD_POST, .pattern = "/admin/reset", .page = page_reset_post, .lane = LANE_HASH},
    {.method = METHOD_POST,
     .pattern = "/admin/logout",
     .page = page_logout_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/account",
     .page = page_account,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/account/password",
     .page = page_account_password_post,
     .access = ACCESS_STAFF,
     .lane = LANE_HASH},
    {.method = METHOD_POST,
     .pattern = "/admin/account/sessions",
     .page = page_account_session_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},

    /* items */
    {.method = METHOD_GET,
     .pattern = "/admin",
     .page = page_admin,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/bulk",
     .page = page_admin_bulk_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/trash/empty",
     .page = page_trash_empty_post,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/items/new",
     .page = page_item_new,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/items",
     .page = page_item_create_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/items/preview",
     .page = page_item_preview_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/items/{id}",
     .page = page_item_edit,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/items/{id}",
     .page = page_item_save_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/items/{id}/preview",
     .page = page_item_preview,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/items/{id}/share",
     .page = page_item_share_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/items/{id}/{action}",
     .page = page_item_status_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/items/{id}/revisions",
     .page = page_revisions,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/items/{id}/revisions/{version}",
     .page = page_revision,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/items/{id}/revisions/{version}/restore",
     .page = page_item_revert_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/markdown",
     .page = page_markdown_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/clean",
     .page = page_clean_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/slug",
     .page = page_slug_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/activity",
     .page = page_activity,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},

    /* files, types and users */
    {.method = METHOD_GET,
     .pattern = "/admin/files",
     .page = page_files,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/files",
     .page = page_file_upload_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/files/{id}",
     .page = page_file_admin,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/files/{id}/content/{name}",
     .page = page_file_content,
     .params = admin_params,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/files/{id}/replace",
     .page = page_file_replace_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/files/{id}/delete",
     .page = page_file_delete_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/files/undo",
     .page = page_file_undo_post,
     .access = ACCESS_STAFF,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/types",
     .page = page_types,
     .params = admin_params,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/types",
     .page = page_type_save_post,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/types/merge",
     .page = page_type_merge_post,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/types/undo",
     .page = page_type_undo_post,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/users",
     .page = page_users,
     .params = admin_params,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/users",
     .page = page_user_add_post,
     .access = ACCESS_ADMIN,
     .lane = LANE_HASH},
    {.method = METHOD_POST,
     .pattern = "/admin/users/undo",
     .page = page_user_undo_post,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/users/{id}",
     .page = page_user_change_post,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
    {.method = METHOD_GET,
     .pattern = "/admin/doctor",
     .page = page_doctor,
     .params = admin_params,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
    {.method = METHOD_POST,
     .pattern = "/admin/doctor",
     .page = page_doctor_post,
     .access = ACCESS_ADMIN,
     .lane = LANE_SLOW},
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

const struct route *route_table(size_t *len)
{
    *len = ROUTES;
    return routes;
}
