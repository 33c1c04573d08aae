/* One Node environment's port to the process-wide server: its channel to the
 * current generation, the watch on that process, and what holds the loop.
 *
 * Thread: the loop's only, but for the wake-up inside. */
#ifndef LB_PORT_H
#define LB_PORT_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "calls.h"
#include "control.h"
#include "generation.h"
#include "server.h"

typedef struct lb_port lb_port_t;

/* The process was spawned. Strings borrowed. */
typedef struct lb_spawned {
  uint32_t generation;
  long pid;
  const char *python;
  const char *platform;
  const char *source;
  double spawn_ms; /* checks and spawn, on their thread */
} lb_spawned_t;

/* The generation is dead, or was never born: its calls are void. Strings
 * borrowed. */
typedef struct lb_down {
  uint32_t generation;
  int err;
  const char *detail; /* for people */
  const char *words;  /* the process's last output; "" */
  int serving;        /* it had been ready */
  long pid;           /* 0: never spawned */
  int exit_code;      /* -1: unknown, or ended by a signal */
  const char *signal; /* name, or NULL */
} lb_down_t;

/* message, hello and ready must not call anything of this file, nor enter
 * JavaScript: keep them for the batch that follows. */
typedef struct lb_port_handler {
  void (*message)(void *arg, const lb_message_t *message); /* calls' and log; see channel.h */
  void (*batch)(void *arg);
  void (*spawned)(void *arg, const lb_spawned_t *info);
  void (*hello)(void *arg, uint32_t generation, const lb_hello_t *info);
  void (*ready)(void *arg, uint32_t generation, const lb_ready_t *info);
  void (*down)(void *arg, const lb_down_t *info);
  void (*closed)(void *arg); /* once, after lb_port_close; the port is freed after it */
} lb_port_handler_t;

/* LB_OK, LB_EMEMORY, LB_ESPAWN. */
int lb_port_open(uv_loop_t *loop, const lb_port_handler_t *handler, void *arg, lb_port_t **out);
void lb_port_close(lb_port_t *port);

/* Makes sure that this port has a channel to a live generation. *created: 1
 * when this call began it. LB_AGAIN: the last generation is on its way out,
 * call again after its `down`. What a dead generation has left comes to the handler first, its
 * `down` too. On error *detail (owned by the caller, may be NULL) says why, and *wait_ms is above 0
 * during a back-off. */
int lb_port_start(lb_port_t *port, const lb_wish_t *wish, uint32_t *generation, int *created,
                  char **detail, uint64_t *wait_ms);

/* As in channel.h; LB_ESERVER_EXITED without a channel. May call `down` first, where the end of
 * the process was not seen yet. */
int lb_port_call(lb_port_t *port, const char *name, lb_call_kind_t kind, uint32_t window,
                 char *payload, size_t len, uint32_t *id);
void lb_port_cancel(lb_port_t *port, uint32_t id);
void lb_port_consume(lb_port_t *port, uint32_t id, uint64_t bytes);

/* Kills that generation for this reason, if it is this port's. detail: borrowed, for people. */
void lb_port_abort(lb_port_t *port, uint32_t generation, int err, const char *detail);

/* 1: this port's generation was alive a moment ago. 0: it is dead or going, or there is none;
 * lb_port_start begins the next. Cheap: for each call. */
int lb_port_is_live(lb_port_t *port);

/* Ends the generation: its worker sent what is not of the protocol. what: for
 * people. May be called by the message handler. */
void lb_port_violated(lb_port_t *port, const char *what);

/* The loop is held while a promise is pending: exactly then. Not counted. */
void lb_port_hold(lb_port_t *port);
void lb_port_unhold(lb_port_t *port);

#endif
