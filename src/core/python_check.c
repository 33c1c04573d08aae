#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "python_internal.h"

/* Linux reads no more of a script's first line. */
#define SHEBANG_MAX 255

static int check_missing(const char *path, char **reason) {
  char target[LB_PATH_LEN];
  int why = errno;
  if (why == ENOENT && lb_mode(path, 0) != 0) {
    ssize_t len = readlink(path, target, sizeof(target) - 1);
    target[len < 0 ? 0 : len] = '\0';
    return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s is a link to %s, which does not exist", path,
                     target);
  }
  if (why == ENOENT || why == ENOTDIR)
    return lb_refuse(reason, LB_EPYTHON_NOT_FOUND, "%s does not exist", path);
  return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s can't be reached: %s", path, strerror(why));
}

/* Ends the name of the interpreter in a first line, and returns it. */
static char *shebang_of(char *line) {
  char *name = line + 2 + strspn(line + 2, " \t");
  name[strcspn(name, " \t\n")] = '\0';
  return name;
}

static int check_script(char *line, const char *path, const char *root, char **reason) {
  char full[LB_PATH_LEN];
  char *name = shebang_of(line);
  size_t len = strlen(name);
  if (len > 0 && name[len - 1] == '\r')
    return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s is a script with Windows line ends (CR LF)",
                     path);
  if (len == 0)
    return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s is a script that names no interpreter after #!",
                     path);
  if (!lb_path(full, "%s%s", name[0] == '/' ? root : "", name) || access(full, X_OK) != 0)
    return lb_refuse(reason, LB_EPYTHON_BROKEN,
                     "%s is a script for %s, which does not exist or does not "
                     "run",
                     path, name);
  return LB_OK;
}

static int check_content(int fd, const char *path, const char *root, int *is_script,
                         char **reason) {
  char start[SHEBANG_MAX + 1];
  ssize_t len = pread(fd, start, SHEBANG_MAX, 0);
  if (len < 0)
    return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s can't be read: %s", path, strerror(errno));
  if (len == 0) return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s is empty", path);
  start[len] = '\0';
  if (len >= 4 && memcmp(start, "\177ELF", 4) == 0) return lb_elf_check(fd, path, root, reason);
  if (len >= 2 && memcmp(start, "#!", 2) == 0) {
    *is_script = 1;
    return check_script(start, path, root, reason);
  }
#ifdef __linux__
  return lb_refuse(reason, LB_EPYTHON_BROKEN,
                   "%s is no program: neither an ELF binary nor a script that "
                   "begins with #!",
                   path);
#else
  return LB_OK; /* Mach-O: the system's own error has to do */
#endif
}

int lb_python_inspect(const char *path, const char *root, int *is_script, char **reason) {
  *is_script = 0;
  *reason = NULL;
  unsigned mode = lb_mode(path, 1);
  if (mode == 0) return check_missing(path, reason);
  if (S_ISDIR(mode))
    return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s is a directory; name the interpreter in it",
                     path);
  if (!S_ISREG(mode)) return lb_refuse(reason, LB_EPYTHON_BROKEN, "%s is no regular file", path);
  if (access(path, X_OK) != 0)
    return lb_refuse(reason, LB_EPYTHON_BROKEN,
                     "%s is not executable (its mode is %04o; a zip must keep "
                     "file modes)",
                     path, mode & 07777);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return LB_OK; /* may be run, not read: the system will tell */
  int err = check_content(fd, path, root, is_script, reason);
  close(fd);
  return err;
}

int lb_python_check(const char *path, const char *root, char **reason) {
  int is_script;
  return lb_python_inspect(path, root, &is_script, reason);
}
