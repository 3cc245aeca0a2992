#include "warta/newsroom/cell.h"

#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"

const struct facet_info facet_info[FACETS] = {
    [FACET_TYPE] = {"type", "type_id", SQL_TYPE_BY_SLUG, SQL_FACET_TYPE, false},
    [FACET_PLACE] = {"place", "place_id", SQL_PLACE_BY_SLUG, SQL_FACET_PLACE, true},
    [FACET_TOPIC] = {"topic", "topic_id", SQL_TOPIC_BY_SLUG, SQL_FACET_TOPIC, true},
    [FACET_YEAR] = {"year", "year", SQL_COUNT, SQL_FACET_YEAR, false},
    [FACET_LANGUAGE] = {"lang", "language_id", SQL_LANGUAGE_BY_TAG, SQL_FACET_LANGUAGE, false},
};

const struct position position_front = {INT32_MAX, INT64_MAX};

bool cells_combine(const struct selection *selection, enum facet skip, struct cells *cells)
{
    *cells = (struct cells){.len = 1};
    for (enum facet facet = 0; facet < FACETS; facet++) {
        size_t values = facet == skip ? 0 : selection->len[facet];
        if (values == 0)
            continue;
        if (cells->len * values > CELLS_MAX)
            return false;
        for (size_t i = cells->len * values; i-- > 0;) {
            cells->cell[i] = cells->cell[i % cells->len];
            cells->cell[i].id[facet] = selection->id[facet][i / cells->len];
        }
        cells->len *= values;
    }
    return true;
}

bool cells_overlap(const struct selection *selection, enum facet skip)
{
    for (enum facet facet = 0; facet < FACETS; facet++) {
        if (facet != skip && facet_info[facet].many && selection->len[facet] > 1)
            return true;
    }
    return false;
}

static int64_t cell_first_day(const struct cell *cell)
{
    return cell->id[FACET_YEAR] * 10000;
}

static int64_t cell_last_day(const struct cell *cell)
{
    return cell->id[FACET_YEAR] == 0 ? position_front.day : cell->id[FACET_YEAR] * 10000 + 9999;
}

json_t *cell_params(const struct cell *cell, enum facet skip, int64_t now_unix)
{
    json_t *params = json_pack("{s:I}", "now_unix", (json_int_t)now_unix);
    for (enum facet facet = 0; facet < FACETS; facet++) {
        if (facet != skip)
            json_object_set_new(params, facet_info[facet].id_param, json_integer(cell->id[facet]));
    }
    return params;
}

/* --- positions --- */

void positions_release(struct positions *positions)
{
    free(positions->position);
    *positions = (struct positions){0};
}

static void positions_add(struct positions *positions, const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (positions->len == positions->capacity) {
            positions->capacity = positions->capacity * 2 + 32;
            positions->position = mem_resize(positions->position, positions->capacity * sizeof *positions->position);
        }
        positions->position[positions->len++] = (struct position){
            .day = json_integer_value(json_object_get(row, "day")),
            .item_id = json_integer_value(json_object_get(row, "item_id")),
        };
    }
}

static int position_compare_newest_first(const void *a, const void *b)
{
    const struct position *x = a;
    const struct position *y = b;
    if (x->day != y->day)
        return x->day < y->day ? 1 : -1;
    return (x->item_id < y->item_id) - (x->item_id > y->item_id);
}

/* Newest first, each item once. */
static void positions_sort(struct positions *positions)
{
    size_t kept = 0;
    if (positions->len > 1)
        qsort(positions->position, positions->len, sizeof *positions->position, position_compare_newest_first);
    for (size_t i = 0; i < positions->len; i++) {
        if (kept == 0 || positions->position[i].item_id != positions->position[kept - 1].item_id)
            positions->position[kept++] = positions->position[i];
    }
    positions->len = kept;
}

/* Adds what one cell holds next to `from`. The statements know no year: it is a range of days. */
static bool positions_read(struct store *store, json_t *params, const struct cell *cell, struct position from,
                           bool older, struct positions *positions)
{
    int64_t first_day = cell_first_day(cell);
    int64_t last_day = cell_last_day(cell);
    if (older && from.day > last_day)
        from = (struct position){last_day, INT64_MAX};
    if (!older && from.day < first_day)
        from = (struct position){first_day, 0};
    json_object_set_new(params, "day", json_integer(from.day));
    json_object_set_new(params, "item_id", json_integer(from.item_id));
    if (older)
        json_object_set_new(params, "first_day", json_integer(first_day));
    else
        json_object_set_new(params, "last_day", json_integer(last_day));
    json_t *rows = store_rows(store, older ? SQL_LISTING_OLDER : SQL_LISTING_NEWER, params);
    positions_add(positions, rows);
    json_decref(rows);
    return rows != NULL;
}

bool cells_positions(struct store *store, const struct cells *cells, int64_t now_unix, struct position from, bool older,
                     size_t limit, struct positions *positions)
{
    bool ok = true;
    *positions = (struct positions){0};
    for (size_t i = 0; ok && i < cells->len; i++) {
        json_t *params = cell_params(&cells->cell[i], FACET_YEAR, now_unix);
        json_object_set_new(params, "limit", json_integer((json_int_t)limit));
        ok = positions_read(store, params, &cells->cell[i], from, older, positions);
        json_decref(params);
    }
    positions_sort(positions);
    if (positions->len > limit) {
        if (!older)
            memmove(positions->position, positions->position + (positions->len - limit),
                    limit * sizeof *positions->position);
        positions->len = limit;
    }
    return ok;
}

/* --- counts --- */

/* The number in the first column, 0 for no row; -1 on a fault. Takes `params` over. */
static int64_t count_value(struct store *store, enum sql sql, json_t *params)
{
    json_t *value = store_value(store, sql, params);
    int64_t count = value == NULL ? -1 : (int64_t)json_integer_value(value);
    json_decref(value);
    json_decref(params);
    return count;
}

static int64_t count_union(struct store *store, const struct cells *cells, int64_t now_unix)
{
    json_t *list = json_array();
    for (size_t i = 0; i < cells->len; i++) {
        const struct cell *cell = &cells->cell[i];
        json_array_append_new(list, json_pack("[IIIIII]", (json_int_t)cell->id[FACET_TYPE],
                                              (json_int_t)cell->id[FACET_LANGUAGE], (json_int_t)cell->id[FACET_PLACE],
                                              (json_int_t)cell->id[FACET_TOPIC], (json_int_t)cell_first_day(cell),
                                              (json_int_t)cell_last_day(cell)));
    }
    return count_value(store, SQL_LISTING_UNION_TOTAL,
                       json_pack("{s:o, s:I, s:i}", "cells", list, "now_unix", (json_int_t)now_unix, "limit",
                                 CELLS_UNION_COUNT_MAX + 1));
}

int64_t cells_count(struct store *store, const struct cells *cells, bool overlap, int64_t now_unix)
{
    int64_t sum = 0;
    if (overlap)
        return count_union(store, cells, now_unix);
    for (size_t i = 0; i < cells->len; i++) {
        int64_t count = count_value(store, SQL_LISTING_TOTAL, cell_params(&cells->cell[i], FACETS, now_unix));
        if (count < 0)
            return -1;
        sum += count;
    }
    return sum;
}
