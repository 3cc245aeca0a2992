#include "warta/store/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "warta/base/path.h"

/* An errno; 0 if there is room. */
static int take_room(int fd)
{
    int problem = posix_fallocate(fd, 0, READY_ROOM);
    close(fd);
    return problem;
}

/* Some file systems have no files without a name: then what they say is free has to do. */
static int room_problem(const char *folder)
{
    struct statvfs disk;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return take_room(fd);
    if (errno != EOPNOTSUPP && errno != EISDIR)
        return errno;
    if (statvfs(folder, &disk) != 0)
        return errno;
    return disk.f_bavail * disk.f_frsize < READY_ROOM ? ENOSPC : 0;
}

bool ready_to_write(const char *path, char *error, size_t error_len)
{
    char *folder = path_folder(path);
    int problem = access(path, W_OK) == 0 ? room_problem(folder) : errno;
    free(folder);
    if (problem == 0)
        return true;
    if (problem == ENOSPC || problem == EDQUOT)
        snprintf(error, error_len, "the disk is full");
    else
        snprintf(error, error_len, "the database cannot be written: %s", strerror(problem));
    return false;
}
