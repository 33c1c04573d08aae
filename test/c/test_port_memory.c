/* Memory that runs out at each step of a process's life: the budget is raised until all of it
 * succeeds. Whatever the step, a typed error comes, and the next start works. The sanitizers see
 * leaks. */
#include "port_bench.h"

/* Failed starts would be refused for a while. */
static void forgive(void) {
  const char *contradiction;
  lb_server_unclaim();
  assert_int_equal(lb_server_claim(NULL, 0, &contradiction), LB_OK);
}

static void forget(bench_t *b) {
  b->spawned = b->hello = b->ready = b->down = 0;
  forgive();
}

/* A port that could not connect is not told of the end. */
static void stop(bench_t *b, int is_connected) {
  lb_server_status_t status = {.state = "running"};
  lb_server_stop();
  if (is_connected) await(b, &b->down);
  for (int i = 0; i < PATIENCE_MS && strcmp(status.state, "idle") != 0; i++, usleep(1000))
    lb_server_status(&status);
  assert_string_equal(status.state, "idle");
}

/* 1: the allocation that was to fail is beyond all that a start needs. */
static int start_fails_at(bench_t *b, int nth) {
  char *detail = NULL;
  uint64_t wait_ms;
  int over = 0;
  forget(b);
  alloc_fail(nth);
  int err = try_start(b, PEER, "answer", &detail, &wait_ms);
  int is_connected = err == LB_OK;
  if (is_connected) await_either(b, &b->ready, &b->down);
  over = !alloc_restore();
  if (err == LB_OK && b->down) err = b->last.err;
  free(detail);
  if (over)
    assert_int_equal(err, LB_OK);
  else if (err != LB_OK && err != LB_EMEMORY)
    assert_int_equal(err, LB_ESPAWN); /* the system's word for it */
  stop(b, is_connected);
  return over;
}

static void a_start_without_memory_is_a_typed_error(void **state) {
  bench_t *b = *state;
  int nth = 1;
  while (!start_fails_at(b, nth))
    nth++;
  assert_true(nth > 20);
  assert_true(no_children());
}

static int end_fails_at(bench_t *b, int nth) {
  forget(b);
  start(b, "answer");
  await(b, &b->ready);
  await(b, &b->spawned);
  alloc_fail(nth);
  kill((pid_t)b->pid, SIGKILL);
  await(b, &b->down);
  int over = !alloc_restore();
  assert_int_equal(b->last.err, LB_ESERVER_EXITED);
  assert_string_equal(b->last.signal, "SIGKILL");
  if (over) assert_non_null(strstr(b->detail, "SIGKILL"));
  return over;
}

static void an_end_without_memory_is_told_in_fewer_words(void **state) {
  bench_t *b = *state;
  int nth = 1;
  while (!end_fails_at(b, nth))
    nth++;
  assert_true(nth > 1);
}

static int failed_start_fails_at(bench_t *b, int nth, const char *how, int expected) {
  char *detail;
  uint64_t wait_ms;
  forget(b);
  assert_int_equal(try_start(b, PEER, how, &detail, &wait_ms), LB_OK);
  await(b, &b->spawned);
  alloc_fail(nth);
  await(b, &b->down);
  int over = !alloc_restore();
  /* without a thread that waits for it, it is killed while it ends */
  int is_excused = b->last.err == LB_EMEMORY || b->last.err == LB_ESERVER_EXITED;
  if (over || !is_excused) assert_int_equal(b->last.err, expected);
  return over;
}

static void what_it_says_of_itself_without_memory(void **state) {
  bench_t *b = *state;
  int nth = 1;
  while (!failed_start_fails_at(b, nth, "failed", LB_EPRELOAD))
    nth++;
  assert_true(nth > 5);
  nth = 1;
  while (!failed_start_fails_at(b, nth, "broken", LB_EPYTHON_BROKEN))
    nth++;
  assert_true(nth > 1);
}

static void a_refusal_in_a_back_off_without_memory(void **state) {
  bench_t *b = *state;
  char *detail = NULL;
  uint64_t wait_ms = 0;
  int err;
  while ((err = try_start(b, PEER, "broken", &detail, &wait_ms)) == LB_OK) {
    b->down = 0;
    await(b, &b->down);
  }
  free(detail);
  alloc_fail(1);
  assert_int_equal(try_start(b, PEER, "broken", &detail, &wait_ms), err);
  assert_int_equal(alloc_restore(), 1);
  assert_null(detail);
  assert_true(wait_ms > 0);
}

static void a_port_without_memory_is_refused(void **state) {
  bench_t *b = *state;
  lb_port_t *port;
  alloc_fail(1);
  assert_int_equal(lb_port_open(&b->loop, &handler, b, &port), LB_EMEMORY);
  assert_int_equal(alloc_restore(), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_start_without_memory_is_a_typed_error),
      CASE(an_end_without_memory_is_told_in_fewer_words),
      CASE(what_it_says_of_itself_without_memory),
      CASE(a_refusal_in_a_back_off_without_memory),
      CASE(a_port_without_memory_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
