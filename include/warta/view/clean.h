/* Pasted markup to clean Markdown: what word processors and web pages put on the clipboard, without its dressing.
 *
 * Threads: any. */
#ifndef WARTA_VIEW_CLEAN_H
#define WARTA_VIEW_CLEAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"

enum { CLEAN_INPUT_MAX = 1024 * 1024 }; /* bytes */

/* Appends `html` (valid UTF-8) as Markdown; what could not be kept is appended to `dropped`, an array, in words ("2
 * images"). False, with nothing appended, if it cannot be read, is longer than CLEAN_INPUT_MAX, or would become several times as
 * long. */
bool clean_markup(const char *html, size_t len, struct buf *markdown, json_t *dropped);

/* Whether a text that should be Markdown is pasted markup instead. What is too long to be cleaned is none. */
bool clean_is_markup(const char *text);

#endif
