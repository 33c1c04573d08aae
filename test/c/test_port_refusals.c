/* The system refuses: each call on the way to a Python process. */
#include <dirent.h>

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

static int no_socketpair(int type, int fds[2]) {
  (void)type, (void)fds;
  errno = refused_with;
  return -1;
}
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
  (void)fd, (void)lowest;
  errno = refused_with;
  return -1;
}
static int no_nonblocking(int fd) {
  (void)fd;
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
static int no_exit_fd(pid_t pid) {
  (void)pid;
  errno = refused_with;
  return -1;
}

/* At once (in lb_port_start) or by `down`: with this code and the errno's name,
 * no descriptor
 * left. */
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
      {offsetof(lb_sys_t, pipe), (void *)no_pipe, ENFILE, LB_ESPAWN, "ENFILE"},
      {offsetof(lb_sys_t, words), (void *)no_words, ENOMEM, LB_ESPAWN, "ENOMEM"},
      {offsetof(lb_sys_t, dup_above), (void *)no_dup, EMFILE, LB_ESPAWN, "EMFILE"},
      {offsetof(lb_sys_t, set_nonblocking), (void *)no_nonblocking, EPERM, LB_ESPAWN, "EPERM"},
      {offsetof(lb_sys_t, sendmsg), (void *)no_sendmsg, EAGAIN, LB_ESPAWN, "EAGAIN"},
      {offsetof(lb_sys_t, posix_spawn), (void *)no_spawn, EAGAIN, LB_ESPAWN, "EAGAIN"},
      {offsetof(lb_sys_t, posix_spawn), (void *)no_spawn, E2BIG, LB_ESPAWN, "E2BIG"},
      {offsetof(lb_sys_t, posix_spawn), (void *)no_spawn, EACCES, LB_EPYTHON_BROKEN, "EACCES"},
      {offsetof(lb_sys_t, posix_spawn), (void *)no_spawn, ETXTBSY, LB_ESPAWN, "ETXTBSY"},
      {offsetof(lb_sys_t, exit_fd), (void *)no_exit_fd, ENOSYS, LB_ESPAWN, "ENOSYS"},
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
    assert_true(no_children());
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(each_system_call_can_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
