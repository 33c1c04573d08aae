#include "server_internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "errors.h"
#include "obituary.h"
#include "text.h"
#include "thread.h"

#define START_GRACE_MS 2000 /* for a start that nobody wants any more */

/* Statics survive the end of the thread that loaded the addon: it is linked
 * with nodelete. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
lb_server_t lb_server;

void lb_server_lock(void) { pthread_mutex_lock(&mutex); }
void lb_server_unlock(void) { pthread_mutex_unlock(&mutex); }

uint64_t lb_server_now_ms(void) { return uv_hrtime() / 1000000u; }

void lb_server_wake_all(void) {
  for (lb_listener_t *l = lb_server.listeners; l != NULL; l = l->next)
    l->wake(l);
}

/* ---- the end of a generation ---- */

static void remember_reason(lb_generation_t *generation) {
  char *words = lb_last_words(generation);
  free(lb_server.failed_detail);
  lb_server.failed_detail = words ? lb_obituary(generation, words) : NULL;
  lb_server.failed_err = lb_generation_verdict(generation);
  free(words);
}

/* Mutex held. */
lb_generation_state_t lb_server_poll_locked(lb_generation_t *generation) {
  lb_generation_state_t state = lb_generation_poll(generation);
  if (state != LB_GENERATION_ENDED || generation->counted) return state;
  generation->counted = 1;
  if (generation->ready || generation->stopping) return state;
  remember_reason(generation);
  lb_backoff_failed(&lb_server.backoff, lb_server_now_ms());
  return state;
}

lb_generation_state_t lb_server_poll(lb_generation_t *generation) {
  lb_server_lock();
  lb_generation_state_t state = lb_server_poll_locked(generation);
  lb_server_unlock();
  return state;
}

/* The descriptor is constant once it runs, and open while we hold a reference. */
static int gone_within(const lb_generation_t *generation, int ms) {
  return lb_process_ended_within(&generation->launch.process, ms);
}

static void signal_locked(lb_generation_t *generation, int signal) {
  lb_server_lock();
  lb_generation_signal(generation, signal);
  lb_server_unlock();
}

/* Blocks until the process is gone. Takes the reference. Its own thread, since
 * loops end. */
static void await_end(void *arg) {
  lb_generation_t *generation = arg;
  gone_within(generation, -1);
  lb_server_lock();
  while (lb_server_poll_locked(generation) !=
         LB_GENERATION_ENDED) { /* a tracer has the zombie first */
    lb_server_unlock();
    uv_sleep(LOOK_MS);
    lb_server_lock();
  }
  lb_server_wake_all();
  lb_generation_release(generation);
  lb_server_unlock();
}

static void see_out(lb_generation_t *generation, int grace_ms) {
  if (!gone_within(generation, grace_ms)) {
    signal_locked(generation, SIGTERM);
    if (!gone_within(generation, GRACE_MS)) signal_locked(generation, SIGKILL);
  }
  await_end(generation);
}

void lb_server_see_out_patiently(void *generation) { see_out(generation, GRACE_MS); }

void lb_server_see_out_now(void *generation) { see_out(generation, 0); }

/* Mutex held; once a generation. Without a thread to wait, it is killed at
 * once. */
void lb_server_send_off(lb_generation_t *generation, void (*work)(void *arg)) {
  if (generation->leaving || generation->state != LB_GENERATION_RUNNING) return;
  generation->leaving = 1;
  lb_generation_retain(generation);
  if (lb_thread_run(work, generation) == 0) return;
  lb_generation_release(generation);
  lb_generation_signal(generation, SIGKILL);
}

/* Mutex held. Its starting thread is stuck, or is not to be waited for. */
static void give_up(lb_generation_t *generation) {
  lb_generation_give_up(generation);
  lb_server_poll_locked(generation);
  lb_server_wake_all();
}

/* Takes the reference. A start takes milliseconds, unless the disk does not answer. */
static void await_start(void *arg) {
  lb_generation_t *generation = arg;
  lb_server_lock();
  for (int ms = 0; ms < START_GRACE_MS && generation->state == LB_GENERATION_STARTING;
       ms += LOOK_MS) {
    lb_server_unlock();
    uv_sleep(LOOK_MS);
    lb_server_lock();
  }
  if (generation->state == LB_GENERATION_STARTING) give_up(generation);
  lb_generation_release(generation);
  lb_server_unlock();
}

/* Mutex held. start_thread ends what it has spawned by then. */
static void stop_start(lb_generation_t *generation) {
  lb_generation_retain(generation);
  if (lb_thread_run(await_start, generation) == 0) return;
  lb_generation_release(generation);
  give_up(generation);
}

/* Mutex held. */
static int stop_locked(void) {
  lb_generation_t *generation = lb_server.current;
  if (generation == NULL || lb_server_poll_locked(generation) == LB_GENERATION_ENDED ||
      generation->stopping)
    return 0;
  lb_generation_goodbye(generation);
  if (generation->state == LB_GENERATION_STARTING) {
    stop_start(generation);
    return 1;
  }
  /* before it is ready it only imports: there is nothing to lose, and it can't
   * hear us */
  lb_server_send_off(generation,
                     generation->ready ? lb_server_see_out_patiently : lb_server_see_out_now);
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
  if (generation->state == LB_GENERATION_STARTING)
    give_up(generation);
  else
    lb_generation_signal(generation, SIGKILL);
  lb_server_unlock();
}

void lb_server_doubt(lb_generation_t *generation) {
  lb_server_lock();
  lb_server_send_off(generation, lb_server_see_out_patiently);
  lb_server_unlock();
}

/* ---- listeners ---- */

void lb_server_listen(lb_listener_t *listener) {
  lb_server_lock();
  listener->next = lb_server.listeners;
  lb_server.listeners = listener;
  lb_server_unlock();
}

/* Mutex held. A process that is just being spawned has no lifeline yet: whoever leaves last, and
 * may end Node, waits the moment until it has. */
static void await_spawn(void) {
  for (int ms = 0; ms < GRACE_MS && lb_server.current != NULL &&
                   lb_server.current->state == LB_GENERATION_STARTING;
       ms++) {
    lb_server_unlock();
    uv_sleep(1);
    lb_server_lock();
  }
}

void lb_server_unlisten(lb_listener_t *listener) {
  lb_server_lock();
  lb_listener_t **link = &lb_server.listeners;
  while (*link != NULL && *link != listener)
    link = &(*link)->next;
  if (*link != NULL) *link = listener->next;
  if (lb_server.listeners == NULL) {
    (void)stop_locked();
    await_spawn();
  }
  lb_server_unlock();
}

/* Mutex held. Two references: the server's own, and the one that is about to go. */
static int is_unwatched(const lb_generation_t *generation) {
  return generation != NULL && generation == lb_server.current && generation->refs == 2 &&
         generation->state == LB_GENERATION_RUNNING && !generation->leaving;
}

void lb_server_let_go(lb_generation_t *generation) {
  if (is_unwatched(generation) && lb_thread_run(await_end, generation) == 0) return;
  lb_generation_release(generation);
}

void lb_server_release(lb_generation_t *generation) {
  lb_server_lock();
  lb_server_let_go(generation);
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
  lb_backoff_succeeded(&lb_server.backoff);
  lb_server_unlock();
}

void lb_server_saw_failed(lb_generation_t *generation, int err, const char *detail) {
  lb_server_lock();
  lb_generation_blame(generation, err, detail);
  if (generation->counted) remember_reason(generation); /* reaped before it was read */
  lb_server_send_off(generation, lb_server_see_out_patiently);
  lb_server_unlock();
}

/* Mutex held. */
int lb_server_usable_locked(lb_generation_t *generation) {
  return generation != NULL && lb_server_poll_locked(generation) != LB_GENERATION_ENDED &&
         !generation->stopping && generation->err == LB_OK;
}

int lb_server_is_usable(lb_generation_t *generation) {
  lb_server_lock();
  int is_usable = lb_server_usable_locked(generation);
  lb_server_unlock();
  return is_usable;
}

/* ---- instances, status ---- */

int lb_server_claim(const lb_shape_t *shape, size_t count, const char **contradiction) {
  lb_server_lock();
  int err = lb_claims_add(&lb_server.claims, shape, count, contradiction);
  lb_server_unlock();
  return err;
}

void lb_server_claimed(void (*visit)(void *arg, const lb_shape_t *option), void *arg) {
  lb_server_lock();
  for (size_t i = 0; i < lb_server.claims.count; i++)
    visit(arg, &lb_server.claims.shape[i]);
  lb_server_unlock();
}

int lb_server_unclaim(void) {
  lb_server_lock();
  int stopped = 0;
  if (lb_claims_remove(&lb_server.claims)) {
    lb_backoff_succeeded(&lb_server.backoff);
    lb_overlay_clear(&lb_server.variables);
    lb_overlay_clear(&lb_server.added);
    stopped = stop_locked(); /* in one step: the next instance may come at any moment */
  }
  lb_server_unlock();
  return stopped;
}

int lb_server_set_variable(const char *entry) {
  lb_server_lock();
  int err = lb_overlay_set(&lb_server.added, entry);
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
  lb_generation_t *generation = lb_server.current;
  if (generation != NULL) {
    int alive = lb_server_poll_locked(generation) != LB_GENERATION_ENDED;
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
