/* Cells: combinations of facet values, and what the listing holds in them.
 *
 * A published item stands in the table `listing` once for every combination of its facet values, where 0 means any. A
 * filter is a handful of such cells, each a range of the table in reading order; their pages are merged here.
 *
 * Threads: those of the store. */
#ifndef WARTA_NEWSROOM_CELL_H
#define WARTA_NEWSROOM_CELL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/store/store.h"

enum facet { FACET_TYPE, FACET_PLACE, FACET_TOPIC, FACET_YEAR, FACET_LANGUAGE, FACETS };

enum {
    CELLS_MAX = 64,              /* combinations of selected values; more are refused */
    SELECTION_VALUES_MAX = 16,   /* selected values of one facet */
    CELLS_UNION_COUNT_MAX = 1000 /* how far items of overlapping cells are counted */
};

/* How each facet is named as a parameter of the page and of statements, how a value is found, and how values are counted. */
struct facet_info {
    const char *param;
    const char *id_param;
    enum sql find; /* SQL_COUNT: the value is the id */
    enum sql count;
    bool many; /* an item may have several values */
};

extern const struct facet_info facet_info[FACETS];

/* One combination of facet values; 0 is any. */
struct cell {
    int64_t id[FACETS];
};

struct cells {
    struct cell cell[CELLS_MAX];
    size_t len;
};

/* The selected values of each facet, as ids. */
struct selection {
    int64_t id[FACETS][SELECTION_VALUES_MAX];
    size_t len[FACETS];
};

/* Where an item stands: listings sort by day (as 20190830), then by id. */
struct position {
    int64_t day, item_id;
};

struct positions {
    struct position *position;
    size_t len, capacity;
};

/* In front of every item. */
extern const struct position position_front;

/* All combinations of the selected values but those of facet `skip` (FACETS: none is skipped). False if there are more than
 * CELLS_MAX. */
bool cells_combine(const struct selection *selection, enum facet skip, struct cells *cells);

/* Whether an item may stand in several cells of cells_combine. */
bool cells_overlap(const struct selection *selection, enum facet skip);

/* The cell as parameters of a statement, with now_unix, without facet `skip` (*owned*). */
json_t *cell_params(const struct cell *cell, enum facet skip, int64_t now_unix);

/* The positions behind `from` (older) or before it, in any of the cells: those nearest to `from`, at most `limit`,
 * newest first. False on a fault; positions_release in any case. */
bool cells_positions(struct store *store, const struct cells *cells, int64_t now_unix, struct position from, bool older,
                     size_t limit, struct positions *positions);
void positions_release(struct positions *positions);

/* How many different items the cells hold; where they overlap, no further than CELLS_UNION_COUNT_MAX + 1. -1 on a fault. */
int64_t cells_count(struct store *store, const struct cells *cells, bool overlap, int64_t now_unix);

#endif
