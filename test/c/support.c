#define _GNU_SOURCE /* nftw */
#include "support.h"

#include <elf.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- guard pages ---- */

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static size_t data_pages(size_t len) { return (len / page_size() + 1) * page_size(); }

char *guard_copy(const void *data, size_t len) {
  size_t room = data_pages(len);
  char *base =
      mmap(NULL, room + page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(base, MAP_FAILED);
  assert_int_equal(mprotect(base + room, page_size(), PROT_NONE), 0);
  char *copy = base + room - len;
  if (data != NULL) memcpy(copy, data, len);
  return copy;
}

void guard_free(char *copy, size_t len) {
  size_t room = data_pages(len);
  munmap(copy + len - room, room + page_size());
}

char *guard_hex(const char *hex, size_t *len) {
  *len = strlen(hex) / 2;
  unsigned char *data = malloc(*len + 1);
  for (size_t i = 0; i < *len; i++)
    assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &data[i]), 1);
  char *copy = guard_copy(data, *len);
  free(data);
  return copy;
}

/* ---- a temporary tree ---- */

void tree_make(tree_t *tree) {
  strcpy(tree->root, "/tmp/lb-test-XXXXXX");
  assert_non_null(mkdtemp(tree->root));
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *ftw) {
  (void)info;
  (void)flag;
  (void)ftw;
  return remove(path);
}

void tree_remove(tree_t *tree) { nftw(tree->root, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

const char *tree_path(const tree_t *tree, const char *path) {
  static char buffers[8][1024];
  static unsigned next;
  char *out = buffers[next++ % 8];
  snprintf(out, sizeof(buffers[0]), "%s/%s", tree->root, path);
  return out;
}

static void make_parents(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(path, 0755);
    *slash = '/';
  }
}

static char *prepare(const tree_t *tree, const char *path) {
  char *full = (char *)tree_path(tree, path);
  make_parents(full);
  return full;
}

void tree_folder(const tree_t *tree, const char *path) { mkdir(prepare(tree, path), 0755); }

void tree_file(const tree_t *tree, const char *path, unsigned mode, const void *data, size_t len) {
  const char *full = prepare(tree, path);
  FILE *file = fopen(full, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, len, file), len);
  fclose(file);
  assert_int_equal(chmod(full, mode), 0);
}

void tree_text(const tree_t *tree, const char *path, unsigned mode, const char *text) {
  tree_file(tree, path, mode, text, strlen(text));
}

void tree_link(const tree_t *tree, const char *path, const char *target) {
  assert_int_equal(symlink(target, prepare(tree, path)), 0);
}

/* ---- crafted ELF files ---- */

#ifdef __aarch64__
#define THIS_MACHINE EM_AARCH64
#else
#define THIS_MACHINE EM_X86_64
#endif

typedef struct image {
  Elf64_Ehdr head;
  Elf64_Phdr load, interp;
  char loader[256];
} image_t;

static void fill_ident(unsigned char *ident, elf_spec_t spec) {
  memcpy(ident, ELFMAG, SELFMAG);
  ident[EI_CLASS] = spec.bits == 32 ? ELFCLASS32 : ELFCLASS64;
  ident[EI_DATA] = spec.big_endian ? ELFDATA2MSB : ELFDATA2LSB;
  ident[EI_VERSION] = EV_CURRENT;
}

void tree_elf(const tree_t *tree, const char *path, elf_spec_t spec) {
  image_t image = {0};
  fill_ident(image.head.e_ident, spec);
  image.head.e_type = spec.type != 0 ? spec.type : ET_DYN;
  image.head.e_machine = spec.machine != 0 ? spec.machine : THIS_MACHINE;
  image.head.e_phoff = offsetof(image_t, load);
  image.head.e_phentsize = sizeof(Elf64_Phdr);
  image.head.e_phnum = spec.loader != NULL ? 2 : 1;
  image.load.p_type = PT_LOAD;
  image.interp.p_type = PT_INTERP;
  image.interp.p_offset = offsetof(image_t, loader);
  if (spec.loader != NULL) {
    snprintf(image.loader, sizeof(image.loader), "%s", spec.loader);
    image.interp.p_filesz = strlen(spec.loader) + 1;
  }
  tree_file(tree, path, 0755, &image, spec.cut != 0 ? spec.cut : sizeof(image));
}

void tree_python(const tree_t *tree, const char *path) {
  tree_text(tree, TEST_LOADER + 1, 0755, "a loader");
  tree_elf(tree, path, (elf_spec_t){.loader = TEST_LOADER});
}
