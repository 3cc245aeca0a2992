/* What a template shows of an item's row beside its columns: addresses, and dates in words.
 *
 * Threads: those of the exchange. */
#ifndef WARTA_PAGES_CARD_H
#define WARTA_PAGES_CARD_H

#include "warta/pages/page.h"

/* Adds to a row of item_cards.sql or item_public.sql: href, dir ("ltr", "rtl"), lang_differs (from the site's language),
 * date_words (null without a date); kicker becomes the type's name where there is none,
 * which kicker_is_type tells; an event gets starts_words, null where the date
 * says it all, and ends_words; one with nothing left to say becomes null. */
void card_complete(struct exchange *x, json_t *card);

/* The same for each of an array. */
void cards_complete(struct exchange *x, json_t *cards);

#endif
