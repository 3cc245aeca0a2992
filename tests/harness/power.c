#include "harness/power.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"

enum { FILES_MAX = 32, SECTOR = 512 };

/* A write, or with `bytes` NULL a truncation to `offset`, or a deletion. */
struct change {
    bool deletes;
    size_t offset, len;
    char *bytes;
};

struct file {
    char *path;
    bool exists; /* as the disk has it */
    struct buf content;
    struct change *changes; /* since the last sync */
    size_t changes_len;
};

struct handle {
    sqlite3_file base;
    struct file *file; /* NULL: not on this disk */
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    struct file files[FILES_MAX];
    size_t files_len;
    size_t open; /* files of connections */
    size_t operations, ends_at, database_writes;
    enum power_end end;
    bool lies, dead;
} disk;

/* --- the state of files --- */

static void lay_on(struct buf *content, size_t offset, const char *bytes, size_t len)
{
    if (content->len < offset + len) {
        size_t more = offset + len - content->len;
        buf_reserve(content, more + 1);
        memset(content->data + content->len, 0, more + 1);
        content->len = offset + len;
    }
    memcpy(content->data + offset, bytes, len);
}

static void apply(struct file *file, const struct change *change)
{
    if (change->bytes != NULL)
        lay_on(&file->content, change->offset, change->bytes, change->len);
    else if (change->offset < file->content.len)
        buf_truncate(&file->content, change->offset);
    file->exists = !change->deletes;
}

static void forget_changes(struct file *file)
{
    for (size_t i = 0; i < file->changes_len; i++)
        free(file->changes[i].bytes);
    file->changes_len = 0;
}

static void settle(struct file *file)
{
    for (size_t i = 0; i < file->changes_len; i++)
        apply(file, &file->changes[i]);
    forget_changes(file);
}

static void read_real(struct file *file)
{
    char bytes[65536];
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    file->exists = fd >= 0;
    buf_truncate(&file->content, 0);
    for (ssize_t len = fd < 0 ? 0 : read(fd, bytes, sizeof bytes); len > 0; len = read(fd, bytes, sizeof bytes))
        buf_append(&file->content, bytes, (size_t)len);
    if (fd >= 0)
        close(fd);
}

static struct file *file_find(const char *path)
{
    for (size_t i = 0; i < disk.files_len; i++) {
        if (strcmp(disk.files[i].path, path) == 0)
            return &disk.files[i];
    }
    return NULL;
}

static struct file *file_of(const char *path)
{
    struct file *file = file_find(path);
    if (file != NULL)
        return file;
    assert_true(disk.files_len < FILES_MAX);
    file = &disk.files[disk.files_len++];
    *file = (struct file){.path = mem_copy(path, strlen(path))};
    read_real(file);
    return file;
}

static void note(struct file *file, struct change change)
{
    file->changes = mem_resize(file->changes, (file->changes_len + 1) * sizeof *file->changes);
    file->changes[file->changes_len++] = change;
}

/* Whether the power is still on behind one more operation. */
static bool goes_on(void)
{
    if (disk.dead)
        return false;
    if (++disk.operations != disk.ends_at)
        return true;
    if (disk.end == POWER_KILL)
        raise(SIGKILL);
    disk.dead = true;
    return false;
}

/* --- files as SQLite sees them --- */

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)(void *)file;
}

static int x_close(sqlite3_file *file)
{
    disk.open--;
    return handle_of(file)->real->pMethods->xClose(handle_of(file)->real);
}

static int x_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 offset)
{
    return handle_of(file)->real->pMethods->xRead(handle_of(file)->real, bytes, len, offset);
}

static int x_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
    struct handle *handle = handle_of(file);
    if (disk.dead)
        return SQLITE_IOERR_WRITE;
    note(handle->file,
         (struct change){.offset = (size_t)offset, .len = (size_t)len, .bytes = mem_copy(bytes, (size_t)len)});
    disk.database_writes += strchr(strrchr(handle->file->path, '/'), '-') == NULL;
    if (!goes_on())
        return SQLITE_IOERR_WRITE;
    return handle->real->pMethods->xWrite(handle->real, bytes, len, offset);
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct handle *handle = handle_of(file);
    if (disk.dead)
        return SQLITE_IOERR_TRUNCATE;
    note(handle->file, (struct change){.offset = (size_t)size});
    if (!goes_on())
        return SQLITE_IOERR_TRUNCATE;
    return handle->real->pMethods->xTruncate(handle->real, size);
}

static int x_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (!goes_on())
        return SQLITE_IOERR_FSYNC;
    if (!disk.lies)
        settle(handle_of(file)->file);
    return SQLITE_OK;
}

static int x_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return handle_of(file)->real->pMethods->xFileSize(handle_of(file)->real, size);
}

static int x_lock(sqlite3_file *file, int level)
{
    return handle_of(file)->real->pMethods->xLock(handle_of(file)->real, level);
}

static int x_unlock(sqlite3_file *file, int level)
{
    return handle_of(file)->real->pMethods->xUnlock(handle_of(file)->real, level);
}

static int x_check_reserved(sqlite3_file *file, int *reserved)
{
    return handle_of(file)->real->pMethods->xCheckReservedLock(handle_of(file)->real, reserved);
}

/* Hints about sizes would write past us. */
static int x_control(sqlite3_file *file, int operation, void *argument)
{
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE)
        return SQLITE_NOTFOUND;
    return handle_of(file)->real->pMethods->xFileControl(handle_of(file)->real, operation, argument);
}

static int x_sector_size(sqlite3_file *file)
{
    return handle_of(file)->real->pMethods->xSectorSize(handle_of(file)->real);
}

static int x_characteristics(sqlite3_file *file)
{
    return handle_of(file)->real->pMethods->xDeviceCharacteristics(handle_of(file)->real);
}

static int x_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
    return handle_of(file)->real->pMethods->xShmMap(handle_of(file)->real, region, size, extend, memory);
}

static int x_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return handle_of(file)->real->pMethods->xShmLock(handle_of(file)->real, offset, n, flags);
}

static void x_shm_barrier(sqlite3_file *file)
{
    handle_of(file)->real->pMethods->xShmBarrier(handle_of(file)->real);
}

static int x_shm_unmap(sqlite3_file *file, int deletes)
{
    return handle_of(file)->real->pMethods->xShmUnmap(handle_of(file)->real, deletes);
}

static const sqlite3_io_methods methods = {
    2,
    x_close,
    x_read,
    x_write,
    x_truncate,
    x_sync,
    x_file_size,
    x_lock,
    x_unlock,
    x_check_reserved,
    x_control,
    x_sector_size,
    x_characteristics,
    x_shm_map,
    x_shm_lock,
    x_shm_barrier,
    x_shm_unmap,
    NULL,
    NULL,
};

static int x_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    (void)vfs;
    bool ours = path != NULL && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    if (!ours)
        return disk.real->xOpen(disk.real, path, file, flags, out_flags);
    struct handle *handle = handle_of(file);
    handle->base.pMethods = NULL;
    handle->real = (sqlite3_file *)(void *)(handle + 1);
    handle->file = file_of(path);
    int code = disk.real->xOpen(disk.real, path, handle->real, flags, out_flags);
    if (code == SQLITE_OK) {
        handle->base.pMethods = &methods;
        disk.open++;
    }
    return code;
}

static int x_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    struct file *file = file_find(path);
    if (disk.dead)
        return SQLITE_IOERR_DELETE;
    if (file != NULL)
        note(file, (struct change){.deletes = true});
    if (!goes_on())
        return SQLITE_IOERR_DELETE;
    if (file != NULL && sync_folder && !disk.lies)
        settle(file);
    return disk.real->xDelete(disk.real, path, sync_folder);
}

void power_install(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "power";
    disk.vfs.szOsFile = (int)sizeof(struct handle) + disk.real->szOsFile;
    disk.vfs.xOpen = x_open;
    disk.vfs.xDelete = x_delete;
    assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

/* --- the power --- */

static void forget_files(void)
{
    for (size_t i = 0; i < disk.files_len; i++) {
        forget_changes(&disk.files[i]);
        free(disk.files[i].changes);
        buf_release(&disk.files[i].content);
        free(disk.files[i].path);
    }
    disk.files_len = 0;
}

void power_begin(size_t operations, enum power_end end, bool lies)
{
    if (disk.open == 0)
        forget_files();
    for (size_t i = 0; i < disk.files_len; i++)
        settle(&disk.files[i]);
    disk.operations = disk.database_writes = 0;
    disk.ends_at = operations;
    disk.end = end;
    disk.lies = lies;
    disk.dead = false;
}

size_t power_operations(void)
{
    return disk.operations;
}

size_t power_database_writes(void)
{
    return disk.database_writes;
}

/* xorshift64 (Marsaglia 2003) */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Some of its sectors, of which one may be torn; or all of it, or nothing. */
static void apply_some(struct file *file, const struct change *change, uint64_t *state)
{
    uint64_t how = draw(state) % 4;
    if (how == 0 || (how == 1 && change->bytes == NULL))
        return;
    if (how == 3 || change->bytes == NULL) {
        apply(file, change);
        return;
    }
    for (size_t at = 0; at < change->len; at += SECTOR) {
        size_t len = change->len - at < SECTOR ? change->len - at : SECTOR;
        uint64_t which = draw(state) % 8;
        if (which == 0)
            len = draw(state) % len;
        if (which < 4)
            apply(file, &(struct change){.offset = change->offset + at, .len = len, .bytes = change->bytes + at});
    }
}

static void write_real(const struct file *file)
{
    struct buf memory = BUF_EMPTY;
    buf_format(&memory, "%s-shm", file->path);
    unlink(buf_string(&memory));
    buf_release(&memory);
    unlink(file->path);
    if (!file->exists)
        return;
    int fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    assert_true(fd >= 0);
    for (size_t at = 0; at < file->content.len;) {
        ssize_t written = write(fd, file->content.data + at, file->content.len - at);
        assert_true(written > 0);
        at += (size_t)written;
    }
    close(fd);
}

void power_restore(uint64_t seed)
{
    assert_int_equal(disk.open, 0);
    uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (size_t i = 0; i < disk.files_len; i++) {
        struct file *file = &disk.files[i];
        bool deleted = file->changes_len > 0 && file->changes[file->changes_len - 1].deletes;
        /* A program that gives a file another name has brought it to the disk itself. */
        if (file->exists && !deleted && access(file->path, F_OK) != 0)
            continue;
        for (size_t c = 0; c < file->changes_len; c++)
            apply_some(file, &file->changes[c], &state);
        write_real(file);
    }
    power_begin(0, POWER_CUT, false);
}
