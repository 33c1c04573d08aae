/* Tells why an ELF file would not start, before it is tried: the system's own
 * words for all of these are "No such file" and "Exec format error". */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "python_internal.h"

#ifdef __linux__
#include <elf.h>

#if defined(__x86_64__)
#define THIS_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define THIS_MACHINE EM_AARCH64
#else
#error "litellm-bridge knows x86_64 and arm64"
#endif

#define MACHINE_NAME_LEN 32
#define PHDR_MAX 128 /* far above what linkers write */

/* Both classes have ident, type and machine at the same place. */
typedef struct elf_start {
  unsigned char ident[EI_NIDENT];
  uint16_t type, machine;
} elf_start_t;

static const char *name_of(unsigned machine, char out[MACHINE_NAME_LEN]) {
  static const struct {
    unsigned machine;
    const char *name;
  } names[] = {{EM_386, "x86 (32-bit)"}, {EM_ARM, "arm (32-bit)"}, {EM_X86_64, "x86_64"},
               {EM_AARCH64, "arm64"},    {EM_RISCV, "riscv"},      {EM_PPC64, "ppc64"},
               {EM_S390, "s390x"}};
  snprintf(out, MACHINE_NAME_LEN, "machine %u", machine);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    if (names[i].machine == machine) snprintf(out, MACHINE_NAME_LEN, "%s", names[i].name);
  return out;
}

static int check_start(const elf_start_t *start, const char *path, char **reason) {
  char theirs[MACHINE_NAME_LEN], ours[MACHINE_NAME_LEN];
  name_of(THIS_MACHINE, ours);
  if (start->ident[EI_DATA] != ELFDATA2LSB)
    return lb_refuse(reason, LB_EPYTHON_ARCH,
                     "%s is built for a big-endian machine, and this machine "
                     "is %s",
                     path, ours);
  if (start->machine != THIS_MACHINE)
    return lb_refuse(reason, LB_EPYTHON_ARCH, "%s is built for %s, and this machine is %s", path,
                     name_of(start->machine, theirs), ours);
  if (start->ident[EI_CLASS] != ELFCLASS64)
    return lb_refuse(reason, LB_EPYTHON_ARCH,
                     "%s is a 32-bit program for %s, and this machine is "
                     "64-bit %s",
                     path, name_of(start->machine, theirs), ours);
  if (start->type != ET_EXEC && start->type != ET_DYN)
    return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s is an ELF file, but no program", path);
  return LB_OK;
}

static int cut_short(const char *path, char **reason) {
  return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s is cut short or damaged: copy or unpack it again",
                   path);
}

static int read_at(int fd, void *out, size_t len, uint64_t offset) {
  return pread(fd, out, len, (off_t)offset) == (ssize_t)len;
}

/* LB_OK: interp is the loader's path, "" for a static program. */
static int read_loader(int fd, const Elf64_Phdr *at, char interp[LB_PATH_LEN]) {
  if (at->p_filesz == 0 || at->p_filesz > LB_PATH_LEN) return LB_EPYTHON_BROKEN;
  if (!read_at(fd, interp, at->p_filesz, at->p_offset)) return LB_EPYTHON_BROKEN;
  return interp[at->p_filesz - 1] == '\0' ? LB_OK : LB_EPYTHON_BROKEN;
}

static int find_loader(int fd, char interp[LB_PATH_LEN]) {
  Elf64_Ehdr head;
  interp[0] = '\0';
  if (!read_at(fd, &head, sizeof(head), 0)) return LB_EPYTHON_BROKEN;
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum == 0 || head.e_phnum > PHDR_MAX)
    return LB_EPYTHON_BROKEN;
  for (unsigned i = 0; i < head.e_phnum; i++) {
    Elf64_Phdr at;
    if (!read_at(fd, &at, sizeof(at), head.e_phoff + i * sizeof(at))) return LB_EPYTHON_BROKEN;
    if (at.p_type == PT_INTERP) return read_loader(fd, &at, interp);
  }
  return LB_OK;
}

/* The loader of a foreign C library is what a build for another distribution
 * lacks first. */
static int no_loader(const char *path, const char *interp, const char *root, char **reason) {
  char alpine[LB_PATH_LEN];
  const char *libc = strstr(interp, "ld-musl") != NULL    ? " (musl)"
                     : strstr(interp, "ld-linux") != NULL ? " (glibc)"
                                                          : "";
  int on_alpine = lb_path(alpine, "%s/etc/alpine-release", root) && lb_exists(alpine);
  return lb_refuse(reason, LB_EPYTHON_BROKEN,
                   "%s needs the loader %s, which is not here: it is built for "
                   "another C library%s%s",
                   path, interp, libc,
                   on_alpine ? " than the musl of this Alpine Linux" : " than this system's");
}

int lb_elf_check(int fd, const char *path, const char *root, char **reason) {
  elf_start_t start;
  char interp[LB_PATH_LEN], loader[LB_PATH_LEN];
  if (!read_at(fd, &start, sizeof(start), 0)) return cut_short(path, reason);
  int err = check_start(&start, path, reason);
  if (err != LB_OK) return err;
  if (find_loader(fd, interp) != LB_OK) return cut_short(path, reason);
  if (interp[0] == '\0') return LB_OK;
  if (!lb_path(loader, "%s%s", root, interp) || access(loader, X_OK) != 0)
    return no_loader(path, interp, root, reason);
  return LB_OK;
}

#else

int lb_elf_check(int fd, const char *path, const char *root, char **reason) {
  (void)fd;
  (void)root;
  return lb_refuse(reason, LB_EPYTHON_ARCH, "%s is a Linux program, and this system is another",
                   path);
}

#endif
