#include "warta/base/unnamed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "warta/base/buf.h"

/* Some file systems cannot make a file without a name. */
int unnamed_open(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    struct buf path = BUF_EMPTY;
    buf_format(&path, "%s/warta-unnamed-XXXXXX", folder);
    fd = mkostemp(path.data, O_CLOEXEC);
    if (fd >= 0)
        unlink(path.data);
    buf_release(&path);
    return fd;
}

bool unnamed_write(int fd, const char *bytes, size_t len, size_t offset)
{
    while (len > 0) {
        ssize_t written = pwrite(fd, bytes, len, (off_t)offset);
        if (written < 0 && errno != EINTR)
            return false;
        size_t done = written > 0 ? (size_t)written : 0;
        bytes += done;
        offset += done;
        len -= done;
    }
    return true;
}
