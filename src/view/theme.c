#include "warta/view/theme.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "warta/base/asset_make.h"
#include "warta/base/mem.h"
#include "warta/base/nearest.h"

static const char static_prefix[] = "static/";
static const char templates_prefix[] = "templates/";

struct theme {
    struct arena arena;
    struct asset *files;
    size_t len, total; /* total: bytes of all */
};

struct loading {
    struct theme *theme;
    const char *folder;
    char *error;
    size_t error_len;
};

__attribute__((format(printf, 3, 4))) static bool fail(struct loading *loading, const char *name, const char *format,
                                                       ...)
{
    va_list arguments;
    int len = snprintf(loading->error, loading->error_len, "%s%s%s: ", loading->folder, *name == '\0' ? "" : "/", name);
    if (len < 0 || (size_t)len >= loading->error_len)
        return false;
    va_start(arguments, format);
    vsnprintf(loading->error + len, loading->error_len - (size_t)len, format, arguments);
    va_end(arguments);
    return false;
}

/* --- names --- */

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Static files may be new, so their name is looked at, and nothing it might have been meant for. */
static bool check_static(struct loading *loading, const char *name)
{
    const char *base = name + strlen(static_prefix);
    if (base[strspn(base, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] != '\0')
        return fail(loading, name, "a static file is named with letters, digits, '-', '_' and '.'");
    if (asset_media_type(base) == NULL)
        return fail(loading, name, "no media type is known for files of this ending");
    return true;
}

static bool check_name(struct loading *loading, const char *name)
{
    struct nearest nearest;
    const struct asset *known;
    if (starts_with(name, static_prefix))
        return check_static(loading, name);
    if (starts_with(name, templates_prefix) && asset_find(name) != NULL)
        return true;
    nearest_init(&nearest, name);
    size_t known_len = asset_range(templates_prefix, &known);
    for (size_t i = 0; i < known_len; i++)
        nearest_offer(&nearest, known[i].name);
    if (*nearest.name != '\0')
        return fail(loading, name, "stands in for no file of warta; did you mean %s?", nearest.name);
    return fail(loading, name, "stands in for no file of warta; a theme has templates/ and static/");
}

/* --- reading --- */

/* The whole of an open file; NULL if it is larger than allowed or cannot be read (errno). */
static bool read_file(int fd, struct buf *bytes)
{
    char chunk[16384];
    ssize_t len = 0;
    while (bytes->len <= THEME_FILE_MAX && (len = read(fd, chunk, sizeof chunk)) > 0)
        buf_append(bytes, chunk, (size_t)len);
    return len >= 0;
}

static void add_forms(struct theme *theme, struct asset *file)
{
    struct buf gzip = BUF_EMPTY, brotli = BUF_EMPTY;
    asset_compress(file->bytes, file->len, true, &gzip, &brotli);
    if (gzip.len > 0)
        file->gzip = arena_copy(&theme->arena, gzip.data, gzip.len);
    if (brotli.len > 0)
        file->brotli = arena_copy(&theme->arena, brotli.data, brotli.len);
    file->gzip_len = gzip.len;
    file->brotli_len = brotli.len;
    buf_release(&gzip);
    buf_release(&brotli);
}

static bool add_file(struct loading *loading, const char *name, const struct buf *bytes)
{
    struct theme *theme = loading->theme;
    char hash[ASSET_HASH_CAP];
    theme->total += bytes->len;
    if (bytes->len > THEME_FILE_MAX)
        return fail(loading, name, "is larger than %d KiB, more than a theme's file may be", THEME_FILE_MAX >> 10);
    if (theme->total > THEME_TOTAL_MAX)
        return fail(loading, "", "is larger than %d MiB, more than a theme may be", THEME_TOTAL_MAX >> 20);
    if (theme->len == THEME_FILES_MAX)
        return fail(loading, "", "holds more than %d files", THEME_FILES_MAX);
    asset_hash(buf_string(bytes), bytes->len, hash);
    struct asset *file = &theme->files[theme->len++];
    *file = (struct asset){
        .name = arena_copy(&theme->arena, name, strlen(name)),
        .bytes = arena_copy(&theme->arena, buf_string(bytes), bytes->len),
        .len = bytes->len,
        .media_type = asset_media_type(name),
        .hash = arena_copy(&theme->arena, hash, strlen(hash)),
    };
    if (starts_with(name, static_prefix))
        add_forms(theme, file);
    return true;
}

static bool take_folder(struct loading *loading, int fd, const char *name, unsigned depth);

/* A file or a folder, open as `fd`, which stays the caller's. */
static bool take_open(struct loading *loading, int fd, const char *name, unsigned depth)
{
    enum { DEPTH_MAX = 2 /* templates/public/ */ };
    struct stat info;
    struct buf bytes = BUF_EMPTY;
    if (fstat(fd, &info) != 0)
        return fail(loading, name, "%s", strerror(errno));
    if (S_ISDIR(info.st_mode) && depth < DEPTH_MAX)
        return take_folder(loading, fd, name, depth + 1);
    if (!S_ISREG(info.st_mode))
        return fail(loading, name, "is no file that a theme may have there");
    if (strcmp(name, "README.md") == 0)
        return true;
    if (!check_name(loading, name))
        return false;
    bool ok = read_file(fd, &bytes) ? add_file(loading, name, &bytes) : fail(loading, name, "%s", strerror(errno));
    buf_release(&bytes);
    return ok;
}

static bool take_entry(struct loading *loading, int folder, const char *prefix, const char *entry, unsigned depth)
{
    struct buf name = BUF_EMPTY;
    buf_format(&name, "%s%s%s", prefix, *prefix == '\0' ? "" : "/", entry);
    /* What is no file must not hold up who opens it. */
    int fd = openat(folder, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool ok = false;
    if (fd >= 0)
        ok = take_open(loading, fd, buf_string(&name), depth);
    else if (errno == ELOOP)
        fail(loading, buf_string(&name), "is a link, which a theme may not have: put the file itself there");
    else
        fail(loading, buf_string(&name), "%s", strerror(errno));
    if (fd >= 0)
        close(fd);
    buf_release(&name);
    return ok;
}

static bool take_folder(struct loading *loading, int fd, const char *name, unsigned depth)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    if (entries == NULL) {
        fail(loading, name, "%s", strerror(errno));
        if (copy >= 0)
            close(copy);
        return false;
    }
    bool ok = true;
    errno = 0;
    for (struct dirent *entry = readdir(entries); ok && entry != NULL; entry = readdir(entries)) {
        if (*entry->d_name != '.')
            ok = take_entry(loading, fd, name, entry->d_name, depth);
        errno = 0;
    }
    if (ok && errno != 0)
        ok = fail(loading, name, "%s", strerror(errno));
    closedir(entries);
    return ok;
}

/* --- the whole --- */

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct asset *)one)->name, ((const struct asset *)other)->name);
}

struct theme *theme_load(const char *folder, char *error, size_t error_len)
{
    struct theme *theme = mem_alloc(sizeof *theme);
    arena_init(&theme->arena);
    theme->files = arena_alloc(&theme->arena, THEME_FILES_MAX * sizeof *theme->files);
    struct loading loading = {.theme = theme, .folder = folder, .error = error, .error_len = error_len};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 ? take_folder(&loading, fd, "", 0)
                      : fail(&loading, "", "%s: --theme wants the folder of a theme", strerror(errno));
    if (fd >= 0)
        close(fd);
    qsort(theme->files, theme->len, sizeof *theme->files, by_name);
    if (ok)
        return theme;
    theme_destroy(theme);
    return NULL;
}

void theme_destroy(struct theme *theme)
{
    if (theme == NULL)
        return;
    arena_release(&theme->arena);
    free(theme);
}

const struct asset *theme_find(const struct theme *theme, const char *name)
{
    const struct asset key = {.name = name};
    return theme == NULL ? NULL : bsearch(&key, theme->files, theme->len, sizeof key, by_name);
}

const struct asset *theme_files(const struct theme *theme, size_t *len)
{
    *len = theme == NULL ? 0 : theme->len;
    return theme == NULL ? NULL : theme->files;
}
