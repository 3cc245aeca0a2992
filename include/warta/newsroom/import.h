/* Bringing items in from a file: which stored item each one is, and what changes.
 *
 * An item is known by its slug or an alias, current or old. One that comes without a slug gets one from its title; an
 * item that has that slug already is the same one if type and date agree, else the new one gets a number behind its
 * slug. Keys that are not given keep what is stored, aliases are only ever added, and an item that would not differ is
 * not written: importing a file again changes nothing.
 *
 * Threads: those of the store and text. All of a file runs in one transaction of the caller. */
#ifndef WARTA_NEWSROOM_IMPORT_H
#define WARTA_NEWSROOM_IMPORT_H

#include <jansson.h>
#include <stdint.h>

#include "warta/base/text.h"
#include "warta/store/store.h"

struct import {
    struct store *store;
    struct text *text;
    const char *lang; /* of items that do not say theirs */
    int64_t now_unix;
    json_t *seen; /* id → number of the item in the file that was it */
};

enum import_outcome { IMPORT_FAULT, IMPORT_REFUSED, IMPORT_CREATED, IMPORT_UPDATED, IMPORT_UNCHANGED };

/* `lang`, store and text are borrowed. */
void import_init(struct import *import, struct store *store, struct text *text, const char *lang, int64_t now_unix);
void import_release(struct import *import);

/* Takes in one item, number `index` of the file; `values` as item_check gave them (borrowed, left as they are). When
 * refused, `errors` has the mistakes as item_check does. `report` gets {"slug", "title", "changed": [keys]}
 * (*owned*; NULL on a fault or refusal). */
enum import_outcome import_item(struct import *import, size_t index, json_t *values, json_t *errors, json_t **report);

#endif
