/* Several threads, each with a loop and a port of its own, one process. The thread sanitizer's main
 * food. */
#include "port_bench.h"

#include <sys/resource.h>

#define THREADS 4
#define ROUNDS 8
#define MANY 400 /* the control socket holds 278 */

/* Returns whether it was answered. No assertion of cmocka's: it would leap to another stack. */
static int call_once(bench_t *b) {
  char *detail = NULL, *payload = calloc(1, LB_CALL_HEAD + 2);
  uint64_t wait_ms;
  uint32_t id;
  int err = try_start(b, PEER, "answer", &detail, &wait_ms);
  if (err == LB_OK)
    err = lb_port_call(b->port, "fn", LB_CALL_WHOLE, 1000, payload, LB_CALL_HEAD + 2, &id);
  if (err != LB_OK) free(payload);
  uv_timer_start(&b->patience, out_of_patience, PATIENCE_MS, 0);
  while (err == LB_OK && b->seen[0] == '\0' && !b->down && !b->late)
    uv_run(&b->loop, UV_RUN_ONCE);
  free(detail);
  return strcmp(b->seen, "11:1") == 0;
}

static int one_round(void) {
  bench_t *b = calloc(1, sizeof(*b));
  uv_loop_init(&b->loop);
  uv_timer_init(&b->loop, &b->patience);
  b->patience.data = b;
  int is_answered = lb_port_open(&b->loop, &handler, b, &b->port) == LB_OK && call_once(b);
  lb_server_status_t status;
  lb_server_status(&status);
  lb_port_close(b->port);
  uv_close((uv_handle_t *)&b->patience, NULL);
  uv_run(&b->loop, UV_RUN_DEFAULT);
  int is_clean = uv_loop_close(&b->loop) == 0 && b->closed == 1 && !b->down;
  free(b);
  return is_answered && is_clean && status.pid > 0;
}

static void rounds(void *good) {
  for (int i = 0; i < ROUNDS; i++)
    *(int *)good += one_round();
}

static void each_thread_is_answered_by_the_one_process(void **state) {
  bench_t *b = *state;
  uv_thread_t threads[THREADS];
  int good[THREADS] = {0};
  start(b, "answer"); /* its port keeps the process, whoever comes and goes */
  await(b, &b->ready);
  await(b, &b->spawned);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(uv_thread_create(&threads[i], rounds, &good[i]), 0);
  for (int i = 0; i < THREADS; i++) {
    uv_thread_join(&threads[i]);
    assert_int_equal(good[i], ROUNDS);
  }
  lb_server_status_t status;
  lb_server_status(&status);
  assert_int_equal(status.pid, b->pid);
  assert_int_equal(b->down, 0);
}

static void threads_that_race_to_start_share_one_process(void **state) {
  bench_t *b = *state; /* a port that listens, and starts nothing */
  uv_thread_t threads[THREADS];
  int good[THREADS] = {0};
  lb_server_status_t before, after;
  lb_server_status(&before);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(uv_thread_create(&threads[i], rounds, &good[i]), 0);
  for (int i = 0; i < THREADS; i++) {
    uv_thread_join(&threads[i]);
    assert_int_equal(good[i], ROUNDS);
  }
  lb_server_status(&after);
  assert_int_equal(after.generation, before.generation + 1);
  assert_int_equal(b->down, 0);
}

/* They are all there before the process is, and it reads none before it runs. */
static void more_ports_than_the_control_socket_holds(void **state) {
  static bench_t ports[MANY];
  bench_t *first = *state;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max; /* three descriptors each */
  setrlimit(RLIMIT_NOFILE, &limit);
  start(first, "greet");
  for (size_t i = 0; i < MANY; i++) {
    bench_t *b = &ports[i];
    memset(b, 0, sizeof(*b));
    assert_int_equal(lb_port_open(&first->loop, &handler, b, &b->port), LB_OK);
    start(b, "greet");
  }
  for (size_t i = 0; i < MANY; i++) {
    await(first, &ports[i].ready);
    assert_int_equal(ports[i].generation, first->generation);
    lb_port_close(ports[i].port);
    await(first, &ports[i].closed);
  }
  await(first, &first->ready);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(each_thread_is_answered_by_the_one_process),
      CASE(threads_that_race_to_start_share_one_process),
      CASE(more_ports_than_the_control_socket_holds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
