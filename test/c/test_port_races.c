/* Ends and starts that cross: what one part knows already, another does not know yet. */
#include "port_bench.h"
#include "sys.h"

static lb_sys_t real;

static int restore_sys(void **state) {
  lb_sys = real;
  return teardown(state);
}

static int keep_sys(void **state) {
  real = lb_sys;
  return setup(state);
}

/* waitid just before it knows of an end that descriptors tell of already. */
static int says_it_runs(pid_t pid, int exit_fd, siginfo_t *info, int options) {
  (void)pid, (void)exit_fd, (void)options;
  memset(info, 0, sizeof(*info));
  return 0;
}

static void kill_and_wait_for_the_zombie(pid_t pid) {
  siginfo_t info;
  kill(pid, SIGKILL);
  assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static int start_again(bench_t *b, const char *how) {
  char *detail = NULL;
  uint64_t wait_ms;
  int err = try_start(b, PEER, how, &detail, &wait_ms);
  assert_null(detail);
  return err;
}

static int call(bench_t *b) {
  uint32_t id;
  char *payload = calloc(1, LB_CALL_HEAD + 2);
  int err = lb_port_call(b->port, "fn", LB_CALL_WHOLE, 1000, payload, LB_CALL_HEAD + 2, &id);
  if (err != LB_OK) free(payload);
  return err;
}

/* More of what it sent waits in the socket: it must not come before the rest of the batch. */
static void call_a_dead_one(bench_t *b) {
  b->when_batch = NULL;
  kill_and_wait_for_the_zombie((pid_t)b->pid);
  assert_int_equal(call(b), LB_ESERVER_EXITED);
  assert_int_equal(start_again(b, "answer"), LB_AGAIN);
  assert_int_equal(b->down, 0);
}

static void an_end_noticed_in_a_batch_is_told_after_it(void **state) {
  bench_t *b = *state;
  start(b, "flood");
  await(b, &b->ready);
  await(b, &b->spawned);
  b->when_batch = call_a_dead_one;
  await(b, &b->down);
  assert_null(b->when_batch);
  assert_false(b->nested);
  b->ready = 0;
  assert_int_equal(start_again(b, "answer"), LB_OK);
  await(b, &b->ready);
}

static void start_at_once(bench_t *b) {
  b->when_spawned = b->when_down = NULL;
  assert_int_equal(start_again(b, "answer"), LB_OK);
}

static pid_t await_process(void) {
  lb_server_status_t status = {0};
  for (int i = 0; i < PATIENCE_MS && status.pid == 0; i++, usleep(1000))
    lb_server_status(&status);
  assert_true(status.pid > 0);
  return (pid_t)status.pid;
}

/* The handler buries it and begins the next one, which is not the dead one's heir. */
static void a_start_told_of_after_the_end_may_begin_the_next(void **state) {
  bench_t *b = *state;
  start(b, "mute");
  kill_and_wait_for_the_zombie(await_process());
  b->when_spawned = start_at_once;
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ESERVER_EXITED);
  await(b, &b->ready);
  assert_int_equal(b->down, 1);
  assert_int_equal(call(b), LB_OK);
}

/* Its calls would be refused until it is dead: the next start has to wait for that. */
static void a_live_worker_without_a_channel_is_not_current(void **state) {
  bench_t *b = *state;
  start(b, "hangup");
  await(b, &b->ready);
  int refused = 0;
  lb_port_hold(b->port); /* else the loop would not even look */
  for (int i = 0; i < PATIENCE_MS && !refused; i++, usleep(1000)) {
    uv_run(&b->loop, UV_RUN_NOWAIT);
    refused = call(b) == LB_ESERVER_EXITED;
  }
  lb_port_unhold(b->port);
  assert_true(refused);
  assert_int_equal(b->down, 0);
  assert_int_equal(start_again(b, "answer"), LB_AGAIN);
  await(b, &b->down);
  b->ready = 0;
  assert_int_equal(start_again(b, "answer"), LB_OK);
  await(b, &b->ready);
}

/* The current generation; its fields are still while nothing happens. */
static lb_generation_t *current(void) {
  lb_start_t out;
  char path[512];
  snprintf(path, sizeof(path), "PATH=%s", getenv("PATH"));
  char *envp[] = {path, NULL};
  lb_start_options_t options = {
      .python = PEER, .script = "/worker.py", .worker = "{}", .envp = envp};
  assert_int_equal(lb_server_start(&(lb_wish_t){options, options.envp, 0}, &out), LB_OK);
  close(out.fd);
  return out.generation;
}

static void the_end_of_one_generation_casts_no_doubt_on_the_next(void **state) {
  bench_t *b = *state, *other = NULL;
  setup((void **)&other);
  start(b, "answer");
  start(other, "answer");
  await(b, &b->ready);
  await(other, &other->ready);
  kill((pid_t)b->pid, SIGKILL);
  await(other, &other->down);
  other->ready = 0;
  start(other, "answer");
  await(other, &other->ready); /* the next one runs */
  b->when_down = start_at_once;
  await(b, &b->down); /* first the end of the channel, and in its handler the next start */
  lb_generation_t *next = current();
  assert_int_equal(next->number, other->generation);
  lb_server_lock();
  int doubted = next->leaving;
  lb_server_unlock();
  lb_server_release(next);
  assert_false(doubted);
  teardown((void **)&other);
}

/* Nobody polls it any more, so nobody but a thread of ours would reap it. */
static void a_generation_that_is_replaced_while_it_dies_is_reaped(void **state) {
  bench_t *b = *state, *other = NULL;
  setup((void **)&other);
  start(b, "answer");
  await(b, &b->ready);
  pid_t pid = (pid_t)b->pid;
  lb_sys.wait = says_it_runs;
  lb_port_abort(b->port, b->generation, LB_ETIMEOUT, NULL);
  close_port(b);
  start(other, "answer");
  lb_sys.wait = real.wait;
  await(other, &other->ready);
  assert_true(other->pid != pid);
  for (int i = 0; i < PATIENCE_MS && kill(pid, 0) == 0; i++)
    usleep(1000);
  assert_int_equal(kill(pid, 0), -1);
  lb_server_stop();
  await(other, &other->down);
  teardown((void **)&other);
  assert_true(no_children());
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, keep_sys, restore_sys)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(an_end_noticed_in_a_batch_is_told_after_it),
      CASE(a_start_told_of_after_the_end_may_begin_the_next),
      CASE(a_live_worker_without_a_channel_is_not_current),
      CASE(the_end_of_one_generation_casts_no_doubt_on_the_next),
      CASE(a_generation_that_is_replaced_while_it_dies_is_reaped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
