#include "database_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"

/* The smallest page, and so the smallest database (SQLite's fileformat2.html, 1.3.2). A shorter file SQLite would take
 * for an empty one, and write over it. */
enum { PAGE_MIN = 512 };

/* What speaks against the file itself; NULL if nothing does. */
static const char *file_reason(const char *path, bool writes, bool may_create)
{
    struct stat info;
    if (stat(path, &info) != 0 && errno == ENOENT)
        return may_create ? NULL : "unable to open database file: there is no such file (is the path right?)";
    if (access(path, writes ? R_OK | W_OK : R_OK) != 0)
        return errno == EROFS ? "unable to open database file: its disk is read-only"
               : writes       ? "unable to open database file: this user may not write it"
                              : "unable to open database file: this user may not read it";
    if (!S_ISREG(info.st_mode))
        return "unable to open database file: it is a folder or device, not a file";
    if (info.st_size > 0 && info.st_size < PAGE_MIN)
        return "file is not a database (is this the right file?)";
    return NULL;
}

bool file_problem(const char *path, bool writes, bool may_create, char *error, size_t error_len)
{
    static const char lead[] = "unable to open database file";
    char *copy = mem_copy(path, strlen(path));
    const char *folder = dirname(copy);
    const char *reason = NULL;
    int len = 0;
    if (access(folder, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        len = snprintf(error, error_len, "%s: %s: the folder %s does not exist: make it, or name another file", path,
                       lead, folder);
    else if ((reason = file_reason(path, writes, may_create)) != NULL)
        len = snprintf(error, error_len, "%s: %s", path, reason);
    else if (writes && access(folder, W_OK | X_OK) != 0)
        len = snprintf(error, error_len, "%s: %s: %s: this user must be able to write to the folder %s too", path, lead,
                       strerror(errno), folder);
    free(copy);
    return len > 0;
}

/* Only its owner and group may read a database: it holds drafts and password hashes. */
bool file_create(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || errno == EEXIST;
}

bool file_has_side(const char *path, const char *suffix)
{
    struct buf name = BUF_EMPTY;
    buf_format(&name, "%s%s", path, suffix);
    bool exists = access(buf_string(&name), F_OK) == 0;
    buf_release(&name);
    return exists;
}

char *file_uri(const char *path, bool immutable)
{
    struct buf uri = BUF_EMPTY;
    buf_text(&uri, *path == '/' ? "file:" : "file:.%2f");
    for (; *path != '\0'; path++)
        buf_percent(&uri, *path);
    buf_text(&uri, immutable ? "?immutable=1" : "");
    return buf_steal(&uri);
}

bool file_is_same(const char *one, const char *other)
{
    struct stat first, second;
    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

bool file_is_at(int fd, const char *path)
{
    struct stat open_one, named;
    return fstat(fd, &open_one) == 0 && stat(path, &named) == 0 && open_one.st_dev == named.st_dev &&
           open_one.st_ino == named.st_ino;
}

bool file_folder_stat(const char *path, struct stat *info)
{
    char *copy = mem_copy(path, strlen(path));
    bool ok = stat(dirname(copy), info) == 0;
    free(copy);
    return ok;
}

bool file_sync_folder(const char *path)
{
    char *copy = mem_copy(path, strlen(path));
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    free(copy);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* --- a copy under construction --- */

static bool part_fail(const struct part *part, const char *what, char *error, size_t error_len)
{
    snprintf(error, error_len, "%s %s: %s", part->path, what,
             errno == EWOULDBLOCK ? "another warta is writing it" : strerror(errno));
    return false;
}

static void unlink_sides(const char *path)
{
    static const char *const suffixes[] = {"-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        struct buf side = BUF_EMPTY;
        buf_format(&side, "%s%s", path, suffixes[i]);
        unlink(buf_string(&side));
        buf_release(&side);
    }
}

bool part_open(struct part *part, const char *final, char *error, size_t error_len)
{
    struct buf path = BUF_EMPTY;
    struct stat info;
    buf_format(&path, "%s.warta-part", final);
    part->path = buf_steal(&path);
    part->fd = open(part->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
    bool ours = part->fd >= 0 && flock(part->fd, LOCK_EX | LOCK_NB) == 0;
    if (ours && file_is_at(part->fd, part->path) && fstat(part->fd, &info) == 0 && S_ISREG(info.st_mode)) {
        unlink_sides(part->path);
        if (ftruncate(part->fd, 0) == 0)
            return true;
    }
    part_fail(part, "cannot be made", error, error_len);
    if (!ours && part->fd >= 0) {
        close(part->fd);
        part->fd = -1;
    }
    return false;
}

bool part_commit(struct part *part, const char *final, char *error, size_t error_len)
{
    if (fsync(part->fd) != 0 || rename(part->path, final) != 0)
        return part_fail(part, "cannot be given its name", error, error_len);
    close(part->fd);
    part->fd = -1;
    if (file_sync_folder(final))
        return true;
    snprintf(error, error_len, "%s is there, but the name may not outlive a power cut: %s", final, strerror(errno));
    return false;
}

void part_release(struct part *part)
{
    if (part->fd >= 0) {
        unlink_sides(part->path);
        unlink(part->path);
        close(part->fd);
    }
    free(part->path);
}
