/* A start whose thread does not come back: the disk, or the system, does not answer. Whoever waits
 * is told; what the thread brings when it comes back after all is taken away again. */
#include <dirent.h>
#include <pthread.h>

#include "port_bench.h"
#include "sys.h"

static lb_sys_t real;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int armed, stuck, released, back; /* armed: the next start gets stuck */

static void set(int *flag, int value) {
  pthread_mutex_lock(&mutex);
  *flag = value;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static int take(int *flag) {
  pthread_mutex_lock(&mutex);
  int was = *flag;
  *flag = 0;
  pthread_mutex_unlock(&mutex);
  return was;
}

static void wait_for(const int *flag) {
  pthread_mutex_lock(&mutex);
  while (!*flag)
    pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
}

/* Blocks as a dead disk does, until it is released; then spawns. */
static int blocks(pid_t *pid, const char *path, const posix_spawn_file_actions_t *a,
                  const posix_spawnattr_t *t, char *const argv[], char *const envp[]) {
  if (!take(&armed)) return real.posix_spawn(pid, path, a, t, argv, envp);
  set(&stuck, 1);
  wait_for(&released);
  int err = real.posix_spawn(pid, path, a, t, argv, envp);
  set(&back, 1);
  return err;
}

static int fd_count(void) {
  DIR *dir = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(dir) != NULL)
    count++;
  closedir(dir);
  return count;
}

static int begin(void **state) {
  set(&armed, 1);
  take(&stuck);
  take(&released);
  take(&back);
  return setup(state);
}

/* The thread comes back late: no process and no descriptor of its launch stays. */
static void come_back(int fds_before) {
  set(&released, 1);
  wait_for(&back);
  for (int i = 0; i < PATIENCE_MS && !(no_children() && fd_count() <= fds_before); i++)
    usleep(1000);
  assert_true(no_children());
  assert_true(fd_count() <= fds_before);
}

static uint32_t try_it(bench_t *b) {
  char *detail = NULL;
  uint64_t wait_ms;
  lb_server_status_t status;
  assert_int_equal(try_start(b, PEER, "answer", &detail, &wait_ms), LB_OK);
  lb_server_status(&status);
  return status.generation;
}

static void a_stuck_start_ends_when_its_time_is_over(void **state) {
  bench_t *b = *state;
  int before = fd_count();
  uint32_t generation = try_it(b);
  wait_for(&stuck);
  lb_port_abort(b->port, generation, LB_ESTART_TIMEOUT, "not ready within 1 ms");
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ESTART_TIMEOUT);
  assert_string_equal(b->detail, "not ready within 1 ms");
  assert_int_equal(b->last.pid, 0);
  assert_int_equal(b->spawned, 0);
  come_back(before);
}

static void the_next_start_does_not_wait_for_the_stuck_one(void **state) {
  bench_t *b = *state;
  uint32_t generation = try_it(b);
  wait_for(&stuck);
  lb_port_abort(b->port, generation, LB_ESTART_TIMEOUT, "late");
  await(b, &b->down);
  int before = fd_count();
  start(b, "answer");
  await(b, &b->ready);
  assert_true(b->generation > generation);
  set(&released, 1);
  wait_for(&back);
  b->down = 0;
  lb_server_stop();
  await(b, &b->down);
  assert_int_equal(b->last.generation, b->generation);
  come_back(before + 4); /* the last generation is kept for its status */
}

static void a_stuck_start_does_not_hold_up_the_close(void **state) {
  bench_t *b = *state;
  int before = fd_count();
  try_it(b);
  wait_for(&stuck);
  assert_int_equal(lb_server_stop(), 1);
  assert_int_equal(lb_server_stop(), 0); /* it is on its way */
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ECLOSED);
  come_back(before);
}

static void without_a_thread_to_wait_a_start_is_given_up_at_once(void **state) {
  bench_t *b = *state;
  int before = fd_count();
  try_it(b);
  wait_for(&stuck);
  fault_at(FAULT_THREAD, 1, EAGAIN);
  assert_int_equal(lb_server_stop(), 1);
  assert_int_equal(fault_over(FAULT_THREAD), 1);
  await(b, &b->down);
  assert_int_equal(b->last.err, LB_ECLOSED);
  come_back(before);
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, teardown)

int main(void) {
  real = lb_sys; /* before there is any thread */
  lb_sys.posix_spawn = blocks;
  const struct CMUnitTest tests[] = {
      CASE(a_stuck_start_ends_when_its_time_is_over),
      CASE(the_next_start_does_not_wait_for_the_stuck_one),
      CASE(a_stuck_start_does_not_hold_up_the_close),
      CASE(without_a_thread_to_wait_a_start_is_given_up_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
