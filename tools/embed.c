/* Makes the C form of the files that travel inside the executable.
 *
 *     embed ROOT ASSETS_C SQL_H FILE...
 *
 * FILEs are named relative to ROOT. ASSETS_C gets the table that src/base/asset_table.h declares and the statements that
 * SQL_H, the header warta/store/sql.h, declares: one for each file directly in sql/. */
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/asset_make.h"
#include "warta/base/buf.h"
#include "warta/base/mem.h"

struct file {
    const char *name;
    const char *media_type;
    struct buf bytes, gzip, brotli;
    char hash[ASSET_HASH_CAP];
};

static _Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("embed: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The name becomes an enumerator. */
static void check_statement_name(const char *name)
{
    const char *stem = name + strlen("sql/");
    size_t len = strspn(stem, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (!len || strcmp(stem + len, ".sql") != 0)
        die("%s: a statement is named with a-z, 0-9 and _, and ends in .sql", name);
}

static bool is_statement(const struct file *file)
{
    return starts_with(file->name, "sql/") && !strchr(file->name + strlen("sql/"), '/');
}

static void read_bytes(const char *root, struct file *file)
{
    struct buf path = BUF_EMPTY;
    buf_format(&path, "%s/%s", root, file->name);
    FILE *stream = fopen(path.data, "rb");
    if (!stream)
        die("%s: %s", path.data, strerror(errno));
    char chunk[65536];
    size_t len;
    while ((len = fread(chunk, 1, sizeof chunk, stream)) > 0)
        buf_append(&file->bytes, chunk, len);
    if (ferror(stream))
        die("%s: cannot be read", path.data);
    fclose(stream);
    buf_release(&path);
}

static void load(const char *root, struct file *file)
{
    file->media_type = asset_media_type(file->name);
    if (!file->media_type)
        die("%s: no media type is known for this file; add its suffix to src/base/asset_make.c or take it away",
            file->name);
    if (is_statement(file))
        check_statement_name(file->name);
    read_bytes(root, file);
    asset_hash(buf_string(&file->bytes), file->bytes.len, file->hash);
    if (starts_with(file->name, "static/"))
        asset_compress(buf_string(&file->bytes), file->bytes.len, false, &file->gzip, &file->brotli);
}

/* Octal escapes always have three digits here, so a digit behind one is not taken for a part of it. */
static void put_literal(FILE *out, const struct buf *bytes)
{
    enum { BYTES_PER_LINE = 100 };
    for (size_t i = 0; i < bytes->len; i++) {
        if (i % BYTES_PER_LINE == 0)
            fputs(i ? "\"\n    \"" : "    \"", out);
        unsigned char c = (unsigned char)bytes->data[i];
        bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '?';
        fprintf(out, plain ? "%c" : "\\%03o", c);
    }
    fputs(bytes->len ? "\"" : "    \"\"", out);
}

static void put_form(FILE *out, const char *field, const struct buf *form)
{
    if (!form->len)
        return;
    fprintf(out, "    .%s_len = %zu,\n    .%s =\n", field, form->len, field);
    put_literal(out, form);
    fputs(",\n", out);
}

static void put_asset(FILE *out, const struct file *file)
{
    fprintf(out, "{\n    .name = \"%s\",\n    .media_type = \"%s\",\n", file->name, file->media_type);
    fprintf(out, "    .hash = \"%s\",\n    .len = %zu,\n    .bytes =\n", file->hash, file->bytes.len);
    put_literal(out, &file->bytes);
    fputs(",\n", out);
    put_form(out, "gzip", &file->gzip);
    put_form(out, "brotli", &file->brotli);
    fputs("},\n", out);
}

static int statement_name_len(const struct file *file)
{
    return (int)(strlen(file->name) - strlen("sql/") - strlen(".sql"));
}

static void put_assets(FILE *out, const struct file *files, size_t files_len)
{
    fputs("#include \"asset_table.h\"\n#include \"warta/store/sql.h\"\n\nconst struct asset asset_table[] = {\n", out);
    for (size_t i = 0; i < files_len; i++)
        put_asset(out, &files[i]);
    fprintf(out, "};\n\nconst size_t asset_table_len = %zu;\n\n", files_len);

    fputs("static const struct {\n    const char *name;\n    size_t asset;\n} statements[] = {\n", out);
    for (size_t i = 0; i < files_len; i++)
        if (is_statement(&files[i]))
            fprintf(out, "    {\"%.*s\", %zu},\n", statement_name_len(&files[i]), files[i].name + strlen("sql/"), i);
    fputs("};\n\nconst char *sql_name(enum sql sql)\n{\n    return statements[sql].name;\n}\n\n"
          "const char *sql_text(enum sql sql)\n{\n    return asset_table[statements[sql].asset].bytes;\n}\n",
          out);
}

static void put_header(FILE *out, const struct file *files, size_t files_len)
{
    fputs("/* The statements of sql/, in the order of their files' names. Generated by tools/embed.c.\n"
          " *\n * Threads: any. */\n#ifndef WARTA_STORE_SQL_H\n#define WARTA_STORE_SQL_H\n\nenum sql {\n",
          out);
    for (size_t i = 0; i < files_len; i++) {
        if (!is_statement(&files[i]))
            continue;
        fputs("    SQL_", out);
        for (const char *c = files[i].name + strlen("sql/"); *c != '.'; c++)
            fputc(toupper((unsigned char)*c), out);
        fputs(",\n", out);
    }
    fputs("    SQL_COUNT\n};\n\n/* The file's name without \".sql\": \"item_get\". */\nconst char *sql_name(enum sql "
          "sql);\n\n"
          "/* The file's text. */\nconst char *sql_text(enum sql sql);\n\n#endif\n",
          out);
}

static void write_output(const char *path, const struct file *files, size_t files_len,
                         void (*put)(FILE *, const struct file *, size_t))
{
    FILE *out = fopen(path, "wb");
    if (!out)
        die("%s: %s", path, strerror(errno));
    put(out, files, files_len);
    bool failed = ferror(out);
    if (fclose(out) != 0 || failed)
        die("%s: cannot be written", path);
}

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        die("usage: embed ROOT ASSETS_C SQL_H FILE...");
    if (sodium_init() < 0)
        die("libsodium does not start");
    size_t files_len = (size_t)argc - 4;
    struct file *files = mem_alloc(files_len * sizeof *files);
    for (size_t i = 0; i < files_len; i++) {
        files[i].name = argv[i + 4];
        load(argv[1], &files[i]);
    }
    qsort(files, files_len, sizeof *files, compare_files);
    write_output(argv[2], files, files_len, put_assets);
    write_output(argv[3], files, files_len, put_header);
    for (size_t i = 0; i < files_len; i++) {
        buf_release(&files[i].bytes);
        buf_release(&files[i].gzip);
        buf_release(&files[i].brotli);
    }
    free(files);
    return 0;
}
