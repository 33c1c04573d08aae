/* The server's part that starts Python, and hands channels to it. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "env.h"
#include "errors.h"
#include "server_internal.h"
#include "sys.h"
#include "text.h"
#include "thread.h"

/* ---- threads ---- */

/* Takes the reference. Sends what waits as the control socket takes it: the process reads it when
 * it does not import or hold the GIL. */
static void post_when_writable(void *arg) {
  lb_generation_t *generation = arg;
  lb_server_lock();
  while (lb_server_poll_locked(generation) == LB_GENERATION_RUNNING &&
         lb_handoff_flush(&generation->handoff) == LB_AGAIN) {
    struct pollfd watched = {.fd = generation->handoff.control, .events = POLLOUT};
    lb_server_unlock();
    if (poll(&watched, 1, GRACE_MS) > 0) uv_sleep(LOOK_MS); /* it may be short of something else */
    lb_server_lock();
  }
  generation->posting = 0;
  lb_server_let_go(generation);
  lb_server_unlock();
}

/* Mutex held. Without a thread they wait for the next one that comes. */
static void post_waiting(lb_generation_t *generation) {
  if (generation->posting || generation->state != LB_GENERATION_RUNNING ||
      lb_handoff_flush(&generation->handoff) == LB_OK)
    return;
  generation->posting = 1;
  lb_generation_retain(generation);
  if (lb_thread_run(post_when_writable, generation) == 0) return;
  generation->posting = 0;
  lb_generation_release(generation);
}

/* Its own thread and not libuv's pool: four slow look-ups there would delay the
 * start. */
static void start_thread(void *arg) {
  lb_generation_t *generation = arg;
  lb_launch_t launch;
  lb_generation_launch(generation, &launch);
  lb_server_lock();
  if (generation->state == LB_GENERATION_ENDED) { /* given up: nobody waits for it */
    lb_server_unlock();
    lb_launch_discard(&launch);
    lb_server_release(generation);
    return;
  }
  lb_generation_publish(generation, &launch);
  post_waiting(generation);
  lb_server_poll_locked(generation);
  int unwanted = generation->state == LB_GENERATION_RUNNING && generation->stopping;
  if (unwanted) generation->leaving = 1;
  lb_server_wake_all();
  if (!unwanted) lb_server_let_go(generation);
  lb_server_unlock();
  if (unwanted) lb_server_see_out_now(generation);
}

static int refuse_while_backing_off(lb_start_t *out) {
  out->wait_ms = lb_backoff_wait(&lb_server.backoff, lb_server_now_ms());
  if (out->wait_ms == 0) return LB_OK;
  out->detail = lb_server.failed_detail ? strdup(lb_server.failed_detail) : NULL;
  return lb_server.failed_err;
}

/* The last start's are for those who have none. */
static int remember_variables(const lb_wish_t *wish) {
  if (wish->inherit) return LB_OK;
  lb_overlay_clear(&lb_server.variables);
  int err = LB_OK;
  for (size_t i = 0; err == LB_OK && wish->variables[i] != NULL; i++)
    err = lb_overlay_set(&lb_server.variables, wish->variables[i]);
  return err;
}

/* envp, the `env` option over it, and over that what was set later; borrowed entries in an array
 * that is the caller's. NULL: out of memory. */
static char **environment_of(const lb_wish_t *wish) {
  if (remember_variables(wish) != LB_OK) return NULL;
  char *const *base = wish->start.envp != NULL ? wish->start.envp : lb_env_of_process();
  char **with_option = lb_overlay_apply(&lb_server.variables, base);
  if (with_option == NULL) return NULL;
  char **all = lb_overlay_apply(&lb_server.added, with_option);
  free(with_option);
  return all;
}

static int make_generation(const lb_wish_t *wish, lb_generation_t **out) {
  lb_start_options_t options = wish->start;
  char **envp = environment_of(wish);
  if (envp == NULL) return LB_EMEMORY;
  options.envp = envp;
  int err = lb_generation_new(&options, lb_server.last_number + 1, out);
  free(envp);
  return err;
}

/* The one before may still be dying, with no port left that would reap it. */
static void replace_current(lb_generation_t *generation) {
  if (lb_server.current != NULL) lb_server_send_off(lb_server.current, lb_server_see_out_now);
  lb_generation_release(lb_server.current);
  lb_server.current = generation;
}

/* Why the system refused, for people. Returns err. */
static int refused(int err, int sys_err, lb_start_t *out) {
  if (sys_err != 0) out->detail = lb_format("%s (%s)", lb_errno_name(sys_err), strerror(sys_err));
  return err;
}

/* Opens a channel to a generation, with a reference. */
static int connect_to(lb_generation_t *generation, lb_start_t *out) {
  int sys_err = 0;
  int err = lb_generation_attach(generation, &out->fd, &sys_err);
  if (err != LB_OK) return refused(err, sys_err, out);
  lb_generation_retain(generation);
  out->generation = generation;
  return LB_OK;
}

static void disconnect(lb_start_t *out) {
  close(out->fd);
  lb_generation_release(out->generation);
  out->generation = NULL;
}

/* A generation with a channel to it, whose starting thread runs. */
static int launch(lb_generation_t *generation, lb_start_t *out) {
  int err = connect_to(generation, out);
  if (err != LB_OK) return err;
  lb_generation_retain(generation); /* the thread's */
  int sys_err = lb_thread_run(start_thread, generation);
  if (sys_err == 0) return LB_OK;
  lb_generation_release(generation);
  disconnect(out);
  return refused(LB_ESPAWN, sys_err, out);
}

static int begin(const lb_wish_t *wish, lb_start_t *out) {
  lb_generation_t *generation = NULL;
  int err = make_generation(wish, &generation);
  if (err == LB_OK) err = launch(generation, out);
  if (err != LB_OK) {
    lb_generation_release(generation);
    return err;
  }
  replace_current(generation);
  lb_server.last_number = generation->number;
  out->created = 1;
  return LB_OK;
}

/* Mutex held. */
static int connect_current(const lb_wish_t *wish, lb_start_t *out) {
  if (!lb_server_usable_locked(lb_server.current)) {
    int err = refuse_while_backing_off(out);
    return err == LB_OK ? begin(wish, out) : err;
  }
  int err = connect_to(lb_server.current, out);
  if (err == LB_OK) post_waiting(lb_server.current);
  return err;
}

int lb_server_start(const lb_wish_t *wish, lb_start_t *out) {
  memset(out, 0, sizeof(*out));
  lb_server_lock();
  int err = connect_current(wish, out);
  if (err == LB_ESERVER_EXITED) { /* it died and nobody has noticed: the next one */
    free(out->detail);
    out->detail = NULL;
    lb_generation_blame(lb_server.current, LB_ESERVER_EXITED, NULL);
    err = connect_current(wish, out);
  }
  lb_server_unlock();
  return err;
}
