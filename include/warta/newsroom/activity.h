/* Activity: who did what, when. Rows are only ever added.
 *
 * Threads: those of the store. */
#ifndef WARTA_NEWSROOM_ACTIVITY_H
#define WARTA_NEWSROOM_ACTIVITY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/newsroom/user.h"
#include "warta/store/store.h"

/* Adds a row; inside the caller's transaction or alone. `item_id` 0: it is about no item. `subject` names what it is
 * about, as it is called now; `detail` says more, or is "". False on a fault. */
bool activity_add(struct store *store, struct actor actor, const char *action, int64_t item_id, const char *subject,
                  const char *detail, int64_t now_unix);

/* A page of the list, newest first: [{"id", "at_unix", "user_name", "action", "item_id", "item_exists", "subject",
 * "detail"}], at most `limit`, from before `before_id` (0: the newest), of one user and item and action where given
 * (0, 0, "") (*owned*). NULL on a fault. */
json_t *activity_list(struct store *store, int64_t user_id, int64_t item_id, const char *action, int64_t before_id,
                      int limit);

#endif
