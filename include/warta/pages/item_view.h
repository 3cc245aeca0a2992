/* An item as readers see it: the model of public/item.html, for its page and for previews.
 *
 * Threads: those of the exchange. */
#ifndef WARTA_PAGES_ITEM_VIEW_H
#define WARTA_PAGES_ITEM_VIEW_H

#include "warta/pages/page.h"

/* Completes x->model, an item as item_public.sql gives it: addresses, words, body_html. It has no neighbours and no
 * related items then, and is no preview. */
void item_view_model(struct exchange *x);

/* Adds the items before and behind it, and those related. False on a fault. */
bool item_view_around(struct exchange *x);

/* Files as templates show them: each of `files` with href, size_words, is_image and needs_alt (*owned*). */
json_t *file_rows(struct exchange *x, const json_t *files);

/* Says of a file of so many bytes, more than site.upload_max, what may be sent (*arena*). */
const char *page_too_large_words(struct exchange *x, size_t len);

/* "640 KB" (*arena*). */
const char *page_size_words(struct exchange *x, int64_t bytes);

#endif
