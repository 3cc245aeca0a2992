/* What a running server calls: its own code, glibc 2.36, mimalloc, SQLite, libmicrohttpd, ICU and libsodium. Newer forms
 * of a call stand beside those in use today. */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "warta/base/sandbox.h"

static const int calls[] = {
    /* files */
    SCMP_SYS(openat), SCMP_SYS(close), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv),
    SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(lseek), SCMP_SYS(fstat),
    SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(getdents64),
    SCMP_SYS(fcntl), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fadvise64), SCMP_SYS(fsync),
    SCMP_SYS(fdatasync), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
    /* SQLite gives its side files the database's owner and mode */
    SCMP_SYS(fchmod), SCMP_SYS(fchown),
    /* memory */
    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
    /* threads and the process itself */
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(gettid),
    SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
    SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu), SCMP_SYS(getpriority), SCMP_SYS(setpriority),
    SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getrandom),
    /* signals */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall),
    /* clocks */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(time),
    /* connections; no new sockets: those that listen are open */
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
    SCMP_SYS(sendfile), SCMP_SYS(shutdown), SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(getpeername), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd2), SCMP_SYS(poll), SCMP_SYS(ppoll)};

/* Calls that are allowed with some arguments only: (argument & mask) == value. */
struct narrow {
    int call;
    unsigned argument;
    uint64_t mask, value;
};

static bool add_narrow(scmp_filter_ctx filter)
{
    const uint64_t word = UINT32_MAX;
    const struct narrow narrow[] = {
        {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
        {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
        {SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD}, /* threads, no processes */
        {SCMP_SYS(socketpair), 0, word, AF_UNIX},
        {SCMP_SYS(ioctl), 1, word, FIONBIO},
        {SCMP_SYS(ioctl), 1, word, FIONREAD},
        {SCMP_SYS(prctl), 0, word, PR_SET_NAME},
        {SCMP_SYS(prlimit64), 2, UINT64_MAX, 0},         /* reads a limit */
        {SCMP_SYS(tgkill), 0, word, (uint64_t)getpid()}, /* abort(3) */
    };
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) {
        const struct scmp_arg_cmp arguments[] = {
            {.arg = narrow[i].argument,
             .op = SCMP_CMP_MASKED_EQ,
             .datum_a = narrow[i].mask,
             .datum_b = narrow[i].value},
        };
        if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, narrow[i].call, 1, arguments) != 0)
            return false;
    }
    return true;
}

static bool add_calls(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    }
    return true;
}

bool sandbox_filter_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (filter == NULL)
        return false;
    /* The flags of clone3 lie in memory, where no filter can look; glibc takes this answer for an old kernel, and uses
     * clone. */
    bool loaded = seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1) == 0 &&
                  seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 && add_calls(filter) &&
                  add_narrow(filter) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return loaded;
}
