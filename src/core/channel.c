#include "channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errors.h"
#include "outbox.h"

#define READ_SIZE (64u * 1024u)
#define READS_A_TURN 4 /* then the loop's other work gets its turn */
#define IN_MAX (LB_FRAME_MAX + LB_FRAME_HEADER + READ_SIZE)
#define MESSAGE_MAX (256u * 1024u * 1024u) /* bytes of one answer */

struct lb_channel {
  uv_poll_t poll;
  uv_prepare_t prepare; /* active: something was written this turn, more may wait */
  int fd;
  int open_handles;
  int ended, closing;
  int want_write; /* the socket is full */
  int starved;    /* there was no memory for credit: without it a call waits for ever */
  lb_calls_t calls;
  lb_outbox_t outbox;
  char *in; /* owned; received, not parsed */
  size_t in_len, in_cap;
  int batched; /* messages handed out since the last batch */
  const lb_channel_handler_t *handler;
  void *arg;
};

/* ---- life ---- */

static void channel_free(lb_channel_t *channel) {
  close(channel->fd);
  lb_calls_free(&channel->calls);
  lb_outbox_free(&channel->outbox);
  free(channel->in);
  free(channel);
}

static void on_close(uv_handle_t *handle) {
  lb_channel_t *channel = handle->data;
  if (--channel->open_handles > 0) return;
  if (channel->handler != NULL) channel->handler->closed(channel->arg);
  channel_free(channel);
}

void lb_channel_close(lb_channel_t *channel) {
  if (channel->closing) return;
  channel->closing = 1;
  uv_close((uv_handle_t *)&channel->poll, on_close);
  uv_close((uv_handle_t *)&channel->prepare, on_close);
}

static void on_poll(uv_poll_t *poll, int status, int events);

static int open_handles(lb_channel_t *channel, uv_loop_t *loop) {
  if (uv_poll_init(loop, &channel->poll, channel->fd) != 0) return LB_ESPAWN;
  uv_prepare_init(loop, &channel->prepare); /* can't fail */
  channel->open_handles = 2;
  channel->poll.data = channel->prepare.data = channel;
  uv_unref((uv_handle_t *)&channel->poll);
  uv_unref((uv_handle_t *)&channel->prepare);
  return uv_poll_start(&channel->poll, UV_READABLE, on_poll) == 0 ? LB_OK : LB_ESPAWN;
}

int lb_channel_open(uv_loop_t *loop, int fd, const lb_channel_handler_t *handler, void *arg,
                    lb_channel_t **out) {
  lb_channel_t *channel = calloc(1, sizeof(*channel));
  if (channel == NULL) {
    close(fd);
    return LB_EMEMORY;
  }
  channel->fd = fd;
  channel->arg = arg;
  int err = lb_calls_init(&channel->calls, MESSAGE_MAX);
  if (err == LB_OK) err = lb_outbox_init(&channel->outbox);
  if (err == LB_OK) err = open_handles(channel, loop);
  if (err == LB_OK) {
    channel->handler = handler;
    *out = channel;
  } else if (channel->open_handles > 0) {
    lb_channel_close(channel);
  } else {
    channel_free(channel);
  }
  return err;
}

/* ---- writing ---- */

static void watch(lb_channel_t *channel, int want_write) {
  if (channel->want_write == want_write || channel->closing || channel->ended) return;
  channel->want_write = want_write;
  uv_poll_start(&channel->poll, UV_READABLE | (want_write ? UV_WRITABLE : 0), on_poll);
}

/* Room comes back: memory of the kernel too. */
static int is_full(int sys_err) {
  return sys_err == EAGAIN || sys_err == ENOBUFS || sys_err == ENOMEM;
}

/* A write that fails says that the worker is gone; what it sent before is still
 * to be read, so the end is told by the reading side. */
static void flush(lb_channel_t *channel) {
  size_t len;
  const char *data;
  while ((data = lb_outbox_peek(&channel->outbox, &len)) != NULL) {
    ssize_t sent = send(channel->fd, data, len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      watch(channel, is_full(errno));
      return;
    }
    lb_outbox_wrote(&channel->outbox, (size_t)sent);
  }
  watch(channel, 0);
}

static void end(lb_channel_t *channel, int err) {
  channel->ended = 1;
  uv_poll_stop(&channel->poll);
  channel->handler->ended(channel->arg, err);
}

static void on_prepare(uv_prepare_t *prepare) {
  lb_channel_t *channel = prepare->data;
  uv_prepare_stop(prepare);
  if (channel->ended) return;
  if (channel->starved)
    end(channel, LB_EMEMORY);
  else if (!channel->want_write)
    flush(channel);
}

/* The first write of a turn goes at once, later ones together before the loop
 * sleeps: the kernel takes only 278 small writes of a socket, but 200 kB in
 * large ones. */
static void flush_soon(lb_channel_t *channel) {
  if (channel->want_write || channel->ended || channel->closing) return;
  if (uv_is_active((uv_handle_t *)&channel->prepare)) return;
  flush(channel);
  uv_prepare_start(&channel->prepare, on_prepare);
}

/* ---- reading ---- */

static int make_room(lb_channel_t *channel) {
  size_t need = channel->in_len + READ_SIZE;
  if (need <= channel->in_cap) return LB_OK;
  size_t cap = need < IN_MAX ? need : IN_MAX;
  char *grown = realloc(channel->in, cap);
  if (grown == NULL) return LB_EMEMORY;
  channel->in = grown;
  channel->in_cap = cap;
  return LB_OK;
}

static int hand_out(lb_channel_t *channel, const lb_message_t *message) {
  channel->batched = 1;
  channel->handler->message(channel->arg, message);
  return LB_OK;
}

static int take_control(lb_channel_t *channel, const lb_frame_t *frame) {
  int ours = frame->type >= LB_FRAME_HELLO && frame->type <= LB_FRAME_LOG;
  if (!ours || frame->flags != 0) return LB_EPROTOCOL;
  lb_message_t message = {.type = frame->type, .data = frame->data, .len = frame->len};
  return hand_out(channel, &message);
}

static int take_frame(lb_channel_t *channel, const lb_frame_t *frame) {
  if (frame->call == 0) return take_control(channel, frame);
  lb_message_t message;
  uint32_t grant = 0;
  int err = lb_calls_accept(&channel->calls, frame, &message, &grant);
  if (grant > 0 && lb_outbox_credit(&channel->outbox, frame->call, grant) != LB_OK)
    return LB_EMEMORY;
  if (err == LB_AGAIN) return LB_OK;
  if (err != LB_OK) return err;
  if (message.refused && lb_outbox_cancel(&channel->outbox, frame->call) != LB_OK)
    return LB_EMEMORY;
  return hand_out(channel, &message);
}

static int parse(lb_channel_t *channel) {
  size_t at = 0, used = 0;
  lb_frame_t frame;
  int err;
  while ((err = lb_frame_read(channel->in + at, channel->in_len - at, &frame, &used)) == LB_OK) {
    err = take_frame(channel, &frame);
    if (err != LB_OK) return err;
    at += used;
  }
  channel->in_len -= at;
  if (at > 0) memmove(channel->in, channel->in + at, channel->in_len);
  return err == LB_AGAIN ? LB_OK : err;
}

/* LB_OK: end of file. LB_AGAIN: nothing more now, or enough for this turn. Or
 * an error. */
static int receive(lb_channel_t *channel, int reads) {
  while (reads-- != 0) {
    int err = make_room(channel);
    if (err != LB_OK) return err;
    ssize_t got =
        recv(channel->fd, channel->in + channel->in_len, channel->in_cap - channel->in_len, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN ? LB_AGAIN : LB_OK;
    if (got == 0) return LB_OK;
    int is_all = (size_t)got < channel->in_cap - channel->in_len;
    channel->in_len += (size_t)got;
    err = parse(channel);
    if (err != LB_OK) return err;
    if (is_all && reads >= 0) return LB_AGAIN; /* the next recv would only say so */
  }
  return LB_AGAIN;
}

static void read_turn(lb_channel_t *channel, int reads) {
  int err = receive(channel, reads);
  if (channel->batched) {
    channel->batched = 0;
    channel->handler->batch(channel->arg);
  }
  if (channel->closing) return; /* by the handler */
  if (err != LB_AGAIN)
    end(channel, err);
  else if (lb_outbox_peek(&channel->outbox, &(size_t){0}) != NULL)
    flush_soon(channel); /* credit */
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  lb_channel_t *channel = poll->data;
  if (status < 0 || (events & UV_READABLE)) read_turn(channel, status < 0 ? -1 : READS_A_TURN);
  if (channel->closing || channel->ended) return;
  if (events & UV_WRITABLE) flush(channel);
}

void lb_channel_drain(lb_channel_t *channel) {
  if (!channel->ended && !channel->closing) read_turn(channel, -1);
}

/* ---- calls ---- */

int lb_channel_call(lb_channel_t *channel, const char *name, lb_call_kind_t kind, uint32_t window,
                    char *payload, size_t len, uint32_t *id) {
  if (channel->ended || channel->closing) return LB_ESERVER_EXITED;
  int err = lb_calls_open(&channel->calls, kind, window, id);
  if (err != LB_OK) return err;
  lb_call_head_write(payload, window, kind, name, (uint16_t)strlen(name));
  err = lb_outbox_call(&channel->outbox, *id, payload, len);
  if (err == LB_OK)
    flush_soon(channel);
  else
    lb_calls_forget(&channel->calls, *id);
  return err;
}

void lb_channel_cancel(lb_channel_t *channel, uint32_t id) {
  if (channel->ended || lb_calls_cancel(&channel->calls, id) != LB_OK) return;
  /* without memory the call runs on, and what it sends is swallowed */
  if (lb_outbox_cancel(&channel->outbox, id) == LB_OK) flush_soon(channel);
}

/* The end is told by the loop, since the consumer is in the middle of something. */
static void starve(lb_channel_t *channel) {
  channel->starved = 1;
  if (!channel->closing) uv_prepare_start(&channel->prepare, on_prepare);
}

void lb_channel_consume(lb_channel_t *channel, uint32_t id, uint64_t bytes) {
  if (channel->ended) return;
  uint32_t grant = lb_calls_consume(&channel->calls, id, bytes);
  if (grant == 0) return;
  if (lb_outbox_credit(&channel->outbox, id, grant) == LB_OK)
    flush_soon(channel);
  else
    starve(channel);
}
