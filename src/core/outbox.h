/* What is to be written to a channel, cut into frames at the moment of writing:
 * large payloads go in fragments, a fragment of each in turn, so that none
 * holds up the others; small control frames (cancel, credit) go first. Pure: no
 * I/O. Thread: used by one loop only. */
#ifndef LB_OUTBOX_H
#define LB_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"

typedef struct lb_parcel lb_parcel_t;

typedef struct lb_outbox {
  lb_parcel_t *first, *last; /* owned; the next fragment is the first's */
  char *urgent;              /* owned; whole frames */
  size_t urgent_len, urgent_cap;
  char *staged; /* owned; being written */
  size_t staged_len, staged_off;
} lb_outbox_t;

int lb_outbox_init(lb_outbox_t *outbox); /* LB_OK, LB_EMEMORY */
void lb_outbox_free(lb_outbox_t *outbox);

/* A call's payload, malloc'd; taken over on LB_OK. LB_EMEMORY. */
int lb_outbox_call(lb_outbox_t *outbox, uint32_t call, char *payload, size_t len);
/* After the last fragment of the call, when some of it is still here.
 * LB_EMEMORY. */
int lb_outbox_cancel(lb_outbox_t *outbox, uint32_t call);
int lb_outbox_credit(lb_outbox_t *outbox, uint32_t call, uint32_t bytes);

/* The bytes to write next, *len of them; NULL: nothing is left. Borrowed until
 * the next use. */
const char *lb_outbox_peek(lb_outbox_t *outbox, size_t *len);
/* So many of them were written. */
void lb_outbox_wrote(lb_outbox_t *outbox, size_t len);

#endif
