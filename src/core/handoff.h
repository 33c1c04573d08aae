/* Hands the far ends of channels to a process over its control socket, whose other messages are
 * sent here, too. What is given before there is a socket, or while it is full, waits in order.
 * Never blocks. Thread: guarded by the owner's lock. */
#ifndef LB_HANDOFF_H
#define LB_HANDOFF_H

#include <stddef.h>

typedef struct lb_handoff {
  int control;  /* our end, owned; -1: not there yet */
  int *waiting; /* owned; descriptors that are to be sent, the oldest first */
  size_t count, room;
} lb_handoff_t;

void lb_handoff_init(lb_handoff_t *handoff);
/* Closes the socket, and what waits: their other ends see the end of file. */
void lb_handoff_close(lb_handoff_t *handoff);

/* Sends fd, or keeps it for lb_handoff_flush. Takes fd over, also on error. LB_OK;
 * LB_ESERVER_EXITED: nobody can receive it any more; LB_EMEMORY; LB_ESPAWN with *sys_err. */
int lb_handoff_give(lb_handoff_t *handoff, int fd, int *sys_err);

/* Sends what waits. LB_OK: nothing waits any more (what could not be sent was closed). LB_AGAIN:
 * the socket is full. */
int lb_handoff_flush(lb_handoff_t *handoff);

void lb_handoff_goodbye(lb_handoff_t *handoff);

#endif
