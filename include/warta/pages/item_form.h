/* The item's form: between what an item is and the strings that a form holds.
 *
 * A form holds one string for each key, "" where there is nothing. Names (places, topics, aliases) are parted by
 * commas; one that holds a comma itself stands in double quotes, and a quote inside is doubled. publish_at is a time
 * in the site's zone without seconds. An item's values, taken as the form and checked, are that item again.
 *
 * Knows nothing of requests. Threads: those of the text given. */
#ifndef WARTA_PAGES_ITEM_FORM_H
#define WARTA_PAGES_ITEM_FORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/base/text.h"

struct item_field {
    const char *key, *label;
    bool is_long; /* of several lines */
};

/* The form's keys in the order they are asked for; ends with a row without a key. */
extern const struct item_field item_form_fields[];

/* What a key of the form or of an item is called ("Title"); the key itself if it is none. */
const char *item_form_label(const char *key);

/* The strings for an item as item_stored gives it; NULL or null: all "" (*owned*). */
json_t *item_form_values(struct text *text, const json_t *item);

/* `values` with the strings that a posted form has under its keys laid over (*owned*). */
json_t *item_form_typed(const json_t *values, const json_t *form);

/* Checks strings as item_check checks an item, and returns the same (*owned*). `stored` is the item that they are a
 * new version of, or null: a publish_at that only lost its seconds is kept. An empty language is left out, as it
 * means: what stands, or the site's. An empty slug stays: it is to be made from the title. */
json_t *item_form_check(struct text *text, const json_t *values, const json_t *stored, json_t *errors);

/* Mistakes as item_check has them, or with whole "words" instead of a reason, for the template: {"errors": {field:
 * words or null}, "has_errors", "error_list": [{"field", "label", "words"}]} (*owned*). A key that is no field
 * counts as the form's. */
json_t *item_form_errors(const json_t *errors);

/* What an editor may have overlooked: [{"field", "words"}], with the id of what it is about on the page (*owned*).
 * `files` as in edit_get. */
json_t *item_form_warnings(struct text *text, const json_t *values, const json_t *files, int64_t now_unix);

#endif
