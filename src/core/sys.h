/* The system calls that can fail while a Python process is started, in a table,
 * so that tests can make each of them fail. Raw system calls where glibc's
 * wrapper is newer than 2.28 (Lambda's Node runtime has 2.34, older machines
 * less). Linux. */
#ifndef LB_SYS_H
#define LB_SYS_H

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/types.h>

typedef struct lb_sys {
  int (*socketpair)(int domain, int type, int protocol, int fds[2]);
  int (*pipe2)(int fds[2], int flags);
  int (*memfd_create)(const char *name, unsigned flags);
  int (*dup_above)(int fd, int lowest); /* close-on-exec */
  int (*set_status)(int fd, int flags); /* F_SETFL */
  ssize_t (*sendmsg)(int fd, const struct msghdr *message, int flags);
  int (*posix_spawn)(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                     const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
  int (*pidfd_open)(pid_t pid); /* close-on-exec by the kernel */
  int (*pidfd_signal)(int pidfd, int signal);
  int (*pidfd_wait)(int pidfd, siginfo_t *info, int options); /* waitid */
} lb_sys_t;

/* Replaced by tests only, before any thread of ours exists. */
extern lb_sys_t lb_sys;

/* "ENOENT" and the like; "errno 123" for one without a name here (static buffer
 * a thread). */
const char *lb_errno_name(int err);

#endif
