/* The few JSON messages of the protocol: hello, ready, failed. The only user of
 * cJSON. Size and depth are capped before cJSON sees a byte. Pure: no I/O. */
#ifndef LB_CONTROL_H
#define LB_CONTROL_H

#include <stddef.h>

#define LB_CONTROL_MAX (64u * 1024u) /* bytes */
#define LB_CONTROL_DEPTH 8u

typedef struct lb_hello {
  int protocol;
  long pid;
  char python[32];       /* "3.11.7" */
  char executable[1024]; /* cut when longer */
} lb_hello_t;

typedef struct lb_ready {
  char litellm[32];
  double rss_bytes, vms_bytes, memory_percent; /* 0 where unknown */
  double interpreter_ms, bootstrap_ms, import_ms;
} lb_ready_t;

typedef struct lb_failed {
  int err;       /* lb_err; LB_ESERVER_EXITED where the code is unknown */
  char *message; /* owned; never NULL after LB_OK */
  char *detail;  /* owned; never NULL after LB_OK, may be "" */
} lb_failed_t;

/* Each: LB_OK, LB_EPROTOCOL (not JSON, a field missing or of a wrong type, too
 * deep, too large; *out untouched) or LB_EMEMORY. data need not end in NUL. The
 * measures of ready may be null; the detail of failed may be missing or null.
 */
int lb_hello_parse(const char *data, size_t len, lb_hello_t *out);
int lb_ready_parse(const char *data, size_t len, lb_ready_t *out);
int lb_failed_parse(const char *data, size_t len, lb_failed_t *out);
void lb_failed_free(lb_failed_t *failed); /* accepts a zeroed struct */

#endif
