/* One Python process, from the wish to start it until it is reaped: its
 * descriptors, its process, and why it ended.
 *
 * Counted: each port that has a channel to it and each thread that works on it
 * holds a reference. Every field is guarded by the server's mutex, but for the
 * the launch that is under way (the starting thread's alone) and the constant
 * ones (options, number). */
#ifndef LB_GENERATION_H
#define LB_GENERATION_H

#include <stdint.h>

#include "env.h"
#include "handoff.h"
#include "python.h"
#include "spawn.h"

/* What shapes a process. All borrowed when given to lb_generation_new, which
 * copies. */
typedef struct lb_start_options {
  const char *python;         /* the option, or NULL */
  const char *private_python; /* or NULL */
  const char *script;         /* absolute path of the worker's main file */
  const char *worker;         /* JSON for the worker */
  char *const *envp;          /* the whole environment */
} lb_start_options_t;

typedef enum lb_generation_state {
  LB_GENERATION_STARTING, /* not spawned yet */
  LB_GENERATION_RUNNING,
  LB_GENERATION_ENDED /* reaped, never spawned, or given up */
} lb_generation_state_t;

/* What the starting thread found out; published under the mutex. */
typedef struct lb_launch {
  int err;                    /* LB_OK: process and python are set */
  char *detail;               /* owned; why not, for people */
  int control, control_child; /* SEQPACKET; owned; -1: none */
  int lifeline, lifeline_child;
  int words; /* memfd: the process's fd 1 and 2 */
  lb_process_t process;
  char *python; /* owned; the interpreter that was chosen */
  lb_platform_t platform;
  lb_python_source_t source;
  uint64_t spawn_ns; /* time that checks and spawn took */
} lb_launch_t;

typedef struct lb_generation {
  int refs;
  uint32_t number;
  lb_generation_state_t state;
  uint64_t begun_ns; /* CLOCK_MONOTONIC */

  lb_start_options_t options; /* owned copy */
  lb_handoff_t handoff;       /* channels on their way to the process */
  int posting;                /* a thread waits to send those that wait */
  lb_launch_t launch;         /* no process until spawned */
  int hello, ready, stopping; /* what was seen and asked */
  int leaving;                /* a thread sees to its end already */
  int counted;                /* its failure is in the back-off already */
  int err;                    /* why it ended, first reason wins; LB_OK: none was given */
  char *detail;               /* owned; of err */
  lb_exit_t exit;
} lb_generation_t;

/* LB_OK: *out has one reference. LB_EMEMORY. */
int lb_generation_new(const lb_start_options_t *options, uint32_t number, lb_generation_t **out);
void lb_generation_retain(lb_generation_t *generation);
void lb_generation_release(lb_generation_t *generation); /* accepts NULL */

/* Finds the interpreter and spawns it; blocks for milliseconds, and for as long as a disk that
 * does not answer. Touches nothing but constant fields and *out. */
void lb_generation_launch(lb_generation_t *generation, lb_launch_t *out);
/* Takes *launch over; the state becomes running, or ended when it failed. */
void lb_generation_publish(lb_generation_t *generation, lb_launch_t *launch);
/* While it is starting: nobody waits for its launch any more. */
void lb_generation_give_up(lb_generation_t *generation);
/* The launch of one that was given up: its process is killed and reaped, all is freed. Blocks. */
void lb_launch_discard(lb_launch_t *launch);

/* Makes a channel: *fd is our end (owned by the caller), the far end is on its
 * way, or waits (see handoff.h). Works before the process exists. LB_OK; LB_ESERVER_EXITED when
 * nobody can receive it any more; LB_EMEMORY; LB_ESPAWN with *sys_err. Non-blocking. */
int lb_generation_attach(lb_generation_t *generation, int *fd, int *sys_err);

/* Names the reason unless one is known. */
void lb_generation_blame(lb_generation_t *generation, int err, const char *detail);

/* Reaps it if it has ended. Returns the state. */
lb_generation_state_t lb_generation_poll(lb_generation_t *generation);

void lb_generation_goodbye(lb_generation_t *generation);
void lb_generation_signal(lb_generation_t *generation, int signal);

/* Why it ended, as an lb_err, once it has. */
int lb_generation_verdict(const lb_generation_t *generation);

#endif
