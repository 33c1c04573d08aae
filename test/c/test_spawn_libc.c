/* What libc does within posix_spawn is refused by the kernel, call by call (seccomp): a typed
 * error with the errno, no zombie, no descriptor left. Each in a process of its own, since a filter
 * stays. */
#define _GNU_SOURCE
#include "spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "support.h"

#if defined(__linux__) && !defined(LB_PORTABLE)

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ANY 0u
#define NOT_REACHED 77 /* the filter can't be had here, or this libc does without that call */

/* Refuses system call nr; where flags is not 0, only with those in its fourth argument. */
static int refuse(long nr, unsigned flags, int sys_err) {
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
      BPF_JUMP(BPF_JMP | (flags ? BPF_JSET : BPF_JGE) | BPF_K, flags, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)sys_err),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static int fd_count(void) {
  int count = 0;
  for (int fd = 0; fd < 256; fd++)
    count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static int spawn_true(lb_process_t *process, int *sys_err) {
  int fds[2];
  char *argv[] = {"/bin/true", NULL}, *envp[] = {NULL};
  if (pipe2(fds, O_CLOEXEC) != 0) return -1;
  lb_spawn_t request = {.path = argv[0], .argv = argv, .envp = envp};
  request.words = request.control = request.lifeline = fcntl(fds[1], F_DUPFD_CLOEXEC, 10);
  int err = lb_spawn(&request, process, sys_err);
  close(fds[0]);
  close(fds[1]);
  close(request.words);
  return err;
}

typedef struct row {
  const char *name;
  long nr;
  unsigned flags;
  int sys_err, expected;
} row_t;

/* In a process of its own: its exit status is what was wrong, 0: nothing. */
static int check(const row_t *row) {
  lb_process_t process = {0};
  int sys_err = 0, before = fd_count();
  if (!refuse(row->nr, row->flags, row->sys_err)) return NOT_REACHED;
  int err = spawn_true(&process, &sys_err);
  if (err == LB_OK) return NOT_REACHED;
  if (err != row->expected) return 1;
  if (sys_err != row->sys_err) return 2;
  if (fd_count() != before) return 3;
  return waitpid(-1, NULL, 0) == -1 && errno == ECHILD ? 0 : 4;
}

static int check_apart(const row_t *row) {
  int status;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) _exit(check(row));
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const row_t rows[] = {
    {"execve: E2BIG", SYS_execve, ANY, E2BIG, LB_ESPAWN},
    {"execve: ETXTBSY", SYS_execve, ANY, ETXTBSY, LB_ESPAWN},
    {"execve: ENOMEM", SYS_execve, ANY, ENOMEM, LB_ESPAWN},
    {"execve: EAGAIN", SYS_execve, ANY, EAGAIN, LB_ESPAWN},
    {"execve: EMFILE", SYS_execve, ANY, EMFILE, LB_ESPAWN},
    {"execve: EACCES", SYS_execve, ANY, EACCES, LB_EPYTHON_BROKEN},
    {"execve: ENOENT", SYS_execve, ANY, ENOENT, LB_EPYTHON_BROKEN},
    {"execve: ENOEXEC", SYS_execve, ANY, ENOEXEC, LB_EPYTHON_BROKEN},
    {"openat of /dev/null: EMFILE", SYS_openat, ANY, EMFILE, LB_ESPAWN},
    {"setpgid: EPERM", SYS_setpgid, ANY, EPERM, LB_ESPAWN},
    {"mmap of its stack: ENOMEM", SYS_mmap, MAP_STACK, ENOMEM, LB_ESPAWN},
    {"pidfd_open: EMFILE", SYS_pidfd_open, ANY, EMFILE, LB_ESPAWN},
#ifdef SYS_dup2
    {"dup2: EMFILE", SYS_dup2, ANY, EMFILE, LB_ESPAWN},
#endif
    {"dup3: EMFILE", SYS_dup3, ANY, EMFILE, LB_ESPAWN},
    {"clone: EAGAIN", SYS_clone, ANY, EAGAIN, LB_ESPAWN},
    {"clone: ENOMEM", SYS_clone, ANY, ENOMEM, LB_ESPAWN},
#ifdef SYS_clone3
    {"clone3: EAGAIN", SYS_clone3, ANY, EAGAIN, LB_ESPAWN},
    {"clone3: ENOMEM", SYS_clone3, ANY, ENOMEM, LB_ESPAWN},
#endif
};

static void each_system_call_of_posix_spawn_can_be_refused(void **state) {
  (void)state;
  size_t reached = 0;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    int status = check_apart(&rows[i]);
    if (status != NOT_REACHED) print_message("%s\n", rows[i].name);
    if (status != NOT_REACHED) assert_int_equal(status, 0);
    reached += status != NOT_REACHED;
  }
  if (getenv("RUN_UNDER") != NULL) skip(); /* valgrind has its own posix_spawn, and no filters */
  assert_true(reached >= 14);
}

/* The parent has no filter: nothing that was refused before stays refused. */
static void a_later_start_works(void **state) {
  (void)state;
  lb_process_t process = {0};
  lb_exit_t how = {0};
  int sys_err = 0;
  assert_int_equal(spawn_true(&process, &sys_err), LB_OK);
  assert_int_equal(lb_process_ended_within(&process, -1), 1);
  assert_int_equal(lb_process_reap(&process, &how), LB_OK);
  assert_int_equal(how.known, 1);
  close(process.exit_fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_system_call_of_posix_spawn_can_be_refused),
      cmocka_unit_test(a_later_start_works),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void there_are_no_filters(void **state) {
  (void)state;
  skip();
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(there_are_no_filters)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
