#include "faults.h"

#include <errno.h>
#include <spawn.h>
#include <sys/socket.h>
#include <uv.h>

static struct {
  int countdown; /* 0: off */
  int sys_err, did_fail;
} faults[FAULT_COUNT];

/* Returns the errno to fail with, or 0. */
static int fails_now(fault_t fault) {
  if (__atomic_load_n(&faults[fault].countdown, __ATOMIC_ACQUIRE) == 0) return 0;
  if (__atomic_sub_fetch(&faults[fault].countdown, 1, __ATOMIC_ACQ_REL) != 0) return 0;
  __atomic_store_n(&faults[fault].did_fail, 1, __ATOMIC_RELAXED);
  return faults[fault].sys_err;
}

void fault_at(fault_t fault, int nth, int sys_err) {
  faults[fault].sys_err = sys_err;
  __atomic_store_n(&faults[fault].did_fail, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&faults[fault].countdown, nth, __ATOMIC_RELEASE);
}

int fault_over(fault_t fault) {
  __atomic_store_n(&faults[fault].countdown, 0, __ATOMIC_RELEASE);
  return __atomic_load_n(&faults[fault].did_fail, __ATOMIC_RELAXED);
}

ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags) {
  int err = fails_now(FAULT_SEND);
  if (err == 0) return __real_send(fd, data, len, flags);
  errno = err;
  return -1;
}

ssize_t __real_recv(int fd, void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t len, int flags) {
  int err = fails_now(FAULT_RECV);
  if (err == 0) return __real_recv(fd, data, len, flags);
  errno = err;
  return -1;
}

int __real_uv_thread_create_ex(uv_thread_t *id, const uv_thread_options_t *options,
                               uv_thread_cb entry, void *arg);
int __wrap_uv_thread_create_ex(uv_thread_t *id, const uv_thread_options_t *options,
                               uv_thread_cb entry, void *arg) {
  int err = fails_now(FAULT_THREAD);
  return err == 0 ? __real_uv_thread_create_ex(id, options, entry, arg) : -err;
}

/* These return the errno. */
#define STEP(name, parameters, arguments)                                                          \
  int __real_##name parameters;                                                                    \
  int __wrap_##name parameters {                                                                   \
    int err = fails_now(FAULT_SPAWN);                                                              \
    return err == 0 ? __real_##name arguments : err;                                               \
  }

STEP(posix_spawn_file_actions_init, (posix_spawn_file_actions_t * actions), (actions))
STEP(posix_spawn_file_actions_addopen,
     (posix_spawn_file_actions_t * actions, int fd, const char *path, int flags, mode_t mode),
     (actions, fd, path, flags, mode))
STEP(posix_spawn_file_actions_adddup2, (posix_spawn_file_actions_t * actions, int from, int to),
     (actions, from, to))
STEP(posix_spawnattr_init, (posix_spawnattr_t * attributes), (attributes))
STEP(posix_spawnattr_setsigmask, (posix_spawnattr_t * attributes, const sigset_t *mask),
     (attributes, mask))
STEP(posix_spawnattr_setsigdefault, (posix_spawnattr_t * attributes, const sigset_t *defaults),
     (attributes, defaults))
STEP(posix_spawnattr_setpgroup, (posix_spawnattr_t * attributes, pid_t group), (attributes, group))
STEP(posix_spawnattr_setflags, (posix_spawnattr_t * attributes, short flags), (attributes, flags))
