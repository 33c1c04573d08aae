/* One connected socket to the worker, on one uv loop: reads frames, checks them
 * against the calls in flight, and writes what the outbox holds. Knows nothing
 * of processes.
 *
 * Its handles are never ref'd: what holds the loop is the port's. It polls the
 * socket itself instead of using uv_pipe_t, so that fragments of several calls
 * interleave at the moment of writing, and what a dead worker left behind can
 * be drained. Thread: the loop's only. */
#ifndef LB_CHANNEL_H
#define LB_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "calls.h"
#include "frame.h"

typedef struct lb_channel lb_channel_t;

typedef struct lb_channel_handler {
  /* A whole message; borrowed for the time of the call. Must not enter
   * JavaScript. */
  void (*message)(void *arg, const lb_message_t *message);
  /* After the messages of one read; at least one came. May call anything here
   * but lb_channel_drain, which would hand out what comes before the rest of this batch.
   */
  void (*batch)(void *arg);
  /* Nothing more comes, once: LB_OK end of file, LB_EPROTOCOL, LB_EMEMORY. */
  void (*ended)(void *arg, int err);
  /* Memory is about to be freed, after lb_channel_close. */
  void (*closed)(void *arg);
} lb_channel_handler_t;

/* fd: connected; made non-blocking; taken over, also on error. LB_OK, LB_EMEMORY,
 * LB_ESPAWN. */
int lb_channel_open(uv_loop_t *loop, int fd, const lb_channel_handler_t *handler, void *arg,
                    lb_channel_t **out);
/* Frees it on a later turn of the loop; no handler but `closed` runs after. */
void lb_channel_close(lb_channel_t *channel);

/* payload: malloc'd, LB_CALL_HEAD + strlen(name) bytes to be filled here, then
 * the arguments; taken over on LB_OK. LB_EMEMORY, LB_ESERVER_EXITED. */
int lb_channel_call(lb_channel_t *channel, const char *name, lb_call_kind_t kind, uint32_t window,
                    char *payload, size_t len, uint32_t *id);
void lb_channel_cancel(lb_channel_t *channel, uint32_t id);
void lb_channel_consume(lb_channel_t *channel, uint32_t id, uint64_t bytes);

/* Reads all that is there, now: for a worker that is dead. Calls the handler.
 */
void lb_channel_drain(lb_channel_t *channel);

#endif
