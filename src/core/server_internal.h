/* Shared by the server*.c files only. All of it with the mutex held, but for the work of threads.
 */
#ifndef LB_SERVER_INTERNAL_H
#define LB_SERVER_INTERNAL_H

#include "backoff.h"
#include "server.h"

#define LOOK_MS 10    /* between looks at what nothing wakes us for */
#define GRACE_MS 1000 /* between goodbye, SIGTERM and SIGKILL */

typedef struct lb_server {
  lb_generation_t *current; /* counted */
  uint32_t last_number;
  lb_listener_t *listeners;
  lb_claims_t claims;
  lb_overlay_t variables; /* the `env` option's, as the last start had them */
  lb_overlay_t added;     /* set after a start */
  lb_backoff_t backoff;
  int failed_err;      /* of the last failed start */
  char *failed_detail; /* owned */
} lb_server_t;

extern lb_server_t lb_server;

uint64_t lb_server_now_ms(void);
void lb_server_wake_all(void);

/* lb_server_poll, lb_server_is_usable. */
lb_generation_state_t lb_server_poll_locked(lb_generation_t *generation);
int lb_server_usable_locked(lb_generation_t *generation); /* accepts NULL */

/* Runs one of the two below, once a generation. Without a thread for it, it is killed at once. */
void lb_server_send_off(lb_generation_t *generation, void (*work)(void *arg));

/* For threads, without the mutex: takes the reference, blocks until the process is gone and
 * reaped. It is given time to end by itself first, or not. */
void lb_server_see_out_patiently(void *generation);
void lb_server_see_out_now(void *generation);

/* Takes the reference; NULL is accepted. Whoever is the last to look after a running process leaves
 * a thread that does: else nobody would reap it when it dies, nor end its descendants. */
void lb_server_let_go(lb_generation_t *generation);

#endif
