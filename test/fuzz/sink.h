/* The far end of what the outbox writes: checks that it is whole frames, that each call's payload
 * comes once and unharmed, that a cancel never overtakes its call, and that no credit is lost. */
#ifndef LB_FUZZ_SINK_H
#define LB_FUZZ_SINK_H

#include "alloc.h"
#include "errors.h"
#include "frame.h"
#include "fuzz.h"
#include "outbox.h"

#define SINK_CALLS 2048     /* in one script */
#define SINK_PAYLOAD 200000 /* bytes of the largest payload */

typedef struct sink_call {
  uint32_t id;
  size_t len, got; /* bytes of the payload */
  int whole, cancel_due, cancelled;
} sink_call_t;

typedef struct sink {
  char *in; /* owned; received, not parsed */
  size_t in_len;
  sink_call_t calls[SINK_CALLS];
  size_t count;
  uint64_t credit_due, credit;
} sink_t;

/* What the payload of a call is from byte `at` on: each call's is another, and no two places in it
 * are alike for long. */
static inline const char *sink_pattern(uint32_t id, size_t at) {
  static char pattern[SINK_PAYLOAD + 251];
  if (pattern[1] == 0)
    for (size_t i = 0; i < sizeof(pattern); i++)
      pattern[i] = (char)(i * 7 + i / 251);
  return pattern + id % 251 + at;
}

static inline char *sink_payload(uint32_t id, uint8_t how, size_t *len) {
  static const size_t lens[] = {65535, 65536, 65537, 131072, 131073, SINK_PAYLOAD};
  *len = how < 250 ? LB_CALL_HEAD + how : lens[how - 250];
  char *payload = alloc_plain(*len);
  memcpy(payload, sink_pattern(id, 0), *len);
  return payload;
}

/* The last of that id: ids come again only after a wrap. */
static inline sink_call_t *sink_find(sink_t *sink, uint32_t id) {
  for (size_t i = sink->count; i > 0; i--)
    if (sink->calls[i - 1].id == id) return &sink->calls[i - 1];
  return NULL;
}

static inline void sink_expect_call(sink_t *sink, uint32_t id, size_t len) {
  REQUIRE_OP(sink->count, <, SINK_CALLS);
  sink->calls[sink->count++] = (sink_call_t){.id = id, .len = len};
}

static inline void sink_expect_cancel(sink_t *sink, uint32_t id) {
  sink_find(sink, id)->cancel_due = 1;
}

static inline void sink_expect_credit(sink_t *sink, uint32_t bytes) { sink->credit_due += bytes; }

static inline void sink_take_payload(sink_call_t *call, const lb_frame_t *frame) {
  REQUIRE(!call->whole && !call->cancelled);
  REQUIRE_OP(call->got + frame->len, <=, call->len);
  REQUIRE_EQ(memcmp(frame->data, sink_pattern(frame->call, call->got), frame->len), 0);
  call->got += frame->len;
  call->whole = !(frame->flags & LB_FLAG_MORE);
  REQUIRE_EQ(call->whole, call->got == call->len);
}

static inline void sink_take_frame(sink_t *sink, const lb_frame_t *frame) {
  sink_call_t *call = sink_find(sink, frame->call);
  REQUIRE(call != NULL);
  if (frame->type == LB_FRAME_CALL) {
    sink_take_payload(call, frame);
  } else if (frame->type == LB_FRAME_CANCEL) {
    REQUIRE(call->whole && call->cancel_due && !call->cancelled);
    call->cancelled = 1;
  } else {
    const uint8_t *bytes = (const uint8_t *)frame->data;
    REQUIRE_EQ(frame->type, LB_FRAME_CREDIT);
    REQUIRE_EQ(frame->len, 4);
    sink->credit += bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
  }
}

static inline void sink_take(sink_t *sink, const char *data, size_t len) {
  sink->in = alloc_plain_again(sink->in, sink->in_len + len);
  memcpy(sink->in + sink->in_len, data, len);
  sink->in_len += len;
  size_t at = 0, used = 0;
  lb_frame_t frame;
  int err;
  while ((err = lb_frame_read(sink->in + at, sink->in_len - at, &frame, &used)) == LB_OK) {
    sink_take_frame(sink, &frame);
    at += used;
  }
  REQUIRE_EQ(err, LB_AGAIN);
  sink->in_len -= at;
  memmove(sink->in, sink->in + at, sink->in_len);
}

/* After the last byte. */
static inline void sink_check_end(const sink_t *sink) {
  REQUIRE_EQ(sink->in_len, 0);
  REQUIRE_EQ(sink->credit, sink->credit_due);
  for (size_t i = 0; i < sink->count; i++) {
    const sink_call_t *call = &sink->calls[i];
    REQUIRE(call->whole);
    REQUIRE_EQ(call->cancelled, call->cancel_due);
  }
}

static inline void sink_free(sink_t *sink) {
  free(sink->in);
  sink->in = NULL;
  sink->in_len = sink->count = 0;
  sink->credit_due = sink->credit = 0;
}

#endif
