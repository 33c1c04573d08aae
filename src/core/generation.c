#include "generation.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "errors.h"
#include "sys.h"
#include "text.h"

#define LOWEST_FD 10 /* above every number that the child's descriptors get */
#define REAP_MS 10   /* between looks at a process that is dead but not ours to reap yet */

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* Moves *fd out of the way of dup2 onto 0 to 4. */
static int raise_fd(int *fd) {
  int high = lb_sys.dup_above(*fd, LOWEST_FD);
  if (high < 0) return errno;
  close(*fd);
  *fd = high;
  return 0;
}

/* ---- options ---- */

static int copy_string(const char *from, const char **to) {
  *to = from == NULL ? NULL : strdup(from);
  return from == NULL || *to != NULL;
}

static int copy_options(const lb_start_options_t *from, lb_start_options_t *to) {
  char **envp = lb_strings_copy(from->envp);
  to->envp = envp;
  return envp != NULL && copy_string(from->python, &to->python) &&
         copy_string(from->private_python, &to->private_python) &&
         copy_string(from->script, &to->script) && copy_string(from->worker, &to->worker);
}

static void free_options(lb_start_options_t *options) {
  free((char *)options->python);
  free((char *)options->private_python);
  free((char *)options->script);
  free((char *)options->worker);
  free((char **)options->envp);
}

/* ---- life ---- */

static void launch_init(lb_launch_t *launch) {
  memset(launch, 0, sizeof(*launch));
  launch->control = launch->control_child = -1;
  launch->lifeline = launch->lifeline_child = launch->words = -1;
}

static void launch_free(lb_launch_t *launch) {
  close_fd(&launch->control);
  close_fd(&launch->control_child);
  close_fd(&launch->lifeline);
  close_fd(&launch->lifeline_child);
  close_fd(&launch->words);
  free(launch->detail);
  free(launch->python);
  if (launch->err == LB_OK && launch->process.pid > 0) close_fd(&launch->process.exit_fd);
}

static void generation_free(lb_generation_t *generation) {
  lb_handoff_close(&generation->handoff);
  launch_free(&generation->launch);
  free_options(&generation->options);
  free(generation->detail);
  free(generation);
}

int lb_generation_new(const lb_start_options_t *options, uint32_t number, lb_generation_t **out) {
  lb_generation_t *generation = calloc(1, sizeof(*generation));
  if (generation == NULL) return LB_EMEMORY;
  generation->refs = 1;
  generation->number = number;
  generation->begun_ns = uv_hrtime();
  lb_handoff_init(&generation->handoff);
  launch_init(&generation->launch);
  if (!copy_options(options, &generation->options)) {
    generation_free(generation);
    return LB_EMEMORY;
  }
  *out = generation;
  return LB_OK;
}

void lb_generation_retain(lb_generation_t *generation) { generation->refs++; }

void lb_generation_release(lb_generation_t *generation) {
  if (generation != NULL && --generation->refs == 0) generation_free(generation);
}

/* Channels that were never handed over see the end of file. Closing the lifeline sends SIGIO to the
 * process's group, of which something is left where another reaper was quicker than we: the
 * kernel knows the group itself there, not just its number. */
static void end(lb_generation_t *generation) {
  generation->state = LB_GENERATION_ENDED;
  lb_handoff_close(&generation->handoff);
  close_fd(&generation->launch.lifeline);
  close_fd(&generation->launch.lifeline_child);
}

/* ---- launch ---- */

static int open_control(lb_launch_t *launch) {
  int fds[2];
  if (lb_sys.socketpair(LB_CONTROL_TYPE, fds) != 0) return errno;
  launch->control = fds[0];
  launch->control_child = fds[1];
  return raise_fd(&launch->control_child);
}

static int open_lifeline(lb_launch_t *launch) {
  int fds[2];
  if (lb_sys.pipe(fds) != 0) return errno;
  launch->lifeline_child = fds[0];
  launch->lifeline = fds[1];
  return raise_fd(&launch->lifeline_child);
}

static int open_words(lb_launch_t *launch) {
  launch->words = lb_sys.words();
  if (launch->words < 0) return errno;
  return raise_fd(&launch->words);
}

static char *named(int sys_err) {
  return lb_format("%s (%s)", lb_errno_name(sys_err), strerror(sys_err));
}

static int open_descriptors(lb_launch_t *launch) {
  int sys_err = open_control(launch);
  if (sys_err == 0) sys_err = open_lifeline(launch);
  if (sys_err == 0) sys_err = open_words(launch);
  if (sys_err == 0) return LB_OK;
  launch->detail = named(sys_err);
  return LB_ESPAWN;
}

static int spawn_python(const lb_generation_t *generation, char *const *envp, lb_launch_t *out) {
  char *argv[] = {out->python, "-I", "-S", "-X", "utf8", (char *)generation->options.script, NULL};
  lb_spawn_t request = {.path = out->python,
                        .argv = argv,
                        .envp = envp,
                        .words = out->words,
                        .control = out->control_child,
                        .lifeline = out->lifeline_child};
  int sys_err = 0;
  int err = lb_spawn(&request, &out->process, &sys_err);
  if (err == LB_OK) {
    /* the worker arms it again, so a failure here costs only the time until
     * then */
    (void)lb_process_arm_lifeline(&out->process, out->lifeline_child);
    return LB_OK;
  }
  char *why = named(sys_err);
  out->detail = lb_format("%s: %s", out->python, why ? why : "");
  free(why);
  return err;
}

static int launch_chosen(const lb_generation_t *generation, const lb_python_query_t *query,
                         const lb_python_plan_t *plan, lb_launch_t *out) {
  const lb_candidate_t *chosen = &plan->candidates[plan->chosen];
  out->source = chosen->source;
  out->python = strdup(chosen->path);
  char *worker = lb_format("LITELLM_BRIDGE_OPTIONS=%s", generation->options.worker);
  const char *extra[] = {worker, NULL};
  char **envp = worker ? lb_python_environment(query, plan, extra) : NULL;
  int err = envp != NULL && out->python != NULL ? open_descriptors(out) : LB_EMEMORY;
  if (err == LB_OK) err = spawn_python(generation, envp, out);
  lb_python_environment_free(envp);
  free(worker);
  return err;
}

void lb_generation_launch(lb_generation_t *generation, lb_launch_t *out) {
  const lb_start_options_t *options = &generation->options;
  lb_python_query_t query = {.option = options->python,
                             .private_python = options->private_python,
                             .root = "",
                             .envp = options->envp};
  lb_python_plan_t plan;
  launch_init(out);
  out->err = lb_python_plan(&query, &plan);
  if (out->err == LB_OK) {
    out->platform = plan.platform;
    out->err = plan.err;
    if (plan.err == LB_OK)
      out->err = launch_chosen(generation, &query, &plan, out);
    else
      out->detail = lb_python_plan_text(&plan);
    lb_python_plan_free(&plan);
  }
  out->spawn_ns = uv_hrtime() - generation->begun_ns;
}

void lb_generation_publish(lb_generation_t *generation, lb_launch_t *launch) {
  generation->launch = *launch;
  launch = &generation->launch;
  /* The child has its own copy; ours would keep its channels open after its
   * death. */
  close_fd(&launch->control_child);
  if (launch->err != LB_OK) {
    lb_generation_blame(generation, launch->err, launch->detail);
    end(generation);
    return;
  }
  generation->handoff.control = launch->control;
  launch->control = -1;
  generation->state = LB_GENERATION_RUNNING;
}

void lb_generation_give_up(lb_generation_t *generation) { end(generation); }

void lb_launch_discard(lb_launch_t *launch) {
  lb_exit_t how;
  if (launch->err == LB_OK) {
    lb_process_signal(&launch->process, SIGKILL);
    while (lb_process_reap(&launch->process, &how) != LB_OK)
      lb_process_ended_within(&launch->process, REAP_MS);
  }
  launch_free(launch);
}

/* ---- channels ---- */

int lb_generation_attach(lb_generation_t *generation, int *fd, int *sys_err) {
  int fds[2];
  if (lb_sys.socketpair(SOCK_STREAM, fds) != 0) {
    *sys_err = errno;
    return LB_ESPAWN;
  }
  int err = lb_handoff_give(&generation->handoff, fds[1], sys_err);
  if (err == LB_OK)
    *fd = fds[0];
  else
    close(fds[0]);
  return err;
}

/* ---- end ---- */

void lb_generation_blame(lb_generation_t *generation, int err, const char *detail) {
  if (generation->err != LB_OK) return;
  generation->err = err;
  generation->detail = detail == NULL ? NULL : strdup(detail);
}

lb_generation_state_t lb_generation_poll(lb_generation_t *generation) {
  if (generation->state == LB_GENERATION_RUNNING &&
      lb_process_reap(&generation->launch.process, &generation->exit) == LB_OK)
    end(generation);
  return generation->state;
}

void lb_generation_goodbye(lb_generation_t *generation) {
  generation->stopping = 1;
  lb_handoff_goodbye(&generation->handoff);
}

void lb_generation_signal(lb_generation_t *generation, int signal) {
  if (generation->state == LB_GENERATION_RUNNING)
    lb_process_signal(&generation->launch.process, signal);
}

int lb_generation_verdict(const lb_generation_t *generation) {
  if (generation->err != LB_OK) return generation->err;
  if (generation->stopping) return LB_ECLOSED;
  /* An interpreter that ends by itself before its first word to us never ran
   * our code. */
  int never_ran = !generation->hello && generation->exit.known && generation->exit.signal == 0;
  return never_ran ? LB_EPYTHON_BROKEN : LB_ESERVER_EXITED;
}
