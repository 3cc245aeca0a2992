#include "database_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"

/* The smallest page, and so the smallest database (SQLite's fileformat2.html, 1.3.2). A shorter file SQLite would take
 * for an empty one, and write over it. */
enum { PAGE_MIN = 512 };

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return mem_copy(".", 1);
    return mem_copy(path, slash == path ? 1 : (size_t)(slash - path));
}

/* What speaks against the file itself; NULL if nothing does. */
static const char *file_reason(const char *path, bool writes, bool may_create)
{
    struct stat info;
    if (stat(path, &info) != 0 && errno == ENOENT)
        return may_create ? NULL : "unable to open database file: there is no such file (is the path right?)";
    if (access(path, writes ? R_OK | W_OK : R_OK) != 0)
        return writes ? "unable to open database file: this user may not write it"
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
    char *folder = folder_of(path);
    const char *reason = NULL;
    int len = 0;
    if (access(folder, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        len = snprintf(error, error_len, "%s: %s: the folder %s does not exist", path, lead, folder);
    else if ((reason = file_reason(path, writes, may_create)) != NULL)
        len = snprintf(error, error_len, "%s: %s", path, reason);
    else if (writes && access(folder, W_OK | X_OK) != 0)
        len = snprintf(error, error_len, "%s: %s: %s: this user must be able to write to the folder %s too", path, lead,
                       strerror(errno), folder);
    free(folder);
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
        buf_format(&uri, "%%%02x", (unsigned char)*path);
    buf_text(&uri, immutable ? "?immutable=1" : "");
    return buf_steal(&uri);
}
