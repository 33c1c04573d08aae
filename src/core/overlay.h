/* Variables that are laid over an environment: set, replaced or taken away. Pure. */
#ifndef LB_OVERLAY_H
#define LB_OVERLAY_H

#include <stddef.h>

typedef struct lb_overlay {
  char **entries; /* owned; "NAME=value", or "NAME" to take it away; each name once */
  size_t count;
} lb_overlay_t;

/* Copies. A later entry of a name replaces the earlier one. LB_OK, or LB_EMEMORY: unchanged. */
int lb_overlay_set(lb_overlay_t *overlay, const char *entry);
void lb_overlay_clear(lb_overlay_t *overlay);

/* envp with the overlay over it: a new array (free it) of borrowed entries. NULL: out of memory. */
char **lb_overlay_apply(const lb_overlay_t *overlay, char *const *envp);

#endif
