/* A disk that loses power, under SQLite: whatever was written since the last sync of a file may be there afterwards, in part, or not
 * at all, in any order. Syncs of one file say nothing of another's writes. A process that is killed loses nothing of what it
 * wrote, which is the milder case.
 *
 * It is SQLite's default VFS from power_install() on; files are real ones, and only databases, journals and logs are on that
 * disk. Threads: one. */
#ifndef HARNESS_POWER_H
#define HARNESS_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void power_install(void);

enum power_end {
    POWER_CUT,  /* from then on everything fails, until power_restore */
    POWER_KILL, /* SIGKILL to the process */
};

/* The disk is as it is; after `operations` writes, truncations, syncs and deletions more, that happens: the last one is under
 * way then. 0: never. A disk that lies says it has synced when it has not. */
void power_begin(size_t operations, enum power_end end, bool lies);

/* Operations since then, and how many of them wrote to databases themselves. */
size_t power_operations(void);
size_t power_database_writes(void);

/* Puts the files on the disk in the state that a power cut leaves, chosen by `seed`, and the power back on. All connections must be
 * closed. */
void power_restore(uint64_t seed);

#endif
