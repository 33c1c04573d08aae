/* The open instances of a process, and the options that shape its Python: set
 * by the first, gone with the last. Pure. */
#ifndef LB_CLAIMS_H
#define LB_CLAIMS_H

#include <stddef.h>

#define LB_SHAPE_MAX 16 /* options that shape Python */

/* One option and a digest of its value (values can be secrets). */
typedef struct lb_shape {
  const char *name;
  const char *digest;
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
