/* Items: what they may hold, and how one is written.
 *
 * An item is a JSON object with the keys slug, type, kicker, title, summary, body, date, event, lang, places, topics, link,
 * aliases, status and publish_at, the same in forms, import files and the database. *Whole* means: it has them all,
 * in normal form.
 *
 * Threads: those of the store and text they are given. Writing happens inside the caller's transaction. */
#ifndef WARTA_NEWSROOM_ITEM_H
#define WARTA_NEWSROOM_ITEM_H

#include <jansson.h>
#include <stdint.h>

#include "warta/base/text.h"
#include "warta/http/form.h"
#include "warta/store/store.h"

enum { ITEM_BODY_MAX = 256 * 1024 }; /* code points */

/* The keys of an item and their bounds; ends with a row without a key. */
extern const struct field item_fields[];

/* Checks an item as somebody gave it, each key by itself and against each other; any key may be missing. Returns the normal
 * form of the keys that were there (*owned*); mistakes are appended to `errors` as {"key", "reason"}, and the
 * result is only to be used when there are none. */
json_t *item_check(const json_t *input, json_t *errors);

/* The item of that id, whole, whatever its status (*owned*); null if there is none, NULL on a fault. */
json_t *item_stored(struct store *store, int64_t id);

/* An empty, whole item: a published one in language `lang`, without type and title (*owned*). */
json_t *item_blank(const char *lang);

/* A slug for `title` that is no slug or alias of another item than `id` (0: of none) (*owned*, free()); NULL on a fault. */
char *item_slug_unique(struct store *store, struct text *text, const char *title, int64_t id);

/* Writes a whole item, with its facets, aliases and listing rows: a new one for id 0, else a new version of
 * `stored`, which is that item as item_stored gave it. Its aliases become those of `whole`, but a name that belongs
 * to another item is passed over, and a changed slug leaves the old one behind them. Makes the type, language,
 * places and topics that do not exist yet. "files" [{"id", "alt"}] become its attachments; without that key they
 * stay. A published item without publish_at is published at `now_unix`, which is also when it was changed, and since
 * when it has been in the trash if it was not there before. Keeps no revision. Returns the item's id; 0 on a fault. */
int64_t item_write(struct store *store, struct text *text, int64_t id, const json_t *stored, const json_t *whole,
                   int64_t now_unix);

#endif
