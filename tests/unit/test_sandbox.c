#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "warta/base/sandbox.h"

enum { PATH_CAP = 256, NOT_SUPPORTED = 77 };

struct place {
    char inside[PATH_CAP], readable[PATH_CAP], outside[PATH_CAP];
};

/* What is tried in there: 0, or the errno. */
typedef int attempt(const struct place *place);

static int opens(const char *folder, const char *name, int flags)
{
    char path[2 * PATH_CAP];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    int cause = errno;
    if (fd >= 0)
        close(fd);
    return fd >= 0 ? 0 : cause;
}

static int failure(bool failed)
{
    return failed ? errno : 0;
}

static int make_inside(const struct place *place)
{
    return opens(place->inside, "new", O_RDWR | O_CREAT);
}

static int make_unnamed_inside(const struct place *place)
{
    int cause = opens(place->inside, "", O_RDWR | O_TMPFILE);
    return cause == EOPNOTSUPP ? 0 : cause;
}

static int remove_inside(const struct place *place)
{
    char path[2 * PATH_CAP];
    snprintf(path, sizeof path, "%s/old", place->inside);
    return failure(unlink(path) != 0);
}

static int read_readable(const struct place *place)
{
    return opens(place->readable, "old", O_RDONLY);
}

static int write_readable(const struct place *place)
{
    return opens(place->readable, "old", O_RDWR);
}

static int make_readable(const struct place *place)
{
    return opens(place->readable, "new", O_RDWR | O_CREAT);
}

static int read_outside(const struct place *place)
{
    return opens(place->outside, "old", O_RDONLY);
}

static int read_passwords(const struct place *place)
{
    (void)place;
    return opens("/etc", "passwd", O_RDONLY);
}

static int leave_by_dots(const struct place *place)
{
    return opens(place->inside, "../outside/old", O_RDONLY);
}

static int leave_by_link(const struct place *place)
{
    return opens(place->inside, "link", O_RDONLY);
}

static int run_program(const struct place *place)
{
    (void)place;
    char *words[] = {(char[]){"true"}, NULL};
    return failure(execv("/bin/true", words) != 0);
}

static int split(const struct place *place)
{
    (void)place;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return failure(child < 0);
}

static int open_socket(const struct place *place)
{
    (void)place;
    return failure(socket(AF_INET, SOCK_STREAM, 0) < 0);
}

static int look_into_parent(const struct place *place)
{
    (void)place;
    return failure(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) != 0);
}

static int signal_parent(const struct place *place)
{
    (void)place;
    return failure(kill(getppid(), 0) != 0);
}

static int run_memory(const struct place *place)
{
    (void)place;
    return failure(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static int make_memory_run(const struct place *place)
{
    (void)place;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return failure(page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0);
}

static int become_root(const struct place *place)
{
    (void)place;
    return failure(setuid(0) != 0);
}

static int make_folder(const struct place *place)
{
    char path[2 * PATH_CAP];
    snprintf(path, sizeof path, "%s/folder", place->inside);
    return failure(mkdir(path, 0700) != 0);
}

static void *open_in_thread(void *context)
{
    return read_outside(context) == EACCES ? context : NULL;
}

/* Threads can be had, and are confined too. */
static int start_thread(const struct place *place)
{
    pthread_t thread;
    void *denied = NULL;
    struct place copy = *place;
    int cause = pthread_create(&thread, NULL, open_in_thread, &copy);
    if (cause == 0)
        pthread_join(thread, &denied);
    return cause != 0 ? cause : denied != NULL ? 0 : EINVAL;
}

static int abort_loudly(const struct place *place)
{
    (void)place;
    abort();
}

/* Runs in a process of its own; returns what waitpid says. */
static int confined(attempt *try, const struct place *place)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        const struct sandbox_path paths[] = {{place->inside, SANDBOX_READ | SANDBOX_WRITE},
                                             {place->readable, SANDBOX_READ},
                                             {"/nowhere/at/all", SANDBOX_READ},
                                             {"/", 0}};
        const struct sandbox_state state = sandbox_enter(paths, sizeof paths / sizeof *paths);
        if (!state.supported)
            _exit(NOT_SUPPORTED);
        if (!state.no_new_privs || state.landlock_abi == 0 || !state.seccomp)
            _exit(255);
        _exit(try(place));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void make_file(const char *folder)
{
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(opens(folder, "old", O_RDWR | O_CREAT), 0);
}

static int set_up(void **state)
{
    struct place *place = malloc(sizeof *place);
    char root[] = "/tmp/warta-sandbox-XXXXXX", from[PATH_CAP + 8], link[PATH_CAP + 8];
    assert_non_null(mkdtemp(root));
    snprintf(place->inside, PATH_CAP, "%s/inside", root);
    snprintf(place->readable, PATH_CAP, "%s/readable", root);
    snprintf(place->outside, PATH_CAP, "%s/outside", root);
    make_file(place->inside);
    make_file(place->readable);
    make_file(place->outside);
    snprintf(from, sizeof from, "%s/old", place->outside);
    snprintf(link, sizeof link, "%s/link", place->inside);
    assert_int_equal(symlink(from, link), 0);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    const char *const folders[] = {place->inside, place->readable, place->outside};
    const char *const names[] = {"old", "new", "link"};
    char path[2 * PATH_CAP];
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++) {
            snprintf(path, sizeof path, "%s/%s", folders[i], names[j]);
            unlink(path);
        }
        rmdir(folders[i]);
    }
    *strrchr(place->inside, '/') = '\0';
    int removed = rmdir(place->inside);
    free(place);
    return removed;
}

static void test_attempts(void **state)
{
    static const struct {
        const char *name;
        attempt *try;
        int cause;
    } cases[] = {
        {"make inside", make_inside, 0},
        {"make unnamed inside", make_unnamed_inside, 0},
        {"remove inside", remove_inside, 0},
        {"read readable", read_readable, 0},
        {"write readable", write_readable, EACCES},
        {"make readable", make_readable, EACCES},
        {"read outside", read_outside, EACCES},
        {"read passwords", read_passwords, EACCES},
        {"leave by dots", leave_by_dots, EACCES},
        {"leave by link", leave_by_link, EACCES},
        {"run program", run_program, EPERM},
        {"split", split, EPERM},
        {"open socket", open_socket, EPERM},
        {"look into parent", look_into_parent, EPERM},
        {"signal parent", signal_parent, EPERM},
        {"run memory", run_memory, EPERM},
        {"make memory run", make_memory_run, EPERM},
        {"become root", become_root, EPERM},
        {"make folder", make_folder, EPERM},
        {"start thread", start_thread, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = confined(cases[i].try, *state);
        if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_SUPPORTED)
            skip();
        if (!WIFEXITED(status) || WEXITSTATUS(status) != cases[i].cause)
            fail_msg("%s: %d (errno), not %d", cases[i].name, WEXITSTATUS(status), cases[i].cause);
    }
}

/* A bug that asserts must still leave its mark. */
static void test_abort(void **state)
{
    int status = confined(abort_loudly, *state);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_SUPPORTED)
        skip();
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_attempts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_abort, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
