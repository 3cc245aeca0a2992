/* Names of files.
 *
 * Threads: any. */
#ifndef WARTA_BASE_PATH_H
#define WARTA_BASE_PATH_H

/* The folder that a file is in, "." for a name alone (*owned*, free()). */
char *path_folder(const char *path);

#endif
