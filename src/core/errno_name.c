#include <errno.h>
#include <stdio.h>

#include "sys.h"

/* strerrorname_np is glibc 2.32. */
/* clang-format off */
#define LB_ERRNOS(X) \
  X(E2BIG) X(EACCES) X(EAGAIN) X(EBADF) X(ECHILD) X(ECONNRESET) X(EFAULT) X(EFBIG) X(EINTR) \
  X(EINVAL) X(EIO) X(EISDIR) X(ELOOP) X(EMFILE) X(EMSGSIZE) X(ENAMETOOLONG) \
  X(ENFILE) X(ENOBUFS) X(ENOENT) X(ENOEXEC) X(ENOMEM) X(ENOSYS) X(ENOTCONN) X(ENOTDIR) \
  X(EPERM) X(EPIPE) X(ESRCH) X(ETOOMANYREFS) X(ETXTBSY)
/* clang-format on */

const char *lb_errno_name(int err) {
  static __thread char unnamed[24];
  switch (err) {
#define X(name)                                                                                    \
  case name:                                                                                       \
    return #name;
    LB_ERRNOS(X)
#undef X
  default:
    snprintf(unnamed, sizeof(unnamed), "errno %d", err);
    return unnamed;
  }
}
