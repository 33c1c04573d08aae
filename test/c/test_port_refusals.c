/* The system refuses: each call on the way to a Python process. */
#include <dirent.h>
#include <pthread.h>

#include "port_bench.h"
#include "sys.h"

static int fd_count(void) {
  DIR *dir = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(dir) != NULL)
    count++;
  closedir(dir);
  return count;
}

static lb_sys_t real;
static int refused_with;
static int passing; /* calls that are let through first */
static pthread_t loop_thread;

static int refuse_pair(int type, int fds[2], int on_loop) {
  int is_on_loop = pthread_equal(pthread_self(), loop_thread) != 0;
  if (is_on_loop != on_loop) return real.socketpair(type, fds);
  errno = refused_with;
  return -1;
}
/* The control socket, which the starting thread makes. */
static int no_control_pair(int type, int fds[2]) { return refuse_pair(type, fds, 0); }
/* The channel. */
static int no_channel_pair(int type, int fds[2]) { return refuse_pair(type, fds, 1); }
static int no_pipe(int fds[2]) {
  (void)fds;
  errno = refused_with;
  return -1;
}
static int no_words(void) {
  errno = refused_with;
  return -1;
}
static int no_dup(int fd, int lowest) {
  if (passing-- > 0) return real.dup_above(fd, lowest);
  errno = refused_with;
  return -1;
}
static ssize_t no_sendmsg(int fd, const struct msghdr *m, int flags) {
  (void)fd, (void)m, (void)flags;
  errno = refused_with;
  return -1;
}
/* Once. */
static ssize_t no_control(int fd, const struct msghdr *m, int flags) {
  lb_sys.sendmsg = real.sendmsg;
  return no_sendmsg(fd, m, flags);
}
static int no_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *a,
                    const posix_spawnattr_t *t, char *const argv[], char *const envp[]) {
  (void)pid, (void)path, (void)a, (void)t, (void)argv, (void)envp;
  return refused_with;
}
static int no_exit_fd(pid_t pid) {
  (void)pid;
  errno = refused_with;
  return -1;
}

/* At once (in lb_port_start) or by `down`: with this code and the errno's name,
 * no descriptor left. */
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
}

static void forgive(void) {
  const char *contradiction;
  lb_server_unclaim(); /* else starts would be refused for a while */
  lb_server_claim(NULL, 0, &contradiction);
}

/* What exec says of the file is the interpreter's, all else the system's. */
static int expected_of(size_t offset, int sys_err) {
  int of_exec = offset == offsetof(lb_sys_t, posix_spawn) && sys_err == EACCES;
  return of_exec ? LB_EPYTHON_BROKEN : LB_ESPAWN;
}

static void each_system_call_can_fail(void **state) {
  bench_t *b = *state;
  real = lb_sys;
  loop_thread = pthread_self();
  const int errors[] = {EAGAIN, ENOMEM, EMFILE, E2BIG, ETXTBSY, EACCES};
  struct {
    size_t offset;
    void *stand_in;
    int passing;
  } rows[] = {
      {offsetof(lb_sys_t, socketpair), (void *)no_control_pair, 0},
      {offsetof(lb_sys_t, socketpair), (void *)no_channel_pair, 0},
      {offsetof(lb_sys_t, pipe), (void *)no_pipe, 0},
      {offsetof(lb_sys_t, words), (void *)no_words, 0},
      {offsetof(lb_sys_t, dup_above), (void *)no_dup, 0},
      {offsetof(lb_sys_t, dup_above), (void *)no_dup, 1},
      {offsetof(lb_sys_t, dup_above), (void *)no_dup, 2},
      {offsetof(lb_sys_t, posix_spawn), (void *)no_spawn, 0},
      {offsetof(lb_sys_t, exit_fd), (void *)no_exit_fd, 0},
  };
  size_t count = sizeof(errors) / sizeof(errors[0]);
  for (size_t i = 0; i < count * sizeof(rows) / sizeof(rows[0]); i++) {
    size_t row = i / count;
    forgive();
    memcpy((char *)&lb_sys + rows[row].offset, &rows[row].stand_in, sizeof(void *));
    refused_with = errors[i % count];
    passing = rows[row].passing;
    refused(b, expected_of(rows[row].offset, refused_with), lb_errno_name(refused_with));
    b->ready = 0;
    start(b, "answer"); /* a later start works */
    await(b, &b->ready);
    lb_server_stop();
    b->down = 0;
    await(b, &b->down);
    assert_true(no_children());
  }
}

static void each_step_of_a_spawn_can_fail(void **state) {
  bench_t *b = *state;
  int nth = 0;
  for (;;) {
    b->down = b->ready = 0;
    forgive();
    fault_at(FAULT_SPAWN, ++nth, ENOMEM);
    start(b, "answer");
    await_either(b, &b->down, &b->ready);
    if (!fault_over(FAULT_SPAWN)) break;
    assert_int_equal(b->last.err, LB_ESPAWN);
    assert_non_null(strstr(b->detail, "ENOMEM"));
    assert_true(no_children());
  }
  assert_int_equal(b->ready, 1);
  assert_int_equal(nth, 12); /* eleven steps, and the one beyond */
}

static void without_a_thread_to_start_on(void **state) {
  bench_t *b = *state;
  char *detail = NULL;
  uint64_t wait_ms;
  fault_at(FAULT_THREAD, 1, EAGAIN);
  assert_int_equal(try_start(b, PEER, "answer", &detail, &wait_ms), LB_ESPAWN);
  assert_int_equal(fault_over(FAULT_THREAD), 1);
  assert_non_null(strstr(detail, "EAGAIN"));
  free(detail);
  start(b, "answer");
  await(b, &b->ready);
}

/* Nobody could wait for it to end by itself. */
static void without_a_thread_to_wait_on_it_is_killed_at_once(void **state) {
  bench_t *b = *state;
  start(b, "deaf");
  await(b, &b->ready);
  fault_at(FAULT_THREAD, 1, EAGAIN);
  assert_int_equal(lb_server_stop(), 1);
  assert_int_equal(fault_over(FAULT_THREAD), 1);
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ECLOSED);
  assert_string_equal(b->last.signal, "SIGKILL");
}

static void without_a_watch_the_channel_tells_of_the_end(void **state) {
  bench_t *b = *state;
  real = lb_sys;
  lb_sys.dup_above = no_dup;
  passing = 3; /* what the process gets */
  refused_with = EMFILE;
  start(b, "deaf"); /* no child of its own holds the channel open */
  await(b, &b->ready);
  await(b, &b->spawned);
  lb_sys = real;
  kill((pid_t)b->pid, SIGKILL);
  await(b, &b->down);
  assert_string_equal(b->last.signal, "SIGKILL");
}

/* Until it takes them, they wait; nobody is refused. */
static void a_full_control_socket_only_delays(void **state) {
  bench_t *b = *state, *other = NULL;
  const int signs[] = {EAGAIN, ENOBUFS, ENOMEM, ETOOMANYREFS};
  setup((void **)&other);
  real = lb_sys;
  for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
    b->ready = b->down = b->spawned = other->ready = other->down = 0;
    start(b, "answer");
    await(b, &b->ready);
    await(b, &b->spawned);
    lb_sys.sendmsg = no_control; /* once */
    refused_with = signs[i];
    start(other, "answer");
    await(other, &other->ready);
    assert_int_equal(other->generation, b->generation);
    lb_server_stop();
    await(b, &b->down);
    await(other, &other->down);
  }
  teardown((void **)&other);
}

/* Of another kind than being full: its instance is told at once. */
static void a_control_socket_that_takes_no_descriptor_is_an_error(void **state) {
  bench_t *b = *state, *other = NULL;
  char *detail = NULL;
  uint64_t wait_ms;
  setup((void **)&other);
  real = lb_sys;
  start(b, "answer");
  await(b, &b->ready);
  lb_sys.sendmsg = no_control;
  refused_with = EMFILE;
  assert_int_equal(try_start(other, PEER, "answer", &detail, &wait_ms), LB_ESPAWN);
  assert_non_null(strstr(detail, "EMFILE"));
  free(detail);
  start(other, "answer");
  await(other, &other->ready);
  teardown((void **)&other);
}

/* It lives, but hears nobody: the first one who notices starts the next. */
static void a_worker_without_its_control_socket_is_replaced(void **state) {
  bench_t *b = *state, *other = NULL;
  const int signs[] = {EPIPE, ECONNRESET, ENOTCONN};
  setup((void **)&other);
  real = lb_sys;
  for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
    char *detail = NULL;
    uint64_t wait_ms;
    b->ready = b->down = other->ready = other->down = 0;
    start(b, "answer");
    await(b, &b->ready);
    await(b, &b->spawned);
    lb_sys.sendmsg = no_control;
    refused_with = signs[i];
    assert_int_equal(try_start(other, PEER, "answer", &detail, &wait_ms), LB_OK);
    assert_null(detail);
    await(other, &other->ready);
    assert_true(other->generation > b->generation);
    await(b, &b->down);
    assert_int_equal(b->last.err, LB_ESERVER_EXITED);
    lb_server_stop();
    await(other, &other->down);
    b->spawned = 0;
  }
  teardown((void **)&other);
  assert_true(no_children());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(each_system_call_can_fail),
      CASE(each_step_of_a_spawn_can_fail),
      CASE(without_a_thread_to_start_on),
      CASE(without_a_thread_to_wait_on_it_is_killed_at_once),
      CASE(without_a_watch_the_channel_tells_of_the_end),
      CASE(a_full_control_socket_only_delays),
      CASE(a_control_socket_that_takes_no_descriptor_is_an_error),
      CASE(a_worker_without_its_control_socket_is_replaced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
