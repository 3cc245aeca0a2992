/* Makes the C form of the files that travel inside the executable.
 *
 *     embed ROOT ASSETS_C SQL_H FILE...
 *
 * FILEs are named relative to ROOT. ASSETS_C gets the table that src/base/asset_table.h declares, and the statements that
 * SQL_H, the header warta/store/sql.h, declares: those of the files directly in sql/. Such a file is
 *
 *     -- name: item_get
 *     comment lines (see include/warta/store/store.h), then one statement up to its semicolon;
 *
 * as often as it has statements. What does not fit this ends the build with the file and the line. */
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "warta/base/asset_make.h"
#include "warta/base/buf.h"
#include "warta/base/mem.h"

struct file {
    const char *name;
    const char *media_type;
    struct buf bytes, gzip, brotli;
    char hash[ASSET_HASH_CAP];
};

struct statement {
    char *name;
    const struct file *file;
    unsigned line; /* of its name */
    const char *text;
    size_t len;
};

struct input {
    struct file *files;
    size_t files_len;
    struct statement *statements;
    size_t statements_len;
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

static bool is_statements(const struct file *file)
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
    read_bytes(root, file);
    asset_hash(buf_string(&file->bytes), file->bytes.len, file->hash);
    if (starts_with(file->name, "static/"))
        asset_compress(buf_string(&file->bytes), file->bytes.len, false, &file->gzip, &file->brotli);
}

/* --- the statements of a file --- */

struct reader {
    const struct file *file;
    const char *at; /* NUL-terminated */
    unsigned line;
};

static _Noreturn __attribute__((format(printf, 2, 3))) void refuse(const struct reader *reader, const char *format, ...)
{
    char reason[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    die("%s:%u: %s", reader->file->name, reader->line, reason);
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r");
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\0';
}

/* Also one with a slip in it, so that its statement does not go under the name before. */
static bool is_name(const char *line)
{
    const char *text = skip_blanks(line);
    if (!starts_with(text, "--"))
        return false;
    text = skip_blanks(text + strspn(text, "-"));
    return strncasecmp(text, "name", 4) == 0 && *skip_blanks(text + 4) == ':';
}

static void next_line(struct reader *reader)
{
    reader->at += strcspn(reader->at, "\n");
    if (*reader->at == '\n') {
        reader->at++;
        reader->line++;
    }
}

/* The name becomes an enumerator, as SQL_COUNT is one (*owned*). */
static char *read_name(struct reader *reader)
{
    static const char label[] = "-- name: ";
    if (!is_name(reader->at))
        refuse(reader, "a statement begins with a line \"%sitem_get\"", label);
    const char *name = starts_with(reader->at, label) ? reader->at + strlen(label) : "";
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    char *copy = mem_copy(name, len);
    if (len == 0 || !is_line_end(name[len]) || strcmp(copy, "count") == 0)
        refuse(reader, "write \"%s\" and a name of a-z, 0-9 and _, other than \"count\"", label);
    next_line(reader);
    return copy;
}

/* Sets the text up to the semicolon, and goes on behind that line. */
static void read_text(struct reader *reader, struct statement *statement)
{
    bool empty = true;
    char quote = '\0';
    statement->text = reader->at;
    for (; quote != '\0' || *reader->at != ';'; reader->at++) {
        const char *at = reader->at;
        if (*at == '\0' || (at[-1] == '\n' && is_name(at)))
            refuse(reader, "\"%s\" has no semicolon at its end", statement->name);
        if (*at == '\n')
            reader->line++;
        else if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (starts_with(at, "--"))
            reader->at += strcspn(at, "\n") - 1;
        else if (strchr("'\"", *at))
            quote = *at;
        empty = empty && (isspace((unsigned char)*at) || starts_with(at, "--"));
    }
    if (empty || !is_line_end(*skip_blanks(reader->at + 1)))
        refuse(reader, "\"%s\" is not one statement, with its semicolon at the end of a line", statement->name);
    statement->len = (size_t)(reader->at - statement->text);
    next_line(reader);
}

static void read_statements(struct input *input, const struct file *file)
{
    struct reader reader = {.file = file, .at = buf_string(&file->bytes), .line = 1};
    if (strlen(reader.at) != file->bytes.len)
        die("%s: holds a NUL character", file->name);
    while (*reader.at != '\0') {
        if (is_line_end(*skip_blanks(reader.at))) {
            next_line(&reader);
            continue;
        }
        struct statement statement = {.file = file, .line = reader.line};
        statement.name = read_name(&reader);
        read_text(&reader, &statement);
        input->statements = mem_resize(input->statements, (input->statements_len + 1) * sizeof statement);
        input->statements[input->statements_len++] = statement;
    }
}

static int compare_statements(const void *a, const void *b)
{
    const struct statement *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    if (order == 0)
        order = strcmp(one->file->name, other->file->name);
    return order != 0 ? order : (one->line > other->line) - (one->line < other->line);
}

static void sort_statements(struct input *input)
{
    struct statement *statements = input->statements;
    qsort(statements, input->statements_len, sizeof *statements, compare_statements);
    for (size_t i = 1; i < input->statements_len; i++) {
        if (strcmp(statements[i - 1].name, statements[i].name) == 0)
            die("%s:%u: \"%s\" is also at %s:%u", statements[i].file->name, statements[i].line, statements[i].name,
                statements[i - 1].file->name, statements[i - 1].line);
    }
}

/* Octal escapes always have three digits here, so a digit behind one is not taken for a part of it. */
static void put_literal(FILE *out, const char *bytes, size_t len)
{
    enum { BYTES_PER_LINE = 100 };
    for (size_t i = 0; i < len; i++) {
        if (i % BYTES_PER_LINE == 0)
            fputs(i ? "\"\n    \"" : "    \"", out);
        unsigned char c = (unsigned char)bytes[i];
        bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '?';
        fprintf(out, plain ? "%c" : "\\%03o", c);
    }
    fputs(len ? "\"" : "    \"\"", out);
}

static void put_form(FILE *out, const char *field, const struct buf *form)
{
    if (!form->len)
        return;
    fprintf(out, "    .%s_len = %zu,\n    .%s =\n", field, form->len, field);
    put_literal(out, form->data, form->len);
    fputs(",\n", out);
}

static void put_asset(FILE *out, const struct file *file)
{
    fprintf(out, "{\n    .name = \"%s\",\n    .media_type = \"%s\",\n", file->name, file->media_type);
    fprintf(out, "    .hash = \"%s\",\n    .len = %zu,\n    .bytes =\n", file->hash, file->bytes.len);
    put_literal(out, file->bytes.data, file->bytes.len);
    fputs(",\n", out);
    put_form(out, "gzip", &file->gzip);
    put_form(out, "brotli", &file->brotli);
    fputs("},\n", out);
}

static void put_assets(FILE *out, const struct input *input)
{
    size_t len = 0;
    fputs("#include \"asset_table.h\"\n#include \"warta/store/sql.h\"\n\nconst struct asset asset_table[] = {\n", out);
    for (size_t i = 0; i < input->files_len; i++) {
        if (is_statements(&input->files[i]))
            continue;
        put_asset(out, &input->files[i]);
        len++;
    }
    fprintf(out, "};\n\nconst size_t asset_table_len = %zu;\n\n", len);

    fputs("static const struct {\n    const char *name, *file, *text;\n} statements[] = {\n", out);
    for (size_t i = 0; i < input->statements_len; i++) {
        const struct statement *statement = &input->statements[i];
        fprintf(out, "    {\"%s\", \"%s\",\n", statement->name, statement->file->name);
        put_literal(out, statement->text, statement->len);
        fputs("},\n", out);
    }
    fputs("};\n\nconst char *sql_name(enum sql sql)\n{\n    return statements[sql].name;\n}\n\n"
          "const char *sql_file(enum sql sql)\n{\n    return statements[sql].file;\n}\n\n"
          "const char *sql_text(enum sql sql)\n{\n    return statements[sql].text;\n}\n",
          out);
}

static void put_header(FILE *out, const struct input *input)
{
    fputs("/* The statements of sql/, in the order of their names. Generated by tools/embed.c.\n"
          " *\n * Threads: any. */\n#ifndef WARTA_STORE_SQL_H\n#define WARTA_STORE_SQL_H\n\nenum sql {\n",
          out);
    for (size_t i = 0; i < input->statements_len; i++) {
        fputs("    SQL_", out);
        for (const char *c = input->statements[i].name; *c != '\0'; c++)
            fputc(toupper((unsigned char)*c), out);
        fputs(",\n", out);
    }
    fputs("    SQL_COUNT\n};\n\n/* \"item_get\". */\nconst char *sql_name(enum sql sql);\n\n"
          "/* The file that it is in: \"sql/item.sql\". */\nconst char *sql_file(enum sql sql);\n\n"
          "/* Its comment lines behind the name, and the statement without its semicolon. */\n"
          "const char *sql_text(enum sql sql);\n\n#endif\n",
          out);
}

static void write_output(const char *path, const struct input *input, void (*put)(FILE *, const struct input *))
{
    FILE *out = fopen(path, "wb");
    if (!out)
        die("%s: %s", path, strerror(errno));
    put(out, input);
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
    struct input input = {.files_len = (size_t)argc - 4};
    input.files = mem_alloc(input.files_len * sizeof *input.files);
    for (size_t i = 0; i < input.files_len; i++) {
        input.files[i].name = argv[i + 4];
        load(argv[1], &input.files[i]);
    }
    qsort(input.files, input.files_len, sizeof *input.files, compare_files);
    for (size_t i = 0; i < input.files_len; i++) {
        if (is_statements(&input.files[i]))
            read_statements(&input, &input.files[i]);
    }
    if (input.statements_len == 0)
        die("sql/ holds no statement");
    sort_statements(&input);
    write_output(argv[2], &input, put_assets);
    write_output(argv[3], &input, put_header);
    for (size_t i = 0; i < input.statements_len; i++)
        free(input.statements[i].name);
    free(input.statements);
    for (size_t i = 0; i < input.files_len; i++) {
        buf_release(&input.files[i].bytes);
        buf_release(&input.files[i].gzip);
        buf_release(&input.files[i].brotli);
    }
    free(input.files);
    return 0;
}
