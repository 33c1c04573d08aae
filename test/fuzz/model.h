/* What docs/protocol.md says of a call, written a second time and simpler: the model that
 * fuzz_calls.c holds src/core/calls.c against. */
#ifndef LB_FUZZ_MODEL_H
#define LB_FUZZ_MODEL_H

#include "calls.h"
#include "errors.h"
#include "frame.h"
#include "fuzz.h"

#define MODEL_CALLS 40 /* at once: enough for the table to grow */
#define MODEL_TEXT 4096

typedef struct model_call {
  uint32_t id, window;
  lb_call_kind_t kind;
  int cancelled, settled;
  int refused;      /* its message is too long: an error comes in its place */
  int64_t credit;   /* window + all grants - all costs */
  uint64_t waiting; /* cost of the messages that the consumer has not taken */
  uint64_t dearest; /* cost of the dearest message so far */
  int partial;      /* a message is open */
  uint8_t type, binary;
  uint64_t cost; /* of the open message */
  size_t len;
  char text[MODEL_TEXT]; /* of the open message, or of the one just ended */
} model_call_t;

typedef struct model {
  model_call_t calls[MODEL_CALLS];
  size_t count;
} model_t;

static inline void model_open(model_t *model, uint32_t id, lb_call_kind_t kind, uint32_t window) {
  REQUIRE(id != 0);
  for (size_t i = 0; i < model->count; i++)
    REQUIRE(model->calls[i].id != id);
  model_call_t *call = &model->calls[model->count++];
  memset(call, 0, offsetof(model_call_t, text));
  call->id = id;
  call->window = window;
  call->kind = kind;
  call->credit = window;
}

/* NULL: the script wants an id of its own, or there is no call. */
static inline model_call_t *model_pick(model_t *model, uint8_t which) {
  if (model->count == 0 || which == 255) return NULL;
  return &model->calls[which % model->count];
}

static inline model_call_t *model_find(model_t *model, uint32_t id) {
  for (size_t i = 0; i < model->count; i++)
    if (model->calls[i].id == id) return &model->calls[i];
  return NULL;
}

static inline void model_cancel(model_call_t *call) {
  call->cancelled = 1;
  call->partial = 0;
  call->cost = call->len = 0;
}

static inline void model_granted(model_call_t *call, uint32_t grant) { call->credit += grant; }

static inline void model_consume(model_call_t *call, uint64_t bytes, uint32_t grant) {
  call->waiting -= bytes < call->waiting ? bytes : call->waiting;
  model_granted(call, grant);
}

static inline int model_settles(uint8_t type) {
  return type == LB_FRAME_RESULT || type == LB_FRAME_END || type == LB_FRAME_ERROR;
}

static inline int model_suits(const model_call_t *call, const lb_frame_t *frame) {
  int whole = call->kind == LB_CALL_WHOLE;
  if (frame->type != LB_FRAME_RESULT && frame->flags & LB_FLAG_BINARY) return 0;
  if (frame->type == LB_FRAME_ERROR) return 1;
  if (frame->type == LB_FRAME_RESULT) return whole;
  return !whole && frame->type >= LB_FRAME_TEMPLATE && frame->type <= LB_FRAME_END;
}

static inline void model_end_message(model_call_t *call, const lb_frame_t *frame) {
  call->partial = 0;
  if (model_settles(frame->type))
    call->settled = 1;
  else
    call->waiting += call->cost;
}

static inline int model_assemble(model_call_t *call, const lb_frame_t *frame, size_t max) {
  uint8_t binary = frame->flags & LB_FLAG_BINARY;
  if (call->partial && (call->type != frame->type || call->binary != binary)) return LB_EPROTOCOL;
  if (!call->partial) call->cost = call->len = 0;
  if (call->len + frame->len > max) {
    call->refused = 1;
    call->settled = model_settles(frame->type) && !(frame->flags & LB_FLAG_MORE);
    call->waiting = 0;
    model_cancel(call);
    return LB_OK;
  }
  memcpy(call->text + call->len, frame->data, frame->len);
  call->len += frame->len;
  int free_of_charge = frame->type == LB_FRAME_END || frame->type == LB_FRAME_ERROR;
  call->cost += free_of_charge ? 0 : LB_FRAME_COST + frame->len;
  if (call->cost > call->dearest) call->dearest = call->cost;
  call->partial = 1;
  call->type = frame->type;
  call->binary = binary;
  if (frame->flags & LB_FLAG_MORE) return LB_AGAIN;
  model_end_message(call, frame);
  return LB_OK;
}

/* What lb_calls_accept has to return. call is NULL when nobody knows it. */
static inline int model_accept(model_call_t *call, const lb_frame_t *frame, size_t max) {
  if (call == NULL || !model_suits(call, frame)) return LB_EPROTOCOL;
  int free_of_charge = frame->type == LB_FRAME_END || frame->type == LB_FRAME_ERROR;
  if (!free_of_charge) {
    if (call->credit <= 0) return LB_EPROTOCOL;
    call->credit -= LB_FRAME_COST + frame->len;
  }
  if (!call->cancelled) return model_assemble(call, frame, max);
  call->waiting = 0;
  call->settled = model_settles(frame->type) && !(frame->flags & LB_FLAG_MORE);
  return LB_AGAIN;
}

static inline void model_check_refusal(const model_call_t *call, const lb_message_t *message) {
  lb_settlement_t settlement;
  REQUIRE_EQ(message->type, LB_FRAME_ERROR);
  REQUIRE_EQ(message->cost, 0);
  REQUIRE_EQ(message->refused, !call->settled);
  REQUIRE_EQ(lb_settlement_read(message->data, message->len, &settlement), LB_OK);
  REQUIRE(memmem(settlement.meta, settlement.meta_len, "ERR_MEMORY", 10) != NULL);
}

static inline void model_check_message(const model_call_t *call, const lb_frame_t *frame,
                                       const lb_message_t *message) {
  REQUIRE_EQ(message->call, frame->call);
  if (call->refused) return model_check_refusal(call, message);
  REQUIRE_EQ(message->refused, 0);
  REQUIRE_EQ(message->type, frame->type);
  REQUIRE_EQ(message->flags, frame->flags & LB_FLAG_BINARY);
  REQUIRE_EQ(message->cost, call->settled ? 0 : call->cost);
  REQUIRE_EQ(message->len, call->len);
  REQUIRE(message->data != NULL);
  REQUIRE_EQ(memcmp(message->data, call->text, call->len), 0);
}

/* Forgets it once it has settled: from then on its id is unknown. */
static inline void model_settle(model_t *model, model_call_t *call) {
  if (!call->settled) return;
  *call = model->calls[--model->count];
}

/* What holds between any two steps. */
static inline void model_check_call(const model_call_t *call, size_t max) {
  const int64_t frame = LB_FRAME_COST + LB_FRAME_MAX;
  REQUIRE_OP(call->credit, <=, call->window);
  REQUIRE_OP(call->credit, >, -frame);
  REQUIRE_OP(call->len, <=, max);
  if (call->cancelled) return;
  /* the consumer took all: the worker may go on */
  if (call->waiting == 0) REQUIRE_OP(call->credit, >, 0);
  /* the consumer takes nothing: what waits is bounded */
  int64_t bound = (int64_t)call->window + call->window / 2 + (int64_t)call->dearest + frame;
  REQUIRE_OP(call->waiting, <=, bound);
}

#endif
