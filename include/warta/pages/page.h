/* What a page handler works with: one exchange of a request for a response.
 *
 * A handler takes its values from `params` (query parameters and {captures} of the path, both under their own names),
 * fills `model`, and returns an HTTP status, mostly by way of page_html, page_json or page_redirect. It frees nothing:
 * the exchange owns arena, params and model, and exchange_release gives all of it back. A status of 400 and above that
 * comes without a body becomes the error page.
 *
 * Threads: a site is constant once filled in and shared; an exchange belongs to one thread. */
#ifndef WARTA_PAGES_PAGE_H
#define WARTA_PAGES_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/base/log.h"
#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/http/form_data.h"
#include "warta/http/message.h"
#include "warta/http/params.h"
#include "warta/http/url.h"
#include "warta/newsroom/login.h"
#include "warta/newsroom/session.h"
#include "warta/newsroom/user.h"
#include "warta/store/store.h"
#include "warta/view/view.h"

/* Where the numbers of the server are to be had, which pages know nothing of: appends them to `out`
 * (base/metrics.h). Threads: any. */
struct metrics_source {
    void (*write)(void *context, struct buf *out);
    void *context;
};

struct readiness;

/* What all threads share; everything is borrowed. */
struct site {
    const struct view *view;
    const struct log *log;
    struct url_base base;
    const char *title, *description, *lang, *timezone;
    size_t password_memory_kib;           /* of argon2id */
    size_t upload_max;                    /* bytes of one file */
    const char *trusted_proxies;          /* networks, parted by commas */
    const char *metrics_from;             /* likewise: for whom /metrics is */
    const struct metrics_source *metrics; /* NULL without a server */
    int64_t (*clock)(void);               /* seconds since 1970 */
    const char *database;                 /* its path */
    struct login_gate *gate;              /* NULL without a server */
    struct file_cache *files;             /* descriptors of files that are sent */
    const json_t *settings;               /* as doctor.h wants them */
    struct readiness *readiness;          /* what /readyz answers; NULL without a server */
};

struct file_cache;
struct login_gate;
struct route;

enum { PAGE_NEXT_MAX = 2000 /* bytes of where a login leads */ };

/* Who a page is for: what a row of the route table leaves out lets nobody in. */
enum access {
    ACCESS_NOBODY,
    ACCESS_PUBLIC,  /* anybody, the same for all */
    ACCESS_VISITOR, /* anybody, by their cookie: who comes in is found out, and forms belong to it */
    ACCESS_STAFF,
    ACCESS_ADMIN
};

struct exchange {
    const struct site *site;
    struct store *store;
    struct text *text;
    const struct request *request;
    struct response *response;
    const struct route *route; /* the row that fits; NULL for none */
    const char *path;          /* of the request, within the site: without its prefix */
    struct arena arena;
    json_t *params;
    json_t *form; /* a posted form: name → string, or → array of strings where the name repeats; {} if none */
    struct form_data *posted;       /* with the files of a posted form (*arena*); NULL without one */
    json_t *session;                /* as session_find gives it; NULL for readers */
    char cookie[SESSION_TOKEN_CAP]; /* the cookie's value that forms of this page belong to; "" if none is needed */
    char csrf[SESSION_TOKEN_CAP];   /* its CSRF token */
    struct actor actor;             /* of the session */
    const char *client;             /* the client's address, seen through trusted proxies */
    json_t *model;
    const char *detail; /* for the error page: what was wrong, in words; NULL if the status says it all */
    int64_t now_unix;
    const char *id; /* of the request */
};

typedef int page_handler(struct exchange *x);

void exchange_release(struct exchange *x);

/* The client's address as the log may show it (*arena*). */
const char *page_shown_client(struct exchange *x);

/* Renders the model by that template as the body. Returns `status`, or 500 when the template cannot be rendered,
 * which is logged. */
int page_html(struct exchange *x, int status, const char *template_name);

/* The body as it stands, of that media type. Returns `status`. */
int page_body(struct exchange *x, int status, const char *media_type);

/* `body` (*steals*; NULL is a fault) as JSON of that media type. Returns `status`, or 500 on a fault. */
int page_json(struct exchange *x, int status, const char *media_type, json_t *body);

/* A redirect within the site: `path` is without the site's prefix. Returns `status`. */
int page_redirect(struct exchange *x, int status, const char *path);

/* The error page for `status`, or problem details (RFC 9457) where JSON was asked for. Returns `status`. */
int page_error(struct exchange *x, int status);

/* "https://host/prefix" + `path` (*arena*). */
const char *page_absolute(struct exchange *x, const char *path);

/* "/prefix" + `path` (*arena*). */
const char *page_href(struct exchange *x, const char *path);

/* page_html for staff: adds to the model user_name, is_admin, csrf, request_id (a new one, for forms that make
 * something), and the message of `?done=` (done: null or {words, undo: null or {action, name, values}}). */
int page_admin_html(struct exchange *x, int status, const char *template_name);

/* `path` with the message of what was done; `undo_id` 0: it cannot be taken back (*arena*). What is said where it
 * cannot any more. */
const char *page_done(struct exchange *x, const char *path, const char *done, int64_t undo_id);
#define PAGE_UNDO_LATE "This cannot be undone any more: it was undone already, or something was changed there since."

/* The same on a page that answers a POST itself; `undo` as the parameter of that name has it. */
void page_say_done(struct exchange *x, const char *done, const char *undo);

/* A form's value as text, "" if it was not sent; of a repeated one the first (*borrowed*). */
const char *form_text(const struct exchange *x, const char *name);

/* A form's value as a number, or a {capture} of the path; -1 if it is none. */
int64_t form_number(const struct exchange *x, const char *name);
int64_t param_number(const struct exchange *x, const char *name);

/* Sends the cookie with that value; "" takes it away. Its name and attributes are of the site's address (RFC 6265bis, 4.1.3:
 * __Host- at a root, __Secure- below one, plain for http). */
void page_set_cookie(struct exchange *x, const char *value);
const char *page_cookie_name(const struct site *site);

/* The login form, for a POST whose session has ended: with the form of this request in it, if it is the editor's; else it is
 * said that it was not done, and the login leads back to its page. Returns 403. */
int page_login_carry(struct exchange *x);

/* Whether forms for that address are carried through a login: those of the editor. */
bool page_carries(const char *path);

/* The editor with the form of this request in it, which belongs to an earlier session; nothing is saved. Returns 403, or a
 * redirect where it is not the editor's form. */
int page_form_again(struct exchange *x);

/* After a login: the editor again with what was typed in an urlencoded form for `path`; nothing is saved. */
int page_carry(struct exchange *x, const char *path, const char *form);

/* What the message of something done needs among the query parameters of a page of staff: rows of its table. */
#define PARAMS_DONE                                                                          \
    {.name = "done", .kind = PARAM_SLUG}, {.name = "undo", .kind = PARAM_TEXT, .max = 2000}, \
        {.name = "item", .kind = PARAM_NUMBER}, {.name = "version", .kind = PARAM_NUMBER},   \
    {                                                                                        \
        .name = "to", .kind = PARAM_NUMBER                                                   \
    }

/* The query parameters of the pages that take any, for the route table. */
extern const struct param done_params[], login_params[], token_params[], item_list_params[], item_new_params[],
    activity_params[], file_list_params[], revision_params[];

/* The handlers, for the route table. */
page_handler page_listing, page_listing_json;
page_handler page_item, page_item_json, page_item_md;
page_handler page_static, page_file;

/* For operators: /healthz is answered while the server lives, /readyz with what was found last of its database
 * (store/ready.h), a 503 in words if that cannot be worked with. */
page_handler page_healthz, page_readyz;

/* The numbers, for clients in the networks of --metrics-from; 404 for others. */
page_handler page_metrics;

/* Staff. */
page_handler page_login, page_login_post, page_logout_post, page_setup, page_setup_post, page_reset, page_reset_post;
page_handler page_account, page_account_password_post, page_account_session_post;
page_handler page_admin, page_admin_bulk_post;
page_handler page_item_new, page_item_create_post, page_item_edit, page_item_save_post, page_item_status_post,
    page_item_revert_post, page_item_preview, page_item_preview_post, page_item_share_post, page_shared_preview,
    page_shared_file;
page_handler page_revisions, page_revision, page_markdown_post, page_clean_post, page_slug_post;
page_handler page_activity;
page_handler page_files, page_file_upload_post, page_file_replace_post, page_file_delete_post, page_file_admin,
    page_file_content, page_file_undo_post;
page_handler page_types, page_type_save_post, page_type_merge_post, page_type_undo_post;
page_handler page_users, page_user_add_post, page_user_change_post, page_user_undo_post;
page_handler page_trash_empty_post;
page_handler page_doctor, page_doctor_post;

/* The parameters of the listing in all its forms. */
extern const struct param listing_params[];

#endif
