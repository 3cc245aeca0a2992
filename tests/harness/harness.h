/* A newsroom for tests: a database in a folder of its own, the whole pipeline over it, and a clock that stands still. */
#ifndef HARNESS_H
#define HARNESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/app/app.h"
#include "warta/app/match.h"

/* 2026-11-23T12:00:00Z */
enum { HARNESS_NOW_UNIX = 1795435200 };

struct harness {
    char folder[64];
    char database[96];
    struct log log;
    unsigned requests; /* how many were sent */
    struct view *view;
    json_t *settings;
    struct site site;
    struct file_cache *files;
    struct app *app;   /* of the read lane */
    struct app *staff; /* of the others: it may write */
};

/* A member of staff who is logged in. */
struct harness_session {
    int64_t user_id;
    char cookie[SESSION_TOKEN_CAP];
    char csrf[SESSION_TOKEN_CAP];
};

/* A request in full; what is NULL is left out. A POST without a content type is an urlencoded form. */
struct harness_message {
    const char *method, *target; /* NULL: "GET" */
    const char *accept, *origin, *fetch_site, *cookie, *content_type;
    const char *body;
    const char *client;           /* the peer's address; NULL: "127.0.0.1" */
    const struct header *headers; /* more of them */
    size_t headers_len;
    const struct upload *uploads; /* the form is then sent as multipart */
    size_t uploads_len;
    const struct harness_session *session; /* its cookie goes along, and its token is put before the body of a POST */
};

/* A new database with these items (a JSON array), served under `base_url` ("http://news.example" if NULL). Fails the
 * test when anything does. */
void harness_open(struct harness *harness, const char *items, const char *base_url);
void harness_close(struct harness *harness);

/* Imports items as `warta import` does: NULL, or the mistakes in words (*owned*, free()), and then nothing is stored. `counts` (may
 * be NULL) gets how many were new, changed and unchanged. */
char *harness_import(struct harness *harness, const char *items, size_t counts[3]);

/* One request; `target` is path and query. `accept` may be NULL. Release the response. */
struct response harness_request(struct harness *harness, const char *method, const char *target, const char *accept);

/* Any request, on the lane that its route says. What is sent from a file is also the response's body. Release the response. */
struct response harness_send(struct harness *harness, const struct harness_message *message);

/* A new user with the password "correct horse battery", and a session of theirs. `role` is "editor" or "admin". */
struct harness_session harness_login(struct harness *harness, const char *name, const char *role);

/* One value from the database, by the sqlite3 shell: "SELECT count(*) FROM item" (*owned*, free()). */
char *harness_query(const struct harness *harness, const char *sql);

/* The log so far (*owned*, free()). */
char *harness_log(const struct harness *harness);

/* A file of the project (*owned*, free()). */
char *harness_file(const char *path);

#endif
