#include "warta/server/body.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "warta/base/unnamed.h"

enum { CLIENT_SHARE = 4 };

/* --- room --- */

static void give(struct spool_room *room, uint64_t client, size_t len)
{
    atomic_fetch_sub(&room->len, len);
    atomic_fetch_sub(&room->of_client[client % SPOOL_CLIENTS], len);
}

static bool take(struct spool_room *room, uint64_t client, size_t len)
{
    size_t all = atomic_fetch_add(&room->len, len) + len;
    size_t own = atomic_fetch_add(&room->of_client[client % SPOOL_CLIENTS], len) + len;
    if (all <= room->max && own <= room->max / CLIENT_SHARE)
        return true;
    give(room, client, len);
    return false;
}

static void drop_gathered(struct body *body)
{
    if (body->gathered.len > 0)
        give(&body->spool->memory, body->client, body->gathered.len);
    buf_release(&body->gathered);
}

static void drop(struct body *body)
{
    drop_gathered(body);
    if (body->mapped != NULL)
        munmap(body->mapped, body->stored);
    if (body->fd > 0)
        close(body->fd);
    if (body->stored > 0)
        give(&body->spool->disk, body->client, body->stored);
    body->mapped = NULL;
    body->fd = 0;
    body->stored = 0;
}

/* --- the body --- */

void body_init(struct body *body, struct spool *spool, uint64_t client, size_t max, size_t text_max)
{
    *body = (struct body){.spool = spool, .client = client, .max = max, .text_max = text_max};
}

void body_release(struct body *body)
{
    if (body->spool != NULL)
        drop(body);
}

void body_keep_text(struct body *body)
{
    body->text_only = true;
}

void body_drop(struct body *body)
{
    body->dropped = true;
}

void body_take(struct body *body, const char *bytes, size_t len)
{
    assert(!body_is_due(body));
    if (body->status != 0)
        return;
    if (len > body->max - body->len) {
        body->status = 413;
        drop_gathered(body);
        return;
    }
    body->len += len;
    if (body->dropped)
        return;
    size_t room = body->text_only ? body->text_max - body->gathered.len : len;
    if (len > room) {
        body->cut = true;
        len = room;
    } else if (body->cut) {
        return;
    }
    if (len > 0 && take(&body->spool->memory, body->client, len))
        buf_append(&body->gathered, bytes, len);
    else if (len > 0)
        body->cut = body->no_room = true;
}

bool body_is_due(const struct body *body)
{
    return body->status == 0 && !body->text_only && !body->cut && body->gathered.len >= BODY_GATHERED_MAX;
}

void body_store(struct body *body)
{
    struct buf *gathered = &body->gathered;
    if (body->text_only || body->cut || body->status != 0 || gathered->len == 0)
        return;
    int fd = body->fd > 0 ? body->fd : unnamed_open(body->spool->folder);
    bool room = take(&body->spool->disk, body->client, gathered->len);
    if (fd > 0 && room && unnamed_write(fd, gathered->data, gathered->len, body->stored)) {
        body->fd = fd;
        body->stored += gathered->len;
        give(&body->spool->memory, body->client, gathered->len);
        buf_truncate(gathered, 0);
        return;
    }
    body->fault = room ? errno : 0;
    body->no_room = true;
    if (room)
        give(&body->spool->disk, body->client, gathered->len);
    if (body->stored > 0) {
        body->cut = true;
        drop_gathered(body);
    } else { /* what was typed has room in memory */
        body->text_only = true;
        if (fd > 0)
            close(fd);
    }
}

bool body_is_stored(const struct body *body)
{
    return body->fd > 0;
}

int body_finish(struct body *body, struct request *request)
{
    if (body->status == 0 && body->fd > 0)
        body_store(body);
    if (body->status == 0 && body->stored > 0) {
        void *mapped = mmap(NULL, body->stored, PROT_READ, MAP_PRIVATE, body->fd, 0);
        body->mapped = mapped == MAP_FAILED ? NULL : mapped;
        body->status = body->mapped == NULL ? 503 : 0;
    }
    if (body->status != 0)
        return body->status;
    request->body = body->mapped != NULL ? body->mapped : buf_string(&body->gathered);
    request->body_len = body->mapped != NULL ? body->stored : body->gathered.len;
    request->body_cut = body->cut;
    request->uploads_lost = body->no_room;
    return 0;
}
