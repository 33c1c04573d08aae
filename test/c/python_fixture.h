/* A tree, an environment, and the plan that comes of them. */
#ifndef LB_TEST_PYTHON_FIXTURE_H
#define LB_TEST_PYTHON_FIXTURE_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "python.h"
#include "support.h"

#define VARIABLES_MAX 16

/* A tree, the environment that is asked about, and the plan that comes of it.
 */
typedef struct fixture {
  tree_t tree;
  char *env[VARIABLES_MAX + 1];
  int count;
  lb_python_query_t query;
  lb_python_plan_t plan;
} fixture_t;

static inline int setup(void **state) {
  fixture_t *f = calloc(1, sizeof(*f));
  tree_make(&f->tree);
  f->query.root = f->tree.root;
  f->query.envp = f->env;
  f->plan.chosen = -1;
  *state = f;
  return 0;
}

static inline int teardown(void **state) {
  fixture_t *f = *state;
  lb_python_plan_free(&f->plan);
  for (int i = 0; i < f->count; i++)
    free(f->env[i]);
  tree_remove(&f->tree);
  free(f);
  return 0;
}

static inline void set(fixture_t *f, const char *name, const char *value) {
  assert_true(f->count < VARIABLES_MAX);
  char *entry = malloc(strlen(name) + strlen(value) + 2);
  sprintf(entry, "%s=%s", name, value);
  f->env[f->count++] = entry;
}

static inline void set_path(fixture_t *f, const char *name, const char *path) {
  set(f, name, tree_path(&f->tree, path));
}

static inline void on_lambda(fixture_t *f) {
  set(f, "AWS_EXECUTION_ENV", "AWS_Lambda_nodejs22.x");
  set(f, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
}

static inline void put_python(fixture_t *f, const char *path) { tree_python(&f->tree, path); }

/* A package folder with litellm in it. */
static inline void put_litellm(fixture_t *f, const char *folder) {
  char path[512];
  snprintf(path, sizeof(path), "%s/litellm/__init__.py", folder);
  tree_text(&f->tree, path, 0644, "");
}

/* A whole environment that fits: prefix/bin/python3 and its litellm. */
static inline void put_good(fixture_t *f, const char *prefix) {
  char path[512];
  snprintf(path, sizeof(path), "%s/bin/python3", prefix);
  put_python(f, path);
  snprintf(path, sizeof(path), "%s/lib/python3.11/site-packages", prefix);
  put_litellm(f, path);
}

static inline void put_script(fixture_t *f, const char *path) {
  tree_text(&f->tree, "bin/sh", 0755, "a shell");
  tree_text(&f->tree, path, 0755, "#!/bin/sh\n");
}

static inline void plan(fixture_t *f) {
  lb_python_plan_free(&f->plan);
  assert_int_equal(lb_python_plan(&f->query, &f->plan), LB_OK);
}

static inline void assert_chosen(fixture_t *f, const char *path, lb_python_source_t source) {
  plan(f);
  if (f->plan.chosen < 0) {
    char *text = lb_python_plan_text(&f->plan);
    fail_msg("none chosen: %s", text);
  }
  const lb_candidate_t *chosen = &f->plan.candidates[f->plan.chosen];
  assert_string_equal(chosen->path, tree_path(&f->tree, path));
  assert_string_equal(lb_python_source_name(chosen->source), lb_python_source_name(source));
  assert_int_equal(f->plan.err, LB_OK);
  assert_int_equal(chosen->err, LB_OK);
  assert_null(chosen->reason);
}

static inline void assert_none(fixture_t *f, int err) {
  plan(f);
  assert_int_equal(f->plan.chosen, -1);
  assert_string_equal(lb_err_code(f->plan.err), lb_err_code(err));
}

static inline void assert_plan_says(fixture_t *f, const char *words) {
  char *text = lb_python_plan_text(&f->plan);
  assert_non_null(text);
  if (strstr(text, words) == NULL) fail_msg("\"%s\" is not in: %s", words, text);
  free(text);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
