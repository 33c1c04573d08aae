/* One table of calls, and what several of its tests do with it. */
#ifndef LB_TEST_CALLS_FIXTURE_H
#define LB_TEST_CALLS_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "errors.h"
#include "support.h"

#define LIMIT (1024u * 1024u)
#define WINDOW 1000u

/* One table, and what its last accept gave. */
typedef struct fixture {
  lb_calls_t calls;
  lb_message_t message;
  uint32_t grant;
} fixture_t;

static inline int setup(void **state) {
  fixture_t *f = calloc(1, sizeof(*f));
  assert_int_equal(lb_calls_init(&f->calls, LIMIT), LB_OK);
  *state = f;
  return 0;
}

static inline int teardown(void **state) {
  fixture_t *f = *state;
  lb_calls_free(&f->calls);
  free(f);
  return 0;
}

static inline uint32_t open_call(fixture_t *f, lb_call_kind_t kind, uint32_t window) {
  uint32_t id = 0;
  assert_int_equal(lb_calls_open(&f->calls, kind, window, &id), LB_OK);
  return id;
}

static inline uint32_t open_stream(fixture_t *f) { return open_call(f, LB_CALL_STREAM, WINDOW); }

static inline uint32_t open_whole(fixture_t *f) { return open_call(f, LB_CALL_WHOLE, WINDOW); }

/* Takes a frame whose payload ends at a guard page. */
static inline int take_bytes(fixture_t *f, uint32_t id, uint8_t type, uint8_t flags,
                             const char *data, uint32_t len) {
  static char *copy;
  static uint32_t copy_len;
  if (copy != NULL) guard_free(copy, copy_len);
  copy = guard_copy(data, len);
  copy_len = len;
  lb_frame_t frame = {id, type, flags, len, copy};
  return lb_calls_accept(&f->calls, &frame, &f->message, &f->grant);
}

static inline int take(fixture_t *f, uint32_t id, uint8_t type, uint8_t flags, const char *text) {
  return take_bytes(f, id, type, flags, text, (uint32_t)strlen(text));
}

static inline void assert_message(const fixture_t *f, uint8_t type, const char *text) {
  assert_int_equal(f->message.type, type);
  assert_int_equal(f->message.len, strlen(text));
  assert_memory_equal(f->message.data, text, strlen(text));
}

static inline uint64_t cost(size_t len) { return LB_FRAME_COST + len; }

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
