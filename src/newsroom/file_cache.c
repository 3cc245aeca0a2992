#include "warta/newsroom/file_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "warta/base/mem.h"
#include "warta/base/unnamed.h"
#include "warta/newsroom/file.h"

enum { DISK_SHARE = 8 /* of what is free, that part */ };

struct slot {
    int64_t content, size;
    int fd;           /* -1 while it is filled */
    uint64_t used_at; /* 0: the slot is empty */
};

struct file_cache {
    const char *folder;
    int64_t max;
    pthread_mutex_t mutex; /* guards all that follows */
    pthread_cond_t filled;
    int64_t len;
    uint64_t turn;
    struct slot slots[FILE_CACHE_FILES];
};

struct file_cache *file_cache_create(const char *folder, int64_t max)
{
    struct file_cache *cache = mem_alloc(sizeof *cache);
    struct statvfs disk;
    int64_t room = statvfs(folder, &disk) == 0 ? (int64_t)(disk.f_bavail * disk.f_frsize / DISK_SHARE) : max;
    cache->folder = folder;
    cache->max = room < max ? room : max;
    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->filled, NULL);
    return cache;
}

static void empty(struct file_cache *cache, struct slot *slot)
{
    if (slot->used_at > 0 && slot->fd >= 0) {
        close(slot->fd);
        cache->len -= slot->size;
    }
    *slot = (struct slot){.fd = -1};
}

void file_cache_destroy(struct file_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < FILE_CACHE_FILES; i++)
        empty(cache, &cache->slots[i]);
    pthread_cond_destroy(&cache->filled);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

/* --- with the mutex --- */

static struct slot *find(struct file_cache *cache, int64_t content)
{
    for (size_t i = 0; i < FILE_CACHE_FILES; i++)
        if (cache->slots[i].used_at > 0 && cache->slots[i].content == content)
            return &cache->slots[i];
    return NULL;
}

/* The slot to be used next: an empty one, or the one used longest ago; NULL if all are being filled. */
static struct slot *oldest(struct file_cache *cache, bool filled)
{
    struct slot *found = NULL;
    for (size_t i = 0; i < FILE_CACHE_FILES; i++) {
        struct slot *slot = &cache->slots[i];
        bool fits = slot->used_at == 0 ? !filled : slot->fd >= 0;
        if (fits && (found == NULL || slot->used_at < found->used_at))
            found = slot;
    }
    return found;
}

/* A descriptor that is there, once whoever fills it is done; -1 if there is none. */
static int take(struct file_cache *cache, int64_t content)
{
    struct slot *slot = find(cache, content);
    while (slot != NULL && slot->fd < 0) {
        pthread_cond_wait(&cache->filled, &cache->mutex);
        slot = find(cache, content);
    }
    if (slot == NULL)
        return -1;
    slot->used_at = ++cache->turn;
    return fcntl(slot->fd, F_DUPFD_CLOEXEC, 0);
}

/* A slot that is being filled from now on; NULL if the content is not to be kept. */
static struct slot *reserve(struct file_cache *cache, int64_t content, int64_t size)
{
    struct slot *slot = size > cache->max ? NULL : oldest(cache, false);
    if (slot == NULL)
        return NULL;
    empty(cache, slot);
    *slot = (struct slot){.content = content, .size = size, .fd = -1, .used_at = ++cache->turn};
    return slot;
}

/* What was filled is kept, or the slot is empty again. */
static void fill(struct file_cache *cache, struct slot *slot, int fd)
{
    int kept = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    while (kept >= 0 && cache->len + slot->size > cache->max)
        empty(cache, oldest(cache, true));
    slot->fd = kept;
    if (kept < 0)
        empty(cache, slot);
    else
        cache->len += slot->size;
    pthread_cond_broadcast(&cache->filled);
}

/* --- reading --- */

static bool copy(struct store *store, int64_t content, int64_t size, int fd)
{
    struct buf chunk = BUF_EMPTY;
    bool ok = true;
    for (int64_t number = 0, len = 0; ok && len < size; number++, len += (int64_t)chunk.len) {
        buf_truncate(&chunk, 0);
        ok = file_chunk(store, content, number, &chunk) && chunk.len > 0 &&
             unnamed_write(fd, chunk.data, chunk.len, (size_t)len);
    }
    buf_release(&chunk);
    return ok;
}

static int read_content(const struct file_cache *cache, struct store *store, int64_t content, int64_t size)
{
    int fd = unnamed_open(cache->folder);
    if (fd >= 0 && !copy(store, content, size, fd)) {
        int cause = errno;
        close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

int file_cache_open(struct file_cache *cache, struct store *store, int64_t content, int64_t size)
{
    pthread_mutex_lock(&cache->mutex);
    int fd = take(cache, content);
    struct slot *slot = fd >= 0 ? NULL : reserve(cache, content, size);
    pthread_mutex_unlock(&cache->mutex);
    if (fd >= 0)
        return fd;
    fd = read_content(cache, store, content, size);
    if (slot != NULL) {
        pthread_mutex_lock(&cache->mutex);
        fill(cache, slot, fd);
        pthread_mutex_unlock(&cache->mutex);
    }
    return fd;
}
