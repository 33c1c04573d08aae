#define _GNU_SOURCE /* mkstemp and the like, where LB_PORTABLE is forced on Linux */
#include "sys.h"

#ifdef LB_PORTABLE

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thread.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: SO_NOSIGPIPE, a socket option */
#endif

/* Not atomic: a process that is forked in between inherits the descriptor. */
static int cloexec(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC); }

static int cloexec_both(int fds[2]) {
  if (cloexec(fds[0]) == 0 && cloexec(fds[1]) == 0) return 0;
  close(fds[0]);
  close(fds[1]);
  return -1;
}

static void no_sigpipe(int fd) {
#ifdef SO_NOSIGPIPE
  int on = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#else
  (void)fd;
#endif
}

static int unix_socketpair(int type, int fds[2]) {
  if (socketpair(AF_UNIX, type, 0, fds) != 0) return -1;
  no_sigpipe(fds[0]);
  no_sigpipe(fds[1]);
  return cloexec_both(fds);
}

static int pipe_cloexec(int fds[2]) { return pipe(fds) == 0 ? cloexec_both(fds) : -1; }

static int words(void) {
  char path[1024];
  const char *folder = getenv("TMPDIR");
  snprintf(path, sizeof(path), "%s/litellm-bridge-XXXXXX", folder ? folder : "/tmp");
  int fd = mkstemp(path);
  if (fd < 0) return -1;
  (void)unlink(path);
  if (cloexec(fd) == 0 && fcntl(fd, F_SETFL, O_APPEND) == 0) return fd;
  close(fd);
  return -1;
}

static int dup_above(int fd, int lowest) { return fcntl(fd, F_DUPFD_CLOEXEC, lowest); }

static ssize_t sendmsg_quietly(int fd, const struct msghdr *message, int flags) {
  return sendmsg(fd, message, flags | MSG_NOSIGNAL);
}

/* The write end of a pipe, and the process that it stands for. */
typedef struct vigil {
  pid_t pid;
  int fd;
} vigil_t;

/* Waits without reaping; then closes the pipe, which its readers see. */
static void keep_vigil(void *arg) {
  vigil_t *vigil = arg;
  siginfo_t info;
  while (waitid(P_PID, (id_t)vigil->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  close(vigil->fd);
  free(vigil);
}

static int exit_fd(pid_t pid) {
  int fds[2];
  vigil_t *vigil = malloc(sizeof(*vigil));
  if (vigil == NULL || pipe_cloexec(fds) != 0) {
    free(vigil);
    return -1;
  }
  *vigil = (vigil_t){pid, fds[1]};
  int err = lb_thread_run(keep_vigil, vigil);
  if (err == 0) return fds[0];
  close(fds[0]);
  close(fds[1]);
  free(vigil);
  errno = err;
  return -1;
}

/* A number that another reaper has freed could be a stranger's: look first. */
static int signal_process(pid_t pid, int fd, int signal) {
  siginfo_t info;
  (void)fd;
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return -1;
  return kill(pid, signal);
}

static int wait_process(pid_t pid, int fd, siginfo_t *info, int options) {
  (void)fd;
  return waitid(P_PID, (id_t)pid, info, options);
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
