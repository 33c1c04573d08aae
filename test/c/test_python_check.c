#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "python.h"
#include "support.h"

#ifdef __aarch64__
#define OURS "arm64"
#define THEIRS "x86_64"
#define OTHER_MACHINE EM_X86_64
#else
#define OURS "x86_64"
#define THEIRS "arm64"
#define OTHER_MACHINE EM_AARCH64
#endif

#define PYTHON "bin/python3"

static tree_t tree;

static int setup(void **state) {
  (void)state;
  tree_make(&tree);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  tree_remove(&tree);
  return 0;
}

static void assert_passes(const char *path) {
  char *reason = "untouched";
  int err = lb_python_check(tree_path(&tree, path), tree.root, &reason);
  if (err != LB_OK) print_error("%s\n", reason);
  assert_int_equal(err, LB_OK);
  assert_null(reason);
}

/* The reason names the file, and has each of the words. */
static void assert_refused(const char *path, int expected, const char *const *words) {
  char *reason = NULL;
  const char *full = tree_path(&tree, path);
  int err = lb_python_check(full, tree.root, &reason);
  assert_string_equal(lb_err_code(err), lb_err_code(expected));
  assert_non_null(reason);
  assert_memory_equal(reason, full, strlen(full));
  for (; *words != NULL; words++) {
    if (strstr(reason, *words) == NULL) fail_msg("\"%s\" is not in: %s", *words, reason);
  }
  free(reason);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- files that are no program ---- */

static void a_missing_file_is_not_found(void **state) {
  (void)state;
  assert_refused(PYTHON, LB_EPYTHON_NOT_FOUND, WORDS("does not exist"));
}

static void a_file_in_place_of_a_folder_is_not_found(void **state) {
  (void)state;
  tree_text(&tree, "bin", 0755, "x");
  assert_refused(PYTHON, LB_EPYTHON_NOT_FOUND, WORDS("does not exist"));
}

static void a_directory_is_broken(void **state) {
  (void)state;
  tree_folder(&tree, PYTHON);
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("is a directory"));
}

static void a_file_that_may_not_be_executed_is_broken(void **state) {
  (void)state;
  tree_python(&tree, PYTHON);
  chmod(tree_path(&tree, PYTHON), 0644);
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("not executable", "0644"));
}

static void an_empty_file_is_broken(void **state) {
  (void)state;
  tree_text(&tree, PYTHON, 0755, "");
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("is empty"));
}

static void text_without_a_shebang_is_broken(void **state) {
  (void)state;
  tree_text(&tree, PYTHON, 0755, "echo hello\n");
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("no program", "#!"));
}

static void one_byte_is_no_program(void **state) {
  (void)state;
  tree_text(&tree, PYTHON, 0755, "#");
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("no program"));
}

static void a_fifo_is_broken_and_not_opened(void **state) {
  (void)state;
  tree_folder(&tree, "bin");
  assert_int_equal(mkfifo(tree_path(&tree, PYTHON), 0755), 0);
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("no regular file"));
}

static void a_dangling_link_is_broken_and_names_its_target(void **state) {
  (void)state;
  tree_link(&tree, PYTHON, "python3.11");
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("link to python3.11", "does not exist"));
}

static void a_link_to_itself_is_broken(void **state) {
  (void)state;
  tree_link(&tree, PYTHON, "python3");
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("can't be reached"));
}

static void a_path_that_is_too_long_is_an_error(void **state) {
  (void)state;
  char longest[6000], *reason = NULL;
  memset(longest, 'a', sizeof(longest) - 1);
  longest[0] = '/';
  longest[sizeof(longest) - 1] = '\0';
  int err = lb_python_check(longest, "", &reason);
  assert_int_equal(err, LB_EPYTHON_BROKEN);
  free(reason);
}

/* ---- ELF ---- */

static void a_program_of_this_machine_passes(void **state) {
  (void)state;
  tree_python(&tree, PYTHON);
  assert_passes(PYTHON);
}

static void a_link_to_a_good_program_passes(void **state) {
  (void)state;
  tree_python(&tree, "lib/real");
  tree_link(&tree, PYTHON, "../lib/real");
  assert_passes(PYTHON);
}

static void a_static_program_passes(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.type = ET_EXEC});
  assert_passes(PYTHON);
}

static void the_program_that_runs_this_test_passes(void **state) {
  (void)state;
  char *reason = NULL;
  assert_int_equal(lb_python_check("/bin/sh", "", &reason), LB_OK);
  assert_null(reason);
}

static void another_machine_is_named_with_this_one(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.machine = OTHER_MACHINE});
  assert_refused(PYTHON, LB_EPYTHON_ARCH, WORDS("built for " THEIRS, "this machine is " OURS));
}

static void the_machine_counts_before_the_loader(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.machine = OTHER_MACHINE, .loader = "/lib/none.so"});
  assert_refused(PYTHON, LB_EPYTHON_ARCH, WORDS(THEIRS, OURS));
}

static void a_32_bit_x86_program_is_of_another_machine(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.machine = EM_386, .bits = 32});
  assert_refused(PYTHON, LB_EPYTHON_ARCH, WORDS("x86 (32-bit)", OURS));
}

static void a_32_bit_arm_program_is_of_another_machine(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.machine = EM_ARM, .bits = 32});
  assert_refused(PYTHON, LB_EPYTHON_ARCH, WORDS("arm (32-bit)", OURS));
}

static void a_32_bit_program_of_this_machine_is_refused(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.bits = 32});
  assert_refused(PYTHON, LB_EPYTHON_ARCH, WORDS("32-bit", "64-bit " OURS));
}

static void a_big_endian_program_is_refused(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.big_endian = 1});
  assert_refused(PYTHON, LB_EPYTHON_ARCH, WORDS("big-endian", OURS));
}

static void an_unknown_machine_is_told_by_number(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.machine = 4321});
  assert_refused(PYTHON, LB_EPYTHON_ARCH, WORDS("machine 4321", OURS));
}

static void an_object_file_is_no_program(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.type = ET_REL});
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("no program"));
}

static void a_core_file_is_no_program(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.type = ET_CORE});
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("no program"));
}

/* Cut in the magic, the ident, the header, the program headers, the loader's
 * name: always an answer, and never "it passes". */
static void a_program_cut_anywhere_is_broken(void **state) {
  (void)state;
  size_t whole = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr) + sizeof(TEST_LOADER);
  tree_python(&tree, "good");
  for (size_t cut = 1; cut < whole; cut++) {
    elf_spec_t spec = {.loader = TEST_LOADER, .cut = cut};
    tree_elf(&tree, PYTHON, spec);
    assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS(cut < 4 ? "no program" : "cut short"));
  }
  tree_elf(&tree, PYTHON, (elf_spec_t){.loader = TEST_LOADER, .cut = whole});
  assert_passes(PYTHON);
}

/* Header fields that point far out, or claim more than there can be. */
static void hostile_program_headers_are_broken(void **state) {
  (void)state;
  typedef struct {
    Elf64_Ehdr head;
    Elf64_Phdr load, interp;
    char loader[64];
  } image_t;
  image_t good, bad[7];
  tree_python(&tree, PYTHON);
  int fd = open(tree_path(&tree, PYTHON), O_RDONLY);
  assert_int_equal(read(fd, &good, sizeof(good)), sizeof(good));
  close(fd);
  for (int i = 0; i < 7; i++)
    bad[i] = good;
  bad[0].head.e_phoff = UINT64_MAX;
  bad[1].head.e_phnum = 0xffff;
  bad[2].head.e_phentsize = 1;
  bad[3].interp.p_offset = UINT64_MAX - 4;
  bad[4].interp.p_filesz = UINT64_MAX;
  bad[5].interp.p_filesz = 3; /* its end is no NUL */
  bad[6].head.e_phnum = 0;
  for (int i = 0; i < 7; i++) {
    tree_file(&tree, PYTHON, 0755, &bad[i], sizeof(bad[i]));
    assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("cut short or damaged"));
  }
}

/* ---- loaders ---- */

static void a_missing_loader_is_a_wrong_libc(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.loader = "/lib64/ld-linux-x86-64.so.2"});
  assert_refused(PYTHON, LB_EPYTHON_BROKEN,
                 WORDS("/lib64/ld-linux-x86-64.so.2", "another C library", "(glibc)"));
}

static void on_alpine_a_glibc_program_hears_of_musl(void **state) {
  (void)state;
  tree_text(&tree, "etc/alpine-release", 0644, "3.20.0\n");
  tree_elf(&tree, PYTHON, (elf_spec_t){.loader = "/lib/ld-linux-aarch64.so.1"});
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("(glibc)", "musl of this Alpine Linux"));
}

static void a_musl_program_on_glibc_hears_so(void **state) {
  (void)state;
  tree_elf(&tree, PYTHON, (elf_spec_t){.loader = "/lib/ld-musl-x86_64.so.1"});
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("another C library", "(musl)"));
}

static void a_loader_that_may_not_be_executed_is_missing(void **state) {
  (void)state;
  tree_python(&tree, PYTHON);
  chmod(tree_path(&tree, TEST_LOADER + 1), 0644);
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS(TEST_LOADER));
}

/* ---- scripts ---- */

static void a_script_whose_interpreter_exists_passes(void **state) {
  (void)state;
  tree_text(&tree, "usr/bin/sh", 0755, "x");
  const char *const good[] = {"#!/usr/bin/sh\n", "#! /usr/bin/sh -e\nexit 1", "#!\t/usr/bin/sh\t-x",
                              "#!/usr/bin/sh"};
  for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    tree_text(&tree, PYTHON, 0755, good[i]);
    assert_passes(PYTHON);
  }
}

static void a_script_whose_interpreter_is_missing_is_broken(void **state) {
  (void)state;
  tree_text(&tree, PYTHON, 0755, "#!/usr/bin/bash -e\n");
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("script for /usr/bin/bash,", "does not exist"));
}

static void a_script_with_windows_line_ends_hears_so(void **state) {
  (void)state;
  tree_text(&tree, "bin/sh", 0755, "x");
  tree_text(&tree, PYTHON, 0755, "#!/bin/sh\r\nexit 0\r\n");
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("Windows line ends"));
}

static void a_shebang_without_a_name_is_broken(void **state) {
  (void)state;
  const char *const bad[] = {"#!", "#!\n/bin/sh", "#!  \t \n"};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    tree_text(&tree, PYTHON, 0755, bad[i]);
    assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("names no interpreter"));
  }
}

static void a_shebang_without_an_end_is_cut_as_the_system_does(void **state) {
  (void)state;
  char line[5000];
  memset(line, 'a', sizeof(line));
  memcpy(line, "#!/", 3);
  tree_file(&tree, PYTHON, 0755, line, sizeof(line));
  assert_refused(PYTHON, LB_EPYTHON_BROKEN, WORDS("does not exist"));
}

/* ---- memory ---- */

static void a_reason_without_memory_is_an_error(void **state) {
  (void)state;
  char *reason = NULL;
  const char *path = tree_path(&tree, PYTHON);
  alloc_fail(1);
  int err = lb_python_check(path, tree.root, &reason);
  assert_int_equal(alloc_restore(), 1);
  assert_int_equal(err, LB_EMEMORY);
  assert_null(reason);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_missing_file_is_not_found),
      T(a_file_in_place_of_a_folder_is_not_found),
      T(a_directory_is_broken),
      T(a_file_that_may_not_be_executed_is_broken),
      T(an_empty_file_is_broken),
      T(text_without_a_shebang_is_broken),
      T(one_byte_is_no_program),
      T(a_fifo_is_broken_and_not_opened),
      T(a_dangling_link_is_broken_and_names_its_target),
      T(a_link_to_itself_is_broken),
      T(a_path_that_is_too_long_is_an_error),
      T(a_program_of_this_machine_passes),
      T(a_link_to_a_good_program_passes),
      T(a_static_program_passes),
      T(the_program_that_runs_this_test_passes),
      T(another_machine_is_named_with_this_one),
      T(the_machine_counts_before_the_loader),
      T(a_32_bit_x86_program_is_of_another_machine),
      T(a_32_bit_arm_program_is_of_another_machine),
      T(a_32_bit_program_of_this_machine_is_refused),
      T(a_big_endian_program_is_refused),
      T(an_unknown_machine_is_told_by_number),
      T(an_object_file_is_no_program),
      T(a_core_file_is_no_program),
      T(a_program_cut_anywhere_is_broken),
      T(hostile_program_headers_are_broken),
      T(a_missing_loader_is_a_wrong_libc),
      T(on_alpine_a_glibc_program_hears_of_musl),
      T(a_musl_program_on_glibc_hears_so),
      T(a_loader_that_may_not_be_executed_is_missing),
      T(a_script_whose_interpreter_exists_passes),
      T(a_script_whose_interpreter_is_missing_is_broken),
      T(a_script_with_windows_line_ends_hears_so),
      T(a_shebang_without_a_name_is_broken),
      T(a_shebang_without_an_end_is_cut_as_the_system_does),
      T(a_reason_without_memory_is_an_error),
  };
  return cmocka_run_group_tests_name("python_check", tests, NULL, NULL);
}
