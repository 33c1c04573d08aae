#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "support.h"

#define KIB 1024u

typedef struct taken {
  uint32_t call;
  uint8_t type, flags;
  uint32_t len;
} taken_t;

/* Takes everything out, `step` bytes a time, and cuts it into frames. */
static size_t take_all(lb_outbox_t *outbox, size_t step, taken_t *out, size_t max, char **bytes) {
  char *all = NULL;
  size_t len = 0, part, count = 0, at = 0, used = 0;
  const char *data;
  while ((data = lb_outbox_peek(outbox, &part)) != NULL) {
    if (part > step) part = step;
    all = realloc(all, len + part);
    memcpy(all + len, data, part);
    len += part;
    lb_outbox_wrote(outbox, part);
  }
  lb_frame_t frame;
  while (lb_frame_read(all + at, len - at, &frame, &used) == LB_OK && count < max) {
    out[count++] = (taken_t){frame.call, frame.type, frame.flags, frame.len};
    at += used;
  }
  assert_int_equal(at, len); /* nothing is left over */
  if (bytes != NULL)
    *bytes = all;
  else
    free(all);
  return count;
}

static char *payload_of(size_t len, char fill) {
  char *payload = malloc(len ? len : 1);
  memset(payload, fill, len);
  return payload;
}

static void an_empty_one_has_nothing(void **state) {
  (void)state;
  lb_outbox_t outbox;
  size_t len = 1;
  assert_int_equal(lb_outbox_init(&outbox), LB_OK);
  assert_null(lb_outbox_peek(&outbox, &len));
  assert_int_equal(len, 0);
  lb_outbox_free(&outbox);
}

static void a_small_call_is_one_frame(void **state) {
  (void)state;
  lb_outbox_t outbox;
  taken_t taken[4];
  lb_outbox_init(&outbox);
  assert_int_equal(lb_outbox_call(&outbox, 7, payload_of(10, 'x'), 10), LB_OK);
  assert_int_equal(take_all(&outbox, 3, taken, 4, NULL), 1);
  assert_int_equal(taken[0].call, 7);
  assert_int_equal(taken[0].type, LB_FRAME_CALL);
  assert_int_equal(taken[0].flags, 0);
  assert_int_equal(taken[0].len, 10);
  lb_outbox_free(&outbox);
}

static void large_calls_take_turns(void **state) {
  (void)state;
  lb_outbox_t outbox;
  taken_t taken[32];
  lb_outbox_init(&outbox);
  lb_outbox_call(&outbox, 1, payload_of(300 * KIB, 'a'), 300 * KIB);
  lb_outbox_call(&outbox, 2, payload_of(130 * KIB, 'b'), 130 * KIB);
  lb_outbox_call(&outbox, 3, payload_of(5, 'c'), 5);
  size_t count = take_all(&outbox, 100 * KIB, taken, 32, NULL);
  uint32_t order[] = {1, 2, 3, 1, 2, 1, 2, 1, 1};
  assert_int_equal(count, 9);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(taken[i].call, order[i]);
    int last = i == 2 || i == 6 || i == 8;
    assert_int_equal(taken[i].flags, last ? 0 : LB_FLAG_MORE);
  }
  lb_outbox_free(&outbox);
}

static void payloads_arrive_intact_whatever_the_steps(void **state) {
  (void)state;
  size_t steps[] = {1, 11, 12, 13, 64 * KIB, 1024 * KIB};
  for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
    lb_outbox_t outbox;
    taken_t taken[8];
    char *bytes = NULL;
    size_t len = 64 * KIB + 17;
    char *payload = malloc(len);
    for (size_t i = 0; i < len; i++)
      payload[i] = (char)(i * 31);
    lb_outbox_init(&outbox);
    lb_outbox_call(&outbox, 1, payload, len);
    assert_int_equal(take_all(&outbox, steps[s], taken, 8, &bytes), 2);
    for (size_t i = 0; i < len; i++) {
      size_t heads = i < 64 * KIB ? 1 : 2;
      assert_int_equal(bytes[heads * LB_FRAME_HEADER + i], (char)(i * 31));
    }
    free(bytes);
    lb_outbox_free(&outbox);
  }
}

static void credit_and_cancel_go_first(void **state) {
  (void)state;
  lb_outbox_t outbox;
  taken_t taken[8];
  lb_outbox_init(&outbox);
  lb_outbox_call(&outbox, 1, payload_of(5, 'a'), 5);
  assert_int_equal(lb_outbox_credit(&outbox, 9, 0x01020304), LB_OK);
  assert_int_equal(lb_outbox_cancel(&outbox, 8), LB_OK);
  char *bytes = NULL;
  assert_int_equal(take_all(&outbox, 99, taken, 8, &bytes), 3);
  assert_int_equal(taken[0].type, LB_FRAME_CREDIT);
  assert_int_equal(taken[0].call, 9);
  assert_memory_equal(bytes + LB_FRAME_HEADER, "\4\3\2\1", 4);
  assert_int_equal(taken[1].type, LB_FRAME_CANCEL);
  assert_int_equal(taken[1].call, 8);
  assert_int_equal(taken[2].type, LB_FRAME_CALL);
  free(bytes);
  lb_outbox_free(&outbox);
}

static void a_cancel_never_overtakes_its_call(void **state) {
  (void)state;
  lb_outbox_t outbox;
  taken_t taken[16];
  size_t part;
  lb_outbox_init(&outbox);
  lb_outbox_call(&outbox, 1, payload_of(200 * KIB, 'a'), 200 * KIB);
  lb_outbox_call(&outbox, 2, payload_of(5, 'b'), 5);
  lb_outbox_peek(&outbox, &part); /* the first fragments are on their way */
  lb_outbox_cancel(&outbox, 1);
  size_t count = take_all(&outbox, 50 * KIB, taken, 16, NULL);
  assert_int_equal(taken[count - 2].call, 1);
  assert_int_equal(taken[count - 2].type, LB_FRAME_CALL);
  assert_int_equal(taken[count - 2].flags, 0);
  assert_int_equal(taken[count - 1].call, 1);
  assert_int_equal(taken[count - 1].type, LB_FRAME_CANCEL);
  lb_outbox_free(&outbox);
}

static void more_credit_than_a_stage_holds(void **state) {
  (void)state;
  enum { MANY = 20000 };
  lb_outbox_t outbox;
  taken_t *taken = calloc(MANY + 1, sizeof(*taken));
  lb_outbox_init(&outbox);
  for (uint32_t i = 0; i < MANY; i++)
    assert_int_equal(lb_outbox_credit(&outbox, i, i), LB_OK);
  lb_outbox_call(&outbox, 77, payload_of(5, 'a'), 5);
  assert_int_equal(take_all(&outbox, 7777, taken, MANY + 1, NULL), MANY + 1);
  for (uint32_t i = 0; i < MANY; i++)
    assert_int_equal(taken[i].call, i);
  assert_int_equal(taken[MANY].call, 77);
  free(taken);
  lb_outbox_free(&outbox);
}

static void no_memory_loses_nothing(void **state) {
  (void)state;
  lb_outbox_t outbox;
  alloc_fail(1);
  assert_int_equal(lb_outbox_init(&outbox), LB_EMEMORY);
  assert_int_equal(alloc_restore(), 1);
  lb_outbox_init(&outbox);
  char *payload = payload_of(5, 'a');
  alloc_fail(1);
  assert_int_equal(lb_outbox_call(&outbox, 1, payload, 5), LB_EMEMORY);
  assert_int_equal(alloc_restore(), 1);
  alloc_fail(1);
  assert_int_equal(lb_outbox_cancel(&outbox, 1), LB_EMEMORY);
  assert_int_equal(alloc_restore(), 1);
  taken_t taken[2];
  assert_int_equal(lb_outbox_call(&outbox, 1, payload, 5), LB_OK); /* still ours */
  assert_int_equal(take_all(&outbox, 99, taken, 2, NULL), 1);
  lb_outbox_free(&outbox);
}

static void freed_with_things_in_it(void **state) {
  (void)state;
  lb_outbox_t outbox;
  lb_outbox_init(&outbox);
  lb_outbox_call(&outbox, 1, payload_of(500 * KIB, 'a'), 500 * KIB);
  lb_outbox_call(&outbox, 2, payload_of(5, 'a'), 5);
  lb_outbox_credit(&outbox, 1, 1);
  lb_outbox_free(&outbox); /* valgrind and ASan see a leak */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_one_has_nothing),
      cmocka_unit_test(a_small_call_is_one_frame),
      cmocka_unit_test(large_calls_take_turns),
      cmocka_unit_test(payloads_arrive_intact_whatever_the_steps),
      cmocka_unit_test(credit_and_cancel_go_first),
      cmocka_unit_test(a_cancel_never_overtakes_its_call),
      cmocka_unit_test(more_credit_than_a_stage_holds),
      cmocka_unit_test(no_memory_loses_nothing),
      cmocka_unit_test(freed_with_things_in_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
