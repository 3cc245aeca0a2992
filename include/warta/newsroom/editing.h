/* Editing: what staff do to items, so that nothing is lost, overwritten or doubled.
 *
 * Every change is one transaction that writes the item, a revision of it, and a row of the activity list. A change is based
 * on a version: if the item has moved on since, nothing is written (EDIT_STALE). A form carries a request id: sent twice, it is
 * taken once, and the second gets the first one's item. An item that was imported has no revision until it is first changed;
 * then what it was before is kept as one too.
 *
 * Threads: those of the store and text. */
#ifndef WARTA_NEWSROOM_EDITING_H
#define WARTA_NEWSROOM_EDITING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/base/text.h"
#include "warta/newsroom/user.h"
#include "warta/store/store.h"

struct editing {
    struct store *store;
    struct text *text;
    struct actor actor;
    int64_t now_unix;
};

enum edit_outcome {
    EDIT_OK,      /* done; or there was nothing to do */
    EDIT_FAULT,
    EDIT_GONE,    /* there is no such item or revision */
    EDIT_STALE,   /* the item has a newer version */
    EDIT_REFUSED, /* mistakes were added to `errors` */
};

/* Saves an item. `id` 0: a new one. `values` as item_check gave them, laid over what is stored: a key that is not there stays as it is.
 * With them may come "files": [{"id", "alt"}], the item's attachments in order. `version` is what the form
 * was based on (ignored for a new one); `request_id` may be NULL. `action` is for the activity list ("create", "save", "publish", "schedule",
 * "unpublish", "restore revision 3", ...). On EDIT_OK `*saved_id` and `*saved_version` tell what it became. */
enum edit_outcome edit_save(const struct editing *editing, int64_t id, int64_t version, json_t *values,
                            const char *request_id, const char *action, json_t *errors, int64_t *saved_id,
                            int64_t *saved_version);

/* Changes only the status: "publish", "unpublish" (to draft), "trash", "restore" (from the trash, to draft). Publishing keeps a
 * publish_at that is still to come. The same rules of version and request id. `*undo_version` is the version to go back to: edit_revert undoes. */
enum edit_outcome edit_status(const struct editing *editing, int64_t id, int64_t version, const char *action,
                              int64_t *saved_version);

/* Makes a revision the item's newest version, whole: "restore" of the history page and "Undo" of messages. */
enum edit_outcome edit_revert(const struct editing *editing, int64_t id, int64_t version, int64_t to_version,
                              int64_t *saved_version);

/* Deletes for good what has been in the trash for longer than `days`; for admins. `*count` tells how many. */
enum edit_outcome edit_empty_trash(const struct editing *editing, int days, size_t *count);

/* One item for the form: whole as item_stored gives it, with "id", "version", "changed_unix", "trashed_unix" and "files"
 * [{"id", "name", "media_type", "size", "width", "height", "alt"}] (*owned*); null if there is none, NULL on a fault. */
json_t *edit_get(struct store *store, int64_t id);

/* The item's revisions, newest first: [{"version", "at_unix", "user_name" or null, "action", "changed": [keys]}], where changed compares with the one
 * before (*owned*). */
json_t *edit_revisions(struct store *store, int64_t id);

/* One revision: {"version", "at_unix", "user_name", "action", "item": {...}}; null if there is none (*owned*). */
json_t *edit_revision(struct store *store, int64_t id, int64_t version);

/* Two wholes compared word by word, for the keys that differ: [{"key", "parts": [{"text", "removed": bool, "added": bool}]}]
 * (*owned*). Bounded: beyond a few thousand words a text is compared by paragraphs. */
json_t *edit_compare(const json_t *before, const json_t *after);

/* Adds a row to the activity list; inside the caller's transaction or alone. */
bool activity_add(struct store *store, struct actor actor, const char *action, int64_t item_id, const char *subject,
                  const char *detail, int64_t now_unix);

/* A page of the activity list, newest first: [{"id", "at_unix", "user_name", "action", "item_id", "item_exists", "subject", "detail"}], at most `limit`, from before
 * `before_id` (0: the newest), of one user or item or action where given (0, 0, ""). */
json_t *activity_list(struct store *store, int64_t user_id, int64_t item_id, const char *action, int64_t before_id,
                      int limit);

/* Items of every status for the admin's list: [{"id", "slug", "version", "type", "type_name", "title", "kicker", "lang", "date", "status", "publish_at",
 * "changed_unix", "user_name" (who saved last, or null)}] (*owned*). `status`: "", "draft", "published", "scheduled", "trashed". `type`: a slug or "".
 * `q`: words that must all be in title, kicker, summary or slug; "". `sort`: "changed" (newest first), "date", "title". `offset_cursor`: opaque text from `*next`, "" for the first page;
 * `*next` (*owned*, free()) is NULL at the end. */
json_t *edit_list(struct store *store, const char *status, const char *type, const char *q, const char *sort,
                  const char *cursor, int limit, int64_t now_unix, char **next);

/* How many items of each status there are: {"draft", "published", "scheduled", "trashed", "all"} (*owned*). */
json_t *edit_counts(struct store *store, int64_t now_unix);

#endif
