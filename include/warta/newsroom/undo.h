/* Undo: how changes of types, users and files are taken back. Items have revisions for that.
 *
 * A change keeps what its subject was, and the bytes that a file had; of one kind of change and one subject only the
 * last can be taken back, within UNDO_LIFE_S. Whoever may make a change may take it back.
 *
 * What is too old goes, with its bytes, when the next change is kept, the trash is emptied, or somebody logs in. As nobody
 * stays logged in for longer than SESSION_LIFE_S (session.h), that is at most so much later, unless nobody comes at all.
 *
 * Knows nothing of what it keeps: type.h, user.h and file.h take their own changes back. Functions that write run in
 * the caller's transaction.
 *
 * Threads: those of the store. */
#ifndef WARTA_NEWSROOM_UNDO_H
#define WARTA_NEWSROOM_UNDO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/store/store.h"

enum { UNDO_LIFE_S = 30 * 86400 };

/* Keeps `was` (*steals*) of a subject, and the chunks of `content` (0: none) with it. Lets go of what is too old and of
 * the subject's earlier change, with their bytes. `*undo_id` (may be NULL) tells the number to ask for. False on a fault. */
bool undo_keep(struct store *store, const char *kind, int64_t subject_id, json_t *was, int64_t content,
               int64_t now_unix, int64_t *undo_id);

/* {"kind", "subject_id", "was", "content"}; null if that change cannot be taken back any more (*owned*). NULL on a fault. */
json_t *undo_get(struct store *store, int64_t undo_id, int64_t now_unix);

/* Whether what undo_get gave is of that kind. */
bool undo_is(const json_t *undo, const char *kind);

/* Forgets a change that was taken back; its bytes are in use again. False on a fault. */
bool undo_drop(struct store *store, int64_t undo_id);

/* Lets go of what is too old, and of the last change of that kind of a subject, with their bytes; "" and 0: of none.
 * False on a fault. */
bool undo_trim(struct store *store, const char *kind, int64_t subject_id, int64_t now_unix);

#endif
