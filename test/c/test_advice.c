#include "advice.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "errors.h"
#include "python.h"
#include "support.h"

#define PYTHON "bin/python3"

static tree_t tree;

static int make_tree(void **state) {
  (void)state;
  tree_make(&tree);
  return 0;
}

static int remove_tree(void **state) {
  (void)state;
  tree_remove(&tree);
  return 0;
}

static void assert_advice(int err, const char *text, const char *words) {
  const char *hint = lb_advice(err, text);
  if (strstr(hint, words) == NULL)
    fail_msg("\"%s\" is not in the advice on %s: %s", words, text, hint);
}

/* ---- the words of others: loaders, Python, LiteLLM, our worker ---- */

static void known_words_have_an_advice_of_their_own(void **state) {
  (void)state;
  static const struct {
    int err;
    const char *said, *advice;
  } cases[] = {
      {LB_EPYTHON_BROKEN,
       "python3: error while loading shared libraries: libpython3.11.so.1.0: cannot open shared "
       "object file: No such file or directory",
       "library that is named is missing"},
      {LB_EPYTHON_BROKEN, "ModuleNotFoundError: No module named 'encodings'", "standard library"},
      {LB_EPYTHON_BROKEN,
       "python3: /lib64/libm.so.6: version `GLIBC_2.35' not found (required by python3)",
       "newer C library"},
      {LB_EPYTHON_BROKEN,
       "/l/python/bin/python3 needs the loader /opt/python/clib/ld-linux-x86-64.so.2, which is not "
       "here: it is built for another C library (glibc) than this system's",
       "layer verify"},
      {LB_EPYTHON_BROKEN, "litellm-bridge needs Python 3.11 or newer; /p is Python 3.9",
       "3.11 to 3.13"},
      {LB_ELITELLM_MISSING,
       "litellm can't be imported: ModuleNotFoundError: No module named 'openai'",
       "a package that it needs"},
      {LB_ESPAWN, "/usr/bin/python3: EAGAIN (Resource temporarily unavailable)", "ulimit -u"},
      {LB_ESPAWN, "EMFILE (Too many open files)", "ulimit -n"},
      {LB_ESPAWN, "ENFILE (Too many open files in system)", "file-max"},
      {LB_ESPAWN, "ENOMEM (Cannot allocate memory)", "memory"},
      {LB_ESPAWN, "/p: E2BIG (Argument list too long)", "fewer or shorter variables"},
      {LB_ESPAWN, "/p: ETXTBSY (Text file busy)", "when it is installed"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    assert_advice(cases[i].err, cases[i].said, cases[i].advice);
    assert_string_not_equal(lb_advice(cases[i].err, cases[i].said), lb_err_hint(cases[i].err));
  }
}

static void words_count_for_their_own_code_only(void **state) {
  (void)state;
  const char *said = "a prompt that quotes: cannot open shared object";
  assert_ptr_equal(lb_advice(LB_ESERVER_EXITED, said), lb_err_hint(LB_ESERVER_EXITED));
}

static void what_is_not_known_has_the_hint_of_its_code(void **state) {
  (void)state;
  assert_ptr_equal(lb_advice(LB_EPYTHON_BROKEN, ""), lb_err_hint(LB_EPYTHON_BROKEN));
  assert_ptr_equal(lb_advice(LB_ESPAWN, "EPERM (not permitted)"), lb_err_hint(LB_ESPAWN));
}

static void the_first_candidate_speaks(void **state) {
  (void)state;
  assert_advice(LB_EPYTHON_BROKEN,
                "venv: /v is a link to /x, which does not exist\nPATH: /p is a directory",
                "what the link leads to");
  assert_advice(LB_EPYTHON_BROKEN,
                "venv: /v is a directory\nPATH: /p is a link to /x, which does not exist",
                "interpreter itself");
}

/* ---- our own checks: their sentences and the advice must not drift apart ---- */

static void assert_advice_on_check(int err, const char *words) {
  char *reason = NULL;
  assert_int_equal(lb_python_check(tree_path(&tree, PYTHON), tree.root, &reason), err);
  assert_advice(err, reason, words);
  free(reason);
}

static void a_directory(void **state) {
  (void)state;
  tree_folder(&tree, PYTHON);
  assert_advice_on_check(LB_EPYTHON_BROKEN, "Name the interpreter itself");
}

static void one_that_is_not_executable(void **state) {
  (void)state;
  tree_python(&tree, PYTHON);
  chmod(tree_path(&tree, PYTHON), 0644);
  assert_advice_on_check(LB_EPYTHON_BROKEN, "chmod 755");
}

static void a_dangling_link(void **state) {
  (void)state;
  tree_link(&tree, PYTHON, "/nowhere/python3.11");
  assert_advice_on_check(LB_EPYTHON_BROKEN, "what the link leads to");
}

static void another_libc(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.loader = "/lib/ld-musl-x86_64.so.1"});
  assert_advice_on_check(LB_EPYTHON_BROKEN, "apk add python3");
}

static void another_machine(void **state) {
  (void)state;
#ifdef __x86_64__
  tree_elf(&tree, PYTHON, (elf_spec_t){.machine = EM_AARCH64});
  assert_advice_on_check(LB_EPYTHON_ARCH, "--arch x86_64");
#else
  tree_elf(&tree, PYTHON, (elf_spec_t){.machine = EM_X86_64});
  assert_advice_on_check(LB_EPYTHON_ARCH, "--arch arm64");
#endif
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(known_words_have_an_advice_of_their_own),
      T(words_count_for_their_own_code_only),
      T(what_is_not_known_has_the_hint_of_its_code),
      T(the_first_candidate_speaks),
      T(a_directory),
      T(one_that_is_not_executable),
      T(a_dangling_link),
      T(another_libc),
      T(another_machine),
  };
  return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
