/* The admin's list: items of every status, page by page.
 *
 * Threads: those of the store. */
#ifndef WARTA_NEWSROOM_ITEM_LIST_H
#define WARTA_NEWSROOM_ITEM_LIST_H

#include <jansson.h>
#include <stdint.h>

#include "warta/store/store.h"

enum { ITEM_LIST_WORDS_MAX = 8 };

/* One page: [{"id", "slug", "version", "type", "type_name", "title", "kicker", "lang", "date", "status",
 * "publish_at", "changed_unix", "user_name" (who saved last, or null)}] (*owned*), and "day", by which "date" sorts;
 * NULL on a fault.
 *
 * `status`: "", "draft", "published" (readers see it), "scheduled", "trashed". `type`: a slug or "". `q`: words that
 * must all be in title, kicker, summary or slug; those behind the first ITEM_LIST_WORDS_MAX count for nothing.
 * `sort`: "changed" (newest first, and what any other word means), "date" (likewise), "title". All are valid UTF-8.
 * `cursor`: opaque text from `*next`, "" for the first page, and what cannot be a cursor means that too; `*next`
 * (*owned*, free()) is NULL at the end.
 *
 * By "changed" and without `type` and `q`, a page costs the same whatever the number of items. */
json_t *edit_list(struct store *store, const char *status, const char *type, const char *q, const char *sort,
                  const char *cursor, int limit, int64_t now_unix, char **next);

/* How many items of each status there are: {"draft", "published", "scheduled", "trashed", "all"} (*owned*). */
json_t *edit_counts(struct store *store, int64_t now_unix);

#endif
