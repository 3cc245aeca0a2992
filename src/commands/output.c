#include "warta/commands/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "warta/base/mem.h"

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool file_read(const char *path, size_t max, struct buf *content, char *error, size_t error_len)
{
    enum { CHUNK = 64 * 1024 };
    FILE *file = is_standard(path) ? stdin : fopen(path, "rbe");
    size_t got = 1;
    if (file == NULL) {
        snprintf(error, error_len, "%s cannot be read: %s", path, strerror(errno));
        return false;
    }
    while (got > 0 && content->len <= max) {
        buf_reserve(content, CHUNK + 1);
        got = fread(content->data + content->len, 1, CHUNK, file);
        content->len += got;
        content->data[content->len] = '\0';
    }
    bool ok = !ferror(file) && content->len <= max;
    if (ferror(file))
        snprintf(error, error_len, "%s cannot be read: %s", path, strerror(errno));
    else if (!ok)
        snprintf(error, error_len, "%s is larger than %zu MiB: split it", path, max >> 20);
    if (file != stdin)
        fclose(file);
    return ok;
}

/* Whether the name belongs to a device, a pipe or a link, which must not give way to a file. */
static bool is_kept(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

bool output_open(struct output *output, const char *path, char *error, size_t error_len)
{
    *output = (struct output){.file = stdout, .path = path};
    if (is_standard(path))
        return true;
    if (is_kept(path)) {
        output->file = fopen(path, "wbe");
        if (output->file == NULL)
            snprintf(error, error_len, "%s cannot be written: %s", path, strerror(errno));
        return output->file != NULL;
    }
    size_t len = strlen(path);
    output->temporary = mem_alloc(len + sizeof ".XXXXXX");
    memcpy(output->temporary, path, len);
    memcpy(output->temporary + len, ".XXXXXX", sizeof ".XXXXXX");
    int fd = mkstemp(output->temporary);
    output->file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (output->file != NULL)
        return true;
    snprintf(error, error_len, "%s cannot be written: %s", path, strerror(errno));
    free(output->temporary);
    return false;
}

bool output_commit(struct output *output, char *error, size_t error_len)
{
    bool ok = fflush(output->file) == 0 && !ferror(output->file);
    if (output->temporary == NULL) {
        if (output->file != stdout)
            ok = fclose(output->file) == 0 && ok;
        if (!ok)
            snprintf(error, error_len, "%s cannot be written: %s",
                     is_standard(output->path) ? "standard output" : output->path, strerror(errno));
        return ok;
    }
    mode_t mask = umask(0);
    umask(mask);
    ok = ok && fsync(fileno(output->file)) == 0 && fchmod(fileno(output->file), 0666 & ~mask) == 0;
    ok = fclose(output->file) == 0 && ok && rename(output->temporary, output->path) == 0;
    if (!ok) {
        snprintf(error, error_len, "%s cannot be written: %s", output->path, strerror(errno));
        unlink(output->temporary);
    }
    free(output->temporary);
    return ok;
}

void output_abandon(struct output *output)
{
    if (output->file != stdout)
        fclose(output->file);
    if (output->temporary != NULL)
        unlink(output->temporary);
    free(output->temporary);
}
