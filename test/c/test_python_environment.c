#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "python.h"
#include "support.h"

#define VARIABLES_MAX 16

/* A tree with an interpreter, and the environment that its child gets. */
typedef struct fixture {
  tree_t tree;
  char *env[VARIABLES_MAX + 1];
  int count;
  lb_python_query_t query;
  lb_candidate_t candidate;
  lb_python_plan_t plan;
  char **out;
} fixture_t;

static int setup(void **state) {
  fixture_t *f = calloc(1, sizeof(*f));
  tree_make(&f->tree);
  f->query.root = f->tree.root;
  f->query.envp = f->env;
  f->plan.candidates = &f->candidate;
  f->plan.count = 1;
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture_t *f = *state;
  lb_python_environment_free(f->out);
  for (int i = 0; i < f->count; i++)
    free(f->env[i]);
  free(f->candidate.path);
  tree_remove(&f->tree);
  free(f);
  return 0;
}

static void set(fixture_t *f, const char *entry) {
  assert_true(f->count < VARIABLES_MAX);
  f->env[f->count++] = strdup(entry);
}

static void choose(fixture_t *f, lb_platform_t platform, const char *path) {
  f->plan.platform = platform;
  tree_python(&f->tree, path);
  f->candidate.path = strdup(tree_path(&f->tree, path));
}

static void build(fixture_t *f, const char *const *extra) {
  f->out = lb_python_environment(&f->query, &f->plan, extra);
  assert_non_null(f->out);
}

static const char *value(const fixture_t *f, const char *name) {
  return lb_env_lookup(f->out, name);
}

static void assert_value(const fixture_t *f, const char *name, const char *expected) {
  const char *found = value(f, name);
  if (found == NULL) fail_msg("%s is not set", name);
  assert_string_equal(found, expected);
}

/* A text with each "%s" standing for the root of the tree; the next two calls
 * leave it alone. */
static const char *in_tree(const fixture_t *f, const char *format) {
  static char buffers[3][2048];
  static unsigned next;
  const char *root = f->tree.root;
  char *out = buffers[next++ % 3];
  snprintf(out, sizeof(buffers[0]), format, root, root, root, root);
  return out;
}

static size_t size_of(const fixture_t *f) {
  size_t n = 0;
  while (f->out[n] != NULL)
    n++;
  return n;
}

/* ---- everywhere ---- */

static void what_was_set_is_passed_on(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LOCAL, "usr/bin/python3");
  set(f, "OPENAI_API_KEY=secret=with=signs");
  set(f, "EMPTY=");
  set(f, "LD_LIBRARY_PATH=/lib64");
  set(f, "HOME=/home/me");
  build(f, NULL);
  assert_value(f, "OPENAI_API_KEY", "secret=with=signs");
  assert_value(f, "EMPTY", "");
  assert_value(f, "LD_LIBRARY_PATH", "/lib64");
  assert_value(f, "HOME", "/home/me");
  assert_int_equal(size_of(f), 4 + 2); /* PATH and the cost map */
}

static void the_interpreters_folder_is_first_on_path(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LOCAL, "usr/bin/python3");
  set(f, "PATH=/sbin:/bin");
  build(f, NULL);
  assert_value(f, "PATH", in_tree(f, "%s/usr/bin:/sbin:/bin"));
}

static void without_path_it_is_the_only_one(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LOCAL, "usr/bin/python3");
  set(f, "PATH=");
  build(f, NULL);
  assert_value(f, "PATH", in_tree(f, "%s/usr/bin"));
}

static void the_cost_map_is_local_unless_set(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LOCAL, "usr/bin/python3");
  build(f, NULL);
  assert_value(f, "LITELLM_LOCAL_MODEL_COST_MAP", "True");
}

static void a_cost_map_that_was_set_stays(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LOCAL, "usr/bin/python3");
  set(f, "LITELLM_LOCAL_MODEL_COST_MAP=False");
  build(f, NULL);
  assert_value(f, "LITELLM_LOCAL_MODEL_COST_MAP", "False");
}

static void extra_wins_over_all(void **state) {
  fixture_t *f = *state;
  const char *const extra[] = {"LITELLM_BRIDGE_OPTIONS={\"a\":1}", "HOME=/extra",
                               "LITELLM_LOCAL_MODEL_COST_MAP=x", NULL};
  choose(f, LB_PLATFORM_LAMBDA, "usr/bin/python3");
  set(f, "HOME=/home/me");
  build(f, extra);
  assert_value(f, "LITELLM_BRIDGE_OPTIONS", "{\"a\":1}");
  assert_value(f, "HOME", "/extra");
  assert_value(f, "LITELLM_LOCAL_MODEL_COST_MAP", "x");
}

static void each_name_is_there_once(void **state) {
  fixture_t *f = *state;
  const char *const extra[] = {"A=3", "A=4", NULL};
  choose(f, LB_PLATFORM_LOCAL, "usr/bin/python3");
  set(f, "A=1");
  set(f, "AB=2");
  set(f, "PATH=/bin");
  build(f, extra);
  assert_value(f, "A", "4");
  assert_value(f, "AB", "2");
  assert_int_equal(size_of(f), 4);
}

static void entries_without_a_name_are_left_out(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LOCAL, "usr/bin/python3");
  set(f, "no sign");
  set(f, "=C:=C:\\");
  set(f, "");
  build(f, NULL);
  assert_int_equal(size_of(f), 2);
}

static void an_environment_of_a_thousand_is_passed_on(void **state) {
  fixture_t *f = *state;
  static char texts[1000][32];
  static char *env[1001];
  for (int i = 0; i < 1000; i++) {
    snprintf(texts[i], sizeof(texts[i]), "NAME_%d=%d", i, i);
    env[i] = texts[i];
  }
  choose(f, LB_PLATFORM_LOCAL, "usr/bin/python3");
  f->query.envp = env;
  build(f, NULL);
  assert_int_equal(size_of(f), 1002);
  assert_value(f, "NAME_999", "999");
}

/* ---- platforms ---- */

static void plain_machines_keep_home_and_tmpdir(void **state) {
  fixture_t *f = *state;
  const lb_platform_t plain[] = {LB_PLATFORM_LOCAL, LB_PLATFORM_ECS, LB_PLATFORM_CLOUDSHELL};
  choose(f, LB_PLATFORM_LOCAL, "usr/bin/python3");
  set(f, "HOME=/no/such/home");
  for (int i = 0; i < 3; i++) {
    f->plan.platform = plain[i];
    lb_python_environment_free(f->out);
    build(f, NULL);
    assert_value(f, "HOME", "/no/such/home");
    assert_null(value(f, "TMPDIR"));
  }
}

static void every_lambda_gets_a_writable_home_and_tmpdir(void **state) {
  fixture_t *f = *state;
  const lb_platform_t lambdas[] = {LB_PLATFORM_LAMBDA, LB_PLATFORM_LAMBDA_IMAGE,
                                   LB_PLATFORM_LAMBDA_MANAGED};
  choose(f, LB_PLATFORM_LAMBDA, "usr/bin/python3");
  set(f, "HOME=/home/sbx_user1051");
  for (int i = 0; i < 3; i++) {
    f->plan.platform = lambdas[i];
    lb_python_environment_free(f->out);
    build(f, NULL);
    assert_value(f, "HOME", "/tmp");
    assert_value(f, "TMPDIR", "/tmp");
  }
}

static void a_writable_home_on_lambda_stays(void **state) {
  fixture_t *f = *state;
  tree_folder(&f->tree, "home");
  choose(f, LB_PLATFORM_LAMBDA, "usr/bin/python3");
  set(f, in_tree(f, "HOME=%s/home"));
  build(f, NULL);
  assert_value(f, "HOME", in_tree(f, "%s/home"));
}

/* ---- the layer ---- */

static void a_layer_has_its_folders_first_on_pythonpath(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LAMBDA, "opt/python/bin/python3.11");
  tree_folder(&f->tree, "opt/python/lib/python3.11/site-packages");
  tree_folder(&f->tree, "opt/python/lib/python3.12/site-packages");
  set(f, "PYTHONPATH=/var/task/lib");
  build(f, NULL);
  assert_value(f, "PYTHONPATH",
               in_tree(f, "%s/opt/python:"
                          "%s/opt/python/lib/python3.11/site-packages:"
                          "/var/task/lib"));
}

static void packages_of_another_layer_are_on_pythonpath(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LAMBDA, "opt/bin/python3");
  tree_folder(&f->tree, "opt/python");
  build(f, NULL);
  assert_value(f, "PYTHONPATH", in_tree(f, "%s/opt/python"));
}

static void folders_that_do_not_exist_are_not_added(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LAMBDA, "opt/bin/python3");
  build(f, NULL);
  assert_null(value(f, "PYTHONPATH"));
}

static void an_interpreter_from_elsewhere_gets_no_layer(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LAMBDA, "usr/bin/python3");
  tree_text(&f->tree, "opt/python/certifi/cacert.pem", 0644, "x");
  build(f, NULL);
  assert_null(value(f, "PYTHONPATH"));
  assert_null(value(f, "SSL_CERT_FILE"));
}

static void opt_on_a_plain_machine_is_no_layer(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LOCAL, "opt/python/bin/python3");
  tree_text(&f->tree, "opt/python/certifi/cacert.pem", 0644, "x");
  build(f, NULL);
  assert_null(value(f, "PYTHONPATH"));
  assert_null(value(f, "SSL_CERT_FILE"));
}

static void the_layers_certificates_are_used(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LAMBDA, "opt/python/bin/python3");
  tree_text(&f->tree, "opt/python/lib/python3.11/site-packages/certifi/cacert.pem", 0644, "x");
  build(f, NULL);
  assert_value(f, "SSL_CERT_FILE",
               in_tree(f, "%s/opt/python/lib/python3.11/site-packages/"
                          "certifi/cacert.pem"));
}

static void certificates_that_were_set_stay(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LAMBDA, "opt/python/bin/python3");
  tree_text(&f->tree, "opt/python/certifi/cacert.pem", 0644, "x");
  set(f, "SSL_CERT_FILE=/mine.pem");
  build(f, NULL);
  assert_value(f, "SSL_CERT_FILE", "/mine.pem");
}

/* Our own layer carries a C library; the host's folders must not come before.
 */
static void our_own_layer_drops_the_library_path(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LAMBDA, "opt/python/bin/python3");
  tree_text(&f->tree, "opt/python/litellm-bridge.json", 0644, "{}");
  set(f, "BEFORE=1");
  set(f, "LD_LIBRARY_PATH=/var/lang/lib:/lib64");
  set(f, "AFTER=2");
  build(f, NULL);
  assert_null(value(f, "LD_LIBRARY_PATH"));
  assert_value(f, "BEFORE", "1");
  assert_value(f, "AFTER", "2");
}

static void our_own_layer_without_a_library_path_is_fine(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LOCAL, "layer/python/bin/python3");
  tree_text(&f->tree, "layer/python/litellm-bridge.json", 0644, "{}");
  build(f, NULL);
  assert_null(value(f, "LD_LIBRARY_PATH"));
}

static void a_foreign_layer_keeps_the_library_path(void **state) {
  fixture_t *f = *state;
  choose(f, LB_PLATFORM_LAMBDA, "opt/python/bin/python3");
  set(f, "LD_LIBRARY_PATH=/opt/lib");
  build(f, NULL);
  assert_value(f, "LD_LIBRARY_PATH", "/opt/lib");
}

/* ---- memory ---- */

static void an_environment_without_memory_is_null(void **state) {
  fixture_t *f = *state;
  const char *const extra[] = {"X=1", NULL};
  int nth;
  choose(f, LB_PLATFORM_LAMBDA, "opt/python/bin/python3");
  tree_text(&f->tree, "opt/python/certifi/cacert.pem", 0644, "x");
  set(f, "A=1");
  for (nth = 1;; nth++) {
    alloc_fail(nth);
    char **out = lb_python_environment(&f->query, &f->plan, extra);
    if (!alloc_restore()) {
      lb_python_environment_free(out);
      break;
    }
    assert_null(out);
  }
  assert_int_equal(nth - 1, 9); /* the table, and eight entries */
}

static void freeing_nothing_is_no_harm(void **state) {
  (void)state;
  lb_python_environment_free(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(what_was_set_is_passed_on),
      T(the_interpreters_folder_is_first_on_path),
      T(without_path_it_is_the_only_one),
      T(the_cost_map_is_local_unless_set),
      T(a_cost_map_that_was_set_stays),
      T(extra_wins_over_all),
      T(each_name_is_there_once),
      T(entries_without_a_name_are_left_out),
      T(an_environment_of_a_thousand_is_passed_on),
      T(plain_machines_keep_home_and_tmpdir),
      T(every_lambda_gets_a_writable_home_and_tmpdir),
      T(a_writable_home_on_lambda_stays),
      T(a_layer_has_its_folders_first_on_pythonpath),
      T(packages_of_another_layer_are_on_pythonpath),
      T(folders_that_do_not_exist_are_not_added),
      T(an_interpreter_from_elsewhere_gets_no_layer),
      T(opt_on_a_plain_machine_is_no_layer),
      T(the_layers_certificates_are_used),
      T(certificates_that_were_set_stay),
      T(our_own_layer_drops_the_library_path),
      T(our_own_layer_without_a_library_path_is_fine),
      T(a_foreign_layer_keeps_the_library_path),
      T(an_environment_without_memory_is_null),
      T(freeing_nothing_is_no_harm),
  };
  return cmocka_run_group_tests_name("python_environment", tests, NULL, NULL);
}
