/* The doctor: how a site is set up and how it does, in words, and what to mend.
 *
 * What it finds is two lists. `groups` holds facts, [{heading, facts: [{name, value}]}]; `findings` holds what
 * stands in the way, [{level, words, mend}], where `level` is "wrong" (something does not work), "warning"
 * (something will hurt one day) or "note". It looks at settings, files, disk and time. What a request tells is its
 * page's to add.
 *
 * Threads: a doctor belongs to one thread. */
#ifndef WARTA_NEWSROOM_DOCTOR_H
#define WARTA_NEWSROOM_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/store/store.h"

enum doctor_level { DOCTOR_NOTE, DOCTOR_WARNING, DOCTOR_WRONG };

enum {
    DOCTOR_BACKUP_DAYS = 7, /* without a backup */
    DOCTOR_DISK_PERCENT = 10,
    DOCTOR_LOG_MIB = 256, /* of the write-ahead log, which the engine cuts back to far less when nothing keeps it */
};

struct doctor {
    const char *database;   /* path; borrowed */
    const json_t *settings; /* [{name, value, origin}], secrets masked; borrowed */
    const char *origin;     /* "https://host", of the base address; borrowed */
    int64_t now_unix;
    bool in_server; /* the process is the one that serves */
    json_t *groups, *findings;
};

/* Fills in what is `init`'s to fill in: the two lists, owned; the rest is the caller's. */
void doctor_init(struct doctor *doctor);
void doctor_release(struct doctor *doctor);

/* Adds a group, which the facts that follow go to, a fact, and a finding. `value` and `words` are a format. Text
 * that is not UTF-8 is not shown. */
void doctor_group(struct doctor *doctor, const char *heading);
void doctor_fact(struct doctor *doctor, const char *name, const char *value, ...) __attribute__((format(printf, 3, 4)));
void doctor_find(struct doctor *doctor, enum doctor_level level, const char *mend, const char *words, ...)
    __attribute__((format(printf, 4, 5)));

/* A setting's value, "" if there is none of that name (*borrowed*). */
const char *doctor_setting(const struct doctor *doctor, const char *name);

/* Looks at the site, as all of the above. False on a fault of the store. */
bool doctor_look(struct doctor *doctor, struct store *store);

#endif
