/* The port over the real server, spawn and channel, with test/c/peer.py as Python. */
#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "support.h"
#include "sys.h"

#define PEER TEST_ROOT "/test/c/peer.py"
#define PATIENCE_MS 30000

typedef struct bench {
  uv_loop_t loop;
  uv_timer_t patience;
  lb_port_t *port;
  int spawned, hello, ready, down, closed, batches, late;
  long pid;
  uint32_t generation;
  lb_down_t last; /* strings below */
  char detail[4096], words[4096], seen[256], log[64];
} bench_t;

static void on_message(void *arg, const lb_message_t *m) {
  bench_t *b = arg;
  if (m->type == LB_FRAME_LOG)
    snprintf(b->log, sizeof(b->log), "%.*s", (int)(m->len - 8), m->data + 8);
  else
    snprintf(b->seen, sizeof(b->seen), "%02x:%u", m->type, m->call);
}

static void on_batch(void *arg) { ((bench_t *)arg)->batches++; }

static void on_spawned(void *arg, const lb_spawned_t *info) {
  bench_t *b = arg;
  b->spawned++;
  b->pid = info->pid;
  assert_string_equal(info->python, PEER);
  assert_string_equal(info->source, "option");
  assert_true(info->spawn_ms > 0);
}

static void on_hello(void *arg, uint32_t generation, const lb_hello_t *info) {
  bench_t *b = arg;
  b->hello++;
  b->generation = generation;
  assert_string_equal(info->python, "3.11.2");
}

static void on_ready(void *arg, uint32_t generation, const lb_ready_t *info) {
  bench_t *b = arg;
  b->ready++;
  assert_int_equal(generation, b->generation);
  assert_string_equal(info->litellm, "1.78.7");
}

static void on_down(void *arg, const lb_down_t *info) {
  bench_t *b = arg;
  b->down++;
  b->last = *info;
  snprintf(b->detail, sizeof(b->detail), "%s", info->detail);
  snprintf(b->words, sizeof(b->words), "%s", info->words);
}

static void on_closed(void *arg) { ((bench_t *)arg)->closed++; }

static const lb_port_handler_t handler = {on_message, on_batch, on_spawned, on_hello,
                                          on_ready,   on_down,  on_closed};

static void out_of_patience(uv_timer_t *timer) { ((bench_t *)timer->data)->late = 1; }

/* Runs the loop until *flag is set. */
static void await(bench_t *b, const int *flag) {
  uv_timer_start(&b->patience, out_of_patience, PATIENCE_MS, 0);
  while (!*flag && !b->late) uv_run(&b->loop, UV_RUN_ONCE);
  uv_timer_stop(&b->patience);
  assert_false(b->late);
}

static int setup(void **state) {
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

static void close_port(bench_t *b) {
  lb_port_close(b->port);
  await(b, &b->closed);
}

/* Leaves no process behind: a zombie too would be found. */
static int no_children(void) { return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD; }

static int teardown(void **state) {
  bench_t *b = *state;
  lb_server_unclaim();
  if (!b->closed) close_port(b);
  uv_close((uv_handle_t *)&b->patience, NULL);
  uv_run(&b->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&b->loop), 0);
  free(b);
  return 0;
}

static int try_start(bench_t *b, const char *python, const char *how, char **detail,
                     uint64_t *wait_ms) {
  char peer[64], path[512];
  snprintf(peer, sizeof(peer), "PEER=%s", how);
  snprintf(path, sizeof(path), "PATH=%s", getenv("PATH"));
  char *envp[] = {path, peer, NULL};
  lb_start_options_t options = {
      .python = python, .script = "/worker.py", .worker = "{}", .envp = envp};
  uint32_t generation;
  int created;
  return lb_port_start(b->port, &options, &generation, &created, detail, wait_ms);
}

static void start(bench_t *b, const char *how) {
  char *detail;
  uint64_t wait_ms;
  assert_int_equal(try_start(b, PEER, how, &detail, &wait_ms), LB_OK);
  assert_null(detail);
}

static int call(bench_t *b, uint32_t *id) {
  size_t len = LB_CALL_HEAD + 2;
  char *payload = calloc(1, len);
  int err = lb_port_call(b->port, "fn", LB_CALL_WHOLE, 1000, payload, len, id);
  if (err != LB_OK) free(payload);
  return err;
}

static int fd_count(void) {
  DIR *dir = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(dir) != NULL) count++;
  closedir(dir);
  return count;
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
  lb_port_abort(b->port, 999999, LB_ESTART_TIMEOUT); /* another generation: nothing happens */
  assert_int_equal(lb_server_stop(), 1);
  await(b, &b->down);
  b->down = b->spawned = 0;
  start(b, "mute");
  await(b, &b->spawned);
  lb_server_status_t status;
  lb_server_status(&status);
  assert_string_equal(status.state, "starting");
  lb_port_abort(b->port, status.generation, LB_ESTART_TIMEOUT);
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ESTART_TIMEOUT);
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
  for (int i = 0; i < PATIENCE_MS && kill(pid, 0) == 0; i++) usleep(1000); /* the thread that sees it out also reaps it */
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
  for (int i = 0; i < PATIENCE_MS && runs(sleeper); i++) usleep(1000);
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

static void failed_starts_back_off_with_the_last_reason_until_the_last_instance_is_gone(void **state) {
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

/* ---- the system refuses ---- */

static lb_sys_t real;
static int refused_with;

static int no_socketpair(int d, int t, int p, int fds[2]) {
  (void)d, (void)t, (void)p, (void)fds;
  errno = refused_with;
  return -1;
}
static int no_pipe2(int fds[2], int flags) {
  (void)fds, (void)flags;
  errno = refused_with;
  return -1;
}
static int no_memfd(const char *name, unsigned flags) {
  (void)name, (void)flags;
  errno = refused_with;
  return -1;
}
static int no_dup(int fd, int lowest) {
  (void)fd, (void)lowest;
  errno = refused_with;
  return -1;
}
static int no_status(int fd, int flags) {
  (void)fd, (void)flags;
  errno = refused_with;
  return -1;
}
static ssize_t no_sendmsg(int fd, const struct msghdr *m, int flags) {
  (void)fd, (void)m, (void)flags;
  errno = refused_with;
  return -1;
}
static int no_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *a,
                    const posix_spawnattr_t *t, char *const argv[], char *const envp[]) {
  (void)pid, (void)path, (void)a, (void)t, (void)argv, (void)envp;
  return refused_with;
}
static int no_pidfd(pid_t pid) {
  (void)pid;
  errno = refused_with;
  return -1;
}

/* At once (in lb_port_start) or by `down`: with this code and the errno's name, nothing left. */
static void refused(bench_t *b, int expected, const char *name) {
  char *detail = NULL;
  uint64_t wait_ms = 0;
  int before = fd_count();
  int err = try_start(b, PEER, "answer", &detail, &wait_ms);
  if (err == LB_OK) {
    b->down = 0;
    await(b, &b->down);
    err = b->last.err;
    detail = strdup(b->detail);
  }
  lb_sys = real;
  assert_int_equal(err, expected);
  assert_non_null(detail);
  assert_non_null(strstr(detail, name));
  free(detail);
  uv_run(&b->loop, UV_RUN_NOWAIT); /* what was closed is freed */
  uv_run(&b->loop, UV_RUN_NOWAIT);
  assert_true(fd_count() <= before + 6); /* the last generation is kept for its status */
  assert_true(no_children());
}

static void each_system_call_can_fail(void **state) {
  bench_t *b = *state;
  real = lb_sys;
  struct {
    size_t offset;
    void *stand_in;
    int sys_err, expected;
    const char *name;
  } rows[] = {
      {offsetof(lb_sys_t, socketpair), (void *)no_socketpair, EMFILE, LB_ESPAWN, "EMFILE"},
      {offsetof(lb_sys_t, pipe2), (void *)no_pipe2, ENFILE, LB_ESPAWN, "ENFILE"},
      {offsetof(lb_sys_t, memfd_create), (void *)no_memfd, ENOMEM, LB_ESPAWN, "ENOMEM"},
      {offsetof(lb_sys_t, dup_above), (void *)no_dup, EMFILE, LB_ESPAWN, "EMFILE"},
      {offsetof(lb_sys_t, set_status), (void *)no_status, EPERM, LB_ESPAWN, "EPERM"},
      {offsetof(lb_sys_t, sendmsg), (void *)no_sendmsg, EAGAIN, LB_ESPAWN, "EAGAIN"},
      {offsetof(lb_sys_t, posix_spawn), (void *)no_spawn, EAGAIN, LB_ESPAWN, "EAGAIN"},
      {offsetof(lb_sys_t, posix_spawn), (void *)no_spawn, E2BIG, LB_ESPAWN, "E2BIG"},
      {offsetof(lb_sys_t, posix_spawn), (void *)no_spawn, EACCES, LB_EPYTHON_BROKEN, "EACCES"},
      {offsetof(lb_sys_t, posix_spawn), (void *)no_spawn, ETXTBSY, LB_ESPAWN, "ETXTBSY"},
      {offsetof(lb_sys_t, pidfd_open), (void *)no_pidfd, ENOSYS, LB_ESPAWN, "ENOSYS"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    memcpy((char *)&lb_sys + rows[i].offset, &rows[i].stand_in, sizeof(void *));
    refused_with = rows[i].sys_err;
    refused(b, rows[i].expected, rows[i].name);
    b->ready = 0;
    start(b, "answer"); /* a later start works, and ends the back-off */
    await(b, &b->ready);
    lb_server_stop();
    b->down = 0;
    await(b, &b->down);
  }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(it_starts_answers_and_stops),
      CASE(death_is_told_once_and_the_next_start_works),
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
      CASE(two_ports_share_one_process),
      CASE(each_system_call_can_fail),
      CASE(failed_starts_back_off_with_the_last_reason_until_the_last_instance_is_gone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
