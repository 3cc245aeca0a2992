#include "warta/base/path.h"

#include <string.h>

#include "warta/base/mem.h"

char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return mem_copy(".", 1);
    return mem_copy(path, slash == path ? 1 : (size_t)(slash - path));
}
