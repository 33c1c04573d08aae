#include "env.h"

#include <stddef.h>
#include <string.h>

#ifdef __APPLE__
#include <crt_externs.h>
char **lb_env_of_process(void) { return *_NSGetEnviron(); } /* a library can't see environ there */
#else
extern char **environ;
char **lb_env_of_process(void) { return environ; }
#endif

const char *lb_env_lookup(void *envp, const char *name) {
  size_t len = strlen(name);
  for (char *const *entry = envp; entry != NULL && *entry != NULL; entry++)
    if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=') return *entry + len + 1;
  return NULL;
}

static const char *value_of(lb_getenv_fn get, void *arg, const char *name) {
  const char *value = get(arg, name);
  return value == NULL ? "" : value;
}

static int starts_with(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static lb_platform_t which_lambda(lb_getenv_fn get, void *arg) {
  const char *init = value_of(get, arg, "AWS_LAMBDA_INITIALIZATION_TYPE");
  const char *where = value_of(get, arg, "AWS_EXECUTION_ENV");
  if (strcmp(init, "lambda-managed-instances") == 0) return LB_PLATFORM_LAMBDA_MANAGED;
  if (strcmp(where, "AWS_Lambda_Image") == 0) return LB_PLATFORM_LAMBDA_IMAGE;
  return LB_PLATFORM_LAMBDA;
}

lb_platform_t lb_platform_detect(lb_getenv_fn get, void *arg) {
  const char *where = value_of(get, arg, "AWS_EXECUTION_ENV");
  /* Only what runs under a Runtime API can be asked for an invocation. */
  if (value_of(get, arg, "AWS_LAMBDA_RUNTIME_API")[0] != '\0') return which_lambda(get, arg);
  if (strcmp(where, "CloudShell") == 0) return LB_PLATFORM_CLOUDSHELL;
  if (starts_with(where, "AWS_ECS_")) return LB_PLATFORM_ECS;
  /* Set by every ECS agent, also where the task hides AWS_EXECUTION_ENV. */
  if (value_of(get, arg, "ECS_CONTAINER_METADATA_URI_V4")[0] != '\0') return LB_PLATFORM_ECS;
  return LB_PLATFORM_LOCAL;
}

const char *lb_platform_name(lb_platform_t platform) {
  switch (platform) {
  case LB_PLATFORM_LAMBDA:
    return "lambda";
  case LB_PLATFORM_LAMBDA_IMAGE:
    return "lambda-image";
  case LB_PLATFORM_LAMBDA_MANAGED:
    return "lambda-managed";
  case LB_PLATFORM_ECS:
    return "ecs";
  case LB_PLATFORM_CLOUDSHELL:
    return "cloudshell";
  case LB_PLATFORM_LOCAL:
    break;
  }
  return "local";
}

int lb_platform_is_lambda(lb_platform_t platform) {
  return platform == LB_PLATFORM_LAMBDA || platform == LB_PLATFORM_LAMBDA_IMAGE ||
         platform == LB_PLATFORM_LAMBDA_MANAGED;
}
