/* Field tables: what a form or an imported object may hold, and what comes of it.
 *
 * One row for a field: its key, its kind, its bounds. Both a posted form and an import file pass through the same
 * table, so they accept the same values and name mistakes in the same words.
 *
 * Values come out in normal form (NFC; kinds other than FIELD_TEXT also trimmed with runs of white space made one
 * space; line ends made LF; languages in canonical case; list entries without doubles or empty ones). Unless required,
 * every text kind may be empty. Text that is too long is refused by its bytes, before any of it is normalised; white space that is
 * trimmed does not count. In runs of combining marks the rest is dropped behind the 30th, as text_nfc() does.
 *
 * Threads: any. */
#ifndef WARTA_HTTP_FORM_H
#define WARTA_HTTP_FORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/mem.h"

enum { FORM_FIELDS_MAX = 512 };

enum field_kind {
    FIELD_LINE,       /* one line of plain text */
    FIELD_TEXT,       /* plain or Markdown text of several lines */
    FIELD_SLUG,       /* as PARAM_SLUG in params.h */
    FIELD_DATE,       /* "YYYY-MM-DD" */
    FIELD_LOCAL_TIME, /* "YYYY-MM-DD" or "YYYY-MM-DDTHH:MM" */
    FIELD_INSTANT,    /* RFC 3339; comes out as UTC "YYYY-MM-DDTHH:MM:SSZ" */
    FIELD_LANG,       /* BCP 47 */
    FIELD_LINK,       /* http or https address */
    FIELD_CHOICE,     /* one of `choices` */
    FIELD_LINES,      /* array of FIELD_LINE; at most `max_entries` */
    FIELD_OBJECT,     /* an object checked by the table `fields` */
    FIELD_IGNORED,    /* anything; read past and left out of the result */
};

enum { FIELD_LEN_MAX = 200 };

struct field {
    const char *key;
    enum field_kind kind;
    bool required;              /* present and not empty */
    bool nullable;              /* empty text comes out as null; otherwise null comes out as empty ("", [] or {}) */
    size_t max_len;             /* text kinds and the entries of FIELD_LINES: code points at most; 0: FIELD_LEN_MAX */
    size_t max_entries;         /* FIELD_LINES; 0: no bound */
    const char *const *choices; /* FIELD_CHOICE: ends with NULL */
    const struct field *fields; /* FIELD_OBJECT: ends with a row without a key */
};

/* Checks `input`, a value as jansson loaded it, against a table that ends with a row without a key. Returns a new
 * object that holds the normal form of each key that was present. Mistakes are appended to `errors`, an array, as
 * {"key": "event.starts", "reason": "is not …"}: no object at all (key ""), an unknown key, a wrong JSON type, a
 * missing required key (only when `whole`: an object that need not hold every key has its missing ones left alone), a
 * value out of bounds. A key with a mistake is left out of the result. The result is only to be used when `errors`
 * stayed empty. */
json_t *form_check(const struct field *table, const json_t *input, bool whole, json_t *errors);

/* Adds a field of that name, making an array of one that repeats. */
void form_add(json_t *form, const char *name, const char *value);

/* Reads an urlencoded form (WHATWG URL, 5.1) into `form`, an object: name → string, or → array of strings where the name
 * repeats. False if there are more than FORM_FIELDS_MAX, an escape is malformed or the result is not valid UTF-8. */
bool form_decode(struct arena *arena, const char *urlencoded, json_t *form);

#endif
