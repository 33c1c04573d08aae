/* What several of the C tests need. */
#ifndef LB_TEST_SUPPORT_H
#define LB_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc.h"
#include "faults.h"

/* A copy that ends right before a page without access, so that reading one byte
 * too many is a crash. len may be 0; data NULL: zeros. */
char *guard_copy(const void *data, size_t len);
void guard_free(char *copy, size_t len);

/* Decodes hex digits into new memory, ending at a guard page. */
char *guard_hex(const char *hex, size_t *len);

/* A temporary folder, removed with all that is in it by tree_remove. Paths are
 * relative to it; missing parents are made. */
typedef struct tree {
  char root[256];
} tree_t;

void tree_make(tree_t *tree);
void tree_remove(tree_t *tree);
void tree_folder(const tree_t *tree, const char *path);
void tree_file(const tree_t *tree, const char *path, unsigned mode, const void *data, size_t len);
void tree_text(const tree_t *tree, const char *path, unsigned mode, const char *text);
void tree_link(const tree_t *tree, const char *path, const char *target);

/* "root/path", in a buffer that the next eight calls leave alone. */
const char *tree_path(const tree_t *tree, const char *path);

/* What the crafted ELF files of these tests are made from. */
typedef struct elf_spec {
  unsigned machine; /* e_machine; 0: this machine's */
  int bits;         /* 0: 64 */
  int big_endian;
  unsigned type;      /* e_type; 0: ET_DYN */
  const char *loader; /* the ELF interpreter, or NULL for a static program */
  size_t cut;         /* bytes of the file that are kept; 0: all */
} elf_spec_t;

void tree_elf(const tree_t *tree, const char *path, elf_spec_t spec);

/* This machine's loader, as the crafted files name it. */
#define TEST_LOADER "/lib/ld-linux-test.so.2"

/* A tree with TEST_LOADER in it, and an ELF program at `path` that passes. */
void tree_python(const tree_t *tree, const char *path);

#endif
