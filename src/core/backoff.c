#include "backoff.h"

#include <string.h>

#define FIRST_WAIT_MS 200u

void lb_backoff_failed(lb_backoff_t *backoff, uint64_t now_ms) {
  memmove(&backoff->failed_ms[1], &backoff->failed_ms[0],
          sizeof(backoff->failed_ms) - sizeof(backoff->failed_ms[0]));
  backoff->failed_ms[0] = now_ms;
  if (backoff->count < LB_BACKOFF_FAILURES) backoff->count++;
}

void lb_backoff_succeeded(lb_backoff_t *backoff) { backoff->count = 0; }

static int too_many(const lb_backoff_t *backoff) {
  uint64_t newest = backoff->failed_ms[0];
  uint64_t oldest = backoff->failed_ms[LB_BACKOFF_FAILURES - 1];
  return backoff->count == LB_BACKOFF_FAILURES && newest - oldest < LB_BACKOFF_WINDOW_MS;
}

uint64_t lb_backoff_wait(const lb_backoff_t *backoff, uint64_t now_ms) {
  uint64_t wait = 0;
  if (too_many(backoff))
    wait = LB_BACKOFF_WINDOW_MS;
  else if (backoff->count > 1)
    wait = (uint64_t)FIRST_WAIT_MS << (backoff->count - 2);
  uint64_t passed = now_ms - backoff->failed_ms[0];
  return passed < wait ? wait - passed : 0;
}
