#include "warta/server/body.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "warta/base/mem.h"
#include "warta/server/multipart.h"

struct body_parts {
    struct buf gathered; /* not taken apart yet */
    struct multipart multipart;
    enum { PART_DROPPED, PART_FIELD, PART_FILE } kind; /* of the part at hand */
    struct upload file;                                /* the part at hand; its fd is -1 until there are bytes */
    struct upload uploads[BODY_UPLOADS_MAX];
    size_t uploads_len;
    struct arena names;
};

static const struct upload no_file = {.fd = -1};

/* --- files --------------------------------------------------------------------------------------- */

static void drop_file(struct spool *spool, struct upload *file)
{
    if (file->fd >= 0) {
        close(file->fd);
        atomic_fetch_sub(&spool->len, file->len);
        atomic_fetch_sub(&spool->files, 1);
    }
    *file = no_file;
}

static void drop_files(struct body *body)
{
    struct body_parts *parts = body->parts;
    if (parts == NULL) {
        return;
    }
    drop_file(body->spool, &parts->file);
    while (parts->uploads_len > 0) {
        drop_file(body->spool, &parts->uploads[--parts->uploads_len]);
    }
    parts->kind = PART_DROPPED;
}

static void drop_text(struct body *body)
{
    if (body->held > 0) {
        atomic_fetch_sub(&body->spool->text_len, body->held);
        body->held = 0;
    }
    buf_release(&body->text);
}

/* The first reason stands. */
static void refuse(struct body *body, int status)
{
    if (body->status == 0) {
        body->status = status;
        drop_text(body);
        drop_files(body);
    }
}

/* Counts what has been added to the text. */
static void hold_text(struct body *body)
{
    struct spool *spool = body->spool;
    size_t more = body->text.len > BODY_GATHERED_MAX + body->held ? body->text.len - BODY_GATHERED_MAX - body->held : 0;
    body->held += more;
    if (more > 0 && atomic_fetch_add(&spool->text_len, more) + more > spool->text_max) {
        refuse(body, 503);
    }
}

/* What was typed beside them is still taken in. */
static void lose_files(struct body *body, int fault)
{
    body->files_lost = true;
    body->fault = fault;
    drop_files(body);
}

/* Some file systems cannot make a file without a name. */
static int open_unnamed(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) {
        return fd;
    }
    struct buf path = BUF_EMPTY;
    buf_format(&path, "%s/warta-upload-XXXXXX", folder);
    fd = mkostemp(path.data, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path.data);
    }
    buf_release(&path);
    return fd;
}

/* Whether there was room for another file. */
static bool open_file(struct body *body)
{
    struct body_parts *parts = body->parts;
    if (parts->uploads_len == BODY_UPLOADS_MAX) {
        refuse(body, 413);
        return false;
    }
    bool allowed = atomic_fetch_add(&body->spool->files, 1) < body->spool->files_max;
    parts->file.fd = allowed ? open_unnamed(body->spool->folder) : -1;
    if (parts->file.fd >= 0) {
        return true;
    }
    atomic_fetch_sub(&body->spool->files, 1);
    lose_files(body, allowed ? errno : 0);
    return false;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static void file_bytes(struct body *body, const char *bytes, size_t len)
{
    struct upload *file = &body->parts->file;
    if (file->fd < 0 && !open_file(body)) {
        return;
    }
    file->len += len;
    if (atomic_fetch_add(&body->spool->len, len) + len > body->spool->max) {
        lose_files(body, 0);
    } else if (!write_all(file->fd, bytes, len)) {
        lose_files(body, errno);
    }
}

static void file_end(struct body *body)
{
    struct body_parts *parts = body->parts;
    bool nothing_chosen = parts->file.fd < 0 && parts->file.name[0] == '\0';
    if (!nothing_chosen && (parts->file.fd >= 0 || open_file(body))) {
        parts->uploads[parts->uploads_len++] = parts->file;
    }
    parts->file = no_file;
}

/* --- fields -------------------------------------------------------------------------------------- */

/* RFC 3986, 2.1 */
static void encode(struct buf *out, const char *bytes, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (memchr(plain, byte, strlen(plain)) != NULL) {
            buf_char(out, bytes[i]);
        } else {
            buf_append(out, (char[]){'%', hex[byte >> 4], hex[byte & 15]}, 3);
        }
    }
}

static void field_bytes(struct body *body, const char *bytes, size_t len)
{
    encode(&body->text, bytes, len);
    hold_text(body);
    if (body->text.len + body->names_len > body->text_max) {
        refuse(body, 413);
    }
}

static void file_begin(struct body *body, const char *name, const char *file_name)
{
    struct body_parts *parts = body->parts;
    parts->kind = PART_FILE;
    parts->file.field = arena_copy(&parts->names, name, strlen(name));
    parts->file.name = arena_copy(&parts->names, file_name, strlen(file_name));
    body->names_len += strlen(name) + strlen(file_name);
    if (body->text.len + body->names_len > body->text_max) {
        refuse(body, 413);
    }
}

/* --- parts --------------------------------------------------------------------------------------- */

static void on_begin(void *context, const char *name, const char *file_name)
{
    struct body *body = context;
    struct body_parts *parts = body->parts;
    if (name == NULL || body->status != 0) {
        parts->kind = PART_DROPPED;
    } else if (file_name != NULL && body->files_lost) {
        parts->kind = PART_DROPPED;
    } else if (file_name != NULL) {
        file_begin(body, name, file_name);
    } else {
        parts->kind = PART_FIELD;
        buf_text(&body->text, body->text.len > 0 ? "&" : "");
        field_bytes(body, name, strlen(name));
        buf_char(&body->text, '=');
    }
}

static void on_bytes(void *context, const char *bytes, size_t len)
{
    struct body *body = context;
    switch (body->parts->kind) {
    case PART_FILE:
        file_bytes(body, bytes, len);
        break;
    case PART_FIELD:
        field_bytes(body, bytes, len);
        break;
    case PART_DROPPED:
        break;
    }
}

static void on_end(void *context)
{
    struct body *body = context;
    if (body->parts->kind == PART_FILE) {
        file_end(body);
    }
}

static const struct multipart_events events = {.begin = on_begin, .bytes = on_bytes, .end = on_end};

/* --- the whole ----------------------------------------------------------------------------------- */

void body_init(struct body *body, struct spool *spool, size_t max, size_t text_max, const char *multipart_type)
{
    *body = (struct body){.spool = spool, .max = max, .text_max = text_max};
    if (multipart_type == NULL) {
        return;
    }
    struct body_parts *parts = mem_alloc(sizeof *parts);
    if (multipart_init(&parts->multipart, multipart_type, &events, body)) {
        parts->file = no_file;
        arena_init(&parts->names);
        body->parts = parts;
    } else {
        free(parts);
        refuse(body, 400);
    }
}

void body_release(struct body *body)
{
    drop_files(body);
    if (body->parts != NULL) {
        buf_release(&body->parts->gathered);
        multipart_release(&body->parts->multipart);
        arena_release(&body->parts->names);
        free(body->parts);
        body->parts = NULL;
    }
    drop_text(body);
}

void body_take(struct body *body, const char *bytes, size_t len)
{
    assert(!body_is_due(body));
    if (body->status == 0 && len > body->max - body->len) {
        body->status = 413;
        drop_text(body);
    }
    if (body->status != 0) {
        return;
    }
    body->len += len;
    if (body->parts != NULL) {
        buf_append(&body->parts->gathered, bytes, len);
    } else {
        buf_append(&body->text, bytes, len);
        hold_text(body);
    }
}

bool body_is_due(const struct body *body)
{
    return body->status != 0 ? body_has_files(body)
                             : body->parts != NULL && body->parts->gathered.len >= BODY_GATHERED_MAX;
}

void body_store(struct body *body)
{
    struct body_parts *parts = body->parts;
    if (parts == NULL) {
        return;
    }
    if (body->status == 0) {
        multipart_read(&parts->multipart, parts->gathered.data, parts->gathered.len);
    }
    if (body->status != 0) {
        drop_files(body);
    }
    buf_truncate(&parts->gathered, 0);
}

int body_end(struct body *body)
{
    body_store(body);
    if (body->parts != NULL && !multipart_whole(&body->parts->multipart)) {
        refuse(body, 400);
    }
    return body->status;
}

bool body_has_files(const struct body *body)
{
    return body->parts != NULL && (body->parts->file.fd >= 0 || body->parts->uploads_len > 0);
}

const struct upload *body_uploads(const struct body *body, size_t *len)
{
    assert(body->status == 0);
    *len = body->parts == NULL ? 0 : body->parts->uploads_len;
    return body->parts == NULL ? NULL : body->parts->uploads;
}
