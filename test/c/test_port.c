/* The life and the ends of a Python process, as a port sees them. */
#include "port_bench.h"

static int call(bench_t *b, uint32_t *id) {
  size_t len = LB_CALL_HEAD + 2;
  char *payload = calloc(1, len);
  int err = lb_port_call(b->port, "fn", LB_CALL_WHOLE, 1000, payload, len, id);
  if (err != LB_OK) free(payload);
  return err;
}

static void it_starts_answers_and_stops(void **state) {
  bench_t *b = *state;
  uint32_t id;
  start(b, "answer");
  assert_int_equal(call(b, &id), LB_OK); /* at once, before Python is there */
  await(b, &b->batches);
  while (b->seen[0] == '\0') {
    b->batches = 0;
    await(b, &b->batches);
  }
  assert_string_equal(b->seen, "11:1");
  assert_int_equal(b->spawned, 1);
  assert_int_equal(b->hello, 1);
  assert_int_equal(b->ready, 1);
  assert_int_equal(lb_server_stop(), 1);
  assert_int_equal(lb_server_stop(), 0); /* asked already */
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ECLOSED);
  assert_int_equal(b->last.pid, b->pid);
  assert_int_equal(b->last.serving, 1);
  assert_int_equal(call(b, &id), LB_ESERVER_EXITED);
  assert_true(no_children());
}

static void death_is_told_once_and_the_next_start_works(void **state) {
  bench_t *b = *state;
  start(b, "answer");
  await(b, &b->ready);
  kill((pid_t)b->pid, SIGKILL);
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ESERVER_EXITED);
  assert_string_equal(b->last.signal, "SIGKILL");
  assert_int_equal(b->last.exit_code, -1);
  assert_non_null(strstr(b->detail, "SIGKILL"));
  assert_true(no_children());
  b->ready = 0;
  uint32_t before = b->generation;
  start(b, "answer");
  await(b, &b->ready);
  assert_int_equal(b->down, 1);
  assert_true(b->generation > before);
}

/* As when both were frozen, and Python was killed before the thaw. */
static void a_death_that_the_loop_has_not_seen_refuses_the_call(void **state) {
  bench_t *b = *state;
  siginfo_t info;
  uint32_t id;
  start(b, "answer");
  await(b, &b->ready);
  kill((pid_t)b->pid, SIGKILL);
  assert_int_equal(waitid(P_PID, (id_t)b->pid, &info, WEXITED | WNOWAIT), 0);
  assert_int_equal(call(b, &id), LB_ESERVER_EXITED);
  assert_int_equal(b->down, 1);
  start(b, "answer");
  assert_int_equal(call(b, &id), LB_OK);
}

static void a_death_is_known_before_the_loop_tells_of_it(void **state) {
  bench_t *b = *state;
  assert_false(lb_port_is_live(b->port));
  start(b, "answer");
  assert_true(lb_port_is_live(b->port));
  await(b, &b->ready);
  kill((pid_t)b->pid, SIGKILL);
  for (int i = 0; i < PATIENCE_MS && lb_port_is_live(b->port); i++)
    usleep(1000);
  assert_false(lb_port_is_live(b->port));
  assert_int_equal(b->down, 0);
  b->ready = 0;
  start(b, "answer"); /* tells of the death first */
  assert_int_equal(b->down, 1);
  await(b, &b->ready);
}

static void a_broken_interpreter_is_quoted(void **state) {
  bench_t *b = *state;
  start(b, "broken");
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_EPYTHON_BROKEN);
  assert_int_equal(b->last.exit_code, 1);
  assert_int_equal(b->last.serving, 0);
  assert_string_equal(b->words, "No module named 'encodings'");
  assert_non_null(strstr(b->detail, "No module named 'encodings'"));
}

static void a_missing_interpreter_is_named(void **state) {
  bench_t *b = *state;
  char *detail;
  uint64_t wait_ms;
  assert_int_equal(try_start(b, "/nowhere/python3", "", &detail, &wait_ms), LB_OK);
  await(b, &b->down); /* the look-up runs on the starting thread */
  assert_int_equal(b->last.err, LB_EPYTHON_NOT_FOUND);
  assert_int_equal(b->last.pid, 0);
  assert_int_equal(b->spawned, 0);
  assert_non_null(strstr(b->detail, "/nowhere/python3"));
}

static void what_it_says_of_itself_is_its_reason(void **state) {
  bench_t *b = *state;
  start(b, "failed");
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_EPRELOAD);
  assert_non_null(strstr(b->detail, "preload 'x.py' failed"));
  assert_non_null(strstr(b->detail, "ValueError: no"));
}

static void garbage_ends_it(void **state) {
  bench_t *b = *state;
  start(b, "garbage");
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_EPROTOCOL);
  assert_true(no_children());
}

static void another_version_of_the_protocol_ends_it(void **state) {
  bench_t *b = *state;
  start(b, "version");
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_EPROTOCOL);
  assert_non_null(strstr(b->detail, "version"));
}

static void a_channel_closed_by_a_live_worker_ends_it(void **state) {
  bench_t *b = *state;
  start(b, "hangup");
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ESERVER_EXITED);
  assert_string_equal(b->last.signal, "SIGTERM");
}

static void one_that_ignores_goodbye_and_sigterm_is_killed(void **state) {
  bench_t *b = *state;
  start(b, "deaf");
  await(b, &b->ready);
  lb_server_stop();
  await(b, &b->down);
  assert_string_equal(b->last.signal, "SIGKILL");
  assert_int_equal(b->last.err, LB_ECLOSED);
}

static void aborted_with_a_reason(void **state) {
  bench_t *b = *state;
  start(b, "mute");
  await(b, &b->spawned);
  lb_port_abort(b->port, 999999, LB_ESTART_TIMEOUT, ""); /* another generation: nothing happens */
  assert_int_equal(lb_server_stop(), 1);
  await(b, &b->down);
  b->down = b->spawned = 0;
  start(b, "mute");
  await(b, &b->spawned);
  lb_server_status_t status;
  lb_server_status(&status);
  assert_string_equal(status.state, "starting");
  lb_port_abort(b->port, status.generation, LB_ESTART_TIMEOUT, "not in 5 ms");
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ESTART_TIMEOUT);
  assert_non_null(strstr(b->detail, "not in 5 ms"));
  assert_true(no_children());
}

static void stopped_before_it_was_spawned(void **state) {
  bench_t *b = *state;
  start(b, "mute");
  assert_int_equal(lb_server_stop(), 1);
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ECLOSED);
  assert_true(no_children());
}

static void the_last_port_takes_python_along(void **state) {
  bench_t *b = *state;
  start(b, "answer");
  await(b, &b->ready);
  pid_t pid = (pid_t)b->pid;
  close_port(b);
  assert_int_equal(b->down, 0); /* nothing is told after close */
  for (int i = 0; i < PATIENCE_MS && kill(pid, 0) == 0; i++)
    usleep(1000); /* the thread that sees it out also reaps it */
  assert_true(no_children());
}

/* A zombie is another's to reap, and does not run. */
static int runs(long pid) {
  char path[64], stat[512] = "";
  snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  char *line = fgets(stat, sizeof(stat), file);
  fclose(file);
  return line != NULL && strstr(stat, ") Z ") == NULL;
}

static void descendants_die_with_it(void **state) {
  bench_t *b = *state;
  start(b, "group");
  while (b->log[0] == '\0') {
    b->batches = 0;
    await(b, &b->batches);
  }
  long sleeper = atol(b->log);
  assert_true(runs(sleeper));
  kill((pid_t)b->pid, SIGKILL);
  await(b, &b->down);
  for (int i = 0; i < PATIENCE_MS && runs(sleeper); i++)
    usleep(1000);
  assert_false(runs(sleeper));
}

static void another_reaper_took_the_status(void **state) {
  bench_t *b = *state;
  start(b, "answer");
  await(b, &b->ready);
  kill((pid_t)b->pid, SIGKILL);
  assert_int_equal(waitpid((pid_t)b->pid, NULL, 0), b->pid);
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ESERVER_EXITED);
  assert_null(b->last.signal);
  assert_int_equal(b->last.exit_code, -1);
  assert_non_null(strstr(b->detail, "took its exit status"));
}

/* The signals of a mask line of /proc/self/status, as the peer printed it. */
static unsigned long long mask_of(const char *words, const char *line) {
  const char *at = strstr(words, line);
  assert_non_null(at);
  return strtoull(at + strlen(line), NULL, 16);
}

static void the_childs_signals_are_at_their_defaults(void **state) {
  bench_t *b = *state;
  sigset_t usr2;
  sigemptyset(&usr2);
  sigaddset(&usr2, SIGUSR2);
  signal(SIGUSR1, SIG_IGN);
  sigprocmask(SIG_BLOCK, &usr2, NULL);
  start(b, "state");
  await(b, &b->down);
  signal(SIGUSR1, SIG_DFL);
  sigprocmask(SIG_UNBLOCK, &usr2, NULL);
  assert_int_equal(mask_of(b->words, "SigBlk:\\t"), 0);
  assert_int_equal(mask_of(b->words, "SigIgn:\\t") & (1u << (SIGUSR1 - 1)), 0);
}

/* base, variable: "PEER=HOW" of the environment, of the option; or NULL. */
static int start_with(bench_t *b, char *base, char *variable, int inherit) {
  char path[512], *envp[] = {path, base, NULL}, *variables[] = {variable, NULL}, *detail;
  snprintf(path, sizeof(path), "PATH=%s", getenv("PATH"));
  lb_start_options_t options = {
      .python = PEER, .script = "/worker.py", .worker = "{}", .envp = envp};
  uint32_t generation;
  uint64_t wait_ms;
  int created;
  return lb_port_start(b->port, &(lb_wish_t){options, variables, inherit}, &generation, &created,
                       &detail, &wait_ms);
}

static void one_without_variables_has_those_of_the_start_before(void **state) {
  bench_t *b = *state, *other = NULL;
  setup((void **)&other);
  assert_int_equal(start_with(b, NULL, "PEER=answer", 0), LB_OK);
  await(b, &b->ready);
  kill((pid_t)b->pid, SIGKILL);
  await(b, &b->down);
  assert_int_equal(start_with(other, NULL, NULL, 1), LB_OK);
  await(other, &other->ready);
  kill((pid_t)other->pid, SIGKILL);
  await(other, &other->down);
  assert_int_equal(lb_server_set_variable("PEER=failed"), LB_OK); /* over them */
  other->down = 0;
  assert_int_equal(start_with(other, NULL, NULL, 1), LB_OK);
  await(other, &other->down);
  assert_int_equal(other->last.err, LB_EPRELOAD);
  teardown((void **)&other);
}

static void with_the_last_instance_its_variables_are_gone(void **state) {
  bench_t *b = *state;
  const char *contradiction;
  assert_int_equal(start_with(b, NULL, "PEER=failed", 0), LB_OK);
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_EPRELOAD);
  lb_server_unclaim();
  lb_server_claim(NULL, 0, &contradiction);
  b->down = 0;
  assert_int_equal(start_with(b, "PEER=answer", NULL, 1), LB_OK);
  await(b, &b->ready);
}

static void one_that_no_port_watches_is_reaped(void **state) {
  bench_t *other = NULL;
  (void)state; /* the test's own port stays, and so does Python */
  setup((void **)&other);
  start(other, "answer");
  await(other, &other->ready);
  pid_t pid = (pid_t)other->pid;
  teardown((void **)&other);
  assert_int_equal(kill(pid, SIGKILL), 0);
  while (kill(pid, 0) == 0) /* a zombie, too, can be signalled */
    uv_sleep(1);
  assert_true(no_children());
}

static void one_that_is_running_before_its_port_is_gone_is_reaped(void **state) {
  bench_t *other = NULL;
  (void)state;
  setup((void **)&other);
  start(other, "answer");
  teardown((void **)&other); /* while it starts */
  lb_server_status_t status;
  for (lb_server_status(&status); status.pid == 0; lb_server_status(&status))
    uv_sleep(1);
  assert_int_equal(kill((pid_t)status.pid, SIGKILL), 0);
  while (kill((pid_t)status.pid, 0) == 0)
    uv_sleep(1);
}

static void two_ports_share_one_process(void **state) {
  bench_t *b = *state, *other = NULL;
  setup((void **)&other);
  start(b, "answer");
  await(b, &b->ready);
  uint32_t id;
  char *detail;
  uint64_t wait_ms;
  assert_int_equal(try_start(other, PEER, "answer", &detail, &wait_ms), LB_OK);
  lb_server_status_t status;
  lb_server_status(&status);
  assert_int_equal(status.pid, b->pid);
  assert_int_equal(call(other, &id), LB_OK);
  kill((pid_t)b->pid, SIGKILL);
  await(b, &b->down);
  await(other, &other->down);
  assert_string_equal(other->last.signal, "SIGKILL");
  teardown((void **)&other);
}

static void
failed_starts_back_off_with_the_last_reason_until_the_last_instance_is_gone(void **state) {
  bench_t *b = *state;
  char *detail = NULL;
  uint64_t wait_ms = 0;
  int err = LB_OK;
  for (int i = 0; i < 20 && err == LB_OK; i++) {
    err = try_start(b, PEER, "broken", &detail, &wait_ms);
    if (err != LB_OK) break;
    b->down = 0;
    await(b, &b->down);
  }
  assert_int_equal(err, LB_EPYTHON_BROKEN);
  assert_true(wait_ms > 0);
  assert_non_null(strstr(detail, "No module named 'encodings'"));
  free(detail);
  const char *contradiction;
  lb_server_unclaim();
  lb_server_claim(NULL, 0, &contradiction);
  start(b, "answer");
  await(b, &b->ready);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(it_starts_answers_and_stops),
      CASE(death_is_told_once_and_the_next_start_works),
      CASE(a_death_that_the_loop_has_not_seen_refuses_the_call),
      CASE(a_death_is_known_before_the_loop_tells_of_it),
      CASE(a_broken_interpreter_is_quoted),
      CASE(a_missing_interpreter_is_named),
      CASE(what_it_says_of_itself_is_its_reason),
      CASE(garbage_ends_it),
      CASE(another_version_of_the_protocol_ends_it),
      CASE(a_channel_closed_by_a_live_worker_ends_it),
      CASE(one_that_ignores_goodbye_and_sigterm_is_killed),
      CASE(aborted_with_a_reason),
      CASE(stopped_before_it_was_spawned),
      CASE(the_last_port_takes_python_along),
      CASE(descendants_die_with_it),
      CASE(another_reaper_took_the_status),
      CASE(the_childs_signals_are_at_their_defaults),
      CASE(one_that_no_port_watches_is_reaped),
      CASE(one_that_is_running_before_its_port_is_gone_is_reaped),
      CASE(two_ports_share_one_process),
      CASE(one_without_variables_has_those_of_the_start_before),
      CASE(with_the_last_instance_its_variables_are_gone),
      CASE(failed_starts_back_off_with_the_last_reason_until_the_last_instance_is_gone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
