/* The calls in flight of one channel: ids, credit, fragments, one settlement
 * each. Pure: no I/O; allocates one entry a call, and a buffer only for
 * fragmented messages, which grows with the bytes that arrived, never with what
 * a length claims. Thread: used by one loop only. */
#ifndef LB_CALLS_H
#define LB_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"

typedef struct lb_call lb_call_t;

typedef struct lb_calls {
  lb_call_t **buckets; /* owned */
  size_t bucket_count; /* a power of two */
  size_t count;
  uint32_t last_id;
  size_t max_message; /* bytes of one message, all fragments together */
  char *lent;         /* owned: the fragmented message handed out last */
  char refusal[256];  /* the settlement of a call whose answer is too long */
  size_t refusal_len;
} lb_calls_t;

/* A whole message. data is valid until the frame is gone, or the next
 * lb_calls_accept or lb_calls_free, whichever comes first. */
typedef struct lb_message {
  uint32_t call;
  uint8_t type;
  uint8_t flags;    /* LB_FLAG_BINARY or 0 */
  const char *data; /* borrowed: from the frame or from the table; never NULL */
  size_t len;
  uint64_t cost; /* for lb_calls_consume: all its frames; 0 when it settles */
  int refused;   /* 1: an error of ours, in the place of a message that is too long: a cancel frame
                    is owed, and what still comes for the call is swallowed */
} lb_message_t;

int lb_calls_init(lb_calls_t *calls, size_t max_message); /* LB_OK, LB_EMEMORY */
void lb_calls_free(lb_calls_t *calls);                    /* forgets every call */

/* window: bytes of credit, 1 to 2^31. LB_OK: *id is a new call's, never 0 and not
 * in use. LB_EMEMORY. */
int lb_calls_open(lb_calls_t *calls, lb_call_kind_t kind, uint32_t window, uint32_t *id);

/* Takes back an open whose call frame could not be queued. */
void lb_calls_forget(lb_calls_t *calls, uint32_t id);

/* LB_OK: a cancel frame is owed; what still comes for the call is swallowed.
 * LB_AGAIN: not in flight, or cancelled before; nothing is to be sent. */
int lb_calls_cancel(lb_calls_t *calls, uint32_t id);

/* The consumer took messages of this cost together; more than it was given does
 * not count. Returns the credit to grant now: 0 until half of the window is
 * due, and for calls not in flight. */
uint32_t lb_calls_consume(lb_calls_t *calls, uint32_t id, uint64_t bytes);

/* Takes one frame of a call (call id not 0).
 * LB_OK: *out is a whole message (one that settles has left the table), or an error frame of ours
 * for a message of more than max_message.
 * LB_AGAIN: a fragment was kept, or the call is cancelled and the frame
 * swallowed. LB_EPROTOCOL: unknown call, a type the call's kind does not take,
 * credit overdrawn, fragments of two messages mixed.
 * LB_EMEMORY.
 * *grant: credit to send back now. Fragments are granted ahead of the consumer,
 * who can't take a message before its end is there (he pays it back by
 * consuming); and swallowed frames are granted too. */
int lb_calls_accept(lb_calls_t *calls, const lb_frame_t *frame, lb_message_t *out, uint32_t *grant);

#endif
