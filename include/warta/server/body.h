/* The body of a request, taken in as it comes.
 *
 * A form sent as multipart/form-data becomes what it would have been as application/x-www-form-urlencoded, in `text`,
 * and its files go to unnamed temporary files, so that none is ever whole in memory. Any other body is `text` as it
 * came.
 *
 * A part with a filename is a file, unless the name is empty and it has no bytes: that is a form's file input with
 * nothing chosen. A part without a name is dropped. Names and values are what the client sent: any bytes.
 *
 * What is too long or malformed is noted, and the rest read past: files are gone from then on. Where files find no room,
 * all of them are lost, but not what was typed beside them. All temporary files together are bounded as well, in bytes and
 * number, as who sends them need not be anybody we know.
 *
 * Threads: a body belongs to one at a time; a spool is shared. */
#ifndef WARTA_SERVER_BODY_H
#define WARTA_SERVER_BODY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"
#include "warta/http/message.h"

enum { BODY_UPLOADS_MAX = 20 };

/* Where files are put until their request is answered. */
struct spool {
    const char *folder; /* borrowed; on a disk, or else they are in memory after all */
    size_t max;         /* bytes of all files together */
    size_t files_max;   /* how many there may be */
    atomic_size_t len, files;
};

struct body_parts;

struct body {
    struct spool *spool;
    size_t max, text_max; /* bytes as sent; bytes of `text` */
    size_t len;           /* as sent */
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
void body_release(struct body *body);

void body_take(struct body *body, const char *bytes, size_t len);

/* All has been sent: 0 if the body is whole, or what to refuse the request with: 400 or 413. */
int body_end(struct body *body);

/* The files (*borrowed*), of a body that is whole. */
const struct upload *body_uploads(const struct body *body, size_t *len);

#endif
