#include "warta/app/route.h"

#include <stddef.h>
#include <string.h>

/* The first row that fits answers. */
/* clang-format off */
static const struct route routes[] = {
    {METHOD_GET,  "/",                                             page_listing,               ACCESS_PUBLIC,  LANE_READ,  listing_params,   ROUTE_CACHED},
    {METHOD_GET,  "/items.json",                                   page_listing_json,          ACCESS_PUBLIC,  LANE_READ,  listing_params,   ROUTE_CACHED},
    {METHOD_GET,  "/items/{slug}.json",                            page_item_json,             ACCESS_PUBLIC,  LANE_READ,  NULL,             ROUTE_CACHED},
    {METHOD_GET,  "/items/{slug}.md",                              page_item_md,               ACCESS_PUBLIC,  LANE_READ,  NULL,             ROUTE_CACHED},
    {METHOD_GET,  "/items/{slug}",                                 page_item,                  ACCESS_PUBLIC,  LANE_READ,  NULL,             ROUTE_CACHED},
    {METHOD_GET,  "/static/{name}",                                page_static,                ACCESS_PUBLIC,  LANE_READ,  NULL,             ROUTE_CACHED},

    /* files that items carry */
    {METHOD_GET,  "/files/{id}/{name}",                            page_file,                  ACCESS_PUBLIC,  LANE_READ,  NULL,             0},

    /* for service managers and proxies, who ask every few seconds */
    {METHOD_GET,  "/healthz",                                      page_healthz,               ACCESS_PUBLIC,  LANE_LOOP,  NULL,             ROUTE_PROBE},
    {METHOD_GET,  "/readyz",                                       page_readyz,                ACCESS_PUBLIC,  LANE_READ,  NULL,             ROUTE_PROBE},

    /* for Prometheus; what it counts may take the database a while */
    {METHOD_GET,  "/metrics",                                      page_metrics,               ACCESS_PUBLIC,  LANE_STAFF, NULL,             ROUTE_PROBE},

    /* a draft, for whoever has the link */
    {METHOD_GET,  "/preview/{token}",                              page_shared_preview,        ACCESS_VISITOR, LANE_STAFF, NULL,             0},
    {METHOD_GET,  "/preview/{token}/files/{id}/{name}",            page_shared_file,           ACCESS_VISITOR, LANE_STAFF, NULL,             0},

    /* the doors */
    {METHOD_GET,  "/admin/login",                                  page_login,                 ACCESS_VISITOR, LANE_STAFF, login_params,     0},
    {METHOD_POST, "/admin/login",                                  page_login_post,            ACCESS_VISITOR, LANE_HASH,  NULL,             0},
    {METHOD_GET,  "/admin/setup",                                  page_setup,                 ACCESS_VISITOR, LANE_STAFF, token_params,     0},
    {METHOD_POST, "/admin/setup",                                  page_setup_post,            ACCESS_VISITOR, LANE_HASH,  NULL,             0},
    {METHOD_GET,  "/admin/reset",                                  page_reset,                 ACCESS_VISITOR, LANE_STAFF, token_params,     0},
    {METHOD_POST, "/admin/reset",                                  page_reset_post,            ACCESS_VISITOR, LANE_HASH,  NULL,             0},
    {METHOD_POST, "/admin/logout",                                 page_logout_post,           ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_GET,  "/admin/account",                                page_account,               ACCESS_STAFF,   LANE_STAFF, done_params,      0},
    {METHOD_POST, "/admin/account/password",                       page_account_password_post, ACCESS_STAFF,   LANE_HASH,  NULL,             0},
    {METHOD_POST, "/admin/account/sessions",                       page_account_session_post,  ACCESS_STAFF,   LANE_STAFF, NULL,             0},

    /* items */
    {METHOD_GET,  "/admin",                                        page_admin,                 ACCESS_STAFF,   LANE_STAFF, item_list_params, 0},
    {METHOD_POST, "/admin/bulk",                                   page_admin_bulk_post,       ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/trash/empty",                            page_trash_empty_post,      ACCESS_ADMIN,   LANE_STAFF, NULL,             0},
    {METHOD_GET,  "/admin/items/new",                              page_item_new,              ACCESS_STAFF,   LANE_STAFF, item_new_params,  0},
    {METHOD_POST, "/admin/items",                                  page_item_create_post,      ACCESS_STAFF,   LANE_STAFF, NULL,             ROUTE_REOPENS},
    {METHOD_POST, "/admin/items/preview",                          page_item_preview_post,     ACCESS_STAFF,   LANE_STAFF, NULL,             ROUTE_REOPENS},
    {METHOD_GET,  "/admin/items/{id}",                             page_item_edit,             ACCESS_STAFF,   LANE_STAFF, done_params,      0},
    {METHOD_POST, "/admin/items/{id}",                             page_item_save_post,        ACCESS_STAFF,   LANE_STAFF, NULL,             ROUTE_REOPENS},
    {METHOD_GET,  "/admin/items/{id}/preview",                     page_item_preview,          ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/items/{id}/share",                       page_item_share_post,       ACCESS_STAFF,   LANE_STAFF, NULL,             ROUTE_REOPENS},
    {METHOD_POST, "/admin/items/{id}/{action}",                    page_item_status_post,      ACCESS_STAFF,   LANE_STAFF, NULL,             ROUTE_REOPENS},
    {METHOD_GET,  "/admin/items/{id}/revisions",                   page_revisions,             ACCESS_STAFF,   LANE_STAFF, done_params,      0},
    {METHOD_GET,  "/admin/items/{id}/revisions/{version}",         page_revision,              ACCESS_STAFF,   LANE_STAFF, revision_params,  0},
    {METHOD_POST, "/admin/items/{id}/revisions/{version}/restore", page_item_revert_post,      ACCESS_STAFF,   LANE_STAFF, NULL,             ROUTE_REOPENS},
    {METHOD_POST, "/admin/markdown",                               page_markdown_post,         ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/clean",                                  page_clean_post,            ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/slug",                                   page_slug_post,             ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_GET,  "/admin/activity",                               page_activity,              ACCESS_STAFF,   LANE_STAFF, activity_params,  0},

    /* files, types and users */
    {METHOD_GET,  "/admin/files",                                  page_files,                 ACCESS_STAFF,   LANE_STAFF, file_list_params, 0},
    {METHOD_POST, "/admin/files",                                  page_file_upload_post,      ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_GET,  "/admin/files/{id}",                             page_file_admin,            ACCESS_STAFF,   LANE_STAFF, done_params,      0},
    {METHOD_GET,  "/admin/files/{id}/content/{name}",              page_file_content,          ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/files/{id}/replace",                     page_file_replace_post,     ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/files/{id}/delete",                      page_file_delete_post,      ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/files/undo",                             page_file_undo_post,        ACCESS_STAFF,   LANE_STAFF, NULL,             0},
    {METHOD_GET,  "/admin/types",                                  page_types,                 ACCESS_ADMIN,   LANE_STAFF, done_params,      0},
    {METHOD_POST, "/admin/types",                                  page_type_save_post,        ACCESS_ADMIN,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/types/merge",                            page_type_merge_post,       ACCESS_ADMIN,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/types/undo",                             page_type_undo_post,        ACCESS_ADMIN,   LANE_STAFF, NULL,             0},
    {METHOD_GET,  "/admin/users",                                  page_users,                 ACCESS_ADMIN,   LANE_STAFF, done_params,      0},
    {METHOD_POST, "/admin/users",                                  page_user_add_post,         ACCESS_ADMIN,   LANE_HASH,  NULL,             0},
    {METHOD_POST, "/admin/users/undo",                             page_user_undo_post,        ACCESS_ADMIN,   LANE_STAFF, NULL,             0},
    {METHOD_POST, "/admin/users/{id}",                             page_user_change_post,      ACCESS_ADMIN,   LANE_STAFF, NULL,             0},
    {METHOD_GET,  "/admin/doctor",                                 page_doctor,                ACCESS_ADMIN,   LANE_STAFF, done_params,      0},
    {METHOD_POST, "/admin/doctor",                                 page_doctor_post,           ACCESS_ADMIN,   LANE_STAFF, NULL,             0},
};
/* clang-format on */

const struct route *route_table(size_t *len)
{
    *len = sizeof routes / sizeof *routes;
    return routes;
}
