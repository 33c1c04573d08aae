#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "sys.h"

/* What exec itself refused belongs to the interpreter, the rest to the system.
 */
static int spawn_error(int sys_err) {
  switch (sys_err) {
  case ENOENT:
  case EACCES:
  case ENOEXEC:
  case ENOTDIR:
  case EISDIR:
  case ELOOP:
#ifdef ELIBBAD
  case ELIBBAD:
#endif
    return LB_EPYTHON_BROKEN;
  default:
    return LB_ESPAWN;
  }
}

static int add_actions(posix_spawn_file_actions_t *actions, const lb_spawn_t *request) {
  int err = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
  if (err == 0) err = posix_spawn_file_actions_adddup2(actions, request->words, 1);
  if (err == 0) err = posix_spawn_file_actions_adddup2(actions, request->words, 2);
  if (err == 0) err = posix_spawn_file_actions_adddup2(actions, request->control, 3);
  if (err == 0) err = posix_spawn_file_actions_adddup2(actions, request->lifeline, 4);
  return err;
}

/* Node ignores SIGPIPE and blocks signals on its threads; a child would inherit
 * both. */
static int set_attributes(posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  int err = posix_spawnattr_setsigmask(attributes, &none);
  if (err == 0) err = posix_spawnattr_setsigdefault(attributes, &all);
  if (err == 0) err = posix_spawnattr_setpgroup(attributes, 0);
  if (err == 0)
    err = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                   POSIX_SPAWN_SETPGROUP);
  return err;
}

/* Returns an errno. */
static int start(const lb_spawn_t *request, pid_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int err = posix_spawn_file_actions_init(&actions);
  if (err != 0) return err;
  err = posix_spawnattr_init(&attributes);
  if (err != 0) goto free_actions;
  err = add_actions(&actions, request);
  if (err == 0) err = set_attributes(&attributes);
  if (err == 0)
    err =
        lb_sys.posix_spawn(pid, request->path, &actions, &attributes, request->argv, request->envp);
  posix_spawnattr_destroy(&attributes);
free_actions:
  posix_spawn_file_actions_destroy(&actions);
  return err;
}

int lb_spawn(const lb_spawn_t *request, lb_process_t *out, int *sys_err) {
  pid_t pid = 0;
  *sys_err = start(request, &pid);
  if (*sys_err != 0) return spawn_error(*sys_err);
  int exit_fd = lb_sys.exit_fd(pid);
  if (exit_fd < 0) { /* without it we could not watch the child: take it back */
    *sys_err = errno;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return LB_ESPAWN;
  }
  out->pid = pid;
  out->exit_fd = exit_fd;
  return LB_OK;
}

/* Descendants in the child's group must not outlive it. Done while the child is
 * a zombie: its pid, and so the group's number, can't be another's yet. */
static void kill_group(pid_t pid) { kill(-pid, SIGKILL); }

int lb_process_reap(const lb_process_t *process, lb_exit_t *out) {
  siginfo_t info;
  memset(&info, 0, sizeof(info));
  int rc = lb_sys.wait(process->pid, process->exit_fd, &info, WEXITED | WNOHANG | WNOWAIT);
  if (rc == 0 && info.si_pid == 0) return LB_AGAIN;
  memset(out, 0, sizeof(*out));
  if (rc != 0) return errno == ECHILD ? LB_OK : LB_AGAIN;
  kill_group(process->pid);
  rc = lb_sys.wait(process->pid, process->exit_fd, &info, WEXITED | WNOHANG);
  out->known = rc == 0;
  if (info.si_code == CLD_EXITED)
    out->code = info.si_status;
  else
    out->signal = info.si_status;
  return LB_OK;
}

int lb_process_ended_within(const lb_process_t *process, int ms) {
  struct pollfd watched = {.fd = process->exit_fd, .events = POLLIN};
  return poll(&watched, 1, ms) > 0;
}

void lb_process_signal(const lb_process_t *process, int signal) {
  (void)lb_sys.signal(process->pid, process->exit_fd, signal); /* gone already: fine */
}

int lb_process_arm_lifeline(const lb_process_t *process, int lifeline) {
  if (fcntl(lifeline, F_SETOWN, -process->pid) != 0) return LB_ESPAWN;
  return fcntl(lifeline, F_SETFL, O_ASYNC) == 0 ? LB_OK : LB_ESPAWN;
}
