/* Revisions: what an item was after each save, whole, so that every save can be seen, compared and taken back.
 *
 * An item that was imported has none until staff first change it; then what it was before is kept as well, and from
 * there on every version has its revision.
 *
 * Threads: those of the store. */
#ifndef WARTA_NEWSROOM_REVISION_H
#define WARTA_NEWSROOM_REVISION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/newsroom/user.h"
#include "warta/store/store.h"

/* What a revision holds of an item as edit_get gives it: the keys of item.h, and "files" [{"id", "name", "alt"}]
 * (*owned*). */
json_t *revision_whole(const json_t *item);

/* Keeps `item`, as edit_get gives it, as the revision of its version. Inside the caller's transaction; false on a fault. */
bool revision_add(struct store *store, struct actor actor, const json_t *item, const char *action, int64_t at_unix);

/* The newest version that is kept; 0 for none, -1 on a fault. */
int64_t revision_latest(struct store *store, int64_t item_id);

/* After a change that was none of the staff's: keeps the item's present version, by nobody, if earlier ones are
 * kept. Inside the caller's transaction; false on a fault. */
bool revision_follow(struct store *store, int64_t item_id, const char *action, int64_t at_unix);

/* The item's revisions, newest first: [{"version", "at_unix", "user_name" or null, "action", "changed": [keys]}],
 * where changed compares with the one before (*owned*). */
json_t *edit_revisions(struct store *store, int64_t id);

/* One revision: {"version", "at_unix", "user_name", "action", "item": {...}}; null if there is none (*owned*). */
json_t *edit_revision(struct store *store, int64_t id, int64_t version);

/* Two wholes compared word by word, for the keys that both have and that differ: [{"key", "parts": [{"text",
 * "removed": bool, "added": bool}]}] (*owned*), parts as in diff.h. Lists of names are parted by commas, files stand
 * on lines of their own. */
json_t *edit_compare(const json_t *before, const json_t *after);

#endif
