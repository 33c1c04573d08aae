/* Starts one process and watches it by a descriptor (on Linux its pidfd).
 *
 * posix_spawn holds its caller until exec has read the binary, so lb_spawn is
 * called on the starting thread, never on a loop. Nothing here uses SIGCHLD or
 * waitpid(-1): other reapers in the process are not disturbed, and may be
 * quicker (ECHILD: status unknown). */
#ifndef LB_SPAWN_H
#define LB_SPAWN_H

#include <sys/types.h>

typedef struct lb_spawn {
  const char *path;  /* borrowed */
  char *const *argv; /* borrowed */
  char *const *envp; /* borrowed */
  int words;         /* becomes fd 1 and 2 */
  int control;       /* becomes fd 3 */
  int lifeline;      /* becomes fd 4 */
} lb_spawn_t;        /* descriptors: borrowed, each above 4 */

typedef struct lb_process {
  pid_t pid;   /* leads a process group of its own */
  int exit_fd; /* readable once it has ended; owned by the caller */
} lb_process_t;

/* How a process ended. */
typedef struct lb_exit {
  int known;  /* 0: another reaper took the status */
  int code;   /* exit status, when signal is 0 */
  int signal; /* 0: it exited by itself */
} lb_exit_t;

/* LB_OK: *out set. Else an lb_err and *sys_err the errno; nothing is left
 * behind. */
int lb_spawn(const lb_spawn_t *request, lb_process_t *out, int *sys_err);

/* LB_OK: it has ended and is reaped, its group is killed, *out set. LB_AGAIN:
 * it runs. */
int lb_process_reap(const lb_process_t *process, lb_exit_t *out);

/* Waits so long (ms; -1: for ever) for its end, without reaping it. 1: it has ended. */
int lb_process_ended_within(const lb_process_t *process, int ms);

/* Signals the process, unless it was reaped. */
void lb_process_signal(const lb_process_t *process, int signal);

/* Makes the kernel send SIGIO to the process's group when the write end of the
 * pipe is gone: `lifeline` is the read end, shared with the child. */
int lb_process_arm_lifeline(const lb_process_t *process, int lifeline);

#endif
