/* The open instances of a process, and the options that shape its Python: set
 * by the first, gone with the last. Pure. */
#ifndef LB_CLAIMS_H
#define LB_CLAIMS_H

#include <stddef.h>

#define LB_SHAPE_MAX 16 /* options that shape Python */

/* One option, and its value as a text that equals another's if they agree: a digest where it may
 * be a secret. */
typedef struct lb_shape {
  const char *name;
  const char *value;
  int is_default; /* 1: it agrees with a first instance that left the option out */
} lb_shape_t;

typedef struct lb_claims {
  size_t instances;
  size_t count;
  lb_shape_t shape[LB_SHAPE_MAX]; /* owned strings; valid while instances > 0 */
} lb_claims_t;

/* LB_OK: one instance more. LB_EINVALID_ARGUMENT: *contradiction names
 * (borrowed from `shape`) the option whose value differs from what the first
 * instance set; nothing changed. An option that is not given contradicts
 * nothing. LB_EMEMORY. */
int lb_claims_add(lb_claims_t *claims, const lb_shape_t *shape, size_t count,
                  const char **contradiction);

/* 1: that was the last instance. */
int lb_claims_remove(lb_claims_t *claims);

#endif
