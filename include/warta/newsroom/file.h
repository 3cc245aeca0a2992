/* Files: images and PDFs that items carry.
 *
 * What a file is, its bytes tell, not its name: JPEG, PNG, WebP, GIF and PDF are taken, nothing else. Place and camera
 * data (EXIF, XMP, IPTC, text chunks, comments) are taken out of images on the way in; a JPEG keeps its orientation.
 * Bytes are kept in pieces of FILE_CHUNK_LEN, so that no file is ever whole in memory. A replaced file keeps its id,
 * and so its address.
 *
 * Threads: those of the store. */
#ifndef WARTA_NEWSROOM_FILE_H
#define WARTA_NEWSROOM_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/newsroom/user.h"
#include "warta/store/store.h"

enum { FILE_CHUNK_LEN = 256 * 1024, FILE_NAME_MAX = 120 };

enum file_outcome { FILE_OK, FILE_FAULT, FILE_GONE, FILE_REFUSED, FILE_IN_USE };

/* Takes in `len` bytes; `name` is what the client calls it (made safe here). `id`
 * 0: a new file, or the one that has the same bytes and name already, as where a form comes twice; else it replaces
 * that one, which must be of the same media type, and whose bytes are kept for file_undo. `*file_id` tells, and `*undo_id`
 * what to give to file_undo; 0 of one that was there already. NULL: nobody will want to take a new one back. FILE_REFUSED
 * with a reason fit to be shown in `reason`. One transaction; notes it in the activity list. */
enum file_outcome file_put(struct store *store, struct actor actor, int64_t id, const char *name, const void *bytes,
                           size_t len, int64_t now_unix, int64_t *file_id, int64_t *undo_id, char *reason,
                           size_t reason_len);

/* {"id", "name", "media_type", "size", "width", "height", "sha256", "content", "created_unix",
 * "changed_unix", "uses", "public":
 * bool}: public is whether an item that readers may see carries it (*owned*); null if there is none. */
json_t *file_get(struct store *store, int64_t id, int64_t now_unix);

/* The bytes of chunk `number` of a content, appended to `out`; false on a fault. */
bool file_chunk(struct store *store, int64_t content, int64_t number, struct buf *out);

/* Files, newest first, with "uses": how many items carry each; at most `limit`, `before_id` 0 for the first page
 * (*owned*). */
json_t *file_list(struct store *store, const char *q, int64_t before_id, int limit);

/* The items that carry a file: [{"id", "title", "status"}] (*owned*). */
json_t *file_uses(struct store *store, int64_t id);

/* The one of that id among an item's files (*borrowed*); NULL if it has no such. */
json_t *file_find(const json_t *files, int64_t id);

/* Refused while items carry it. Its bytes are kept for file_undo, for UNDO_LIFE_S (undo.h). */
enum file_outcome file_delete(struct store *store, struct actor actor, int64_t id, int64_t now_unix, int64_t *undo_id);

/* Takes back the last replacement of a file, or its deletion: it has its bytes, id and address again. Or that it was
 * taken in: it is deleted, as file_delete does. That can itself be taken back by `*redo_id`, but for a deletion (0).
 * `*file_id` tells which file it is. FILE_GONE if it cannot be taken back any more. */
enum file_outcome file_undo(struct store *store, struct actor actor, int64_t undo_id, int64_t now_unix,
                            int64_t *file_id, int64_t *redo_id);

#endif
