#include "server.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "backoff.h"
#include "errors.h"
#include "obituary.h"
#include "sys.h"
#include "text.h"
#include "thread.h"

#define TRACED_MS 10  /* between looks at a process that is dead but not ours to reap yet */
#define GRACE_MS 1000 /* between goodbye, SIGTERM and SIGKILL */

/* Statics survive the end of the thread that loaded the addon: it is linked
 * with nodelete. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
  lb_generation_t *current; /* counted */
  uint32_t last_number;
  lb_listener_t *listeners;
  lb_claims_t claims;
  lb_overlay_t variables; /* the `env` option's, as the last start had them */
  lb_overlay_t added;     /* set after a start */
  int is_shape_open;      /* the last instance is gone: the next one may differ */
  lb_backoff_t backoff;
  int failed_err;      /* of the last failed start */
  char *failed_detail; /* owned */
} server;

void lb_server_lock(void) { pthread_mutex_lock(&mutex); }
void lb_server_unlock(void) { pthread_mutex_unlock(&mutex); }

static uint64_t now_ms(void) { return uv_hrtime() / 1000000u; }

static void wake_all(void) {
  for (lb_listener_t *l = server.listeners; l != NULL; l = l->next)
    l->wake(l);
}

/* ---- the end of a generation ---- */

static void remember_reason(lb_generation_t *generation) {
  char *words = lb_last_words(generation);
  free(server.failed_detail);
  server.failed_detail = words ? lb_obituary(generation, words) : NULL;
  server.failed_err = lb_generation_verdict(generation);
  free(words);
}

/* Mutex held. */
static lb_generation_state_t poll_locked(lb_generation_t *generation) {
  lb_generation_state_t state = lb_generation_poll(generation);
  if (state != LB_GENERATION_ENDED || generation->counted) return state;
  generation->counted = 1;
  if (generation->ready || generation->stopping) return state;
  remember_reason(generation);
  lb_backoff_failed(&server.backoff, now_ms());
  return state;
}

lb_generation_state_t lb_server_poll(lb_generation_t *generation) {
  lb_server_lock();
  lb_generation_state_t state = poll_locked(generation);
  lb_server_unlock();
  return state;
}

/* The descriptor is constant once it runs, and open while we hold a reference. */
static int gone_within(const lb_generation_t *generation, int ms) {
  struct pollfd watched = {.fd = generation->launch.process.exit_fd, .events = POLLIN};
  return poll(&watched, 1, ms) > 0;
}

static void signal_locked(lb_generation_t *generation, int signal) {
  lb_server_lock();
  lb_generation_signal(generation, signal);
  lb_server_unlock();
}

/* Blocks until the process is gone. Takes the reference. Its own thread, since
 * loops end. */
static void see_out(lb_generation_t *generation, int grace_ms) {
  if (!gone_within(generation, grace_ms)) {
    signal_locked(generation, SIGTERM);
    if (!gone_within(generation, GRACE_MS)) signal_locked(generation, SIGKILL);
    gone_within(generation, -1);
  }
  lb_server_lock();
  while (poll_locked(generation) != LB_GENERATION_ENDED) { /* a tracer has the zombie first */
    lb_server_unlock();
    uv_sleep(TRACED_MS);
    lb_server_lock();
  }
  wake_all();
  lb_generation_release(generation);
  lb_server_unlock();
}

static void see_out_patiently(void *generation) { see_out(generation, GRACE_MS); }

static void see_out_now(void *generation) { see_out(generation, 0); }

/* Mutex held; once a generation. Without a thread to wait, it is killed at
 * once. */
static void send_off(lb_generation_t *generation, void (*work)(void *arg)) {
  if (generation->leaving || generation->state != LB_GENERATION_RUNNING) return;
  generation->leaving = 1;
  lb_generation_retain(generation);
  if (lb_thread_run(work, generation) == 0) return;
  lb_generation_release(generation);
  lb_generation_signal(generation, SIGKILL);
}

/* Mutex held. */
static int stop_locked(void) {
  lb_generation_t *generation = server.current;
  if (generation == NULL || poll_locked(generation) == LB_GENERATION_ENDED || generation->stopping)
    return 0;
  lb_generation_goodbye(generation);
  /* before it is ready it only imports: there is nothing to lose, and it can't
   * hear us */
  send_off(generation, generation->ready ? see_out_patiently : see_out_now);
  return 1;
}

int lb_server_stop(void) {
  lb_server_lock();
  int stopped = stop_locked();
  lb_server_unlock();
  return stopped;
}

void lb_server_kill(lb_generation_t *generation, int err, const char *detail) {
  lb_server_lock();
  lb_generation_blame(generation, err, detail);
  lb_generation_signal(generation, SIGKILL); /* while starting: see start_thread */
  lb_server_unlock();
}

void lb_server_doubt(lb_generation_t *generation) {
  lb_server_lock();
  send_off(generation, see_out_patiently);
  lb_server_unlock();
}

/* ---- listeners ---- */

void lb_server_listen(lb_listener_t *listener) {
  lb_server_lock();
  listener->next = server.listeners;
  server.listeners = listener;
  lb_server_unlock();
}

/* Mutex held. A process that is just being spawned has no lifeline yet: whoever leaves last, and
 * may end Node, waits the moment until it has. */
static void await_spawn(void) {
  for (int ms = 0;
       ms < GRACE_MS && server.current != NULL && server.current->state == LB_GENERATION_STARTING;
       ms++) {
    lb_server_unlock();
    uv_sleep(1);
    lb_server_lock();
  }
}

void lb_server_unlisten(lb_listener_t *listener) {
  lb_server_lock();
  lb_listener_t **link = &server.listeners;
  while (*link != NULL && *link != listener)
    link = &(*link)->next;
  if (*link != NULL) *link = listener->next;
  if (server.listeners == NULL) {
    (void)stop_locked();
    await_spawn();
  }
  lb_server_unlock();
}

/* ---- start ---- */

/* Its own thread and not libuv's pool: four slow look-ups there would delay the
 * start. */
static void start_thread(void *arg) {
  lb_generation_t *generation = arg;
  lb_launch_t launch;
  lb_generation_launch(generation, &launch);
  lb_server_lock();
  lb_generation_publish(generation, &launch);
  poll_locked(generation);
  int unwanted = generation->state == LB_GENERATION_RUNNING &&
                 (generation->stopping || generation->err != LB_OK);
  if (unwanted) generation->leaving = 1;
  wake_all();
  if (!unwanted) lb_generation_release(generation);
  lb_server_unlock();
  if (unwanted) see_out(generation, 0);
}

/* Mutex held. */
static int usable(lb_generation_t *generation) {
  return generation != NULL && poll_locked(generation) != LB_GENERATION_ENDED &&
         !generation->stopping && generation->err == LB_OK;
}

int lb_server_is_usable(lb_generation_t *generation) {
  lb_server_lock();
  int is_usable = usable(generation);
  lb_server_unlock();
  return is_usable;
}

static int refuse_while_backing_off(lb_start_t *out) {
  out->wait_ms = lb_backoff_wait(&server.backoff, now_ms());
  if (out->wait_ms == 0) return LB_OK;
  out->detail = server.failed_detail ? strdup(server.failed_detail) : NULL;
  return server.failed_err;
}

/* The last start's shape is for those who shape nothing. */
static int remember_variables(const lb_wish_t *wish) {
  if (wish->inherit) return LB_OK;
  lb_overlay_clear(&server.variables);
  int err = LB_OK;
  for (size_t i = 0; err == LB_OK && wish->variables[i] != NULL; i++)
    err = lb_overlay_set(&server.variables, wish->variables[i]);
  return err;
}

/* envp, the `env` option over it, and over that what was set later. NULL: out of memory. */
static char **environment_of(const lb_wish_t *wish) {
  if (remember_variables(wish) != LB_OK) return NULL;
  char **with_option = lb_overlay_apply(&server.variables, wish->start.envp);
  if (with_option == NULL) return NULL;
  char **all = lb_overlay_apply(&server.added, with_option);
  lb_strings_free(with_option);
  return all;
}

static lb_start_options_t shape_of(const lb_wish_t *wish) {
  lb_start_options_t shape = wish->start;
  if (!wish->inherit || server.current == NULL || server.is_shape_open) return shape;
  shape.python = server.current->options.python;
  shape.private_python = server.current->options.private_python;
  shape.worker = server.current->options.worker;
  return shape;
}

/* Returns an lb_err; *sys_err with LB_ESPAWN. */
static int make_generation(const lb_wish_t *wish, lb_generation_t **out, int *sys_err) {
  lb_start_options_t options = shape_of(wish);
  char **envp = environment_of(wish);
  if (envp == NULL) return LB_EMEMORY;
  options.envp = envp;
  int err = lb_generation_new(&options, server.last_number + 1, out, sys_err);
  lb_strings_free(envp);
  return err;
}

/* The one before may still be dying, with no port left that would reap it. */
static void replace_current(lb_generation_t *generation) {
  if (server.current != NULL) send_off(server.current, see_out_now);
  lb_generation_release(server.current);
  server.current = generation;
}

static int begin(const lb_wish_t *wish, lb_start_t *out) {
  int sys_err = 0;
  lb_generation_t *generation = NULL;
  int err = make_generation(wish, &generation, &sys_err);
  if (err == LB_OK) {
    lb_generation_retain(generation); /* the thread's */
    sys_err = lb_thread_run(start_thread, generation);
    if (sys_err != 0) {
      lb_generation_release(generation);
      lb_generation_release(generation);
      err = LB_ESPAWN;
    }
  }
  if (err != LB_OK) {
    if (sys_err != 0) out->detail = lb_format("%s (%s)", lb_errno_name(sys_err), strerror(sys_err));
    return err;
  }
  replace_current(generation);
  server.last_number = generation->number;
  server.is_shape_open = 0;
  out->created = 1;
  return LB_OK;
}

/* Mutex held. */
static int connect_current(const lb_wish_t *wish, lb_start_t *out) {
  int err = LB_OK, sys_err = 0;
  if (!usable(server.current)) {
    err = refuse_while_backing_off(out);
    if (err == LB_OK) err = begin(wish, out);
    if (err != LB_OK) return err;
  }
  err = lb_generation_attach(server.current, &out->fd, &sys_err);
  if (err == LB_OK) {
    out->generation = server.current;
    lb_generation_retain(out->generation);
  } else {
    out->detail = lb_format("%s (%s)", lb_errno_name(sys_err), strerror(sys_err));
  }
  return err;
}

int lb_server_start(const lb_wish_t *wish, lb_start_t *out) {
  memset(out, 0, sizeof(*out));
  lb_server_lock();
  int err = connect_current(wish, out);
  if (err == LB_ESERVER_EXITED) { /* it died and nobody has noticed: the next one */
    free(out->detail);
    out->detail = NULL;
    lb_generation_blame(server.current, LB_ESERVER_EXITED, NULL);
    err = connect_current(wish, out);
  }
  lb_server_unlock();
  return err;
}

void lb_server_release(lb_generation_t *generation) {
  lb_server_lock();
  lb_generation_release(generation);
  lb_server_unlock();
}

/* ---- what ports saw ---- */

void lb_server_saw_hello(lb_generation_t *generation) {
  lb_server_lock();
  generation->hello = 1;
  lb_server_unlock();
}

void lb_server_saw_ready(lb_generation_t *generation) {
  lb_server_lock();
  generation->ready = 1;
  lb_backoff_succeeded(&server.backoff);
  lb_server_unlock();
}

void lb_server_saw_failed(lb_generation_t *generation, int err, const char *detail) {
  lb_server_lock();
  lb_generation_blame(generation, err, detail);
  if (generation->counted) remember_reason(generation); /* reaped before it was read */
  send_off(generation, see_out_patiently);
  lb_server_unlock();
}

/* ---- instances, status ---- */

int lb_server_claim(const lb_shape_t *shape, size_t count, const char **contradiction) {
  lb_server_lock();
  int err = lb_claims_add(&server.claims, shape, count, contradiction);
  lb_server_unlock();
  return err;
}

int lb_server_unclaim(void) {
  lb_server_lock();
  int stopped = 0;
  if (lb_claims_remove(&server.claims)) {
    lb_backoff_succeeded(&server.backoff);
    server.is_shape_open = 1;
    lb_overlay_clear(&server.variables);
    lb_overlay_clear(&server.added);
    stopped = stop_locked(); /* in one step: the next instance may come at any moment */
  }
  lb_server_unlock();
  return stopped;
}

int lb_server_set_variable(const char *entry) {
  lb_server_lock();
  int err = lb_overlay_set(&server.added, entry);
  lb_server_unlock();
  return err;
}

static const char *state_name(const lb_generation_t *generation) {
  if (generation->state == LB_GENERATION_ENDED) return "idle";
  if (generation->stopping) return "stopping";
  return generation->ready ? "running" : "starting";
}

void lb_server_status(lb_server_status_t *out) {
  memset(out, 0, sizeof(*out));
  out->state = "idle";
  lb_server_lock();
  lb_generation_t *generation = server.current;
  if (generation != NULL) {
    int alive = poll_locked(generation) != LB_GENERATION_ENDED;
    out->generation = generation->number;
    out->state = state_name(generation);
    out->platform = generation->launch.platform;
    out->pid = alive ? (long)generation->launch.process.pid : 0;
    out->age_ms = alive ? (uv_hrtime() - generation->begun_ns) / 1000000u : 0;
    const char *python = generation->launch.python;
    snprintf(out->python, sizeof(out->python), "%s", python ? python : "");
  }
  lb_server_unlock();
}
