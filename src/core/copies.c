#define _GNU_SOURCE /* dl_iterate_phdr */
#include "copies.h"

#include <stdint.h>
#include <string.h>

static int is_addon(const char *file) {
  const char *slash = strrchr(file, '/');
  return strcmp(slash == NULL ? file : slash + 1, LB_ADDON_FILE) == 0;
}

#ifdef __APPLE__

#include <dlfcn.h>
#include <mach-o/dyld.h>

void lb_copies_each(const void *own, void (*visit)(void *arg, const char *file), void *arg) {
  Dl_info self;
  const void *base = dladdr(own, &self) != 0 ? self.dli_fbase : NULL;
  for (uint32_t i = 0; i < _dyld_image_count(); i++)
    if ((const void *)_dyld_get_image_header(i) != base && is_addon(_dyld_get_image_name(i)))
      visit(arg, _dyld_get_image_name(i));
}

#else

#include <link.h>

typedef struct search {
  uintptr_t own;
  void (*visit)(void *arg, const char *file);
  void *arg;
} search_t;

static int holds(const struct dl_phdr_info *library, uintptr_t address) {
  for (int i = 0; i < library->dlpi_phnum; i++) {
    uintptr_t start = library->dlpi_addr + library->dlpi_phdr[i].p_vaddr;
    if (library->dlpi_phdr[i].p_type == PT_LOAD && address >= start &&
        address - start < library->dlpi_phdr[i].p_memsz)
      return 1;
  }
  return 0;
}

static int look(struct dl_phdr_info *library, size_t size, void *arg) {
  const search_t *search = arg;
  (void)size;
  if (is_addon(library->dlpi_name) && !holds(library, search->own))
    search->visit(search->arg, library->dlpi_name);
  return 0;
}

void lb_copies_each(const void *own, void (*visit)(void *arg, const char *file), void *arg) {
  search_t search = {(uintptr_t)own, visit, arg};
  dl_iterate_phdr(look, &search);
}

#endif
