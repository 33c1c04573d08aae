/* Names the platform from its environment variables. The environment is
 * injected, so that every platform can be tested anywhere: nothing here looks
 * at the process's own, but for lb_env_of_process, which tells what it is.
 */
#ifndef LB_ENV_H
#define LB_ENV_H

typedef enum lb_platform {
  LB_PLATFORM_LOCAL,          /* a plain machine, also lambda-local and CI */
  LB_PLATFORM_LAMBDA,         /* a zip function: layers are at /opt */
  LB_PLATFORM_LAMBDA_IMAGE,   /* a function from a container image */
  LB_PLATFORM_LAMBDA_MANAGED, /* Lambda Managed Instances: worker threads */
  LB_PLATFORM_ECS,            /* ECS and Fargate */
  LB_PLATFORM_CLOUDSHELL
} lb_platform_t;

/* Returns a borrowed value, or NULL when the variable is not set. */
typedef const char *(*lb_getenv_fn)(void *arg, const char *name);

/* The process's own environment, as "NAME=value": borrowed until a variable is next set or unset.
 * To be called on the thread that sets them: Node's main thread. */
char **lb_env_of_process(void);

/* An lb_getenv_fn over a NULL-terminated array of "NAME=value" (char *const *).
 */
const char *lb_env_lookup(void *envp, const char *name);

/* AWS_EXECUTION_ENV alone does not make a Lambda: Fargate and lambda-local set
 * it too (knowledge: AWS documents). */
lb_platform_t lb_platform_detect(lb_getenv_fn get, void *arg);

/* "local", "lambda", "lambda-image", "lambda-managed", "ecs", "cloudshell". */
const char *lb_platform_name(lb_platform_t platform);

/* 1 for the three kinds of Lambda. */
int lb_platform_is_lambda(lb_platform_t platform);

#endif
