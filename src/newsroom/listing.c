#include "warta/newsroom/listing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/newsroom/cell.h"

/* What every step of a listing works with. */
struct query {
    struct store *store;
    struct text *text;
    int64_t now_unix;
};

static bool query_positions(const struct query *query, const struct cells *cells, struct position from, bool older,
                            size_t limit, struct positions *positions)
{
    return cells_positions(query->store, cells, query->now_unix, from, older, limit, positions);
}

/* The rows of `cards` for positions, in their order (*owned*); NULL on a fault. */
static json_t *query_cards(const struct query *query, const struct position *position, size_t len, enum sql cards)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < len; i++)
        json_array_append_new(ids, json_integer(position[i].item_id));
    json_t *params = json_pack("{s:o}", "ids", ids);
    json_t *rows = store_rows(query->store, cards, params);
    json_decref(params);
    return rows;
}

static json_t *cursor_text(struct position position)
{
    return json_sprintf("%08lld.%lld", (long long)position.day, (long long)position.item_id);
}

/* A cursor of the parameters; the front of the listing for null. */
static struct position cursor_position(const json_t *cursor)
{
    if (!json_is_object(cursor))
        return position_front;
    return (struct position){json_integer_value(json_object_get(cursor, "day")),
                             json_integer_value(json_object_get(cursor, "id"))};
}

/* A stretch of the listing, and whether there is more on either side. */
struct window {
    struct positions positions; /* what is shown: `len` from `first` on */
    size_t first, len;
    bool has_newer, has_older;
};

/* The page behind `from`; what `from` was taken from is newer. */
static bool window_older(const struct query *query, const struct cells *cells, struct position from,
                         struct window *window)
{
    bool ok = query_positions(query, cells, from, true, LISTING_PAGE_LEN + 1, &window->positions);
    window->first = 0;
    window->has_newer = from.day != position_front.day;
    window->has_older = window->positions.len > LISTING_PAGE_LEN;
    window->len = window->has_older ? LISTING_PAGE_LEN : window->positions.len;
    return ok;
}

/* The page before `from`; the first page where that would not be a full one, so that the way back ends on the page that
 * everybody starts from. What `from` was taken from is older. */
static bool window_newer(const struct query *query, const struct cells *cells, struct position from,
                         struct window *window)
{
    bool ok = query_positions(query, cells, from, false, LISTING_PAGE_LEN + 1, &window->positions);
    if (ok && window->positions.len <= LISTING_PAGE_LEN) {
        positions_release(&window->positions);
        return window_older(query, cells, position_front, window);
    }
    window->first = 1;
    window->len = LISTING_PAGE_LEN;
    window->has_newer = window->has_older = true;
    return ok;
}

/* Sets items, newer and older. */
static bool page_items(const struct query *query, const struct cells *cells, const json_t *params, enum sql cards,
                       json_t *page)
{
    const json_t *after = json_object_get(params, "after");
    struct window window = {0};
    bool ok = json_is_object(after)
                  ? window_newer(query, cells, cursor_position(after), &window)
                  : window_older(query, cells, cursor_position(json_object_get(params, "before")), &window);
    const struct position *shown = window.positions.position + window.first;
    json_t *items = ok ? query_cards(query, shown, window.len, cards) : NULL;
    bool more_newer = window.has_newer && window.len > 0;
    bool more_older = window.has_older && window.len > 0;
    if (items != NULL) {
        json_object_set_new(page, "items", items);
        json_object_set_new(page, "newer", more_newer ? cursor_text(shown[0]) : json_null());
        json_object_set_new(page, "older", more_older ? cursor_text(shown[window.len - 1]) : json_null());
    }
    positions_release(&window.positions);
    return items != NULL;
}

static bool page_total(const struct query *query, const struct selection *selection, const struct cells *cells,
                       json_t *page)
{
    bool overlap = cells_overlap(selection, FACETS);
    int64_t total = cells_count(query->store, cells, overlap, query->now_unix);
    bool more = overlap && total > CELLS_UNION_COUNT_MAX;
    json_object_set_new(page, "total", json_integer(more ? CELLS_UNION_COUNT_MAX : total));
    json_object_set_new(page, "total_more", json_boolean(more));
    return total >= 0;
}

/* --- facets --- */

static json_t *value_of(json_t *values, int64_t id)
{
    size_t i;
    json_t *value;
    json_array_foreach(values, i, value)
    {
        if (json_integer_value(json_object_get(value, "id")) == id)
            return value;
    }
    return NULL;
}

/* Adds the counts of one cell's statement to what the cells before it gave; one statement gives each value once. */
static void values_merge(json_t *values, json_t *rows, bool first)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        json_t *items = json_object_get(row, "items");
        json_t *known = first ? NULL : value_of(values, json_integer_value(json_object_get(row, "id")));
        if (known != NULL)
            json_object_set_new(
                known, "items",
                json_integer(json_integer_value(json_object_get(known, "items")) + json_integer_value(items)));
        else if (json_integer_value(items) > 0)
            json_array_append(values, row);
    }
}

/* Counts each value again where the cells overlap and their sums count some items twice. */
static bool values_recount(const struct query *query, struct cells *cells, enum facet facet, json_t *values)
{
    size_t i;
    json_t *value;
    json_array_foreach(values, i, value)
    {
        for (size_t c = 0; c < cells->len; c++)
            cells->cell[c].id[facet] = json_integer_value(json_object_get(value, "id"));
        int64_t count = cells_count(query->store, cells, true, query->now_unix);
        if (count < 0)
            return false;
        json_object_set_new(value, "items", json_integer(count));
    }
    return true;
}

/* Marks the selected values and adds those that would find nothing, so that they can be taken back. */
static void values_select(const struct selection *selection, enum facet facet, json_t *values, const json_t *selected)
{
    size_t i;
    json_t *value;
    json_array_foreach(values, i, value) json_object_set_new(value, "selected", json_false());
    for (size_t s = 0; s < selection->len[facet]; s++) {
        value = value_of(values, selection->id[facet][s]);
        if (value != NULL) {
            json_object_set_new(value, "selected", json_true());
            continue;
        }
        json_array_foreach(selected, i, value)
        {
            if (json_integer_value(json_object_get(value, "id")) == selection->id[facet][s] &&
                strcmp(json_string_value(json_object_get(value, "facet")), facet_info[facet].param) == 0)
                json_array_append_new(
                    values, json_pack("{s:O, s:O, s:O, s:O*, s:i, s:b}", "id", json_object_get(value, "id"), "value",
                                      json_object_get(value, "value"), "name", json_object_get(value, "name"), "rank",
                                      json_object_get(value, "rank"), "items", 0, "selected", 1));
        }
    }
}

static json_t *year_name(json_int_t year)
{
    return json_sprintf("%lld", (long long)year);
}

/* Languages come from the database without their own names. */
static void languages_name(struct text *text, json_t *values)
{
    size_t i;
    json_t *value;
    json_array_foreach(values, i, value) json_object_set_new(
        value, "name", json_string(text_lang_name(text, json_string_value(json_object_get(value, "value")))));
}

struct ranked_value {
    struct text *text;
    json_t *value;
    json_int_t rank;
    const char *name;
};

/* Types and years have a rank of their own; the rest goes by the alphabet. */
static int ranked_value_compare(const void *a, const void *b)
{
    const struct ranked_value *x = a;
    const struct ranked_value *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return text_compare(x->text, x->name, y->name);
}

static void values_sort(struct text *text, json_t *values)
{
    size_t len = json_array_size(values);
    struct ranked_value *sorted = mem_alloc((len + 1) * sizeof *sorted);
    for (size_t i = 0; i < len; i++) {
        json_t *value = json_incref(json_array_get(values, i));
        sorted[i] = (struct ranked_value){text, value, json_integer_value(json_object_get(value, "rank")),
                                          json_string_value(json_object_get(value, "name"))};
    }
    qsort(sorted, len, sizeof *sorted, ranked_value_compare);
    for (size_t i = 0; i < len; i++)
        json_array_set_new(values, i, sorted[i].value);
    free(sorted);
}

/* The values of one facet with their counts under the selection of the others (*owned*); NULL on a fault. */
static json_t *facet_values(const struct query *query, const struct selection *selection, enum facet facet,
                            const json_t *selected)
{
    struct cells cells;
    json_t *values = json_array();
    bool ok = cells_combine(selection, facet, &cells);
    assert(ok && "fewer facets make fewer combinations");
    for (size_t i = 0; ok && i < cells.len; i++) {
        json_t *params = cell_params(&cells.cell[i], facet, query->now_unix);
        json_t *rows = store_rows(query->store, facet_info[facet].count, params);
        values_merge(values, rows, i == 0);
        json_decref(params);
        ok = rows != NULL;
        json_decref(rows);
    }
    if (ok && cells_overlap(selection, facet))
        ok = values_recount(query, &cells, facet, values);
    if (!ok) {
        json_decref(values);
        return NULL;
    }
    if (facet == FACET_LANGUAGE)
        languages_name(query->text, values);
    values_select(selection, facet, values, selected);
    values_sort(query->text, values);
    return values;
}

static bool page_facets(const struct query *query, const struct selection *selection, json_t *page)
{
    json_t *facets = json_object();
    json_object_set_new(page, "facets", facets);
    for (enum facet facet = 0; facet < FACETS; facet++) {
        json_t *values = facet_values(query, selection, facet, json_object_get(page, "selected"));
        if (values == NULL)
            return false;
        json_object_set_new(facets, facet_info[facet].param, values);
    }
    return true;
}

/* --- the selection --- */

/* The row {id, value, name, rank} of a facet's value, null if it does not exist (*owned*); NULL on a fault. */
static json_t *value_find(const struct query *query, enum facet facet, json_t *value)
{
    json_int_t year = json_integer_value(value);
    if (facet == FACET_YEAR)
        return json_pack("{s:I, s:o, s:o, s:I}", "id", year, "value", year_name(year), "name", year_name(year), "rank",
                         -year);
    json_t *params = json_pack("{s:O}", "value", value);
    json_t *row = store_row(query->store, facet_info[facet].find, params);
    json_decref(params);
    return row;
}

/* Whether readers may know of a value: 1 yes, 0 no, -1 on a fault. */
static int value_is_public(const struct query *query, enum facet facet, int64_t id)
{
    struct cells cells = {.len = 1};
    if (facet == FACET_TYPE)
        return 1;
    cells.cell[0].id[facet] = id;
    int64_t count = cells_count(query->store, &cells, false, query->now_unix);
    return count < 0 ? -1 : count > 0;
}

/* Whether a value was selected before, by the slug of a type that has been merged into it. */
static bool is_selected(const struct selection *selection, enum facet facet, int64_t id)
{
    for (size_t i = 0; i < selection->len[facet]; i++) {
        if (selection->id[facet][i] == id)
            return true;
    }
    return false;
}

/* Takes one value of the parameters into the selection and `selected`, or into `unknown`. */
static bool selection_add(const struct query *query, enum facet facet, json_t *value, struct selection *selection,
                          json_t *selected, json_t *unknown)
{
    json_t *row = value_find(query, facet, value);
    int64_t id = json_integer_value(json_object_get(row, "id"));
    int is_public = row == NULL ? -1 : json_is_null(row) ? 0 : value_is_public(query, facet, id);
    const char *facet_name = facet_info[facet].param;
    if (is_public > 0 && !is_selected(selection, facet, id)) {
        assert(selection->len[facet] < SELECTION_VALUES_MAX && "the params table bounds the repeats");
        selection->id[facet][selection->len[facet]++] = id;
        if (facet == FACET_LANGUAGE)
            json_object_set_new(row, "name", json_string(text_lang_name(query->text, json_string_value(value))));
        json_object_set_new(row, "facet", json_string(facet_name));
        json_array_append(selected, row);
    } else if (is_public == 0) {
        json_array_append_new(
            unknown, json_pack("{s:s, s:o}", "facet", facet_name, "value",
                               facet == FACET_YEAR ? year_name(json_integer_value(value)) : json_incref(value)));
    }
    json_decref(row);
    return is_public >= 0;
}

/* The selected values of a facet are in the order of its values, however the address has them. */
static bool selection_read(const struct query *query, const json_t *params, struct selection *selection, json_t *page)
{
    bool ok = true;
    *selection = (struct selection){0};
    for (enum facet facet = 0; ok && facet < FACETS; facet++) {
        json_t *selected = json_array();
        size_t i;
        json_t *value;
        json_array_foreach(json_object_get(params, facet_info[facet].param), i, value)
        {
            ok = ok && selection_add(query, facet, value, selection, selected, json_object_get(page, "unknown"));
        }
        values_sort(query->text, selected);
        json_array_extend(json_object_get(page, "selected"), selected);
        json_decref(selected);
    }
    return ok;
}

/* --- what pages ask for --- */

json_t *listing_page(struct store *store, struct text *text, const json_t *params, int64_t now_unix, enum sql cards,
                     bool *too_many)
{
    const struct query query = {store, text, now_unix};
    struct selection selection;
    struct cells cells;
    json_t *page = json_pack("{s:[], s:[]}", "selected", "unknown");
    bool ok = selection_read(&query, params, &selection, page);

    *too_many = ok && !cells_combine(&selection, FACETS, &cells);
    ok = ok && !*too_many;
    if (ok && json_array_size(json_object_get(page, "unknown")) > 0) {
        json_object_update_new(
            page, json_pack("{s:[], s:i, s:b, s:n, s:n}", "items", "total", 0, "total_more", 0, "newer", "older"));
    } else if (ok) {
        ok = page_items(&query, &cells, params, cards, page) && page_total(&query, &selection, &cells, page);
    }
    if (!ok || !page_facets(&query, &selection, page)) {
        json_decref(page);
        return NULL;
    }
    return page;
}

/* Fills cells with one for each id in `ids` under `facet`, at most SELECTION_VALUES_MAX. */
static void cells_of(struct cells *cells, enum facet facet, const json_t *ids)
{
    size_t i;
    json_t *id;
    *cells = (struct cells){0};
    json_array_foreach(ids, i, id)
    {
        if (cells->len < SELECTION_VALUES_MAX)
            cells->cell[cells->len++].id[facet] = json_integer_value(id);
    }
}

enum { RELATED_MAX = 3 };

/* The newest items beside `item_id` in the cells (*owned*); NULL on a fault. */
static json_t *related_cards(const struct query *query, const struct cells *cells, int64_t item_id)
{
    struct positions positions;
    json_t *rows = NULL;
    if (query_positions(query, cells, position_front, true, RELATED_MAX + 1, &positions)) {
        size_t kept = 0;
        for (size_t i = 0; i < positions.len; i++) {
            if (positions.position[i].item_id != item_id && kept < RELATED_MAX)
                positions.position[kept++] = positions.position[i];
        }
        rows = query_cards(query, positions.position, kept, SQL_ITEM_CARDS);
    }
    positions_release(&positions);
    return rows;
}

static json_t *related(const struct query *query, int64_t item_id)
{
    json_t *params = json_pack("{s:I}", "id", (json_int_t)item_id);
    json_t *facets = store_row(query->store, SQL_ITEM_FACETS, params);
    json_t *type = json_pack("[O?]", json_object_get(facets, "type_id"));
    const struct {
        enum facet facet;
        const json_t *ids;
    } nearest[] = {
        {FACET_TOPIC, json_object_get(facets, "topics")},
        {FACET_PLACE, json_object_get(facets, "places")},
        {FACET_TYPE, type},
    };
    json_t *rows = NULL;
    for (size_t i = 0; facets != NULL && i < 3 && json_array_size(rows) == 0; i++) {
        struct cells cells;
        json_decref(rows);
        cells_of(&cells, nearest[i].facet, nearest[i].ids);
        rows = related_cards(query, &cells, item_id);
        if (rows == NULL)
            break;
    }
    json_decref(type);
    json_decref(facets);
    json_decref(params);
    return rows;
}

json_t *listing_around(struct store *store, const json_t *item, int64_t now_unix)
{
    const struct query query = {store, NULL, now_unix};
    const struct cells all = {.len = 1};
    struct position here = {json_integer_value(json_object_get(item, "day")),
                            json_integer_value(json_object_get(item, "id"))};
    json_t *around = json_object();
    bool ok = true;
    for (int older = 0; ok && older <= 1; older++) {
        struct positions positions;
        ok = query_positions(&query, &all, here, older, 1, &positions);
        json_t *rows = ok ? query_cards(&query, positions.position, positions.len, SQL_ITEM_CARDS) : NULL;
        positions_release(&positions);
        ok = rows != NULL && json_object_set_new(around, older ? "older" : "newer", rows) == 0;
    }
    json_t *others = ok ? related(&query, here.item_id) : NULL;
    if (others == NULL) {
        json_decref(around);
        return NULL;
    }
    json_object_set_new(around, "related", others);
    return around;
}
