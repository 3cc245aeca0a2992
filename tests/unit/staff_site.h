/* A new database opened for writing, with a log that goes nowhere: what the tests of users, logins and sessions share.
 * Include it behind cmocka.h. */
#ifndef WARTA_TESTS_STAFF_SITE_H
#define WARTA_TESTS_STAFF_SITE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "warta/newsroom/editing.h"
#include "warta/newsroom/login.h"
#include "warta/newsroom/session.h"
#include "warta/newsroom/user.h"
#include "warta/store/migrate.h"

enum { MEMORY_KIB = 8 * 1024, NOW = 1795435200 };

static const char good_password[] = "the tiger swims at dawn";
static const struct actor nobody = {0, "command line"};

struct staff_site {
    char folder[64], database[96];
    struct log log;
    struct store *store;
};

static void staff_site_open_in(struct staff_site *site, const char *parent)
{
    char error[256] = "";
    *site = (struct staff_site){0};
    snprintf(site->folder, sizeof site->folder, "%s/warta-test-XXXXXX", parent);
    assert_non_null(mkdtemp(site->folder));
    snprintf(site->database, sizeof site->database, "%s/t.db", site->folder);
    site->log = (struct log){.fd = open("/dev/null", O_WRONLY | O_CLOEXEC), .level = LOG_ERROR};
    if (!migrate_run(site->database, &site->log, error, sizeof error))
        fail_msg("%s", error);
    site->store = store_open(site->database, STORE_WRITE, &site->log, error, sizeof error);
    if (site->store == NULL)
        fail_msg("%s", error);
}

static inline void staff_site_open(struct staff_site *site)
{
    staff_site_open_in(site, "/tmp");
}

static void staff_site_close(struct staff_site *site)
{
    static const char *const files[] = {"t.db", "t.db-wal", "t.db-shm"};
    store_destroy(site->store);
    close(site->log.fd);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", site->folder, files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(site->folder), 0);
}

/* Adds a user with good_password; the id. */
static inline int64_t add_user(struct staff_site *site, const char *name, const char *role)
{
    int64_t id = 0;
    assert_int_equal(user_add(site->store, nobody, name, role, good_password, MEMORY_KIB, NOW, &id, NULL), USER_OK);
    assert_true(id > 0);
    return id;
}

/* What is text or a number under a key of an object that the call takes over. */
static inline void check_text(json_t *object, const char *key, const char *expected)
{
    assert_true(json_is_object(object));
    assert_string_equal(json_string_value(json_object_get(object, key)), expected);
    json_decref(object);
}

static inline void check_null(json_t *value)
{
    assert_true(json_is_null(value));
}

#endif
