/* The table of calls and the outbox against a model of the protocol (docs/protocol.md), driven by a
 * script: what the worker sends, what the consumer takes, what is opened and cancelled, what the
 * socket takes, which allocation fails. The model tells each result beforehand. */
#define _GNU_SOURCE /* memmem */
#include "calls.h"

#include "alloc.h"
#include "errors.h"
#include "fuzz.h"
#include "model.h"
#include "sink.h"

#define MESSAGE_MAX 2048u /* small, so that scripts reach it */

typedef struct world {
  lb_calls_t calls;
  lb_outbox_t outbox;
  model_t model;
  sink_t sink;
  int over; /* the channel would have ended the generation */
} world_t;

/* ---- what the local side does ---- */

static void open_call(world_t *w, script_t *s) {
  static const uint32_t windows[] = {1, 2, 63, 64, 1000, 4096, 262144, INT32_MAX};
  uint8_t how = script_byte(s);
  uint32_t window = windows[how % 8], id = 0;
  lb_call_kind_t kind = how & 8 ? LB_CALL_STREAM : LB_CALL_WHOLE;
  if (w->model.count == MODEL_CALLS) return;
  if (lb_calls_open(&w->calls, kind, window, &id) != LB_OK) return;
  size_t len;
  char *payload = sink_payload(id, script_byte(s), &len);
  if (lb_outbox_call(&w->outbox, id, payload, len) != LB_OK) {
    lb_calls_forget(&w->calls, id);
    free(payload);
    return;
  }
  model_open(&w->model, id, kind, window);
  sink_expect_call(&w->sink, id, len);
}

static void cancel(world_t *w, script_t *s) {
  model_call_t *call = model_pick(&w->model, script_byte(s));
  uint32_t id = call == NULL ? script_u16(s) : call->id;
  call = model_find(&w->model, id);
  int expected = call == NULL || call->cancelled ? LB_AGAIN : LB_OK;
  REQUIRE_EQ(lb_calls_cancel(&w->calls, id), expected);
  if (expected != LB_OK) return;
  model_cancel(call);
  if (lb_outbox_cancel(&w->outbox, id) == LB_OK) sink_expect_cancel(&w->sink, id);
}

static void send_credit(world_t *w, uint32_t id, uint32_t grant) {
  if (grant == 0) return;
  if (lb_outbox_credit(&w->outbox, id, grant) == LB_OK)
    sink_expect_credit(&w->sink, grant);
  else
    w->over = 1;
}

static void consume(world_t *w, script_t *s, int all) {
  model_call_t *call = model_pick(&w->model, script_byte(s));
  if (call == NULL) {
    REQUIRE_EQ(lb_calls_consume(&w->calls, 0, 1000), 0);
    return;
  }
  uint64_t bytes = all ? call->waiting : script_u16(s);
  uint32_t grant = lb_calls_consume(&w->calls, call->id, bytes);
  model_consume(call, bytes, grant);
  send_credit(w, call->id, grant);
}

static void write_some(world_t *w, script_t *s) {
  size_t len, most = script_u16(s) + 1;
  const char *data = lb_outbox_peek(&w->outbox, &len);
  REQUIRE_EQ(data == NULL, len == 0);
  if (data == NULL) return;
  if (len > most) len = most;
  sink_take(&w->sink, data, len);
  lb_outbox_wrote(&w->outbox, len);
}

static void write_all(world_t *w) {
  size_t len;
  const char *data;
  while ((data = lb_outbox_peek(&w->outbox, &len)) != NULL) {
    sink_take(&w->sink, data, len);
    lb_outbox_wrote(&w->outbox, len);
  }
}

/* ---- what the worker sends ---- */

static lb_frame_t make_frame(const model_call_t *call, script_t *s, char *payload) {
  static const uint8_t types[] = {LB_FRAME_RESULT, LB_FRAME_TEMPLATE, LB_FRAME_DELTA,
                                  LB_FRAME_CHUNK,  LB_FRAME_END,      LB_FRAME_ERROR};
  uint8_t how = script_byte(s), small = script_byte(s);
  lb_frame_t frame = {.call = call == NULL ? script_u16(s) : call->id, .data = payload};
  frame.type = how % 8 < 6 ? types[how % 8] : script_byte(s);
  frame.flags = how >> 3 & (LB_FLAG_MORE | LB_FLAG_BINARY);
  frame.len = how & 32 ? small * 16u : small;
  memset(payload, small, frame.len);
  return frame;
}

/* 1: it went on. 0: the channel ends the generation here. */
static int receive(world_t *w, script_t *s) {
  char *payload = alloc_plain(255 * 16);
  model_call_t *call = model_pick(&w->model, script_byte(s));
  lb_frame_t frame = make_frame(call, s, payload);
  call = model_find(&w->model, frame.call);
  lb_message_t message;
  uint32_t grant = 77;
  int expected = model_accept(call, &frame, MESSAGE_MAX);
  int err = lb_calls_accept(&w->calls, &frame, &message, &grant);
  if (err == LB_EMEMORY) { /* only while one was made to fail */
    free(payload);
    return 0;
  }
  REQUIRE_EQ(err, expected);
  if (err == LB_OK) model_check_message(call, &frame, &message);
  if (err == LB_OK && message.refused && lb_outbox_cancel(&w->outbox, frame.call) == LB_OK)
    sink_expect_cancel(&w->sink, frame.call);
  if (err == LB_OK || err == LB_AGAIN) {
    model_granted(call, grant);
    send_credit(w, frame.call, grant);
    model_settle(&w->model, call);
  } else {
    REQUIRE_EQ(grant, 0);
  }
  free(payload);
  return err == LB_OK || err == LB_AGAIN;
}

/* ---- the script ---- */

static void check_all(world_t *w) {
  size_t in_flight = 0;
  for (size_t i = 0; i < w->model.count; i++) {
    model_check_call(&w->model.calls[i], MESSAGE_MAX);
    in_flight++;
  }
  REQUIRE_EQ(w->calls.count, in_flight);
}

static void step(world_t *w, script_t *s) {
  switch (script_byte(s) % 8) {
  case 0:
    open_call(w, s);
    break;
  case 1:
    cancel(w, s);
    break;
  case 2:
    consume(w, s, 0);
    break;
  case 3:
    consume(w, s, 1);
    break;
  case 4:
    write_some(w, s);
    break;
  case 5:
    alloc_fail(script_byte(s) % 4);
    break;
  default:
    if (!receive(w, s)) w->over = 1;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  script_t script = {data, size};
  static world_t world; /* too large to be zeroed for each script */
  world_t *w = &world;
  w->model.count = 0;
  w->over = 0;
  REQUIRE_EQ(lb_calls_init(&w->calls, MESSAGE_MAX), LB_OK);
  REQUIRE_EQ(lb_outbox_init(&w->outbox), LB_OK);
  /* ids wrap around in a process of long life */
  if (script_byte(&script) & 1) w->calls.last_id = UINT32_MAX - 2;
  while (script.left > 0 && !w->over) {
    step(w, &script);
    if (!w->over) check_all(w);
  }
  alloc_restore();
  write_all(w);
  sink_check_end(&w->sink);
  sink_free(&w->sink);
  lb_outbox_free(&w->outbox);
  lb_calls_free(&w->calls);
  return 0;
}
