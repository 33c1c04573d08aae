/* A foreign reaper, as some libraries bring one: a thread that waits for every child of the process.
 * LD_PRELOAD loads it; REAPED names the file that lists what it reaped, a pid a line. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_CHILD_US 1000 /* until it looks for one again */

static int list;

static void *reap(void *arg) {
  for (;;) {
    pid_t pid = waitpid(-1, NULL, 0);
    if (pid > 0)
      dprintf(list, "%d\n", (int)pid);
    else
      usleep(NO_CHILD_US);
  }
  return arg;
}

__attribute__((constructor)) static void start(void) {
  pthread_t thread;
  list = open(getenv("REAPED"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  unsetenv("LD_PRELOAD"); /* the children have none of it */
  if (list < 0 || pthread_create(&thread, NULL, reap, NULL) != 0) abort();
}
