#include "thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <unistd.h>
#include <uv.h>

#define STACK_SIZE                                                                                 \
  (512u * 1024u)        /* bytes: paths on the stack, no recursion                                 \
                         */
#define KERNEL_SIGSET 8 /* bytes of the kernel's sigset_t */

/* libuv's threads, since pthread_create, as built here, needs glibc 2.34. They
 * can't be detached (libuv 1.50), so each start joins those that are done: at
 * most the last few linger. */
typedef struct job {
  struct job *next;
  uv_thread_t thread;
  void (*work)(void *arg);
  void *arg;
  int done;
} job_t;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static job_t *jobs;

static void run(void *arg) {
  job_t *job = arg;
  job->work(job->arg);
  pthread_mutex_lock(&mutex);
  job->done = 1;
  pthread_mutex_unlock(&mutex);
}

/* Mutex held. A job that is done needs the mutex no more, so the join is short.
 */
static void join_done(void) {
  job_t **link = &jobs;
  while (*link != NULL) {
    job_t *job = *link;
    if (!job->done) {
      link = &job->next;
      continue;
    }
    *link = job->next;
    uv_thread_join(&job->thread);
    free(job);
  }
}

#ifdef __linux__ /* the wrapper pthread_sigmask is glibc 2.32 */
static void set_mask(const sigset_t *mask, sigset_t *before) {
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, before, KERNEL_SIGSET);
}
#else
static void set_mask(const sigset_t *mask, sigset_t *before) {
  pthread_sigmask(SIG_SETMASK, mask, before);
}
#endif

/* A new thread inherits the mask. */
static int create_with_signals_blocked(job_t *job) {
  uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = STACK_SIZE};
  sigset_t all, before;
  sigfillset(&all);
  set_mask(&all, &before);
  int err = uv_thread_create_ex(&job->thread, &options, run, job);
  set_mask(&before, NULL);
  return -err; /* libuv's errors are negative errnos */
}

int lb_thread_run(void (*work)(void *arg), void *arg) {
  job_t *job = calloc(1, sizeof(*job));
  if (job == NULL) return ENOMEM;
  job->work = work;
  job->arg = arg;
  pthread_mutex_lock(&mutex);
  join_done();
  int err = create_with_signals_blocked(job);
  if (err == 0) {
    job->next = jobs;
    jobs = job;
  } else {
    free(job);
  }
  pthread_mutex_unlock(&mutex);
  return err;
}
