#define _GNU_SOURCE
#include "sys.h"

#ifndef LB_PORTABLE

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3 /* Linux 5.4; glibc names it since 2.36 */
#endif

static int unix_socketpair(int type, int fds[2]) {
  return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds);
}

static int pipe_cloexec(int fds[2]) { return pipe2(fds, O_CLOEXEC); }

static int words(void) {
  int fd = memfd_create("litellm-bridge-words", MFD_CLOEXEC);
  if (fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

static int dup_above(int fd, int lowest) { return fcntl(fd, F_DUPFD_CLOEXEC, lowest); }

static ssize_t sendmsg_quietly(int fd, const struct msghdr *message, int flags) {
  return sendmsg(fd, message, flags | MSG_NOSIGNAL);
}

static int exit_fd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

/* By pidfd: never reaches a stranger that got the number. */
static int signal_process(pid_t pid, int fd, int signal) {
  (void)pid;
  return (int)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
}

static int wait_process(pid_t pid, int fd, siginfo_t *info, int options) {
  (void)pid;
  return waitid((idtype_t)P_PIDFD, (id_t)fd, info, options);
}

lb_sys_t lb_sys = {
    .socketpair = unix_socketpair,
    .pipe = pipe_cloexec,
    .words = words,
    .dup_above = dup_above,
    .sendmsg = sendmsg_quietly,
    .posix_spawn = posix_spawn,
    .exit_fd = exit_fd,
    .signal = signal_process,
    .wait = wait_process,
};

#endif
