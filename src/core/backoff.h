/* When the next start may be tried after failed ones. Pure: the time is given.
 */
#ifndef LB_BACKOFF_H
#define LB_BACKOFF_H

#include <stdint.h>

#define LB_BACKOFF_FAILURES 5       /* so many failed starts ... */
#define LB_BACKOFF_WINDOW_MS 60000u /* ... in this time: none for as long again */

typedef struct lb_backoff {
  uint64_t failed_ms[LB_BACKOFF_FAILURES]; /* the last ones, newest first */
  unsigned count;                          /* in a row, at most LB_BACKOFF_FAILURES */
} lb_backoff_t;

void lb_backoff_failed(lb_backoff_t *backoff, uint64_t now_ms);
void lb_backoff_succeeded(lb_backoff_t *backoff);

/* ms until the next start may be tried; 0: now. The first failure costs
 * nothing, the next ones 200, 400, 800 ms; five within a minute, a minute. */
uint64_t lb_backoff_wait(const lb_backoff_t *backoff, uint64_t now_ms);

#endif
