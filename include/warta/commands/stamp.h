/* A time in a file's name: 20260131T020000Z, which is UTC and sorts as it passes.
 *
 * Threads: any. */
#ifndef WARTA_COMMANDS_STAMP_H
#define WARTA_COMMANDS_STAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { STAMP_CAP = 17 };

void stamp_format(int64_t unix_time, char out[static STAMP_CAP]);

/* Whether `text` begins with something of that form. */
bool stamp_valid(const char *text);

#endif
