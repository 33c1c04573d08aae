/* What to say about a process that ended. */
#ifndef LB_OBITUARY_H
#define LB_OBITUARY_H

#include "generation.h"

/* The end of what the process wrote to its fd 1 and 2, trimmed; "" when
 * nothing. Owned by the caller; NULL: out of memory. */
char *lb_last_words(const lb_generation_t *generation);

/* The given reason, how the process ended, and its last words, as sentences.
 * Owned by the caller; NULL: out of memory. */
char *lb_obituary(const lb_generation_t *generation, const char *last_words);

/* "SIGKILL"; "signal 40" for one without a name (static buffer a thread). */
const char *lb_signal_name(int signal);

#endif
