#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3 /* Linux 5.4; glibc names it since 2.36 */
#endif

static int dup_above(int fd, int lowest) { return fcntl(fd, F_DUPFD_CLOEXEC, lowest); }

static int set_status(int fd, int flags) { return fcntl(fd, F_SETFL, flags); }

static int pidfd_open_raw(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static int pidfd_signal_raw(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static int pidfd_wait(int pidfd, siginfo_t *info, int options) {
  return waitid((idtype_t)P_PIDFD, (id_t)pidfd, info, options);
}

lb_sys_t lb_sys = {
    .socketpair = socketpair,
    .pipe2 = pipe2,
    .memfd_create = memfd_create,
    .dup_above = dup_above,
    .set_status = set_status,
    .sendmsg = sendmsg,
    .posix_spawn = posix_spawn,
    .pidfd_open = pidfd_open_raw,
    .pidfd_signal = pidfd_signal_raw,
    .pidfd_wait = pidfd_wait,
};

/* strerrorname_np is glibc 2.32. */
#define LB_ERRNOS(X)                                                                               \
  X(E2BIG)                                                                                         \
  X(EACCES)                                                                                        \
  X(EAGAIN) X(EBADF) X(ECHILD) X(ECONNRESET) X(EFAULT) X(EFBIG) X(EINTR) X(EINVAL) X(EIO)          \
      X(EISDIR) X(ELIBBAD) X(ELOOP) X(EMFILE) X(EMSGSIZE) X(ENAMETOOLONG) X(ENFILE) X(ENOBUFS)     \
          X(ENOENT) X(ENOEXEC) X(ENOMEM) X(ENOSYS) X(ENOTCONN) X(ENOTDIR) X(EPERM) X(EPIPE)        \
              X(ESRCH) X(ETOOMANYREFS) X(ETXTBSY)

const char *lb_errno_name(int err) {
  static __thread char unnamed[24];
  switch (err) {
#define X(name)                                                                                    \
  case name:                                                                                       \
    return #name;
    LB_ERRNOS(X)
#undef X
  default:
    snprintf(unnamed, sizeof(unnamed), "errno %d", err);
    return unnamed;
  }
}
