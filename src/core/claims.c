#include "claims.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"

static void forget(lb_claims_t *claims) {
  for (size_t i = 0; i < claims->count; i++) {
    free((char *)claims->shape[i].name);
    free((char *)claims->shape[i].value);
  }
  claims->count = 0;
}

static int remember(lb_claims_t *claims, const lb_shape_t *shape, size_t count) {
  if (count > LB_SHAPE_MAX) return LB_EINVALID_ARGUMENT;
  for (size_t i = 0; i < count; i++) {
    lb_shape_t *own = &claims->shape[claims->count++];
    own->name = strdup(shape[i].name);
    own->value = strdup(shape[i].value);
    if (own->name == NULL || own->value == NULL) {
      forget(claims);
      return LB_EMEMORY;
    }
  }
  return LB_OK;
}

static int agrees(const lb_claims_t *claims, const lb_shape_t *option) {
  for (size_t i = 0; i < claims->count; i++)
    if (strcmp(claims->shape[i].name, option->name) == 0)
      return strcmp(claims->shape[i].value, option->value) == 0;
  return option->is_default; /* the first instance left it out */
}

int lb_claims_add(lb_claims_t *claims, const lb_shape_t *shape, size_t count,
                  const char **contradiction) {
  *contradiction = NULL;
  if (claims->instances == 0) {
    int err = remember(claims, shape, count);
    if (err != LB_OK) return err;
  }
  for (size_t i = 0; i < count; i++) {
    if (agrees(claims, &shape[i])) continue;
    *contradiction = shape[i].name;
    if (claims->instances == 0) forget(claims); /* it contradicts itself */
    return LB_EINVALID_ARGUMENT;
  }
  claims->instances++;
  return LB_OK;
}

int lb_claims_remove(lb_claims_t *claims) {
  if (claims->instances == 0) return 0;
  if (--claims->instances > 0) return 0;
  forget(claims);
  return 1;
}
