/* The system calls that can fail while a Python process is started, in a table, so that
 * tests can make each of them fail, and other systems have a table of their own.
 *
 * Two tables: Linux (pidfd, memfd; raw system calls where glibc's wrapper is newer than 2.28),
 * and a portable one of POSIX calls, for macOS. LB_PORTABLE forces the latter. */
#ifndef LB_SYS_H
#define LB_SYS_H

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/types.h>

#if !defined(__linux__) && !defined(LB_PORTABLE)
#define LB_PORTABLE
#endif

/* Each message on the control socket is one byte, so a stream serves where there is no
 * SEQPACKET. */
#ifdef LB_PORTABLE
#define LB_CONTROL_TYPE SOCK_STREAM
#else
#define LB_CONTROL_TYPE SOCK_SEQPACKET
#endif

/* Descriptors that these return are close-on-exec. Each returns -1 and sets errno on failure, but
 * for posix_spawn, which returns the errno. */
typedef struct lb_sys {
  int (*socketpair)(int type, int fds[2]); /* AF_UNIX */
  int (*pipe)(int fds[2]);
  int (*words)(void); /* an empty file without a name, in append mode */
  int (*dup_above)(int fd, int lowest);
  ssize_t (*sendmsg)(int fd, const struct msghdr *message, int flags); /* raises no SIGPIPE */
  int (*posix_spawn)(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                     const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
  /* Becomes readable once the process has ended. */
  int (*exit_fd)(pid_t pid);
  int (*signal)(pid_t pid, int exit_fd, int signal);
  int (*wait)(pid_t pid, int exit_fd, siginfo_t *info, int options); /* waitid */
} lb_sys_t;

/* Replaced by tests only, before any thread of ours exists. */
extern lb_sys_t lb_sys;

/* "ENOENT" and the like; "errno 123" for one without a name here (static buffer a thread). */
const char *lb_errno_name(int err);

#endif
