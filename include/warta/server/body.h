/* The body of a request, taken in as it comes: gathered in memory by a thread that must not wait, and stored by one
 * that may.
 *
 * A form sent as multipart/form-data becomes what it would have been as application/x-www-form-urlencoded, in `text`,
 * and its files go to unnamed temporary files, so that none is ever whole in memory. Any other body is `text` as it
 * came.
 *
 * A part with a filename is a file, unless the name is empty and it has no bytes: that is a form's file input with
 * nothing chosen. A part without a name is dropped. Names and values are what the client sent: any bytes.
 *
 * What is too long or malformed is noted, and the rest read past: files are gone from then on. Where files find no
 * room, all of them are lost, but not what was typed beside them. All temporary files together are bounded as well,
 * in bytes and number, and so is all text, as who sends them need not be anybody we know. A text of up to
 * BODY_GATHERED_MAX bytes is not counted, so that there is always room for what most forms hold.
 *
 * Threads: a body belongs to one at a time; a spool is shared. */
#ifndef WARTA_SERVER_BODY_H
#define WARTA_SERVER_BODY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"
#include "warta/http/message.h"

enum { BODY_UPLOADS_MAX = 20, BODY_GATHERED_MAX = 48 * 1024 };

/* Where files are put until their request is answered. */
struct spool {
    const char *folder; /* borrowed; on a disk, or else they are in memory after all */
    size_t max;         /* bytes of all files together */
    size_t files_max;   /* how many there may be */
    size_t text_max;    /* bytes of all text together, beyond the first BODY_GATHERED_MAX of each */
    atomic_size_t len, files, text_len;
};

struct body_parts;

struct body {
    struct spool *spool;
    size_t max, text_max; /* bytes as sent; bytes of `text` and of the names of files */
    size_t len;           /* as sent */
    size_t names_len;     /* of files */
    size_t held;          /* what of the spool's text_len is this one's */
    int status;           /* what to refuse the request with; 0 while all is well */
    bool files_lost;      /* for want of room */
    int fault;            /* an errno, where files were lost; 0 if it was a bound of the spool */
    struct buf text;
    struct body_parts *parts; /* owned; NULL unless it is a multipart form */
};

/* Takes at most `max` bytes, of which `text_max` may become text. `multipart_type` is the Content-Type of a multipart
 * form; NULL for a body that is taken as it is. It is borrowed for the call, `spool` for longer. The form may be
 * refused already. */
void body_init(struct body *body, struct spool *spool, size_t max, size_t text_max, const char *multipart_type);

/* Waits for the disk if it has files. What `text` and `body_uploads` held is gone, `status` stays as it was. For a
 * body that is all zero there is nothing to do. */
void body_release(struct body *body);

/* Gathers what has come; never waits. To be called only while nothing is due. */
void body_take(struct body *body, const char *bytes, size_t len);

/* Whether body_store has to be called before more is taken: BODY_GATHERED_MAX bytes have been gathered, or there are
 * files that the request is refused with. Never of a body that is taken as it is. */
bool body_is_due(const struct body *body);

/* Takes apart what has been gathered. Waits for the disk. */
void body_store(struct body *body);

/* All has been sent, the rest is stored: 0 if the body is whole, or what to refuse the request with: 400, 413, or 503 for
 * want of room. Waits for the disk, unless the body is taken as it is. */
int body_end(struct body *body);

/* Whether it has temporary files. */
bool body_has_files(const struct body *body);

/* The files (*borrowed*), of a body that is whole. */
const struct upload *body_uploads(const struct body *body, size_t *len);

#endif
