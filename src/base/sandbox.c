#include "warta/base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(WARTA_COVERAGE)
#define SUPPORTED false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SUPPORTED false
#endif
#endif
#ifndef SUPPORTED
#define SUPPORTED true
#endif

/* Rights that came after ABI 2, which Debian 12's header may lack (landlock(7)). */
static const uint64_t truncate_right = UINT64_C(1) << 14; /* ABI 3 */
static const uint64_t ioctl_right = UINT64_C(1) << 15;    /* ABI 5 */
static const uint64_t tcp_rights = 3;                     /* ABI 4: bind, connect */
static const uint64_t outside_scopes = 3;                 /* ABI 6: abstract sockets, signals */

/* As struct landlock_ruleset_attr of ABI 6. A kernel takes the fields it does not know while they are 0. */
struct ruleset {
    uint64_t files, net, scopes;
};

static const uint64_t read_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t make_rights = LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;

/* The rights that a file by itself can have; the others are of folders. */
static uint64_t file_rights(void)
{
    return LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | truncate_right |
           ioctl_right;
}

static struct ruleset ruleset_of(int abi)
{
    const uint64_t first = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    return (struct ruleset){
        .files = first | (abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) | (abi >= 3 ? truncate_right : 0) |
                 (abi >= 5 ? ioctl_right : 0),
        .net = abi >= 4 ? tcp_rights : 0,
        .scopes = abi >= 6 ? outside_scopes : 0,
    };
}

static uint64_t rights_of(const struct sandbox_path *path)
{
    uint64_t rights = 0;
    if ((path->rights & SANDBOX_READ) != 0)
        rights |= read_rights;
    if ((path->rights & SANDBOX_WRITE) != 0)
        rights |= LANDLOCK_ACCESS_FS_WRITE_FILE | truncate_right | make_rights;
    if ((path->rights & SANDBOX_REMOVE) != 0)
        rights |= LANDLOCK_ACCESS_FS_REMOVE_FILE;
    return rights;
}

static bool allow(int ruleset, uint64_t handled, const struct sandbox_path *path)
{
    struct stat info;
    struct landlock_path_beneath_attr rule = {.parent_fd = open(path->path, O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0)
        return true;
    rule.allowed_access = rights_of(path) & handled;
    if (fstat(rule.parent_fd, &info) == 0 && !S_ISDIR(info.st_mode))
        rule.allowed_access &= file_rights();
    bool allowed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(rule.parent_fd);
    return allowed;
}

/* The ABI in force, 0 if there is none. */
static int restrict_files(const struct sandbox_path *paths, size_t paths_len)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return 0;
    struct ruleset rules = ruleset_of((int)abi);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    bool ok = ruleset >= 0;
    for (size_t i = 0; ok && i < paths_len; i++)
        ok = paths[i].rights == 0 || allow(ruleset, rules.files, &paths[i]);
    ok = ok && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    if (ruleset >= 0)
        close(ruleset);
    return ok ? (int)abi : 0;
}

struct sandbox_state sandbox_enter(const struct sandbox_path *paths, size_t paths_len)
{
    struct sandbox_state state = {.supported = SUPPORTED};
    if (!state.supported)
        return state;
    state.no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    state.landlock_abi = restrict_files(paths, paths_len);
    state.seccomp = sandbox_filter_calls();
    return state;
}

/* The number behind a name in /proc/self/status; 0 if it is not there. */
static long status_number(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    return at == NULL ? 0 : strtol(at + strlen(name), NULL, 10);
}

struct sandbox_state sandbox_look(void)
{
    char status[8192] = "";
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t len = read(fd, status, sizeof status - 1);
        status[len < 0 ? 0 : len] = '\0';
        close(fd);
    }
    int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool restricted = root < 0 && errno == EACCES;
    if (root >= 0)
        close(root);
    return (struct sandbox_state){
        .supported = SUPPORTED,
        .no_new_privs = status_number(status, "\nNoNewPrivs:") == 1,
        .landlock_abi = restricted,
        .seccomp = status_number(status, "\nSeccomp:") == 2,
    };
}
