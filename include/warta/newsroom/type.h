/* Types: what items are of ("News"), in the order that readers see them in.
 *
 * A type's slug, which stands in addresses, is made from its first name and stays when the name changes. A type that
 * items have cannot be deleted, only merged into another: then its slug leads to that one for ever, or until a new
 * type takes it.
 *
 * Threads: those of the store and text. Functions that write run in a transaction of their own and note what
 * happened in the activity list. They keep how it can be taken back: `*undo_id` (may be NULL) is what to give to
 * type_undo, 0 if there is nothing to take back. */
#ifndef WARTA_NEWSROOM_TYPE_H
#define WARTA_NEWSROOM_TYPE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/text.h"
#include "warta/newsroom/user.h"
#include "warta/store/store.h"

enum type_outcome {
    TYPE_OK, /* done; or there was nothing to do */
    TYPE_FAULT,
    TYPE_GONE,    /* there is no such type */
    TYPE_STALE,   /* it has changed since, or was taken back already */
    TYPE_REFUSED, /* mistakes were added to `errors` as {"key", "reason"} */
};

/* All types in their order: [{"id", "value", "name", "position" (1, 2, ...), "items": of every status}] (*owned*). */
json_t *type_list(struct store *store);

/* Renames a type, or adds one for id 0, and puts it at a place in the order: `position` 1 is the first, 0 leaves it
 * where it is, or a new one last. A name (any bytes) may not be another type's, nor give its slug. Key: "name". */
enum type_outcome type_save(struct store *store, struct text *text, struct actor actor, int64_t id, const char *name,
                            int64_t position, int64_t now_unix, json_t *errors, int64_t *undo_id);

/* Gives all items of one type to another, each as a new version, and deletes the first. `*items` tells how many.
 * Key: "into". */
enum type_outcome type_merge(struct store *store, struct actor actor, int64_t from_id, int64_t into_id,
                             int64_t now_unix, size_t *items, json_t *errors, int64_t *undo_id);

/* Deletes a type that no item has. Key: "id". */
enum type_outcome type_delete(struct store *store, struct actor actor, int64_t id, int64_t now_unix, json_t *errors,
                              int64_t *undo_id);

/* Takes a change back. Of a merge the items go back, each as a new version, that are still of the other type, and
 * the type's slugs lead to it again. That can itself be taken back, but for a merge: `*redo_id`. Keys: "name", if
 * another type has that name by now; "id", if the type that was added has items. */
enum type_outcome type_undo(struct store *store, struct actor actor, int64_t undo_id, int64_t now_unix, json_t *errors,
                            int64_t *redo_id);

#endif
