#include "python_fixture.h"

/* ---- the order ---- */

static void put_private(fixture_t *f) {
  put_good(f, "private");
  tree_text(&f->tree, "private/environment.json", 0644, "{}");
}

/* Everything that can be found, best first; each test of the order takes away
 * what comes before. */
static void put_everything(fixture_t *f) {
  put_good(f, "option");
  put_good(f, "variable");
  put_good(f, "opt/python");
  put_good(f, "opt");
  put_good(f, "venv");
  put_good(f, "conda");
  put_private(f);
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

static void a_private_environment_that_is_not_complete_is_passed_over(void **state) {
  fixture_t *f = *state;
  put_private(f);
  put_good(f, "usr");
  set_path(f, "PATH", "usr/bin");
  f->query.private_python = private_python(f);
  lose(f, "private/environment.json");
  assert_chosen(f, "usr/bin/python3", LB_PYTHON_PATH);
  assert_int_equal(f->plan.count, 1);
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
  const char *const kinds[][2] = {{"AWS_EXECUTION_ENV", "AWS_Lambda_Image"},
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
  snprintf(list, sizeof(list), "relative::%s/a:%s/b:%s/missing:%s/c:%s/d", f->tree.root,
           f->tree.root, f->tree.root, f->tree.root, f->tree.root);
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
  snprintf(list, sizeof(list), "%s/shims:%s/usr/bin", f->tree.root, f->tree.root);
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

/* ---- all of them, for a report ---- */

static void assert_verdict(const fixture_t *f, size_t index, lb_python_source_t source, int err) {
  assert_in_range(index, 0, f->plan.count - 1);
  const lb_candidate_t *candidate = &f->plan.candidates[index];
  assert_string_equal(lb_python_source_name(candidate->source), lb_python_source_name(source));
  assert_int_equal(candidate->err, err);
  assert_int_equal(candidate->reason == NULL, err == LB_OK);
}

static void a_report_judges_those_behind_the_chosen_one(void **state) {
  fixture_t *f = *state;
  put_good(f, "venv");
  put_python(f, "conda/bin/python3");
  put_private(f);
  set_path(f, "VIRTUAL_ENV", "venv");
  set_path(f, "CONDA_PREFIX", "conda");
  set_path(f, "PATH", "usr/bin");
  f->query.private_python = private_python(f);
  f->query.all = 1;
  assert_chosen(f, "venv/bin/python3", LB_PYTHON_VENV);
  assert_int_equal(f->plan.chosen, 0);
  assert_int_equal(f->plan.count, 4);
  assert_verdict(f, 0, LB_PYTHON_VENV, LB_OK);
  assert_verdict(f, 1, LB_PYTHON_VENV, LB_ELITELLM_MISSING);
  assert_verdict(f, 2, LB_PYTHON_PRIVATE, LB_OK);
  assert_verdict(f, 3, LB_PYTHON_PATH, LB_EPYTHON_NOT_FOUND);
}

static void a_report_chooses_what_a_start_chooses(void **state) {
  fixture_t *f = *state;
  char list[4096];
  put_script(f, "shims/python3");
  put_python(f, "bare/bin/python3");
  put_good(f, "usr");
  put_good(f, "last");
  snprintf(list, sizeof(list), "%s/shims:%s/bare/bin:%s/usr/bin:%s/last/bin", f->tree.root,
           f->tree.root, f->tree.root, f->tree.root);
  set(f, "PATH", list);
  assert_chosen(f, "usr/bin/python3", LB_PYTHON_PATH);
  assert_int_equal(f->plan.count, 3);
  f->query.all = 1;
  assert_chosen(f, "usr/bin/python3", LB_PYTHON_PATH);
  assert_int_equal(f->plan.count, 4);
}

static void a_report_of_a_named_one_is_of_that_one(void **state) {
  fixture_t *f = *state;
  put_everything(f);
  f->query.option = tree_path(&f->tree, "option/bin/python3");
  f->query.all = 1;
  assert_chosen(f, "option/bin/python3", LB_PYTHON_OPTION);
  assert_int_equal(f->plan.count, 1);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      T(the_order_of_the_automatic_ones),
      T(a_private_environment_that_is_not_complete_is_passed_over),
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
      T(a_report_judges_those_behind_the_chosen_one),
      T(a_report_chooses_what_a_start_chooses),
      T(a_report_of_a_named_one_is_of_that_one),
      T(the_text_has_a_line_for_each),
      T(the_text_of_nothing_says_so),
      T(the_text_tells_the_chosen_one),
      T(sources_have_the_names_of_the_events),
      T(a_plan_without_memory_is_an_error),
      T(a_named_plan_without_memory_is_an_error),
      T(a_text_without_memory_is_null),
      T(freeing_twice_is_no_harm),
  };
  return cmocka_run_group_tests_name("python", tests, NULL, NULL);
}
