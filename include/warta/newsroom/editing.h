/* Editing: what staff do to items, so that nothing is lost, overwritten or doubled.
 *
 * Every change is one transaction that writes the item, a revision of it, and a row of the activity list. A change
 * is based on a version: if the item has moved on since, nothing is written (EDIT_STALE). A form carries a request
 * id: sent twice, it is taken once, and the second gets the first one's item. If it holds something else by then, it
 * is a change of that.
 *
 * Threads: those of the store and text. */
#ifndef WARTA_NEWSROOM_EDITING_H
#define WARTA_NEWSROOM_EDITING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/text.h"
#include "warta/newsroom/activity.h"
#include "warta/newsroom/item_list.h"
#include "warta/newsroom/revision.h"
#include "warta/newsroom/user.h"
#include "warta/store/store.h"

enum { SUBMISSION_LIFE_S = 7 * 86400 };

struct editing {
    struct store *store;
    struct text *text;
    struct actor actor;
    int64_t now_unix;
};

enum edit_outcome {
    EDIT_OK, /* done; or there was nothing to do */
    EDIT_FAULT,
    EDIT_GONE,    /* there is no such item or revision */
    EDIT_STALE,   /* the item has a newer version */
    EDIT_REFUSED, /* mistakes were added to `errors`, as item_check does */
};

/* Saves an item. `id` 0: a new one. `values` (borrowed) as item_check gave them, laid over what is stored: a key
 * that is not there stays as it is, and so do lang and status where they are empty; an empty slug is made from the
 * title anew. With them may come "files": [{"id", "alt"}], the item's attachments in order. `version` is what the
 * form was based on (ignored for a new one); `request_id` may be NULL. `action` is for the activity list and the
 * revision ("create", "save", "publish", "schedule", "unpublish", ...). On EDIT_OK `*saved_id` and `*saved_version`
 * tell what it became, on EDIT_STALE `*saved_id` which item it is (a new one's form may have made it before);
 * nothing is written if it would not differ.
 *
 * A new item must say type, title and lang; it is a draft if it does not say its status, and without a slug it gets
 * one from its title. A type must exist. A changed slug leaves the old one as an alias. A published item without
 * publish_at is published now; one that readers see already keeps its time. */
enum edit_outcome edit_save(const struct editing *editing, int64_t id, int64_t version, const json_t *values,
                            const char *request_id, const char *action, json_t *errors, int64_t *saved_id,
                            int64_t *saved_version);

/* Changes only the status: "publish", "unpublish" (to draft), "trash", "restore" (from the trash, to draft).
 * Publishing keeps a publish_at that is there, and is called "schedule" in the lists if that is still to come. An
 * item that is already so, or is not published or not in the trash where that is to end, is left as it is: EDIT_OK,
 * also where the one change since `version` was that, as when a button is pressed twice. To undo, edit_revert to
 * `version`. Another `action`: EDIT_GONE. */
enum edit_outcome edit_status(const struct editing *editing, int64_t id, int64_t version, const char *action,
                              int64_t *saved_version);

/* Makes a revision the item's newest version, whole: "restore" of the history page and "Undo" of messages; "go back"
 * in the lists. One that is already so is left as it is, as above. Addresses that the item has had since go on
 * leading to it. What the revision cannot have back stays as it is or is left out: a slug or alias that another item
 * has taken, a type that is no more, a file that was deleted. */
enum edit_outcome edit_revert(const struct editing *editing, int64_t id, int64_t version, int64_t to_version,
                              int64_t *saved_version);

/* Deletes for good what has been in the trash for longer than `days`, revisions included, and the files that undo.h
 * keeps no longer; for admins. `*count` tells how many. */
enum edit_outcome edit_empty_trash(const struct editing *editing, int days, size_t *count);

/* One item for the form: whole as item_stored gives it, with "id", "version", "changed_unix", "trashed_unix" and "files"
 * [{"id", "name", "media_type", "size", "width", "height", "alt"}] (*owned*); null if there is none, NULL on a fault. */
json_t *edit_get(struct store *store, int64_t id);

#endif
