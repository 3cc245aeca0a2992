/* The editor: an item as its form shows it, stored or typed, and the page around it.
 *
 * item_page_open takes what is stored, item_page_typed lays the posted form over it, item_page_html makes the page
 * of either.
 *
 * Threads: those of the exchange. */
#ifndef WARTA_PAGES_ITEM_PAGE_H
#define WARTA_PAGES_ITEM_PAGE_H

#include "warta/pages/page.h"

struct item_page {
    int64_t id;            /* 0: a new item */
    int64_t version;       /* what the form is based on */
    json_t *stored;        /* as edit_get gives it; null for a new item, and for one that does not exist */
    json_t *values;        /* the form's strings */
    json_t *files;         /* the files it has, as in edit_get */
    bool files_typed;      /* the form said which */
    json_t *checked;       /* typed values as item_check gives them; NULL while nothing is typed */
    json_t *errors;        /* as item_form_errors takes them */
    const char *cleaned;   /* what was dropped from pasted markup, in words; NULL: nothing (*arena*) */
    bool restored;         /* what was typed before a session ended */
    bool asks;             /* whether to publish in spite of the warnings */
    const char *share_url; /* the link just made, or NULL */
};

/* False on a fault; item_page_release in any case. */
bool item_page_open(struct exchange *x, int64_t id, struct item_page *page);
void item_page_release(struct item_page *page);

/* Lays x->form over the page and checks it: mistakes are in `errors`. `keep_uploads` puts files that came with it
 * into the library (the form then holds them, so that they need not be chosen again). False on a fault. */
bool item_page_typed(struct exchange *x, struct item_page *page, bool keep_uploads);

/* Whether there is something to be warned of that the form had not shown. A form that never shows warnings, as it
 * has no field `warned`, has nothing to be asked. */
bool item_page_unwarned(struct exchange *x, const struct item_page *page);

/* The page: `status`, or 500. */
int item_page_html(struct exchange *x, int status, const struct item_page *page);

/* The 409 page for a form that was typed over a version that is no longer the newest: what differs, side by side,
 * and a form that saves the two merged, as `action` ("save", "publish", "draft") wanted it. */
int item_conflict_html(struct exchange *x, const struct item_page *page, const char *action);

/* The same for a form without words, which publishes or puts into the trash: what has changed since its version.
 * `action` "": it can only be looked at. */
int item_moved_html(struct exchange *x, int64_t id, int64_t version, const char *action);

/* Whether readers see a stored item, and whether they will from a time to come on. */
bool item_is_public(const json_t *item, int64_t now_unix);
bool item_is_scheduled(const json_t *item, int64_t now_unix);

/* "Published", "Scheduled for 3 March 2027, 09:00 (Asia/Bangkok)", "Draft", "In the trash since …" (*arena*). */
const char *item_status_words(struct exchange *x, const json_t *item);

/* What happened, as the lists of activity and revisions say it: "taken off the site" (static); an unknown action as
 * it is. */
const char *activity_words(const char *action);

/* "3 March 2027, 09:00" on the site's clock (*arena*). */
const char *page_time_words(struct exchange *x, int64_t unix_time);

/* "/admin/items/12" + `rest`, with the site's prefix (*arena*). */
const char *item_admin_href(struct exchange *x, int64_t id, const char *rest);

#endif
