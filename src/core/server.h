/* The process-wide supervisor: which generation is current, who listens, how
 * many instances are open, when a start may be tried again. All behind one
 * mutex.
 *
 * Thread: every function may be called from any thread and takes the mutex
 * itself; it is held for microseconds, never over a spawn or a read. A
 * generation's fields are read between lb_server_lock and lb_server_unlock. */
#ifndef LB_SERVER_H
#define LB_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "claims.h"
#include "generation.h"
#include "overlay.h"

/* One who wants to know when a generation's state may have changed. Embedded in
 * its owner. */
typedef struct lb_listener {
  struct lb_listener *next;
  void (*wake)(struct lb_listener *self); /* on any thread, with the mutex held */
} lb_listener_t;

void lb_server_listen(lb_listener_t *listener);
/* The last listener that leaves ends Python. */
void lb_server_unlisten(lb_listener_t *listener);

void lb_server_lock(void);
void lb_server_unlock(void);

/* What a port wants Python to be started with. All borrowed. */
typedef struct lb_wish {
  /* envp: this thread's environment as it is now; NULL: the process's, as it is when the start
   * begins. Whoever can change that meanwhile is another thread, and then it is not NULL. */
  lb_start_options_t start;
  char *const *variables; /* the `env` option's, over envp: "NAME=value" or "NAME" to take away */
  /* 1: this thread's instances have no such option: the variables are those of the start before, if
   * there was one. Threads share no objects. */
  int inherit;
} lb_wish_t;

/* For this process's Pythons that are started from now on, over all else, until the last
 * instance is gone. LB_OK, LB_EMEMORY. */
int lb_server_set_variable(const char *entry);

/* A start's outcome. */
typedef struct lb_start {
  lb_generation_t *generation; /* LB_OK: with a reference for the caller */
  int created;                 /* 1: this call began it */
  int fd;                      /* LB_OK: our end of a new channel; owned by the caller */
  char *detail;                /* else: why, for people; owned by the caller; may be NULL */
  uint64_t wait_ms;            /* during a back-off: until the next start may be tried;
                                  else 0 */
} lb_start_t;

/* Makes sure that a generation is starting or running, and opens a channel to
 * it. Returns in well under a millisecond: the spawn happens on a thread of its
 * own. LB_OK, LB_EMEMORY, LB_ESPAWN; during a back-off the last failed start's
 * code. */
int lb_server_start(const lb_wish_t *wish, lb_start_t *out);

void lb_server_release(lb_generation_t *generation); /* accepts NULL */

void lb_server_saw_hello(lb_generation_t *generation);
void lb_server_saw_ready(lb_generation_t *generation);
/* It said what is wrong, and ends by itself. */
void lb_server_saw_failed(lb_generation_t *generation, int err, const char *detail);

/* Ends it at once, for this reason. */
void lb_server_kill(lb_generation_t *generation, int err, const char *detail);
/* A channel of it was closed: it is ending, or is made to. */
void lb_server_doubt(lb_generation_t *generation);
/* Asks the current generation to end: goodbye, SIGTERM after 1 s (at once
 * before it is ready), SIGKILL 1 s later. 1: one was starting or running; 0:
 * none. */
int lb_server_stop(void);

/* 1: it lives, and nobody wants it to end. Reaps it if it has ended. */
int lb_server_is_usable(lb_generation_t *generation);

/* Reaps it if it has ended. Returns its state. */
lb_generation_state_t lb_server_poll(lb_generation_t *generation);

/* See claims.h. */
int lb_server_claim(const lb_shape_t *shape, size_t count, const char **contradiction);
/* Calls visit, with the mutex held, for each option that the first open instance gave. */
void lb_server_claimed(void (*visit)(void *arg, const lb_shape_t *option), void *arg);
/* The last one of the process ends Python, and what shaped it is forgotten. 1: it was the last, and
 * a Python was told to end; 0: it was not, or none ran. */
int lb_server_unclaim(void);

typedef struct lb_server_status {
  uint32_t generation; /* 0: none yet */
  const char *state;   /* static: "idle", "starting", "running", "stopping" */
  long pid;            /* 0: none */
  uint64_t age_ms;
  lb_platform_t platform;
  char python[1024]; /* "" until chosen; cut when longer */
} lb_server_status_t;

void lb_server_status(lb_server_status_t *out);

#endif
