#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

#define FIRST_BUCKETS 16u /* a power of two */

/* A message of which some fragments have come. */
typedef struct fragments {
  char *data; /* owned */
  size_t len, cap;
  int open; /* the next frame of the call must go on with it */
  uint8_t type, binary;
  uint64_t cost;
} fragments_t;

/* At all times credit + taken + owed == window + ahead, so no byte of credit is
 * lost or made up, however frames and consumer interleave. */
struct lb_call {
  lb_call_t *next; /* in its bucket */
  uint32_t id;
  lb_call_kind_t kind;
  int cancelled;
  uint32_t window;
  int64_t credit; /* what the worker may still spend */
  uint64_t taken; /* spent on messages that the consumer has not taken */
  uint64_t owed;  /* consumed, not granted yet */
  uint64_t ahead; /* granted for fragments before anyone consumed them */
  fragments_t partial;
};

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void write_refusal(lb_calls_t *calls) {
  char *meta = calls->refusal + LB_SETTLEMENT_HEAD;
  int len = snprintf(meta, sizeof(calls->refusal) - LB_SETTLEMENT_HEAD,
                     "{\"code\":\"ERR_MEMORY\",\"message\":\"the answer has more than %zu "
                     "bytes\",\"hint\":\"Ask for less at a time\"}",
                     calls->max_message);
  lb_settlement_head_write(calls->refusal, (uint32_t)len);
  calls->refusal_len = LB_SETTLEMENT_HEAD + (size_t)len;
}

int lb_calls_init(lb_calls_t *calls, size_t max_message) {
  lb_call_t **buckets = calloc(FIRST_BUCKETS, sizeof(*buckets));
  if (buckets == NULL) return LB_EMEMORY;
  *calls =
      (lb_calls_t){.buckets = buckets, .bucket_count = FIRST_BUCKETS, .max_message = max_message};
  write_refusal(calls);
  return LB_OK;
}

static void call_free(lb_call_t *call) {
  free(call->partial.data);
  free(call);
}

void lb_calls_free(lb_calls_t *calls) {
  for (size_t i = 0; i < calls->bucket_count; i++) {
    while (calls->buckets[i] != NULL) {
      lb_call_t *call = calls->buckets[i];
      calls->buckets[i] = call->next;
      call_free(call);
    }
  }
  free(calls->buckets);
  free(calls->lent);
  *calls = (lb_calls_t){0};
}

/* Ids count up, so their low bits spread them evenly. */
static lb_call_t **bucket_of(const lb_calls_t *calls, uint32_t id) {
  return &calls->buckets[id & (calls->bucket_count - 1)];
}

/* Where the call hangs; *slot is NULL when it is not in flight. */
static lb_call_t **slot_of(const lb_calls_t *calls, uint32_t id) {
  lb_call_t **slot = bucket_of(calls, id);
  while (*slot != NULL && (*slot)->id != id)
    slot = &(*slot)->next;
  return slot;
}

static void insert(lb_calls_t *calls, lb_call_t *call) {
  lb_call_t **bucket = bucket_of(calls, call->id);
  call->next = *bucket;
  *bucket = call;
}

static void settle(lb_calls_t *calls, lb_call_t **slot) {
  lb_call_t *call = *slot;
  *slot = call->next;
  calls->count--;
  call_free(call);
}

static int make_room(lb_calls_t *calls) {
  if (calls->count < calls->bucket_count) return LB_OK;
  lb_calls_t old = *calls;
  lb_call_t **buckets = calloc(old.bucket_count * 2, sizeof(*buckets));
  if (buckets == NULL) return LB_EMEMORY;
  calls->buckets = buckets;
  calls->bucket_count = old.bucket_count * 2;
  for (size_t i = 0; i < old.bucket_count; i++) {
    for (lb_call_t *call = old.buckets[i], *next; call != NULL; call = next) {
      next = call->next;
      insert(calls, call);
    }
  }
  free(old.buckets);
  return LB_OK;
}

/* A process of long life wraps around, and may then meet a call still in
 * flight. */
static uint32_t free_id(lb_calls_t *calls) {
  do
    calls->last_id++;
  while (calls->last_id == 0 || *slot_of(calls, calls->last_id) != NULL);
  return calls->last_id;
}

int lb_calls_open(lb_calls_t *calls, lb_call_kind_t kind, uint32_t window, uint32_t *id) {
  if (make_room(calls) != LB_OK) return LB_EMEMORY;
  lb_call_t *call = calloc(1, sizeof(*call));
  if (call == NULL) return LB_EMEMORY;
  call->id = *id = free_id(calls);
  call->kind = kind;
  call->window = window;
  call->credit = window;
  insert(calls, call);
  calls->count++;
  return LB_OK;
}

void lb_calls_forget(lb_calls_t *calls, uint32_t id) {
  lb_call_t **slot = slot_of(calls, id);
  if (*slot != NULL) settle(calls, slot);
}

static uint32_t grant_out(lb_call_t *call, uint64_t bytes) {
  bytes = least(bytes, UINT32_MAX);
  call->credit += (int64_t)bytes;
  return (uint32_t)bytes;
}

static void consumed(lb_call_t *call, uint64_t bytes) {
  bytes = least(bytes, call->taken - call->partial.cost);
  uint64_t paid_back = least(bytes, call->ahead);
  call->taken -= bytes;
  call->ahead -= paid_back;
  call->owed += bytes - paid_back;
}

/* Half a window at a time: a frame of credit for each delta would cost more
 * than the delta. */
static uint32_t grant_owed(lb_call_t *call) {
  if (call->owed == 0 || call->owed < call->window / 2) return 0;
  uint32_t bytes = grant_out(call, call->owed);
  call->owed -= bytes;
  return bytes;
}

/* Keeps a message longer than the window from stalling for ever. While half of
 * the window waits to be consumed, the consumer will set it free himself: only
 * a message that stalls with less than that is helped along. */
static uint32_t grant_ahead(lb_call_t *call) {
  uint64_t waiting = call->taken - call->partial.cost;
  if (!call->partial.open || waiting > call->window / 2 ||
      call->credit > (int64_t)(call->window / 2))
    return 0;
  uint32_t bytes = grant_out(call, (uint64_t)((int64_t)call->window - call->credit));
  uint64_t from_owed = least(bytes, call->owed);
  call->owed -= from_owed;
  call->ahead += bytes - from_owed;
  return bytes;
}

uint32_t lb_calls_consume(lb_calls_t *calls, uint32_t id, uint64_t bytes) {
  lb_call_t *call = *slot_of(calls, id);
  if (call == NULL) return 0;
  consumed(call, bytes);
  return grant_owed(call) + grant_ahead(call);
}

int lb_calls_cancel(lb_calls_t *calls, uint32_t id) {
  lb_call_t *call = *slot_of(calls, id);
  if (call == NULL || call->cancelled) return LB_AGAIN;
  call->cancelled = 1;
  free(call->partial.data);
  call->partial = (fragments_t){0};
  return LB_OK;
}

static int settles(uint8_t type) {
  return type == LB_FRAME_RESULT || type == LB_FRAME_END || type == LB_FRAME_ERROR;
}

static int suits(const lb_call_t *call, const lb_frame_t *frame) {
  if (frame->type != LB_FRAME_RESULT && (frame->flags & LB_FLAG_BINARY) != 0) return 0;
  switch (frame->type) {
  case LB_FRAME_ERROR:
    return 1;
  case LB_FRAME_RESULT:
    return call->kind == LB_CALL_WHOLE;
  case LB_FRAME_TEMPLATE:
  case LB_FRAME_DELTA:
  case LB_FRAME_CHUNK:
  case LB_FRAME_END:
    return call->kind == LB_CALL_STREAM;
  default:
    return 0;
  }
}

static uint64_t cost_of(const lb_frame_t *frame) {
  if (frame->type == LB_FRAME_END || frame->type == LB_FRAME_ERROR) return 0;
  return (uint64_t)LB_FRAME_COST + frame->len;
}

static int charge(lb_call_t *call, const lb_frame_t *frame) {
  uint64_t cost = cost_of(frame);
  if (cost > 0 && call->credit <= 0) return LB_EPROTOCOL;
  call->credit -= (int64_t)cost;
  call->taken += cost;
  return LB_OK;
}

/* Room doubles, so that many fragments are copied few times, but never beyond the limit. */
static int append(fragments_t *partial, const lb_frame_t *frame, size_t max_message) {
  size_t len = partial->len + frame->len;
  if (len > partial->cap) {
    size_t cap = len < partial->cap * 2 ? least(partial->cap * 2, max_message) : len;
    char *data = realloc(partial->data, cap);
    if (data == NULL) return LB_EMEMORY;
    partial->data = data;
    partial->cap = cap;
  }
  if (frame->len > 0) memcpy(partial->data + partial->len, frame->data, frame->len);
  partial->len = len;
  return LB_OK;
}

static int goes_on(const fragments_t *partial, const lb_frame_t *frame) {
  uint8_t binary = frame->flags & LB_FLAG_BINARY;
  return !partial->open || (partial->type == frame->type && partial->binary == binary);
}

static int keep(fragments_t *partial, const lb_frame_t *frame, size_t max_message) {
  if (append(partial, frame, max_message) != LB_OK) return LB_EMEMORY;
  partial->open = 1;
  partial->type = frame->type;
  partial->binary = frame->flags & LB_FLAG_BINARY;
  partial->cost += cost_of(frame);
  return LB_OK;
}

/* The whole message is in the table: lends it out, since its call may go away
 * now. */
static void lend(lb_calls_t *calls, fragments_t *partial, lb_message_t *out) {
  calls->lent = partial->data;
  out->data = partial->data == NULL ? "" : partial->data; /* of empty fragments */
  out->len = partial->len;
  out->cost = partial->cost;
  *partial = (fragments_t){0};
}

static int assemble(lb_calls_t *calls, fragments_t *partial, const lb_frame_t *frame,
                    lb_message_t *out) {
  int more = (frame->flags & LB_FLAG_MORE) != 0;
  if ((more || partial->open) && keep(partial, frame, calls->max_message) != LB_OK)
    return LB_EMEMORY;
  if (more) return LB_AGAIN;
  *out = (lb_message_t){.call = frame->call,
                        .type = frame->type,
                        .flags = frame->flags & LB_FLAG_BINARY,
                        .data = frame->data,
                        .len = frame->len,
                        .cost = cost_of(frame)};
  if (partial->open) lend(calls, partial, out);
  return LB_OK;
}

/* Nobody consumes any more, so all is given back here. A worker that is
 * cancelled in the middle of a message may leave it unfinished. */
static int swallow(lb_calls_t *calls, lb_call_t **slot, const lb_frame_t *frame, uint32_t *grant) {
  if (settles(frame->type) && (frame->flags & LB_FLAG_MORE) == 0) {
    settle(calls, slot);
    return LB_AGAIN;
  }
  consumed(*slot, (*slot)->taken);
  *grant = grant_owed(*slot);
  return LB_AGAIN;
}

/* The consumer gets an error. To the worker it is as if he had cancelled the call. */
static int refuse(lb_calls_t *calls, lb_call_t **slot, const lb_frame_t *frame, lb_message_t *out,
                  uint32_t *grant) {
  *out = (lb_message_t){.call = frame->call,
                        .type = LB_FRAME_ERROR,
                        .data = calls->refusal,
                        .len = calls->refusal_len};
  uint32_t id = (*slot)->id;
  lb_calls_cancel(calls, id);
  (void)swallow(calls, slot, frame, grant);
  out->refused = *slot_of(calls, id) != NULL; /* else it has settled by itself just now */
  return LB_OK;
}

static int deliver(lb_calls_t *calls, lb_call_t **slot, const lb_frame_t *frame, lb_message_t *out,
                   uint32_t *grant) {
  const fragments_t *partial = &(*slot)->partial;
  if (!goes_on(partial, frame)) return LB_EPROTOCOL;
  if (frame->len > calls->max_message - partial->len) return refuse(calls, slot, frame, out, grant);
  int err = assemble(calls, &(*slot)->partial, frame, out);
  if (err == LB_AGAIN) *grant = grant_ahead(*slot);
  if (err == LB_OK && settles(frame->type)) {
    out->cost = 0;
    settle(calls, slot);
  }
  return err;
}

int lb_calls_accept(lb_calls_t *calls, const lb_frame_t *frame, lb_message_t *out,
                    uint32_t *grant) {
  *grant = 0;
  free(calls->lent);
  calls->lent = NULL;
  lb_call_t **slot = slot_of(calls, frame->call);
  if (*slot == NULL || !suits(*slot, frame)) return LB_EPROTOCOL;
  if (charge(*slot, frame) != LB_OK) return LB_EPROTOCOL;
  if ((*slot)->cancelled) return swallow(calls, slot, frame, grant);
  return deliver(calls, slot, frame, out, grant);
}
