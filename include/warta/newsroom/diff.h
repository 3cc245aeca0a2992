/* Text against text: what was taken out and what was put in.
 *
 * Words are compared as ICU breaks them (Unicode Standard Annex #29), also in scripts written without spaces. The work is
 * bounded: texts too different for that are compared by lines, and if that is too much, as wholes.
 *
 * Threads: any. */
#ifndef WARTA_NEWSROOM_DIFF_H
#define WARTA_NEWSROOM_DIFF_H

#include <jansson.h>

/* [{"text", "removed": bool, "added": bool}] (*owned*): without the added parts it is `before`, without the removed
 * ones `after`, byte for byte. Where both stand at one place, the removed comes first. No part is empty. Both texts
 * must be valid UTF-8. */
json_t *diff_texts(const char *before, const char *after);

#endif
