#include "env.h"

#include "support.h"

#define VARIABLES_MAX 10

typedef struct row {
  const char *name;
  lb_platform_t expected;
  const char *env[VARIABLES_MAX]; /* NULL-terminated */
} row_t;

/* What each of these really sets, as far as it could mislead. */
static row_t rows[] = {
    {"lambda: zip function, on demand",
     LB_PLATFORM_LAMBDA,
     {"AWS_EXECUTION_ENV=AWS_Lambda_nodejs22.x", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
      "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "AWS_LAMBDA_FUNCTION_NAME=f",
      "LAMBDA_TASK_ROOT=/var/task"}},
    {"lambda: provisioned concurrency",
     LB_PLATFORM_LAMBDA,
     {"AWS_EXECUTION_ENV=AWS_Lambda_nodejs20.x", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
      "AWS_LAMBDA_INITIALIZATION_TYPE=provisioned-concurrency"}},
    {"lambda: a runtime that is not out yet",
     LB_PLATFORM_LAMBDA,
     {"AWS_EXECUTION_ENV=AWS_Lambda_nodejs99.x", "AWS_LAMBDA_RUNTIME_API=169.254.100.1:9001"}},
    {"lambda: container image",
     LB_PLATFORM_LAMBDA_IMAGE,
     {"AWS_EXECUTION_ENV=AWS_Lambda_Image", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
      "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "AWS_LAMBDA_FUNCTION_NAME=f"}},
    {"lambda: managed instances",
     LB_PLATFORM_LAMBDA_MANAGED,
     {"AWS_EXECUTION_ENV=AWS_Lambda_nodejs24.x", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
      "AWS_LAMBDA_INITIALIZATION_TYPE=lambda-managed-instances", "AWS_LAMBDA_MAX_CONCURRENCY=64"}},
    {"lambda: managed instances, container image",
     LB_PLATFORM_LAMBDA_MANAGED,
     {"AWS_EXECUTION_ENV=AWS_Lambda_Image", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
      "AWS_LAMBDA_INITIALIZATION_TYPE=lambda-managed-instances"}},
    {"sam local, the runtime interface emulator",
     LB_PLATFORM_LAMBDA,
     {"AWS_SAM_LOCAL=true", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
      "AWS_LAMBDA_FUNCTION_NAME=test_function", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
      "LAMBDA_TASK_ROOT=/var/task"}},
    {"a Lambda emulator in an ECS task",
     LB_PLATFORM_LAMBDA,
     {"AWS_EXECUTION_ENV=AWS_ECS_FARGATE", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
      "ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/x"}},
    {"lambda-local: execution env, no runtime API",
     LB_PLATFORM_LOCAL,
     {"AWS_EXECUTION_ENV=AWS_Lambda_nodejs20.x", "AWS_LAMBDA_FUNCTION_NAME=f",
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1024", "LAMBDA_TASK_ROOT=/home/me/app"}},
    {"lambda-local: an empty runtime API",
     LB_PLATFORM_LOCAL,
     {"AWS_EXECUTION_ENV=AWS_Lambda_nodejs20.x", "AWS_LAMBDA_RUNTIME_API="}},
    {"serverless-offline",
     LB_PLATFORM_LOCAL,
     {"IS_OFFLINE=true", "AWS_LAMBDA_FUNCTION_NAME=f", "LAMBDA_TASK_ROOT=/var/task",
      "LAMBDA_RUNTIME_DIR=/var/runtime"}},
    {"ecs: fargate (row 19 of the regression list)",
     LB_PLATFORM_ECS,
     {"AWS_EXECUTION_ENV=AWS_ECS_FARGATE", "ECS_CONTAINER_METADATA_URI=http://169.254.170.2/v3/x",
      "ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/x"}},
    {"ecs: on EC2",
     LB_PLATFORM_ECS,
     {"AWS_EXECUTION_ENV=AWS_ECS_EC2", "ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/x"}},
    {"ecs: on a machine of one's own, metadata only",
     LB_PLATFORM_ECS,
     {"ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/x"}},
    {"cloudshell",
     LB_PLATFORM_CLOUDSHELL,
     {"AWS_EXECUTION_ENV=CloudShell", "AWS_REGION=eu-west-1", "HOME=/home/cloudshell-user"}},
    {"EC2 or a plain machine with credentials",
     LB_PLATFORM_LOCAL,
     {"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=x", "HOME=/root"}},
    {"CI", LB_PLATFORM_LOCAL, {"CI=true", "GITHUB_ACTIONS=true"}},
    {"an unknown execution env", LB_PLATFORM_LOCAL, {"AWS_EXECUTION_ENV=AWS_Something_New"}},
    {"nothing set", LB_PLATFORM_LOCAL, {NULL}},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void platform_is_named(void **state) {
  row_t *row = *state;
  lb_platform_t found = lb_platform_detect(lb_env_lookup, (void *)row->env);
  assert_string_equal(lb_platform_name(found), lb_platform_name(row->expected));
}

static void lookup_takes_the_whole_name(void **state) {
  (void)state;
  char *env[] = {"HOMEPAGE=no", "PATH=/bin", "HOME=/root", "EMPTY=", "TWO=a=b", "BROKEN", NULL};
  assert_string_equal(lb_env_lookup(env, "HOME"), "/root");
  assert_string_equal(lb_env_lookup(env, "TWO"), "a=b");
  assert_string_equal(lb_env_lookup(env, "EMPTY"), "");
  assert_null(lb_env_lookup(env, "HOM"));
  assert_null(lb_env_lookup(env, "BROKEN"));
  assert_null(lb_env_lookup(env, ""));
}

static void lookup_takes_no_environment_at_all(void **state) {
  (void)state;
  char *env[] = {NULL};
  assert_null(lb_env_lookup(env, "HOME"));
  assert_null(lb_env_lookup(NULL, "HOME"));
}

static void names_are_what_the_api_promises(void **state) {
  (void)state;
  assert_string_equal(lb_platform_name(LB_PLATFORM_LOCAL), "local");
  assert_string_equal(lb_platform_name(LB_PLATFORM_LAMBDA), "lambda");
  assert_string_equal(lb_platform_name(LB_PLATFORM_LAMBDA_IMAGE), "lambda-image");
  assert_string_equal(lb_platform_name(LB_PLATFORM_LAMBDA_MANAGED), "lambda-managed");
  assert_string_equal(lb_platform_name(LB_PLATFORM_ECS), "ecs");
  assert_string_equal(lb_platform_name(LB_PLATFORM_CLOUDSHELL), "cloudshell");
}

static void three_platforms_are_lambda(void **state) {
  (void)state;
  assert_true(lb_platform_is_lambda(LB_PLATFORM_LAMBDA));
  assert_true(lb_platform_is_lambda(LB_PLATFORM_LAMBDA_IMAGE));
  assert_true(lb_platform_is_lambda(LB_PLATFORM_LAMBDA_MANAGED));
  assert_false(lb_platform_is_lambda(LB_PLATFORM_LOCAL));
  assert_false(lb_platform_is_lambda(LB_PLATFORM_ECS));
  assert_false(lb_platform_is_lambda(LB_PLATFORM_CLOUDSHELL));
}

int main(void) {
  struct CMUnitTest tests[ROWS + 4] = {
      [ROWS] = cmocka_unit_test(lookup_takes_the_whole_name),
      cmocka_unit_test(lookup_takes_no_environment_at_all),
      cmocka_unit_test(names_are_what_the_api_promises),
      cmocka_unit_test(three_platforms_are_lambda),
  };
  for (size_t i = 0; i < ROWS; i++)
    tests[i] = (struct CMUnitTest){rows[i].name, platform_is_named, NULL, NULL, &rows[i]};
  return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}
