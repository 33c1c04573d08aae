/* The frame codec over any bytes: what it accepts is consistent, what it waits for is needed, and
 * what it refuses is refused from the header alone. ASan sees each byte read too far. */
#include "frame.h"

#include "alloc.h"
#include "errors.h"
#include "fuzz.h"

#define SETTLEMENT_HEAD 28

/* A copy of exactly len bytes, so that reading one more is seen. */
static char *exact(const char *data, size_t len) {
  char *copy = alloc_plain(len);
  if (len > 0) memcpy(copy, data, len);
  return copy;
}

static void check_settlement(const char *data, size_t len) {
  lb_settlement_t out;
  int err = lb_settlement_read(data, len, &out);
  REQUIRE(err == LB_OK || err == LB_EPROTOCOL);
  if (err != LB_OK) return;
  REQUIRE(out.meta == data + SETTLEMENT_HEAD);
  REQUIRE(out.body == out.meta + out.meta_len);
  REQUIRE_EQ(SETTLEMENT_HEAD + out.meta_len + out.body_len, len);
}

static void check_template(const char *data, size_t len) {
  lb_template_t out;
  if (lb_template_read(data, len, &out) != LB_OK) return;
  REQUIRE(out.slot >= 1 && out.slot <= 3);
  REQUIRE_EQ(out.chunk + out.chunk_len - data, len);
}

static void check_log(const char *data, size_t len) {
  lb_log_t out;
  if (lb_log_read(data, len, &out) != LB_OK) return;
  REQUIRE(out.level % 10 == 0 && out.level >= 10 && out.level <= 50);
  REQUIRE(out.source <= 3);
  REQUIRE(out.logger + out.logger_len == out.text);
  REQUIRE_EQ(out.text + out.text_len - data, len);
}

/* Each decoder over each payload: what a type says is the peer's word only. */
static void check_payload(const lb_frame_t *frame) {
  char *payload = exact(frame->data, frame->len);
  check_settlement(payload, frame->len);
  check_template(payload, frame->len);
  check_log(payload, frame->len);
  free(payload);
}

/* The result for a shorter piece of the same bytes. */
static int read_cut(const char *at, size_t len) {
  lb_frame_t frame;
  size_t used = 0;
  char *piece = exact(at, len);
  int err = lb_frame_read(piece, len, &frame, &used);
  free(piece);
  return err;
}

static void check_frame(const char *at, const lb_frame_t *frame, size_t used) {
  char head[LB_FRAME_HEADER];
  REQUIRE(frame->len <= LB_FRAME_MAX);
  REQUIRE_EQ(used, LB_FRAME_HEADER + frame->len);
  REQUIRE(frame->data == at + LB_FRAME_HEADER);
  lb_frame_write(head, frame->call, frame->type, frame->flags, frame->len);
  REQUIRE_EQ(memcmp(head, at, sizeof(head)), 0);
  REQUIRE_EQ(read_cut(at, used - 1), LB_AGAIN);
  check_payload(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *at = (const char *)data;
  size_t left = size, used = 0;
  lb_frame_t frame;
  int err;
  while ((err = lb_frame_read(at, left, &frame, &used)) == LB_OK) {
    check_frame(at, &frame, used);
    at += used;
    left -= used;
  }
  REQUIRE(err == LB_AGAIN || err == LB_EPROTOCOL);
  if (err == LB_EPROTOCOL) {
    REQUIRE_EQ(read_cut(at, LB_FRAME_HEADER), LB_EPROTOCOL);
    REQUIRE_EQ(read_cut(at, LB_FRAME_HEADER - 1), LB_AGAIN);
  }
  return 0;
}
