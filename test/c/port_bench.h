/* A port over the real server, spawn and channel, with test/c/peer.py as
 * Python. */
#ifndef LB_TEST_PORT_BENCH_H
#define LB_TEST_PORT_BENCH_H

#include "port.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "support.h"

#define PEER TEST_ROOT "/test/c/peer.py"
#define PATIENCE_MS 30000

typedef struct bench {
  uv_loop_t loop;
  uv_timer_t patience;
  lb_port_t *port;
  int spawned, hello, ready, down, closed, batches, late;
  /* run by the handlers, or NULL */
  void (*when_spawned)(struct bench *bench);
  void (*when_batch)(struct bench *bench);
  void (*when_down)(struct bench *bench);
  int in_batch, nested;
  long pid;
  uint32_t generation;
  lb_down_t last; /* strings below */
  char detail[4096], words[4096], seen[256], log[64];
} bench_t;

static inline void on_message(void *arg, const lb_message_t *m) {
  bench_t *b = arg;
  if (m->type == LB_FRAME_LOG)
    snprintf(b->log, sizeof(b->log), "%.*s", (int)(m->len - 8), m->data + 8);
  else
    snprintf(b->seen, sizeof(b->seen), "%02x:%u", m->type, m->call);
}

static inline void on_batch(void *arg) {
  bench_t *b = arg;
  b->batches++;
  if (b->in_batch++) b->nested = 1;
  if (b->when_batch != NULL) b->when_batch(b);
  b->in_batch--;
}

static inline void on_spawned(void *arg, const lb_spawned_t *info) {
  bench_t *b = arg;
  b->spawned++;
  b->pid = info->pid;
  assert_string_equal(info->python, PEER);
  assert_string_equal(info->source, "option");
  assert_true(info->spawn_ms > 0);
  if (b->when_spawned != NULL) b->when_spawned(b);
}

static inline void on_hello(void *arg, uint32_t generation, const lb_hello_t *info) {
  bench_t *b = arg;
  b->hello++;
  b->generation = generation;
  assert_string_equal(info->python, "3.11.2");
}

static inline void on_ready(void *arg, uint32_t generation, const lb_ready_t *info) {
  bench_t *b = arg;
  b->ready++;
  assert_int_equal(generation, b->generation);
  assert_string_equal(info->litellm, "1.78.7");
}

static inline void on_down(void *arg, const lb_down_t *info) {
  bench_t *b = arg;
  b->down++;
  b->last = *info;
  snprintf(b->detail, sizeof(b->detail), "%s", info->detail);
  snprintf(b->words, sizeof(b->words), "%s", info->words);
  if (b->when_down != NULL) b->when_down(b);
}

static inline void on_closed(void *arg) { ((bench_t *)arg)->closed++; }

static const lb_port_handler_t handler = {on_message, on_batch, on_spawned, on_hello,
                                          on_ready,   on_down,  on_closed};

static inline void out_of_patience(uv_timer_t *timer) { ((bench_t *)timer->data)->late = 1; }

/* Runs the loop until one of the flags is set. */
static inline void await_either(bench_t *b, const int *flag, const int *other) {
  uv_timer_start(&b->patience, out_of_patience, PATIENCE_MS, 0);
  while (!*flag && !*other && !b->late)
    uv_run(&b->loop, UV_RUN_ONCE);
  uv_timer_stop(&b->patience);
  assert_false(b->late);
}

static inline void await(bench_t *b, const int *flag) { await_either(b, flag, flag); }

static inline int setup(void **state) {
  bench_t *b = calloc(1, sizeof(*b));
  uv_loop_init(&b->loop);
  uv_timer_init(&b->loop, &b->patience);
  b->patience.data = b;
  assert_int_equal(lb_port_open(&b->loop, &handler, b, &b->port), LB_OK);
  const char *contradiction;
  assert_int_equal(lb_server_claim(NULL, 0, &contradiction), LB_OK);
  *state = b;
  return 0;
}

static inline void close_port(bench_t *b) {
  lb_port_close(b->port);
  await(b, &b->closed);
}

/* Leaves no process behind: a zombie too would be found. */
static inline int no_children(void) { return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD; }

static inline int teardown(void **state) {
  bench_t *b = *state;
  lb_server_unclaim();
  if (!b->closed) close_port(b);
  uv_close((uv_handle_t *)&b->patience, NULL);
  uv_run(&b->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&b->loop), 0);
  free(b);
  return 0;
}

static inline int try_start(bench_t *b, const char *python, const char *how, char **detail,
                            uint64_t *wait_ms) {
  char peer[512], path[512];
  snprintf(peer, sizeof(peer), "PEER=%s", how);
  snprintf(path, sizeof(path), "PATH=%s", getenv("PATH"));
  char *envp[] = {path, peer, NULL};
  char *none[] = {NULL};
  lb_start_options_t options = {
      .python = python, .script = "/worker.py", .worker = "{}", .envp = envp};
  uint32_t generation;
  int created;
  return lb_port_start(b->port, &(lb_wish_t){options, none, 0}, &generation, &created, detail,
                       wait_ms);
}

static inline void start(bench_t *b, const char *how) {
  char *detail;
  uint64_t wait_ms;
  assert_int_equal(try_start(b, PEER, how, &detail, &wait_ms), LB_OK);
  assert_null(detail);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
