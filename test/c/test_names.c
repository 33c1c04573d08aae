/* Names of errnos and signals, which the C library gives in newer versions only. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "obituary.h"
#include "support.h"
#include "sys.h"

#define ROW(name) {name, #name}

typedef struct row {
  int number;
  const char *name;
} row_t;

static void each_errno_of_a_start_has_its_name(void **state) {
  (void)state;
  const row_t rows[] = {
      ROW(E2BIG),      ROW(EACCES),   ROW(EAGAIN),       ROW(EBADF),       ROW(ECHILD),
      ROW(ECONNRESET), ROW(EFAULT),   ROW(EFBIG),        ROW(EINTR),       ROW(EINVAL),
      ROW(EIO),        ROW(EISDIR),   ROW(ELOOP),        ROW(EMFILE),      ROW(ENFILE),
      ROW(ENOBUFS),    ROW(ENOENT),   ROW(ENOEXEC),      ROW(ENOMEM),      ROW(ENOSYS),
      ROW(EPERM),      ROW(EPIPE),    ROW(ESRCH),        ROW(ETXTBSY),     ROW(ENOTCONN),
      ROW(ENOTDIR),    ROW(EMSGSIZE), ROW(ENAMETOOLONG), ROW(ETOOMANYREFS)};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    assert_string_equal(lb_errno_name(rows[i].number), rows[i].name);
  assert_string_equal(lb_errno_name(4095), "errno 4095");
}

static void each_signal_that_ends_a_process_has_its_name(void **state) {
  (void)state;
  const row_t rows[] = {ROW(SIGABRT), ROW(SIGALRM), ROW(SIGBUS),  ROW(SIGFPE),  ROW(SIGHUP),
                        ROW(SIGILL),  ROW(SIGINT),  ROW(SIGIO),   ROW(SIGKILL), ROW(SIGPIPE),
                        ROW(SIGQUIT), ROW(SIGSEGV), ROW(SIGSYS),  ROW(SIGTERM), ROW(SIGTRAP),
                        ROW(SIGUSR1), ROW(SIGUSR2), ROW(SIGXCPU), ROW(SIGXFSZ)};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    assert_string_equal(lb_signal_name(rows[i].number), rows[i].name);
  assert_string_equal(lb_signal_name(60), "signal 60");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_errno_of_a_start_has_its_name),
      cmocka_unit_test(each_signal_that_ends_a_process_has_its_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
