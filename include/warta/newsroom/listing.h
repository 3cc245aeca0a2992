/* The listing: which public items a filter finds, newest first, and how many each facet value would find.
 *
 * A filter selects any number of values of each facet (type, place, topic, year, lang): values of one facet are
 * alternatives, facets narrow each other. Every combination of selected values is one cell (see cell.h), so a page
 * costs the same whatever the number of items and however deep it is. Counts are exact, but where several places or
 * topics are selected at once (an item may have both): then items are counted one by one, no further than
 * CELLS_UNION_COUNT_MAX.
 *
 * Public is what has the status "published" and whose publish_at has come. A place, topic, year or language without
 * a public item is as unknown as one that does not exist, so that nothing is learnt of drafts.
 *
 * Knows nothing of addresses or HTML. Threads: those of the store and text it is given. */
#ifndef WARTA_NEWSROOM_LISTING_H
#define WARTA_NEWSROOM_LISTING_H

#include <jansson.h>
#include <stdint.h>

#include "warta/base/text.h"
#include "warta/newsroom/cell.h"
#include "warta/store/store.h"

enum { LISTING_PAGE_LEN = 20 };

/* One page of the listing. `params` holds an array for each facet (strings; integers for year) and `before` and
 * `after`, each null or a cursor {day, id}; `cards` is the statement that turns `ids` into rows (SQL_ITEM_CARDS,
 * SQL_ITEM_FEED).
 *
 * Returns (*owned*)
 *   items     rows of `cards`, newest first, at most LISTING_PAGE_LEN
 *   total     how many items the filter finds
 *   total_more  true when there are more than `total`, uncounted
 *   newer, older  cursors for `after` and `before`, as text, null where there is no such page
 *   facets    {"type": [{"value", "name", "items", "selected"}], ...}: values that would find something, and the selected
 *   selected  [{"facet", "value", "name"}]: the selected values in words
 *   unknown   [{"facet", "value"}]: selected values that do not exist; items is then empty
 * or NULL on a fault. `*too_many` (then NULL too) tells of a filter with more than CELLS_MAX combinations. */
json_t *listing_page(struct store *store, struct text *text, const json_t *params, int64_t now_unix, enum sql cards,
                     bool *too_many);

/* The public items next to one in the whole listing: {"newer": [row], "older": [row], "related": [rows]}, cards,
 * where related are the newest others that share a topic with it, else a place, else its type; at most three
 * (*owned*). NULL on a fault. `item` has id, day, type, places and topics as item_public.sql gives them. */
json_t *listing_around(struct store *store, const json_t *item, int64_t now_unix);

#endif
