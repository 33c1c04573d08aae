/* Paths and sentences for the other python*.c files. */
#define _GNU_SOURCE /* statx */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "python_internal.h"

int lb_refuse(char **reason, int err, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  *reason = len < 0 ? NULL : malloc((size_t)len + 1);
  if (*reason != NULL) vsnprintf(*reason, (size_t)len + 1, format, again);
  va_end(again);
  return *reason == NULL ? LB_EMEMORY : err;
}

int lb_path(char out[LB_PATH_LEN], const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(out, LB_PATH_LEN, format, args);
  va_end(args);
  return len >= 0 && len < LB_PATH_LEN;
}

void lb_path_up(char *path) {
  char *slash = strrchr(path, '/');
  if (slash == NULL)
    path[0] = '\0';
  else if (slash == path)
    path[1] = '\0';
  else
    *slash = '\0';
}

int lb_path_next(const char **list, const char **entry, size_t *len) {
  if (*list == NULL) return 0;
  *entry = *list;
  *len = strcspn(*list, ":");
  *list = (*entry)[*len] == ':' ? *entry + *len + 1 : NULL;
  return 1;
}

int lb_exists(const char *path) { return access(path, F_OK) == 0; }

int lb_same_file(const char *a, const char *b) {
  char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
  int same = real_a != NULL && real_b != NULL && strcmp(real_a, real_b) == 0;
  free(real_a);
  free(real_b);
  return same;
}

#ifdef __linux__
/* Not stat: the symbol that today's headers give it needs glibc 2.33. */
unsigned lb_mode(const char *path, int follow_links) {
  struct statx file;
  int flags = follow_links ? 0 : AT_SYMLINK_NOFOLLOW;
  int rc = statx(AT_FDCWD, path, flags, STATX_TYPE | STATX_MODE, &file);
  return rc == 0 ? file.stx_mode : 0;
}
#else
unsigned lb_mode(const char *path, int follow_links) {
  struct stat file;
  int rc = follow_links ? stat(path, &file) : lstat(path, &file);
  return rc == 0 ? file.st_mode : 0;
}
#endif

const char *lb_query_env(const lb_python_query_t *query, const char *name) {
  const char *value = lb_env_lookup((void *)query->envp, name);
  return value == NULL || value[0] == '\0' ? NULL : value;
}
