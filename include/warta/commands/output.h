/* Files that commands read and write whole.
 *
 * Threads: main's only. */
#ifndef WARTA_COMMANDS_OUTPUT_H
#define WARTA_COMMANDS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "warta/base/buf.h"

/* The whole of a file, "-" being standard input, at most `max` bytes. False, with one line that names it, in `error`. */
bool file_read(const char *path, size_t max, struct buf *content, char *error, size_t error_len);

/* A file under construction beside its final place, so that a failure leaves what was there. "-" is standard output;
 * that, and a path that is no plain file (a pipe, a device, a link), is written as it stands. */
struct output {
    FILE *file;
    const char *path; /* borrowed */
    char *temporary;  /* NULL where it is written as it stands */
};

bool output_open(struct output *output, const char *path, char *error, size_t error_len);

/* Makes it durable and gives it its name; false if anything was not written, and then it is gone. */
bool output_commit(struct output *output, char *error, size_t error_len);

/* Takes it away again. */
void output_abandon(struct output *output);

#endif
