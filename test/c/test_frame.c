#include "frame.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "support.h"

/* ---- the vectors that bind both codecs ---- */

static cJSON *vectors;

static cJSON *load_vectors(void) {
  static char text[1 << 20];
  FILE *file = fopen(TEST_ROOT "/test/vectors/frames.json", "r");
  assert_non_null(file);
  size_t len = fread(text, 1, sizeof(text) - 1, file);
  fclose(file);
  text[len] = '\0';
  cJSON *root = cJSON_Parse(text);
  assert_non_null(root);
  return root;
}

static const cJSON *list_of(const char *name) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(vectors, name);
  assert_true(cJSON_GetArraySize(list) > 10);
  return list;
}

static const char *string_of(const cJSON *vector, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(vector, name));
  assert_non_null(text);
  return text;
}

static double number_of(const cJSON *vector, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(vector, name);
  assert_true(cJSON_IsNumber(item));
  return item->valuedouble;
}

static uint64_t u64_of(const cJSON *vector, const char *name) {
  return strtoull(string_of(vector, name), NULL, 10);
}

static void assert_text(const char *data, size_t len, const char *expected) {
  assert_int_equal(len, strlen(expected));
  assert_memory_equal(data, expected, len);
}

static void frames_decode_to_their_fields(void **state) {
  (void)state;
  const cJSON *v;
  cJSON_ArrayForEach(v, list_of("frames")) {
    size_t len, payload_len, used = 0;
    char *bytes = guard_hex(string_of(v, "bytes_hex"), &len);
    char *payload = guard_hex(string_of(v, "payload_hex"), &payload_len);
    lb_frame_t frame;
    assert_int_equal(lb_frame_read(bytes, len, &frame, &used), LB_OK);
    assert_int_equal(used, len);
    assert_int_equal(frame.call, (uint32_t)number_of(v, "call"));
    assert_int_equal(frame.type, (int)number_of(v, "type"));
    assert_int_equal(frame.flags, (int)number_of(v, "flags"));
    assert_int_equal(frame.len, payload_len);
    assert_memory_equal(frame.data, payload, payload_len);
    guard_free(bytes, len);
    guard_free(payload, payload_len);
  }
}

static void frames_encode_to_their_bytes(void **state) {
  (void)state;
  const cJSON *v;
  cJSON_ArrayForEach(v, list_of("frames")) {
    size_t len, payload_len;
    char *bytes = guard_hex(string_of(v, "bytes_hex"), &len);
    char *payload = guard_hex(string_of(v, "payload_hex"), &payload_len);
    char *head = guard_copy("............", LB_FRAME_HEADER);
    lb_frame_write(head, (uint32_t)number_of(v, "call"), (uint8_t)number_of(v, "type"),
                   (uint8_t)number_of(v, "flags"), (uint32_t)payload_len);
    assert_memory_equal(head, bytes, LB_FRAME_HEADER);
    guard_free(head, LB_FRAME_HEADER);
    guard_free(bytes, len);
    guard_free(payload, payload_len);
  }
}

/* A prefix of every length, each ending at a page without access. */
static void frames_wait_at_every_cut(void **state) {
  (void)state;
  const cJSON *v;
  cJSON_ArrayForEach(v, list_of("frames")) {
    size_t len;
    char *bytes = guard_hex(string_of(v, "bytes_hex"), &len);
    for (size_t cut = 0; cut < len; cut++) {
      char *part = guard_copy(bytes, cut);
      lb_frame_t frame = {.call = 77};
      size_t used = 99;
      assert_int_equal(lb_frame_read(part, cut, &frame, &used), LB_AGAIN);
      assert_int_equal(used, 99);
      assert_int_equal(frame.call, 77);
      guard_free(part, cut);
    }
    guard_free(bytes, len);
  }
}

static void bad_frames_are_refused_from_the_header(void **state) {
  (void)state;
  const cJSON *v;
  cJSON_ArrayForEach(v, list_of("bad")) {
    size_t len, used = 0;
    char *bytes = guard_hex(string_of(v, "bytes_hex"), &len);
    char *head = guard_copy(bytes, LB_FRAME_HEADER);
    lb_frame_t frame;
    assert_int_equal(lb_frame_read(bytes, len, &frame, &used), LB_EPROTOCOL);
    assert_int_equal(lb_frame_read(head, LB_FRAME_HEADER, &frame, &used), LB_EPROTOCOL);
    for (size_t cut = 0; cut < LB_FRAME_HEADER; cut++)
      assert_int_equal(lb_frame_read(head, cut, &frame, &used), LB_AGAIN);
    guard_free(head, LB_FRAME_HEADER);
    guard_free(bytes, len);
  }
}

/* ---- payloads ---- */

typedef void (*payload_fn)(const cJSON *fields, const char *data, size_t len);

/* Calls fn for each whole payload of a type; a later fragment has no fields. */
static void each_payload(int low, int high, payload_fn fn) {
  const cJSON *v;
  int seen = 0;
  cJSON_ArrayForEach(v, list_of("frames")) {
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(v, "fields");
    int type = (int)number_of(v, "type");
    if (fields == NULL || type < low || type > high) continue;
    size_t len;
    char *data = guard_hex(string_of(v, "payload_hex"), &len);
    fn(fields, data, len);
    guard_free(data, len);
    seen++;
  }
  assert_true(seen > 0);
}

static void check_call_head(const cJSON *fields, const char *data, size_t len) {
  const char *name = string_of(fields, "name");
  const char *args = string_of(fields, "args");
  size_t head_len = LB_CALL_HEAD + strlen(name);
  char *head = guard_copy(data, head_len);
  memset(head, '.', head_len);
  lb_call_head_write(head, (uint32_t)number_of(fields, "window"),
                     (lb_call_kind_t)number_of(fields, "kind"), name, (uint16_t)strlen(name));
  assert_memory_equal(head, data, head_len);
  assert_text(data + head_len, len - head_len, args);
  guard_free(head, head_len);
}

static void call_heads_encode(void **state) {
  (void)state;
  each_payload(LB_FRAME_CALL, LB_FRAME_CALL, check_call_head);
}

static void check_settlement(const cJSON *fields, const char *data, size_t len) {
  lb_settlement_t s;
  size_t body_len;
  char *body = guard_hex(string_of(fields, "body_hex"), &body_len);
  assert_int_equal(lb_settlement_read(data, len, &s), LB_OK);
  assert_true(s.started_ns == u64_of(fields, "started_ns"));
  assert_true(s.responded_ns == u64_of(fields, "responded_ns"));
  assert_true(s.finished_ns == u64_of(fields, "finished_ns"));
  assert_text(s.meta, s.meta_len, string_of(fields, "meta"));
  assert_int_equal(s.body_len, body_len);
  assert_memory_equal(s.body, body, body_len);
  guard_free(body, body_len);
}

static void settlements_decode(void **state) {
  (void)state;
  each_payload(LB_FRAME_RESULT, LB_FRAME_RESULT, check_settlement);
  each_payload(LB_FRAME_END, LB_FRAME_ERROR, check_settlement);
}

static void check_template(const cJSON *fields, const char *data, size_t len) {
  lb_template_t t;
  assert_int_equal(lb_template_read(data, len, &t), LB_OK);
  assert_int_equal(t.slot, (int)number_of(fields, "slot"));
  assert_text(t.chunk, t.chunk_len, string_of(fields, "chunk"));
}

static void templates_decode(void **state) {
  (void)state;
  each_payload(LB_FRAME_TEMPLATE, LB_FRAME_TEMPLATE, check_template);
}

static void check_log(const cJSON *fields, const char *data, size_t len) {
  lb_log_t log;
  assert_int_equal(lb_log_read(data, len, &log), LB_OK);
  assert_int_equal(log.level, (int)number_of(fields, "level"));
  assert_int_equal(log.source, (int)number_of(fields, "source"));
  assert_int_equal(log.call, (uint32_t)number_of(fields, "call"));
  assert_text(log.logger, log.logger_len, string_of(fields, "logger"));
  assert_text(log.text, log.text_len, string_of(fields, "text"));
}

static void logs_decode(void **state) {
  (void)state;
  each_payload(LB_FRAME_LOG, LB_FRAME_LOG, check_log);
}

static int read_payload(int type, const char *data, size_t len) {
  lb_settlement_t settlement;
  lb_template_t chunk;
  lb_log_t log;
  switch (type) {
  case LB_FRAME_TEMPLATE:
    return lb_template_read(data, len, &chunk);
  case LB_FRAME_LOG:
    return lb_log_read(data, len, &log);
  default:
    return lb_settlement_read(data, len, &settlement);
  }
}

/* Frames to the worker are not read here, and that end and error have no body
 * is for their reader to see: it alone knows the type. */
static int is_read_here(int type, const char *why) {
  return type >= LB_FRAME_RESULT && strcmp(why, "no body is allowed") != 0;
}

static void bad_payloads_are_refused(void **state) {
  (void)state;
  const cJSON *v;
  int seen = 0;
  cJSON_ArrayForEach(v, list_of("bad_payloads")) {
    size_t len;
    int type = (int)number_of(v, "type");
    if (!is_read_here(type, string_of(v, "why"))) continue;
    char *data = guard_hex(string_of(v, "payload_hex"), &len);
    assert_int_equal(read_payload(type, data, len), LB_EPROTOCOL);
    guard_free(data, len);
    seen++;
  }
  assert_true(seen > 20);
}

static void a_cut_head_of_a_payload_is_refused(void **state) {
  (void)state;
  const struct {
    int type;
    size_t head;
    char first;
  } heads[] = {{LB_FRAME_RESULT, 28, 0}, {LB_FRAME_TEMPLATE, 4, 1}, {LB_FRAME_LOG, 8, 20}};
  for (size_t i = 0; i < 3; i++) {
    char zeros[28] = {heads[i].first};
    for (size_t cut = 0; cut < heads[i].head; cut++) {
      char *part = guard_copy(zeros, cut);
      assert_int_equal(read_payload(heads[i].type, part, cut), LB_EPROTOCOL);
      guard_free(part, cut);
    }
    assert_int_equal(read_payload(heads[i].type, zeros, heads[i].head), LB_OK);
  }
}

static void a_settlement_without_a_body_has_length_zero(void **state) {
  (void)state;
  lb_settlement_t s;
  char *data = guard_copy("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"
                          "\2\0\0\0{}",
                          30);
  assert_int_equal(lb_settlement_read(data, 30, &s), LB_OK);
  assert_text(s.meta, s.meta_len, "{}");
  assert_int_equal(s.body_len, 0);
  guard_free(data, 30);
}

/* ---- framing ---- */

static void the_longest_payload_is_taken_and_one_more_is_not(void **state) {
  (void)state;
  size_t len = LB_FRAME_HEADER + LB_FRAME_MAX, used;
  char *zeros = calloc(1, len), *bytes = guard_copy(zeros, len);
  lb_frame_t frame;
  lb_frame_write(bytes, 5, LB_FRAME_CHUNK, LB_FLAG_MORE, LB_FRAME_MAX);
  assert_int_equal(lb_frame_read(bytes, len, &frame, &used), LB_OK);
  assert_int_equal(used, len);
  assert_int_equal(frame.len, LB_FRAME_MAX);
  assert_int_equal(lb_frame_read(bytes, len - 1, &frame, &used), LB_AGAIN);
  lb_frame_write(bytes, 5, LB_FRAME_CHUNK, LB_FLAG_MORE, LB_FRAME_MAX + 1);
  assert_int_equal(lb_frame_read(bytes, len, &frame, &used), LB_EPROTOCOL);
  guard_free(bytes, len);
  free(zeros);
}

static void only_known_types_are_taken(void **state) {
  (void)state;
  static const char known[] = "\x01\x02\x03\x11\x12\x13\x14\x15\x16"
                              "\x41\x42\x43\x44";
  for (int type = 0; type < 256; type++) {
    char head[LB_FRAME_HEADER];
    lb_frame_t frame;
    size_t used;
    lb_frame_write(head, 1, (uint8_t)type, 0, 0);
    int expected = type != 0 && strchr(known, type) != NULL ? LB_OK : LB_EPROTOCOL;
    assert_int_equal(lb_frame_read(head, sizeof(head), &frame, &used), expected);
  }
}

static void only_known_flags_are_taken(void **state) {
  (void)state;
  for (int flags = 0; flags < 256; flags++) {
    char head[LB_FRAME_HEADER];
    lb_frame_t frame;
    size_t used;
    lb_frame_write(head, 1, LB_FRAME_RESULT, (uint8_t)flags, 0);
    assert_int_equal(lb_frame_read(head, sizeof(head), &frame, &used),
                     flags < 4 ? LB_OK : LB_EPROTOCOL);
  }
}

/* All frames of the vectors, one after the other. */
static char *all_frames(size_t *len, int *count) {
  static char bytes[1 << 16];
  const cJSON *v;
  *len = 0;
  *count = 0;
  cJSON_ArrayForEach(v, list_of("frames")) {
    size_t one;
    char *part = guard_hex(string_of(v, "bytes_hex"), &one);
    memcpy(bytes + *len, part, one);
    guard_free(part, one);
    *len += one;
    (*count)++;
  }
  return bytes;
}

/* Reads what has come, as a channel does: in pieces of `step` bytes. */
static int read_in_pieces(const char *bytes, size_t len, size_t step) {
  size_t at = 0, come = 0, used;
  int frames = 0, err;
  lb_frame_t frame;
  while (come < len) {
    come = come + step < len ? come + step : len;
    char *seen = guard_copy(bytes + at, come - at);
    size_t room = come - at, off = 0;
    while ((err = lb_frame_read(seen + off, room - off, &frame, &used)) == LB_OK) {
      off += used;
      frames++;
    }
    assert_int_equal(err, LB_AGAIN);
    guard_free(seen, room);
    at += off;
  }
  assert_int_equal(at, len);
  return frames;
}

static void a_stream_reads_the_same_in_any_pieces(void **state) {
  (void)state;
  static const size_t steps[] = {1, 2, 3, 7, 11, 12, 13, 64, 100, 4096, 65536};
  size_t len;
  int count;
  char *bytes = all_frames(&len, &count);
  for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
    assert_int_equal(read_in_pieces(bytes, len, steps[i]), count);
}

/* Every header field, at values that differ in each byte. */
static void a_header_survives_the_way_there_and_back(void **state) {
  (void)state;
  const uint32_t ids[] = {0, 1, 0x01020304, 0xfefdfcfb, UINT32_MAX};
  for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
    char bytes[LB_FRAME_HEADER + 3] = {0};
    lb_frame_t frame;
    size_t used;
    lb_frame_write(bytes, ids[i], LB_FRAME_RESULT, LB_FLAG_BINARY, 3);
    assert_int_equal(lb_frame_read(bytes, sizeof(bytes), &frame, &used), LB_OK);
    assert_int_equal(frame.call, ids[i]);
    assert_int_equal(frame.type, LB_FRAME_RESULT);
    assert_int_equal(frame.flags, LB_FLAG_BINARY);
    assert_ptr_equal(frame.data, bytes + LB_FRAME_HEADER);
  }
}

/* Whatever the bytes are, nothing beyond them is read (the guard page sees it)
 * and what is returned lies within them. */
static void random_bytes_are_never_read_past(void **state) {
  (void)state;
  uint32_t seed = 12345;
  char *bytes = guard_copy(NULL, 40);
  for (int round = 0; round < 20000; round++) {
    lb_frame_t frame;
    size_t used = 0;
    for (int i = 0; i < 40; i++)
      bytes[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
    if (round % 2 == 0) /* half of them with a plausible header */
      lb_frame_write(bytes, 1, LB_FRAME_TEMPLATE, 0, (seed >> 8) % 40);
    if (lb_frame_read(bytes, 40, &frame, &used) == LB_OK) {
      assert_true(used <= 40 && frame.len <= 40 - LB_FRAME_HEADER);
      (void)read_payload(LB_FRAME_TEMPLATE, frame.data, frame.len);
    }
    (void)read_payload(LB_FRAME_RESULT, bytes, 40);
    (void)read_payload(LB_FRAME_LOG, bytes, 40);
  }
  guard_free(bytes, 40);
}

static int setup(void **state) {
  (void)state;
  vectors = load_vectors();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  cJSON_Delete(vectors);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_decode_to_their_fields),
      cmocka_unit_test(frames_encode_to_their_bytes),
      cmocka_unit_test(frames_wait_at_every_cut),
      cmocka_unit_test(bad_frames_are_refused_from_the_header),
      cmocka_unit_test(call_heads_encode),
      cmocka_unit_test(settlements_decode),
      cmocka_unit_test(templates_decode),
      cmocka_unit_test(logs_decode),
      cmocka_unit_test(bad_payloads_are_refused),
      cmocka_unit_test(a_cut_head_of_a_payload_is_refused),
      cmocka_unit_test(a_settlement_without_a_body_has_length_zero),
      cmocka_unit_test(the_longest_payload_is_taken_and_one_more_is_not),
      cmocka_unit_test(only_known_types_are_taken),
      cmocka_unit_test(only_known_flags_are_taken),
      cmocka_unit_test(a_stream_reads_the_same_in_any_pieces),
      cmocka_unit_test(a_header_survives_the_way_there_and_back),
      cmocka_unit_test(random_bytes_are_never_read_past),
  };
  return cmocka_run_group_tests_name("frame", tests, setup, teardown);
}
