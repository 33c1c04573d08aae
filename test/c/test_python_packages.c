#include "python_fixture.h"

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
    {"litellm: site-packages", "p/bin/python3", NULL, "p/lib/python3.12/site-packages", NULL, 1},
    {"litellm: dist-packages of Debian", "usr/bin/python3", NULL, "usr/lib/python3/dist-packages",
     NULL, 1},
    {"litellm: /usr/local of Debian", "usr/bin/python3", NULL,
     "usr/local/lib/python3.11/dist-packages", NULL, 1},
    {"litellm: the prefix itself", "opt/python/bin/python3", NULL, "opt/python", NULL, 1},
    {"litellm: behind a link", "bin/python3", "py/bin/python3.11",
     "py/lib/python3.11/site-packages", NULL, 1},
    {"litellm: of the version of the link's target", "p/bin/python3", "p/bin/python3.11",
     "p/lib/python3.11/site-packages", NULL, 1},
    {"litellm: of another version is not seen", "p/bin/python3", "p/bin/python3.12",
     "p/lib/python3.11/site-packages", NULL, 0},
    {"litellm: in a virtual environment", "v/bin/python3", "py/bin/python3.11",
     "v/lib/python3.11/site-packages", "home = HOME\n", 1},
    {"litellm: a virtual environment hides the system's", "v/bin/python3", "py/bin/python3.11",
     "py/lib/python3.11/site-packages", "home = HOME\ninclude-system-site-packages = false\n", 0},
    {"litellm: unless it says so", "v/bin/python3", "py/bin/python3.11",
     "py/lib/python3.11/site-packages", "home = HOME\nInclude-System-Site-Packages = TRUE  \r\n",
     1},
    {"litellm: a folder of Python 2 is not seen", "p/bin/python3", NULL,
     "p/lib/python2.7/site-packages", NULL, 0},
    {"litellm: beside the packages is not seen", "p/bin/python3", NULL, "p/lib/python3.11", NULL,
     0},
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
  if (place->pyvenv != NULL) put_pyvenv(f, place);
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
  snprintf(list, sizeof(list), "%s/usr/bin:%s/usr/bin/:%s/sbin:%s/x:%s/x//:.:", root, root, root,
           root, root);
  set(f, "PATH", list);
  assert_none(f, LB_ELITELLM_MISSING);
  assert_int_equal(f->plan.count, 2);
  assert_string_equal(f->plan.candidates[0].path, tree_path(&f->tree, "usr/bin/python3"));
  assert_string_equal(f->plan.candidates[1].path, tree_path(&f->tree, "x/python3"));
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

int main(void) {
  const struct CMUnitTest fixed[] = {
      T(litellm_is_looked_for_in_pythonpath),
      T(litellm_is_looked_for_in_other_layers),
      T(litellm_is_looked_for_in_other_layers_by_version),
      T(each_folder_of_path_is_tried_once),
      T(an_active_environment_on_path_is_not_tried_twice),
      T(links_to_one_interpreter_are_two_candidates),
      T(a_long_path_is_looked_into_up_to_a_limit),
  };
  enum { COUNT = sizeof(fixed) / sizeof(fixed[0]) };
  struct CMUnitTest tests[COUNT + PLACES];
  memcpy(tests, fixed, sizeof(fixed));
  for (size_t i = 0; i < PLACES; i++)
    tests[COUNT + i] =
        (struct CMUnitTest){places[i].name, litellm_is_looked_for_in, NULL, NULL, &places[i]};
  return cmocka_run_group_tests_name("python_packages", tests, NULL, NULL);
}
