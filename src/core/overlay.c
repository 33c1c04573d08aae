#include "overlay.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"

static size_t name_length(const char *entry) { return strcspn(entry, "="); }

static int same_name(const char *a, const char *b) {
  size_t len = name_length(a);
  return len == name_length(b) && strncmp(a, b, len) == 0;
}

/* The index of the name; count when it is not there. */
static size_t find(const lb_overlay_t *overlay, const char *entry) {
  size_t i = 0;
  while (i < overlay->count && !same_name(overlay->entries[i], entry))
    i++;
  return i;
}

static int make_room(lb_overlay_t *overlay) {
  char **grown = realloc(overlay->entries, (overlay->count + 1) * sizeof(*grown));
  if (grown == NULL) return LB_EMEMORY;
  grown[overlay->count] = NULL;
  overlay->entries = grown;
  return LB_OK;
}

int lb_overlay_set(lb_overlay_t *overlay, const char *entry) {
  size_t at = find(overlay, entry);
  char *copy = strdup(entry);
  if (copy == NULL) return LB_EMEMORY;
  if (at == overlay->count) {
    if (make_room(overlay) != LB_OK) {
      free(copy);
      return LB_EMEMORY;
    }
    overlay->count++;
  }
  free(overlay->entries[at]);
  overlay->entries[at] = copy;
  return LB_OK;
}

void lb_overlay_clear(lb_overlay_t *overlay) {
  for (size_t i = 0; i < overlay->count; i++)
    free(overlay->entries[i]);
  free(overlay->entries);
  *overlay = (lb_overlay_t){0};
}

char **lb_overlay_apply(const lb_overlay_t *overlay, char *const *envp) {
  size_t given = 0, count = 0;
  while (envp[given] != NULL)
    given++;
  char **merged = calloc(given + overlay->count + 1, sizeof(*merged));
  if (merged == NULL) return NULL;
  for (size_t i = 0; i < given; i++)
    if (find(overlay, envp[i]) == overlay->count) merged[count++] = envp[i];
  for (size_t i = 0; i < overlay->count; i++)
    if (strchr(overlay->entries[i], '=') != NULL) merged[count++] = overlay->entries[i];
  return merged;
}
