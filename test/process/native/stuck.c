/* A system that does not answer, as a dead network disk: the first posix_spawn of the process blocks
 * until the file that GATE names is there, and then goes on. LD_PRELOAD loads it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_US 1000

typedef int spawn_fn(pid_t *, const char *, const posix_spawn_file_actions_t *,
                     const posix_spawnattr_t *, char *const[], char *const[]);

static atomic_int seen;

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]) {
  spawn_fn *real = (spawn_fn *)dlsym(RTLD_NEXT, "posix_spawn");
  if (atomic_fetch_add(&seen, 1) == 0)
    while (access(getenv("GATE"), F_OK) != 0)
      usleep(LOOK_US);
  return real(pid, path, actions, attributes, argv, envp);
}
