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
  lb_strings_free((char **)options->envp);
}

/* ---- life ---- */

static void launch_free(lb_launch_t *launch) {
  free(launch->detail);
  free(launch->python);
  if (launch->err == LB_OK && launch->process.pid > 0) close_fd(&launch->process.exit_fd);
}

static void generation_free(lb_generation_t *generation) {
  close_fd(&generation->control);
  close_fd(&generation->control_child);
  close_fd(&generation->lifeline);
  close_fd(&generation->lifeline_child);
  close_fd(&generation->words);
  launch_free(&generation->launch);
  free_options(&generation->options);
  free(generation->detail);
  free(generation);
}

static int open_control(lb_generation_t *generation) {
  int fds[2];
  if (lb_sys.socketpair(LB_CONTROL_TYPE, fds) != 0) return errno;
  generation->control = fds[0];
  generation->control_child = fds[1];
  return raise_fd(&generation->control_child);
}

static int open_lifeline(lb_generation_t *generation) {
  int fds[2];
  if (lb_sys.pipe(fds) != 0) return errno;
  generation->lifeline_child = fds[0];
  generation->lifeline = fds[1];
  return raise_fd(&generation->lifeline_child);
}

static int open_words(lb_generation_t *generation) {
  generation->words = lb_sys.words();
  if (generation->words < 0) return errno;
  return raise_fd(&generation->words);
}

int lb_generation_new(const lb_start_options_t *options, uint32_t number, lb_generation_t **out,
                      int *sys_err) {
  lb_generation_t *generation = calloc(1, sizeof(*generation));
  if (generation == NULL) return LB_EMEMORY;
  generation->refs = 1;
  generation->number = number;
  generation->begun_ns = uv_hrtime();
  generation->control = generation->control_child = -1;
  generation->lifeline = generation->lifeline_child = generation->words = -1;
  int err = LB_EMEMORY;
  if (!copy_options(options, &generation->options)) goto failed;
  err = LB_ESPAWN;
  *sys_err = open_control(generation);
  if (*sys_err == 0) *sys_err = open_lifeline(generation);
  if (*sys_err == 0) *sys_err = open_words(generation);
  if (*sys_err != 0) goto failed;
  *out = generation;
  return LB_OK;
failed:
  generation_free(generation);
  return err;
}

void lb_generation_retain(lb_generation_t *generation) { generation->refs++; }

void lb_generation_release(lb_generation_t *generation) {
  if (generation != NULL && --generation->refs == 0) generation_free(generation);
}

/* ---- launch ---- */

static int spawn_python(const lb_generation_t *generation, char *const *envp, lb_launch_t *out) {
  char *argv[] = {out->python, "-I", "-S", "-X", "utf8", (char *)generation->options.script, NULL};
  lb_spawn_t request = {.path = out->python,
                        .argv = argv,
                        .envp = envp,
                        .words = generation->words,
                        .control = generation->control_child,
                        .lifeline = generation->lifeline_child};
  int sys_err = 0;
  int err = lb_spawn(&request, &out->process, &sys_err);
  if (err == LB_OK) {
    /* the worker arms it again, so a failure here costs only the time until
     * then */
    (void)lb_process_arm_lifeline(&out->process, generation->lifeline_child);
    return LB_OK;
  }
  out->detail = lb_format("%s: %s (%s)", out->python, lb_errno_name(sys_err), strerror(sys_err));
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
  int err = LB_EMEMORY;
  if (envp != NULL && out->python != NULL) err = spawn_python(generation, envp, out);
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
  memset(out, 0, sizeof(*out));
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
  /* The child has its own copies; ours would keep its channels open after its
   * death. */
  close_fd(&generation->control_child);
  close_fd(&generation->lifeline_child);
  if (launch->err == LB_OK) {
    generation->state = LB_GENERATION_RUNNING;
    return;
  }
  lb_generation_blame(generation, launch->err, launch->detail);
  generation->state = LB_GENERATION_ENDED;
}

/* ---- channels ---- */

/* One datagram; fd is attached unless -1. Returns an errno. */
static int control_send(int control, char byte, int fd) {
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } ancillary;
  memset(&ancillary, 0, sizeof(ancillary));
  struct iovec iov = {&byte, 1};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
  if (fd >= 0) {
    message.msg_control = ancillary.bytes;
    message.msg_controllen = sizeof(ancillary.bytes);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
  }
  /* never waits: the server's mutex is held */
  ssize_t sent = lb_sys.sendmsg(control, &message, MSG_DONTWAIT);
  return sent < 0 ? errno : 0;
}

int lb_generation_attach(lb_generation_t *generation, int *fd, int *sys_err) {
  int fds[2];
  *sys_err = 0;
  if (lb_sys.socketpair(SOCK_STREAM, fds) != 0) {
    *sys_err = errno;
    return LB_ESPAWN;
  }
  *sys_err = lb_sys.set_nonblocking(fds[0]) == 0 ? 0 : errno;
  if (*sys_err == 0) *sys_err = control_send(generation->control, 'c', fds[1]);
  close(fds[1]); /* else our own copy would hide the child's death */
  if (*sys_err == 0) {
    *fd = fds[0];
    return LB_OK;
  }
  close(fds[0]);
  int gone = *sys_err == EPIPE || *sys_err == ECONNRESET || *sys_err == ENOTCONN;
  return gone ? LB_ESERVER_EXITED : LB_ESPAWN;
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
    generation->state = LB_GENERATION_ENDED;
  return generation->state;
}

void lb_generation_goodbye(lb_generation_t *generation) {
  generation->stopping = 1;
  (void)control_send(generation->control, 'g', -1); /* full or gone: signals follow */
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
