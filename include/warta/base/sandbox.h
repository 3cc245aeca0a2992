/* The sandbox: what a server gives up once it has opened what it needs, so that a fault in it is no door to the machine.
 *
 *   no_new_privs  no program gains rights by being started from here (prctl(2), PR_SET_NO_NEW_PRIVS).
 *   Landlock      files: only the paths named to sandbox_enter, and beneath them. From ABI 4 on no TCP port can be bound
 *                 or connected to, from ABI 6 on no signal sent nor abstract socket reached outside (landlock(7)).
 *   seccomp       calls: only those of the list in src/base/sandbox_calls.c. Another one fails with EPERM and is
 *                 written to the kernel's audit log. It does not end the process: a call that a new library
 *                 makes and the list lacks is then a fault of one request, not of everybody's, and EPERM stops a
 *                 stranger just as well. No program can be started, no process looked into, no socket opened, no
 *                 memory made executable.
 *
 * Each is taken as far as the kernel has it; what is not to be had is said and done without. Descriptors that are open
 * keep their rights: listening sockets, the log, the database.
 *
 * Builds with a sanitizer or with gcov's counters stay outside, as these open files and look into processes of their
 * own at the end. So must valgrind, which makes its calls in the program's name: `--sandbox off` there.
 *
 * Threads: call it before any other thread starts; those started later are inside. */
#ifndef WARTA_BASE_SANDBOX_H
#define WARTA_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* Rights to a path and to all beneath it. */
enum sandbox_right {
    SANDBOX_READ = 1,
    SANDBOX_WRITE = 2, /* also to make and remove files */
    SANDBOX_REMOVE = 4
};

/* One that cannot be opened, as it is not there, or that has no rights, is passed over. */
struct sandbox_path {
    const char *path;
    unsigned rights;
};

struct sandbox_state {
    bool supported; /* this build can be confined */
    bool no_new_privs;
    int landlock_abi; /* 0: not in force */
    bool seccomp;
};

/* Confines the calling thread for good, and those it will start. Returns what is in force. */
struct sandbox_state sandbox_enter(const struct sandbox_path *paths, size_t paths_len);

/* What the process is confined by, found by trying. The kernel does not tell Landlock's ABI: it is then 1. */
struct sandbox_state sandbox_look(void);

/* The seccomp part alone; whether it is in force. */
bool sandbox_filter_calls(void);

#endif
