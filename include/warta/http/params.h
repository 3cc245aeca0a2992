/* Query parameters by table: a route row says which it takes, and a page handler only sees parsed values.
 *
 * Parameters that no row names are passed over (utm_source and its like), and so is an empty value, as an
 * unfilled form field sends it.
 *
 * Threads: any. */
#ifndef WARTA_HTTP_PARAMS_H
#define WARTA_HTTP_PARAMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"

enum param_kind {
    PARAM_SLUG,   /* a-z 0-9 and single hyphens inside, at most 80 bytes → string */
    PARAM_YEAR,   /* four digits within bounds → integer */
    PARAM_LANG,   /* a BCP 47 tag → string in canonical case */
    PARAM_CURSOR, /* "YYYYMMDD.ID" → {"day": 20190830, "id": 57}, the id below 2^53; opaque to clients */
    PARAM_TEXT,   /* at most `max` code points of one line, without control characters → string */
    PARAM_NUMBER, /* digits, 0 to `max` (0: below 2^53) → integer */
};

struct param {
    const char *name;
    enum param_kind kind;
    bool repeats; /* the value is then an array, in order, without doubles; [] when absent */
    int min, max; /* PARAM_YEAR: bounds; PARAM_TEXT, PARAM_NUMBER: as above; `repeats`: `max` is how many values at most
                   * for the other kinds */
};

enum {
    PARAM_ERROR_CAP = 256,
    PARAM_YEARS_MAX = 16, /* values of a PARAM_YEAR that repeats */
};

/* Parses a raw query string by a table that ends with a row without a name. On success returns a new object with a key
 * for every row (null when absent) and leaves `error` ""; on a malformed or too often repeated parameter returns NULL
 * and `error` names it and says what it takes, fit to be shown to the reader. */
json_t *params_parse(const struct param *table, const char *query, char error[static PARAM_ERROR_CAP]);

/* Sorts the values of parameters that repeat, and appends the one query ("?type=event&type=news&year=2019") of all queries
 * with the same values: in the table's order; nothing where all are absent. */
void params_canonical(const struct param *table, json_t *values, struct buf *out);

/* Whether `text` is what PARAM_SLUG takes. */
bool param_is_slug(const char *text);

/* Appends `text`, valid UTF-8, as a sentence may quote it: at most 40 code points, an ellipsis where it was cut, and
 * "?" for each control, format or separator character, which could disturb the sentence around it. */
void param_quote(struct buf *out, const char *text);

#endif
