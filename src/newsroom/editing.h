/* What the editing of an item shares: a change, and the rules for what an item may become.
 *
 * Threads: those of the store. */
#ifndef EDITING_H
#define EDITING_H

#include "warta/newsroom/editing.h"

/* One change of one item, from store_begin to the end of its transaction. */
struct change {
    const struct editing *editing;
    int64_t id, version; /* 0 and 0: a new item, not written yet */
    json_t *row;         /* as edit_get gives it; NULL of a new item */
    json_t *stored;      /* what a revision would hold of it; NULL likewise */
    json_t *whole;       /* what it is to become */
};

/* A text of an object, "" if there is none (*borrowed*). */
const char *change_text(const json_t *object, const char *key);

/* The item that a slug or alias belongs to; 0 for none, -1 on a fault. */
int64_t change_owner_of(const struct change *change, const char *name);

/* An item without any values (*owned*); then, with those of `values` in it. */
json_t *change_new_whole(void);
void change_lay_over(json_t *whole, const json_t *values);

/* When an item that is published appears, where nobody says. */
void change_settle_time(const struct change *change);

/* Each false on a fault, and mistakes go to `errors`: the type of that slug (*owned*), what the aliases and files become, and
 * all that a save checks. */
bool change_find_type(const struct change *change, const char *given, json_t **type);
bool change_settle_aliases(const struct change *change, const json_t *names, json_t *errors);
bool change_settle_files(const struct change *change, json_t *files, json_t *errors);
bool change_check_save(const struct change *change, const json_t *values, json_t *errors);

#endif
