#include "python.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
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

static int setup(void **state) {
  fixture_t *f = calloc(1, sizeof(*f));
  tree_make(&f->tree);
  f->query.root = f->tree.root;
  f->query.envp = f->env;
  f->plan.chosen = -1;
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture_t *f = *state;
  lb_python_plan_free(&f->plan);
  for (int i = 0; i < f->count; i++)
    free(f->env[i]);
  tree_remove(&f->tree);
  free(f);
  return 0;
}

static void set(fixture_t *f, const char *name, const char *value) {
  assert_true(f->count < VARIABLES_MAX);
  char *entry = malloc(strlen(name) + strlen(value) + 2);
  sprintf(entry, "%s=%s", name, value);
  f->env[f->count++] = entry;
}

static void set_path(fixture_t *f, const char *name, const char *path) {
  set(f, name, tree_path(&f->tree, path));
}

static void on_lambda(fixture_t *f) {
  set(f, "AWS_EXECUTION_ENV", "AWS_Lambda_nodejs22.x");
  set(f, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
}

static void put_python(fixture_t *f, const char *path) {
  tree_python(&f->tree, path);
}

/* A package folder with litellm in it. */
static void put_litellm(fixture_t *f, const char *folder) {
  char path[512];
  snprintf(path, sizeof(path), "%s/litellm/__init__.py", folder);
  tree_text(&f->tree, path, 0644, "");
}

/* A whole environment that fits: prefix/bin/python3 and its litellm. */
static void put_good(fixture_t *f, const char *prefix) {
  char path[512];
  snprintf(path, sizeof(path), "%s/bin/python3", prefix);
  put_python(f, path);
  snprintf(path, sizeof(path), "%s/lib/python3.11/site-packages", prefix);
  put_litellm(f, path);
}

static void put_script(fixture_t *f, const char *path) {
  tree_text(&f->tree, "bin/sh", 0755, "a shell");
  tree_text(&f->tree, path, 0755, "#!/bin/sh\n");
}

static void plan(fixture_t *f) {
  lb_python_plan_free(&f->plan);
  assert_int_equal(lb_python_plan(&f->query, &f->plan), LB_OK);
}

static void assert_chosen(fixture_t *f, const char *path,
                          lb_python_source_t source) {
  plan(f);
  if (f->plan.chosen < 0) {
    char *text = lb_python_plan_text(&f->plan);
    fail_msg("none chosen: %s", text);
  }
  const lb_candidate_t *chosen = &f->plan.candidates[f->plan.chosen];
  assert_string_equal(chosen->path, tree_path(&f->tree, path));
  assert_string_equal(lb_python_source_name(chosen->source),
                      lb_python_source_name(source));
  assert_int_equal(f->plan.err, LB_OK);
  assert_int_equal(chosen->err, LB_OK);
  assert_null(chosen->reason);
}

static void assert_none(fixture_t *f, int err) {
  plan(f);
  assert_int_equal(f->plan.chosen, -1);
  assert_string_equal(lb_err_code(f->plan.err), lb_err_code(err));
}

static void assert_plan_says(fixture_t *f, const char *words) {
  char *text = lb_python_plan_text(&f->plan);
  assert_non_null(text);
  if (strstr(text, words) == NULL)
    fail_msg("\"%s\" is not in: %s", words, text);
  free(text);
}

/* ---- the order ---- */

/* Everything that can be found, best first; each test of the order takes away
 * what comes before. */
static void put_everything(fixture_t *f) {
  put_good(f, "option");
  put_good(f, "variable");
  put_good(f, "opt/python");
  put_good(f, "opt");
  put_good(f, "venv");
  put_good(f, "conda");
  put_good(f, "private");
  put_good(f, "usr");
  on_lambda(f);
  set_path(f, "VIRTUAL_ENV", "venv");
  set_path(f, "CONDA_PREFIX", "conda");
  set_path(f, "PATH", "usr/bin");
}

static const char *private_python(fixture_t *f) {
  static char path[512];
  strcpy(path, tree_path(&f->tree, "private/bin/python3"));
  return path;
}

static void lose(fixture_t *f, const char *path) {
  assert_int_equal(unlink(tree_path(&f->tree, path)), 0);
}

static void the_order_of_the_automatic_ones(void **state) {
  fixture_t *f = *state;
  put_everything(f);
  f->query.private_python = private_python(f);
  assert_chosen(f, "opt/python/bin/python3", LB_PYTHON_LAYER);
  lose(f, "opt/python/bin/python3");
  assert_chosen(f, "opt/bin/python3", LB_PYTHON_LAYER);
  lose(f, "opt/bin/python3");
  assert_chosen(f, "venv/bin/python3", LB_PYTHON_VENV);
  lose(f, "venv/bin/python3");
  assert_chosen(f, "conda/bin/python3", LB_PYTHON_VENV);
  lose(f, "conda/bin/python3");
  assert_chosen(f, "private/bin/python3", LB_PYTHON_PRIVATE);
  lose(f, "private/bin/python3");
  assert_chosen(f, "usr/bin/python3", LB_PYTHON_PATH);
  lose(f, "usr/bin/python3");
  assert_none(f, LB_EPYTHON_NOT_FOUND);
  assert_int_equal(f->plan.count, 6);
}

static void the_option_comes_before_all(void **state) {
  fixture_t *f = *state;
  put_everything(f);
  set_path(f, "LITELLM_BRIDGE_PYTHON", "variable/bin/python3");
  f->query.option = tree_path(&f->tree, "option/bin/python3");
  assert_chosen(f, "option/bin/python3", LB_PYTHON_OPTION);
  assert_int_equal(f->plan.count, 1);
}

static void the_variable_comes_next(void **state) {
  fixture_t *f = *state;
  put_everything(f);
  set_path(f, "LITELLM_BRIDGE_PYTHON", "variable/bin/python3");
  assert_chosen(f, "variable/bin/python3", LB_PYTHON_VARIABLE);
  assert_int_equal(f->plan.count, 1);
}

static void empty_names_count_as_none(void **state) {
  fixture_t *f = *state;
  put_everything(f);
  set(f, "LITELLM_BRIDGE_PYTHON", "");
  f->query.option = "";
  assert_chosen(f, "opt/python/bin/python3", LB_PYTHON_LAYER);
}

static void the_layer_is_looked_for_on_lambda_only(void **state) {
  fixture_t *f = *state;
  put_good(f, "opt/python");
  set(f, "AWS_EXECUTION_ENV", "AWS_Lambda_nodejs22.x"); /* lambda-local */
  assert_none(f, LB_EPYTHON_NOT_FOUND);
  assert_int_equal(f->plan.count, 0);
  assert_int_equal(f->plan.platform, LB_PLATFORM_LOCAL);
}

static void the_layer_is_looked_for_on_every_lambda(void **state) {
  fixture_t *f = *state;
  const char *const kinds[][2] = {
      {"AWS_EXECUTION_ENV", "AWS_Lambda_Image"},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances"}};
  put_good(f, "opt/python");
  set(f, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
  for (int i = 0; i < 2; i++) {
    set(f, kinds[i][0], kinds[i][1]);
    assert_chosen(f, "opt/python/bin/python3", LB_PYTHON_LAYER);
  }
}

/* ---- the named one ---- */

static void a_named_one_never_falls_through(void **state) {
  fixture_t *f = *state;
  put_everything(f);
  lose(f, "option/bin/python3");
  f->query.option = tree_path(&f->tree, "option/bin/python3");
  assert_none(f, LB_EPYTHON_NOT_FOUND);
  assert_int_equal(f->plan.count, 1);
  assert_plan_says(f, "the python option: ");
  assert_plan_says(f, "option/bin/python3 does not exist");
}

static void a_named_variable_never_falls_through(void **state) {
  fixture_t *f = *state;
  put_everything(f);
  chmod(tree_path(&f->tree, "variable/bin/python3"), 0644);
  set_path(f, "LITELLM_BRIDGE_PYTHON", "variable/bin/python3");
  assert_none(f, LB_EPYTHON_BROKEN);
  assert_int_equal(f->plan.count, 1);
  assert_plan_says(f, "LITELLM_BRIDGE_PYTHON: ");
}

/* What it lacks is told by Python itself, whose search for packages is the real
 * one. */
static void a_named_one_is_taken_without_litellm(void **state) {
  fixture_t *f = *state;
  put_python(f, "option/bin/python3");
  f->query.option = tree_path(&f->tree, "option/bin/python3");
  assert_chosen(f, "option/bin/python3", LB_PYTHON_OPTION);
}

static void a_named_script_is_taken(void **state) {
  fixture_t *f = *state;
  put_script(f, "shims/python3");
  f->query.option = tree_path(&f->tree, "shims/python3");
  assert_chosen(f, "shims/python3", LB_PYTHON_OPTION);
}

static void a_bare_name_is_looked_up_on_path(void **state) {
  fixture_t *f = *state;
  char list[4096];
  tree_folder(&f->tree, "a/python3.11");               /* no file */
  tree_text(&f->tree, "b/python3.11", 0644, "#!/x\n"); /* not executable */
  put_python(f, "c/python3.11");
  put_python(f, "d/python3.11");
  snprintf(list, sizeof(list), "relative::%s/a:%s/b:%s/missing:%s/c:%s/d",
           f->tree.root, f->tree.root, f->tree.root, f->tree.root,
           f->tree.root);
  set(f, "PATH", list);
  f->query.option = "python3.11";
  assert_chosen(f, "c/python3.11", LB_PYTHON_OPTION);
}

static void a_bare_name_that_is_nowhere_tells_path(void **state) {
  fixture_t *f = *state;
  set(f, "PATH", "/nowhere/bin");
  f->query.option = "python3.99";
  assert_none(f, LB_EPYTHON_NOT_FOUND);
  assert_plan_says(f, "python3.99 is in no folder of PATH (/nowhere/bin)");
}

static void a_bare_name_without_path_is_not_found(void **state) {
  fixture_t *f = *state;
  set(f, "LITELLM_BRIDGE_PYTHON", "python3");
  assert_none(f, LB_EPYTHON_NOT_FOUND);
  assert_plan_says(f, "PATH (which is empty)");
}

static void a_relative_path_is_made_absolute(void **state) {
  fixture_t *f = *state;
  char before[PATH_MAX];
  assert_non_null(getcwd(before, sizeof(before)));
  put_python(f, "app/venv/bin/python3");
  assert_int_equal(chdir(tree_path(&f->tree, "app")), 0);
  f->query.option = "./venv/bin/python3";
  assert_chosen(f, "app/venv/bin/python3", LB_PYTHON_OPTION);
  f->query.option = "venv/bin/python3";
  assert_chosen(f, "app/venv/bin/python3", LB_PYTHON_OPTION);
  assert_int_equal(chdir(before), 0);
}

/* ---- passed over ---- */

static void one_without_litellm_is_passed_over(void **state) {
  fixture_t *f = *state;
  put_python(f, "venv/bin/python3");
  put_good(f, "usr");
  set_path(f, "VIRTUAL_ENV", "venv");
  set_path(f, "PATH", "usr/bin");
  assert_chosen(f, "usr/bin/python3", LB_PYTHON_PATH);
  assert_int_equal(f->plan.count, 2);
  assert_int_equal(f->plan.candidates[0].err, LB_ELITELLM_MISSING);
  assert_non_null(strstr(f->plan.candidates[0].reason, "no litellm"));
}

static void a_broken_one_is_passed_over(void **state) {
  fixture_t *f = *state;
  put_good(f, "venv");
  chmod(tree_path(&f->tree, "venv/bin/python3"), 0600);
  put_good(f, "usr");
  set_path(f, "VIRTUAL_ENV", "venv");
  set_path(f, "PATH", "usr/bin");
  assert_chosen(f, "usr/bin/python3", LB_PYTHON_PATH);
}

static void the_first_that_exists_gives_the_code(void **state) {
  fixture_t *f = *state;
  on_lambda(f); /* two that do not exist */
  tree_elf(&f->tree, "venv/bin/python3", (elf_spec_t){.machine = 4321});
  put_python(f, "usr/bin/python3");
  set_path(f, "VIRTUAL_ENV", "venv");
  set_path(f, "PATH", "usr/bin");
  assert_none(f, LB_EPYTHON_ARCH);
  assert_int_equal(f->plan.count, 4);
  assert_plan_says(f, "Lambda layer: ");
  assert_plan_says(f, "active virtual environment: ");
  assert_plan_says(f, "\nPATH: ");
}

static void none_but_without_litellm_is_litellm_missing(void **state) {
  fixture_t *f = *state;
  put_python(f, "usr/bin/python3");
  set_path(f, "PATH", "usr/bin");
  assert_none(f, LB_ELITELLM_MISSING);
  assert_plan_says(f, "usr/bin/python3 has no litellm package");
}

static void a_script_is_taken_only_when_no_other_fits(void **state) {
  fixture_t *f = *state;
  char list[4096];
  put_script(f, "shims/python3");
  put_good(f, "usr");
  snprintf(list, sizeof(list), "%s/shims:%s/usr/bin", f->tree.root,
           f->tree.root);
  set(f, "PATH", list);
  assert_chosen(f, "usr/bin/python3", LB_PYTHON_PATH);
  lose(f, "usr/bin/python3");
  assert_chosen(f, "shims/python3", LB_PYTHON_PATH);
}

static void the_first_of_two_scripts_is_taken(void **state) {
  fixture_t *f = *state;
  put_script(f, "venv/bin/python3");
  put_script(f, "shims/python3");
  set_path(f, "VIRTUAL_ENV", "venv");
  set_path(f, "PATH", "shims");
  assert_chosen(f, "venv/bin/python3", LB_PYTHON_VENV);
}

/* ---- where litellm may be ---- */

typedef struct place {
  const char *name;
  const char *python;   /* the candidate, on PATH */
  const char *link_to;  /* it is a link to this, or NULL */
  const char *packages; /* the folder with litellm */
  const char *pyvenv;   /* of the candidate's prefix, or NULL */
  int seen;
} place_t;

static place_t places[] = {
    {"litellm: site-packages", "p/bin/python3", NULL,
     "p/lib/python3.12/site-packages", NULL, 1},
    {"litellm: dist-packages of Debian", "usr/bin/python3", NULL,
     "usr/lib/python3/dist-packages", NULL, 1},
    {"litellm: /usr/local of Debian", "usr/bin/python3", NULL,
     "usr/local/lib/python3.11/dist-packages", NULL, 1},
    {"litellm: the prefix itself", "opt/python/bin/python3", NULL, "opt/python",
     NULL, 1},
    {"litellm: behind a link", "bin/python3", "py/bin/python3.11",
     "py/lib/python3.11/site-packages", NULL, 1},
    {"litellm: of the version of the link's target", "p/bin/python3",
     "p/bin/python3.11", "p/lib/python3.11/site-packages", NULL, 1},
    {"litellm: of another version is not seen", "p/bin/python3",
     "p/bin/python3.12", "p/lib/python3.11/site-packages", NULL, 0},
    {"litellm: in a virtual environment", "v/bin/python3", "py/bin/python3.11",
     "v/lib/python3.11/site-packages", "home = HOME\n", 1},
    {"litellm: a virtual environment hides the system's", "v/bin/python3",
     "py/bin/python3.11", "py/lib/python3.11/site-packages",
     "home = HOME\ninclude-system-site-packages = false\n", 0},
    {"litellm: unless it says so", "v/bin/python3", "py/bin/python3.11",
     "py/lib/python3.11/site-packages",
     "home = HOME\nInclude-System-Site-Packages = TRUE  \r\n", 1},
    {"litellm: a folder of Python 2 is not seen", "p/bin/python3", NULL,
     "p/lib/python2.7/site-packages", NULL, 0},
    {"litellm: beside the packages is not seen", "p/bin/python3", NULL,
     "p/lib/python3.11", NULL, 0},
};

#define PLACES (sizeof(places) / sizeof(places[0]))

/* pyvenv.cfg, with HOME standing for the folder of the real interpreter. */
static void put_pyvenv(fixture_t *f, const place_t *place) {
  char text[4096];
  snprintf(text, sizeof(text), "home = %s\n%s", tree_path(&f->tree, "py/bin"),
           strchr(place->pyvenv, '\n') + 1);
  tree_text(&f->tree, "v/pyvenv.cfg", 0644, text);
}

static void litellm_is_looked_for_in(void **state) {
  const place_t *place = *state;
  fixture_t *f;
  char folder[256];
  setup((void **)&f);
  if (place->link_to != NULL) {
    put_python(f, place->link_to);
    tree_link(&f->tree, place->python, tree_path(&f->tree, place->link_to));
  } else {
    put_python(f, place->python);
  }
  put_litellm(f, place->packages);
  if (place->pyvenv != NULL)
    put_pyvenv(f, place);
  snprintf(folder, sizeof(folder), "%s", place->python);
  *strrchr(folder, '/') = '\0';
  set_path(f, "PATH", folder);
  if (place->seen)
    assert_chosen(f, place->python, LB_PYTHON_PATH);
  else
    assert_none(f, LB_ELITELLM_MISSING);
  teardown((void **)&f);
}

static void litellm_is_looked_for_in_pythonpath(void **state) {
  fixture_t *f = *state;
  char list[4096];
  put_python(f, "usr/bin/python3");
  put_litellm(f, "mine");
  snprintf(list, sizeof(list), "/nowhere::%s/mine", f->tree.root);
  set_path(f, "PATH", "usr/bin");
  set(f, "PYTHONPATH", list);
  assert_chosen(f, "usr/bin/python3", LB_PYTHON_PATH);
}

/* An interpreter in one layer, packages in another. */
static void litellm_is_looked_for_in_other_layers(void **state) {
  fixture_t *f = *state;
  on_lambda(f);
  put_python(f, "opt/bin/python3");
  put_litellm(f, "opt/python");
  assert_chosen(f, "opt/bin/python3", LB_PYTHON_LAYER);
}

static void litellm_is_looked_for_in_other_layers_by_version(void **state) {
  fixture_t *f = *state;
  on_lambda(f);
  put_python(f, "opt/bin/python3.11");
  tree_link(&f->tree, "opt/bin/python3", "python3.11");
  put_litellm(f, "opt/python/lib/python3.12/site-packages");
  assert_none(f, LB_ELITELLM_MISSING);
  put_litellm(f, "opt/python/lib/python3.11/site-packages");
  assert_chosen(f, "opt/bin/python3", LB_PYTHON_LAYER);
}

/* ---- PATH ---- */

static void each_folder_of_path_is_tried_once(void **state) {
  fixture_t *f = *state;
  char list[4096];
  const char *root = f->tree.root;
  put_python(f, "usr/bin/python3");
  tree_link(&f->tree, "sbin", "usr/bin");
  snprintf(list, sizeof(list),
           "%s/usr/bin:%s/usr/bin/:%s/sbin:%s/x:%s/x//:.:", root, root, root,
           root, root);
  set(f, "PATH", list);
  assert_none(f, LB_ELITELLM_MISSING);
  assert_int_equal(f->plan.count, 2);
  assert_string_equal(f->plan.candidates[0].path,
                      tree_path(&f->tree, "usr/bin/python3"));
  assert_string_equal(f->plan.candidates[1].path,
                      tree_path(&f->tree, "x/python3"));
}

static void an_active_environment_on_path_is_not_tried_twice(void **state) {
  fixture_t *f = *state;
  put_python(f, "venv/bin/python3");
  set_path(f, "VIRTUAL_ENV", "venv");
  set_path(f, "PATH", "venv/bin");
  assert_none(f, LB_ELITELLM_MISSING);
  assert_int_equal(f->plan.count, 1);
}

/* Two virtual environments link to one interpreter, and are not the same. */
static void links_to_one_interpreter_are_two_candidates(void **state) {
  fixture_t *f = *state;
  char list[4096];
  put_python(f, "py/bin/python3.11");
  tree_link(&f->tree, "v/bin/python3", "../../py/bin/python3.11");
  tree_text(&f->tree, "v/pyvenv.cfg", 0644, "home = /nowhere\n");
  tree_link(&f->tree, "w/bin/python3", "../../py/bin/python3.11");
  put_litellm(f, "w/lib/python3.11/site-packages");
  snprintf(list, sizeof(list), "%s/v/bin:%s/w/bin", f->tree.root, f->tree.root);
  set(f, "PATH", list);
  assert_chosen(f, "w/bin/python3", LB_PYTHON_PATH);
}

static void a_long_path_is_looked_into_up_to_a_limit(void **state) {
  fixture_t *f = *state;
  char list[8192], *at = list;
  for (int i = 0; i < 500; i++)
    at += sprintf(at, "/nowhere%d:", i);
  set(f, "PATH", list);
  assert_none(f, LB_EPYTHON_NOT_FOUND);
  assert_int_equal(f->plan.count, 32);
}

/* ---- the text ---- */

static void the_text_has_a_line_for_each(void **state) {
  fixture_t *f = *state;
  on_lambda(f);
  set_path(f, "PATH", "usr/bin");
  assert_none(f, LB_EPYTHON_NOT_FOUND);
  char expected[4096], *text = lb_python_plan_text(&f->plan);
  snprintf(expected, sizeof(expected),
           "Lambda layer: %s/opt/python/bin/python3 does not exist\n"
           "Lambda layer: %s/opt/bin/python3 does not exist\n"
           "PATH: %s/usr/bin/python3 does not exist",
           f->tree.root, f->tree.root, f->tree.root);
  assert_string_equal(text, expected);
  free(text);
}

static void the_text_of_nothing_says_so(void **state) {
  fixture_t *f = *state;
  assert_none(f, LB_EPYTHON_NOT_FOUND);
  assert_plan_says(f, "nowhere to look");
}

static void the_text_tells_the_chosen_one(void **state) {
  fixture_t *f = *state;
  put_good(f, "usr");
  set_path(f, "PATH", "usr/bin");
  plan(f);
  assert_plan_says(f, tree_path(&f->tree, "usr/bin/python3"));
}

static void sources_have_the_names_of_the_events(void **state) {
  (void)state;
  assert_string_equal(lb_python_source_name(LB_PYTHON_OPTION), "option");
  assert_string_equal(lb_python_source_name(LB_PYTHON_VARIABLE), "variable");
  assert_string_equal(lb_python_source_name(LB_PYTHON_LAYER), "layer");
  assert_string_equal(lb_python_source_name(LB_PYTHON_VENV), "venv");
  assert_string_equal(lb_python_source_name(LB_PYTHON_PRIVATE), "private");
  assert_string_equal(lb_python_source_name(LB_PYTHON_PATH), "path");
}

/* ---- memory ---- */

/* Each allocation fails in turn; without a leak (the sanitizer sees it), and
 * with LB_EMEMORY instead of a wrong verdict. */
static int count_failures(fixture_t *f) {
  lb_python_plan_t out;
  for (int nth = 1;; nth++) {
    alloc_fail(nth);
    int err = lb_python_plan(&f->query, &out);
    if (!alloc_restore()) {
      assert_int_equal(err, LB_OK);
      lb_python_plan_free(&out);
      return nth - 1;
    }
    assert_int_equal(err, LB_EMEMORY);
  }
}

static void a_plan_without_memory_is_an_error(void **state) {
  fixture_t *f = *state;
  on_lambda(f);
  set_path(f, "VIRTUAL_ENV", "venv");
  set_path(f, "PATH", "usr/bin");
  put_python(f, "usr/bin/python3");
  assert_true(count_failures(f) >= 12);
}

static void a_named_plan_without_memory_is_an_error(void **state) {
  fixture_t *f = *state;
  put_python(f, "usr/bin/python3");
  set_path(f, "PATH", "usr/bin");
  f->query.option = "python3";
  assert_true(count_failures(f) >= 2);
  f->query.option = "python3.99";
  assert_true(count_failures(f) >= 3);
  f->query.option = "./python3";
  assert_true(count_failures(f) >= 3);
}

static void a_text_without_memory_is_null(void **state) {
  fixture_t *f = *state;
  int nth;
  on_lambda(f);
  plan(f);
  for (nth = 1;; nth++) {
    alloc_fail(nth);
    char *text = lb_python_plan_text(&f->plan);
    if (!alloc_restore()) {
      free(text);
      break;
    }
    assert_null(text);
  }
  assert_int_equal(nth, 1 + 2 * 2 + 1);
}

static void freeing_twice_is_no_harm(void **state) {
  fixture_t *f = *state;
  put_good(f, "usr");
  set_path(f, "PATH", "usr/bin");
  plan(f);
  lb_python_plan_free(&f->plan);
  lb_python_plan_free(&f->plan);
  assert_int_equal(f->plan.count, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest fixed[] = {
      T(the_order_of_the_automatic_ones),
      T(the_option_comes_before_all),
      T(the_variable_comes_next),
      T(empty_names_count_as_none),
      T(the_layer_is_looked_for_on_lambda_only),
      T(the_layer_is_looked_for_on_every_lambda),
      T(a_named_one_never_falls_through),
      T(a_named_variable_never_falls_through),
      T(a_named_one_is_taken_without_litellm),
      T(a_named_script_is_taken),
      T(a_bare_name_is_looked_up_on_path),
      T(a_bare_name_that_is_nowhere_tells_path),
      T(a_bare_name_without_path_is_not_found),
      T(a_relative_path_is_made_absolute),
      T(one_without_litellm_is_passed_over),
      T(a_broken_one_is_passed_over),
      T(the_first_that_exists_gives_the_code),
      T(none_but_without_litellm_is_litellm_missing),
      T(a_script_is_taken_only_when_no_other_fits),
      T(the_first_of_two_scripts_is_taken),
      T(litellm_is_looked_for_in_pythonpath),
      T(litellm_is_looked_for_in_other_layers),
      T(litellm_is_looked_for_in_other_layers_by_version),
      T(each_folder_of_path_is_tried_once),
      T(an_active_environment_on_path_is_not_tried_twice),
      T(links_to_one_interpreter_are_two_candidates),
      T(a_long_path_is_looked_into_up_to_a_limit),
      T(the_text_has_a_line_for_each),
      T(the_text_of_nothing_says_so),
      T(the_text_tells_the_chosen_one),
      T(sources_have_the_names_of_the_events),
      T(a_plan_without_memory_is_an_error),
      T(a_named_plan_without_memory_is_an_error),
      T(a_text_without_memory_is_null),
      T(freeing_twice_is_no_harm),
  };
  enum { COUNT = sizeof(fixed) / sizeof(fixed[0]) };
  struct CMUnitTest tests[COUNT + PLACES];
  memcpy(tests, fixed, sizeof(fixed));
  for (size_t i = 0; i < PLACES; i++)
    tests[COUNT + i] = (struct CMUnitTest){
        places[i].name, litellm_is_looked_for_in, NULL, NULL, &places[i]};
  return cmocka_run_group_tests_name("python", tests, NULL, NULL);
}
