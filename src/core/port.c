#include "port.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "errors.h"
#include "obituary.h"
#include "sys.h"
#include "text.h"

/* Polls a duplicate of the exit descriptor: each loop its own, since a poll takes its
 * descriptor over. */
typedef struct lb_watch {
  uv_poll_t poll;
  int fd;
  lb_port_t *port;
} lb_watch_t;

struct lb_port {
  lb_listener_t listener;
  uv_loop_t *loop;
  uv_async_t wake; /* also what holds the loop */
  const lb_port_handler_t *handler;
  void *arg;
  int closing;
  int handles;     /* wake, channels and watches that are not closed yet */
  int handing_out; /* a batch: what comes later must not overtake it */

  /* of the current generation; NULL without one */
  lb_generation_t *generation; /* counted */
  lb_channel_t *channel;
  lb_watch_t *watch;
  int told, hello, ready, hung_up, settled; /* spawned was told; frames seen; ended; buried */
};

static void handle_closed(lb_port_t *port) {
  if (--port->handles > 0 || !port->closing) return;
  port->handler->closed(port->arg);
  free(port);
}

/* ---- the process ---- */

static lb_generation_state_t check(lb_port_t *port);

static void on_watch(uv_poll_t *poll, int status, int events) {
  lb_watch_t *watch = poll->data;
  (void)status;
  (void)events;
  uv_poll_stop(poll); /* it stays readable */
  /* a tracer may have the zombie first: somebody has to wait for it */
  if (check(watch->port) == LB_GENERATION_RUNNING) lb_server_doubt(watch->port->generation);
}

static void on_watch_closed(uv_handle_t *handle) {
  lb_watch_t *watch = handle->data;
  lb_port_t *port = watch->port;
  close(watch->fd);
  free(watch);
  handle_closed(port);
}

/* Without a watch (no descriptor, no memory) the end of file tells of the end.
 */
static void watch_process(lb_port_t *port, int exit_fd) {
  lb_watch_t *watch = calloc(1, sizeof(*watch));
  if (watch == NULL) return;
  watch->port = port;
  watch->poll.data = watch;
  watch->fd = lb_sys.dup_above(exit_fd, 0);
  if (watch->fd < 0 || uv_poll_init(port->loop, &watch->poll, watch->fd) != 0) {
    if (watch->fd >= 0) close(watch->fd);
    free(watch);
    return;
  }
  port->handles++;
  port->watch = watch;
  uv_unref((uv_handle_t *)&watch->poll);
  uv_poll_start(&watch->poll, UV_READABLE, on_watch);
}

static void tell_spawned(lb_port_t *port, const lb_launch_t *launch) {
  lb_spawned_t info = {.generation = port->generation->number,
                       .pid = (long)launch->process.pid,
                       .python = launch->python,
                       .platform = lb_platform_name(launch->platform),
                       .source = lb_python_source_name(launch->source),
                       .spawn_ms = (double)launch->spawn_ns / 1e6};
  port->handler->spawned(port->arg, &info);
}

/* ---- the end ---- */

static void detach(lb_port_t *port) {
  if (port->channel != NULL) lb_channel_close(port->channel);
  if (port->watch != NULL) uv_close((uv_handle_t *)&port->watch->poll, on_watch_closed);
  port->channel = NULL;
  port->watch = NULL;
  lb_server_release(port->generation);
  port->generation = NULL;
}

static void fill_down(const lb_generation_t *generation, lb_down_t *info) {
  const lb_exit_t *end = &generation->exit;
  info->generation = generation->number;
  info->err = lb_generation_verdict(generation);
  info->serving = generation->ready;
  info->pid = (long)generation->launch.process.pid;
  info->exit_code = end->known && end->signal == 0 && info->pid != 0 ? end->code : -1;
  info->signal = end->known && end->signal != 0 ? lb_signal_name(end->signal) : NULL;
}

static void tell_down(lb_port_t *port) {
  lb_down_t info;
  lb_server_lock();
  fill_down(port->generation, &info);
  char *words = lb_last_words(port->generation);
  char *detail = lb_obituary(port->generation, words ? words : "");
  lb_server_unlock();
  info.words = words ? words : "";
  info.detail = detail ? detail : "";
  detach(port);
  port->handler->down(port->arg, &info);
  free(words);
  free(detail);
}

/* It has ended: first what it still sent, then the news. */
static void bury(lb_port_t *port) {
  if (port->settled) return;
  port->settled = 1;
  lb_channel_drain(port->channel);
  if (port->generation != NULL) tell_down(port);
}

/* Handlers may bury the generation, and begin the next one. */
static int serves(const lb_port_t *port, uint32_t number) {
  return port->generation != NULL && port->generation->number == number;
}

static void see_it_spawned(lb_port_t *port) {
  const lb_launch_t *launch = &port->generation->launch; /* constant once it was spawned */
  if (port->told || launch->process.pid == 0) return;
  port->told = 1;
  watch_process(port, launch->process.exit_fd);
  tell_spawned(port, launch);
}

/* Looks what became of the generation; at every sign that something did. Returns its state: when
 * it has ended, the port may serve the next one already. */
static lb_generation_state_t check(lb_port_t *port) {
  if (port->generation == NULL || port->closing) return LB_GENERATION_ENDED;
  uint32_t number = port->generation->number;
  lb_generation_state_t state = lb_server_poll(port->generation);
  if (state == LB_GENERATION_STARTING) return state;
  see_it_spawned(port);
  if (!serves(port, number)) return LB_GENERATION_ENDED;
  if (state == LB_GENERATION_ENDED && port->handing_out)
    uv_async_send(&port->wake);
  else if (state == LB_GENERATION_ENDED)
    bury(port);
  return state;
}

static void on_wake(uv_async_t *wake) { check(wake->data); }

static void wake_from_any_thread(lb_listener_t *listener) {
  lb_port_t *port = (lb_port_t *)listener; /* its first member */
  uv_async_send(&port->wake);
}

/* ---- the channel ---- */

void lb_port_violated(lb_port_t *port, const char *what) {
  lb_server_kill(port->generation, LB_EPROTOCOL, what);
}

static void no_memory(lb_port_t *port) {
  lb_server_kill(port->generation, LB_EMEMORY, "no memory for what it sent");
}

/* What is wrong with a control message: with it, or with us. */
static void refuse(lb_port_t *port, int err, const char *what) {
  if (err == LB_EMEMORY)
    no_memory(port);
  else
    lb_port_violated(port, what);
}

static void take_hello(lb_port_t *port, const lb_message_t *message) {
  lb_hello_t info;
  int err = lb_hello_parse(message->data, message->len, &info);
  if (err != LB_OK || port->hello) {
    refuse(port, err, "its hello is not valid");
  } else if (info.protocol != LB_PROTOCOL_VERSION) {
    lb_port_violated(port, "it speaks another version of the protocol: two "
                           "versions of the package are mixed");
  } else {
    port->hello = 1;
    lb_server_saw_hello(port->generation);
    port->handler->hello(port->arg, port->generation->number, &info);
  }
}

static void take_ready(lb_port_t *port, const lb_message_t *message) {
  lb_ready_t info;
  int err = lb_ready_parse(message->data, message->len, &info);
  if (err != LB_OK || port->ready) {
    refuse(port, err, "its ready message is not valid");
    return;
  }
  port->ready = 1;
  lb_server_saw_ready(port->generation);
  port->handler->ready(port->arg, port->generation->number, &info);
}

static void take_failed(lb_port_t *port, const lb_message_t *message) {
  lb_failed_t info;
  int err = lb_failed_parse(message->data, message->len, &info);
  if (err != LB_OK) {
    refuse(port, err, "its failed message is not valid");
    return;
  }
  char *detail = lb_format("%s%s%s", info.message, *info.detail ? "\n" : "", info.detail);
  lb_server_saw_failed(port->generation, info.err, detail);
  free(detail);
  lb_failed_free(&info);
}

static void on_message(void *arg, const lb_message_t *message) {
  lb_port_t *port = arg;
  if (message->type != LB_FRAME_HELLO && !port->hello)
    lb_port_violated(port, "its first frame is not hello");
  else if (message->type == LB_FRAME_HELLO)
    take_hello(port, message);
  else if (message->type == LB_FRAME_READY)
    take_ready(port, message);
  else if (message->type == LB_FRAME_FAILED)
    take_failed(port, message);
  else
    port->handler->message(port->arg, message);
}

static void on_batch(void *arg) {
  lb_port_t *port = arg;
  port->handing_out = 1;
  port->handler->batch(port->arg);
  port->handing_out = 0;
}

static void on_ended(void *arg, int err) {
  lb_port_t *port = arg;
  if (err == LB_EPROTOCOL)
    lb_port_violated(port, "a frame is malformed, too large or out of place");
  else if (err != LB_OK)
    no_memory(port);
  port->hung_up = 1;
  /* once it is buried, the port may serve the next one */
  if (check(port) == LB_GENERATION_RUNNING) lb_server_doubt(port->generation);
}

static void on_channel_closed(void *arg) { handle_closed(arg); }

static const lb_channel_handler_t channel_handler = {
    .message = on_message,
    .batch = on_batch,
    .ended = on_ended,
    .closed = on_channel_closed,
};

/* ---- surface ---- */

int lb_port_open(uv_loop_t *loop, const lb_port_handler_t *handler, void *arg, lb_port_t **out) {
  lb_port_t *port = calloc(1, sizeof(*port));
  if (port == NULL) return LB_EMEMORY;
  if (uv_async_init(loop, &port->wake, on_wake) != 0) {
    free(port);
    return LB_ESPAWN;
  }
  port->loop = loop;
  port->handler = handler;
  port->arg = arg;
  port->handles = 1;
  port->wake.data = port;
  uv_unref((uv_handle_t *)&port->wake);
  port->listener.wake = wake_from_any_thread;
  lb_server_listen(&port->listener);
  *out = port;
  return LB_OK;
}

static void on_wake_closed(uv_handle_t *handle) { handle_closed(handle->data); }

void lb_port_close(lb_port_t *port) {
  if (port->closing) return;
  port->closing = 1;
  lb_server_unlisten(&port->listener);
  if (port->generation != NULL) detach(port);
  uv_close((uv_handle_t *)&port->wake, on_wake_closed);
}

static int connect_to(lb_port_t *port, const lb_start_t *start) {
  int err = lb_channel_open(port->loop, start->fd, &channel_handler, port, &port->channel);
  if (err != LB_OK) {
    lb_server_release(start->generation);
    return err;
  }
  port->handles++;
  port->generation = start->generation;
  port->told = port->hello = port->ready = port->hung_up = port->settled = 0;
  uv_async_send(&port->wake); /* it may be running, or dead, already: told by the loop */
  return LB_OK;
}

int lb_port_is_live(lb_port_t *port) {
  if (port->generation == NULL || port->hung_up || port->settled) return 0;
  return lb_server_is_usable(port->generation);
}

/* A port serves one generation at a time: a dead one is buried first. */
static int is_current(lb_port_t *port) {
  if (!lb_port_is_live(port)) check(port);
  return lb_port_is_live(port);
}

int lb_port_start(lb_port_t *port, const lb_wish_t *wish, uint32_t *generation, int *created,
                  char **detail, uint64_t *wait_ms) {
  lb_start_t start = {0};
  int err = LB_OK;
  if (!is_current(port)) {
    if (port->closing) return LB_ECLOSED; /* by its down handler */
    err = port->generation != NULL ? LB_AGAIN : lb_server_start(wish, &start);
    if (err == LB_OK) err = connect_to(port, &start);
  }
  *created = start.created;
  *detail = start.detail;
  *wait_ms = start.wait_ms;
  if (err == LB_OK) *generation = port->generation->number;
  return err;
}

int lb_port_call(lb_port_t *port, const char *name, lb_call_kind_t kind, uint32_t window,
                 char *payload, size_t len, uint32_t *id) {
  /* What died in a freeze, or while the loop was busy, is not to get the call. */
  if (port->told && check(port) == LB_GENERATION_ENDED) return LB_ESERVER_EXITED;
  if (port->channel == NULL) return LB_ESERVER_EXITED;
  return lb_channel_call(port->channel, name, kind, window, payload, len, id);
}

void lb_port_cancel(lb_port_t *port, uint32_t id) {
  if (port->channel != NULL) lb_channel_cancel(port->channel, id);
}

void lb_port_consume(lb_port_t *port, uint32_t id, uint64_t bytes) {
  if (port->channel != NULL) lb_channel_consume(port->channel, id, bytes);
}

void lb_port_abort(lb_port_t *port, uint32_t generation, int err, const char *detail) {
  if (port->generation == NULL || port->generation->number != generation) return;
  lb_server_kill(port->generation, err, detail);
}

void lb_port_hold(lb_port_t *port) { uv_ref((uv_handle_t *)&port->wake); }
void lb_port_unhold(lb_port_t *port) { uv_unref((uv_handle_t *)&port->wake); }
