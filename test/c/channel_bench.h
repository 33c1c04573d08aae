/* A channel on a loop of its own; the test is the worker at the far end. */
#ifndef LB_TEST_CHANNEL_BENCH_H
#define LB_TEST_CHANNEL_BENCH_H

#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errors.h"
#include "support.h"

#define WINDOW 4096u

typedef struct bench {
  uv_loop_t loop;
  uv_async_t holder; /* as the port does: a loop without one does not even look */
  lb_channel_t *channel;
  int far;
  char seen[4096]; /* what was handed out: "type:call:text " */
  int batches, ended, ended_err, closed;
  int close_in_batch;
  size_t last_len;
} bench_t;

static inline void on_message(void *arg, const lb_message_t *m) {
  bench_t *b = arg;
  size_t at = strlen(b->seen);
  int shown = m->len < 20 ? (int)m->len : 20;
  snprintf(b->seen + at, sizeof(b->seen) - at, "%02x:%u:%.*s ", m->type, m->call, shown, m->data);
  b->last_len = m->len;
}

static inline void on_batch(void *arg) {
  bench_t *b = arg;
  b->batches++;
  if (b->close_in_batch) lb_channel_close(b->channel);
}

static inline void on_ended(void *arg, int err) {
  bench_t *b = arg;
  b->ended++;
  b->ended_err = err;
}

static inline void on_closed(void *arg) { ((bench_t *)arg)->closed++; }

static const lb_channel_handler_t handler = {on_message, on_batch, on_ended, on_closed};

static inline int setup(void **state) {
  bench_t *b = calloc(1, sizeof(*b));
  int fds[2];
  uv_loop_init(&b->loop);
  uv_async_init(&b->loop, &b->holder, NULL);
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
  b->far = fds[1];
  assert_int_equal(lb_channel_open(&b->loop, fds[0], &handler, b, &b->channel), LB_OK);
  *state = b;
  return 0;
}

static inline void turn(bench_t *b) { uv_run(&b->loop, UV_RUN_NOWAIT); }

static inline int teardown(void **state) {
  bench_t *b = *state;
  lb_channel_close(b->channel);
  uv_close((uv_handle_t *)&b->holder, NULL);
  uv_run(&b->loop, UV_RUN_DEFAULT);
  assert_int_equal(b->closed, 1);
  if (b->far >= 0) close(b->far);
  assert_int_equal(uv_loop_close(&b->loop), 0); /* no handle was left */
  free(b);
  return 0;
}

static inline void far_sends(bench_t *b, uint32_t call, uint8_t type, uint8_t flags,
                             const char *data, uint32_t len) {
  char head[LB_FRAME_HEADER];
  lb_frame_write(head, call, type, flags, len);
  assert_int_equal(write(b->far, head, sizeof(head)), sizeof(head));
  if (len > 0) assert_int_equal(write(b->far, data, len), len);
}

static inline void far_says(bench_t *b, uint32_t call, uint8_t type, const char *text) {
  far_sends(b, call, type, 0, text, (uint32_t)strlen(text));
}

/* What arrived at the far end, as frames "type:call:len "; also the bytes. */
static inline void far_reads(bench_t *b, char *out, size_t size) {
  static char buf[1 << 20];
  size_t len = 0, at = 0, used = 0;
  ssize_t got;
  while ((got = read(b->far, buf + len, sizeof(buf) - len)) > 0)
    len += (size_t)got;
  lb_frame_t f;
  *out = '\0';
  while (lb_frame_read(buf + at, len - at, &f, &used) == LB_OK) {
    size_t n = strlen(out);
    snprintf(out + n, size - n, "%02x:%u:%u ", f.type, f.call, f.len);
    at += used;
  }
}

static inline uint32_t begin(bench_t *b, lb_call_kind_t kind, size_t body) {
  uint32_t id = 0;
  size_t len = LB_CALL_HEAD + strlen("fn") + body;
  char *payload = calloc(1, len);
  assert_int_equal(lb_channel_call(b->channel, "fn", kind, WINDOW, payload, len, &id), LB_OK);
  return id;
}

/* u64 x 3, u32 length of meta, meta "{}" */
static const char settled[30] = {[24] = 2, [28] = '{', '}'};

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
