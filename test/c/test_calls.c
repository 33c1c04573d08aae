#include "calls_fixture.h"

/* ---- ids ---- */

static void ids_count_up_from_one(void **state) {
  fixture_t *f = *state;
  for (uint32_t expected = 1; expected < 200; expected++)
    assert_int_equal(open_stream(f), expected);
  assert_int_equal(f->calls.count, 199);
}

static void ids_wrap_around_past_zero_and_calls_in_flight(void **state) {
  fixture_t *f = *state;
  assert_int_equal(open_stream(f), 1);
  assert_int_equal(open_stream(f), 2);
  f->calls.last_id = UINT32_MAX - 1;
  assert_int_equal(open_stream(f), UINT32_MAX);
  assert_int_equal(open_stream(f), 3);
  assert_int_equal(f->calls.count, 4);
}

static void each_of_many_calls_is_found(void **state) {
  fixture_t *f = *state;
  for (int i = 0; i < 3000; i++)
    open_stream(f);
  for (uint32_t id = 3000; id > 0; id--) {
    assert_int_equal(take(f, id, LB_FRAME_END, 0, "x"), LB_OK);
    assert_int_equal(f->message.call, id);
  }
  assert_int_equal(f->calls.count, 0);
}

static void calls_that_share_a_bucket_are_kept_apart(void **state) {
  fixture_t *f = *state;
  uint32_t a = open_stream(f);
  f->calls.last_id = a + f->calls.bucket_count - 1;
  uint32_t b = open_stream(f);
  f->calls.last_id = b + f->calls.bucket_count - 1;
  uint32_t c = open_stream(f);
  assert_int_equal(take(f, b, LB_FRAME_END, 0, "x"), LB_OK);
  assert_int_equal(take(f, b, LB_FRAME_END, 0, "x"), LB_EPROTOCOL);
  assert_int_equal(take(f, a, LB_FRAME_DELTA, 0, "a"), LB_OK);
  assert_int_equal(take(f, c, LB_FRAME_DELTA, 0, "c"), LB_OK);
}

static void an_open_can_be_taken_back(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  lb_calls_forget(&f->calls, id);
  assert_int_equal(f->calls.count, 0);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, "x"), LB_EPROTOCOL);
  lb_calls_forget(&f->calls, id); /* nothing to forget: no effect */
  assert_int_equal(f->calls.count, 0);
}

/* ---- settling once ---- */

static void a_whole_call_is_settled_by_its_result(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_whole(f);
  assert_int_equal(take(f, id, LB_FRAME_RESULT, LB_FLAG_BINARY, "body"), LB_OK);
  assert_message(f, LB_FRAME_RESULT, "body");
  assert_int_equal(f->message.flags, LB_FLAG_BINARY);
  assert_true(f->message.cost == 0);
  assert_int_equal(f->calls.count, 0);
}

static void nothing_of_a_settled_call_is_taken(void **state) {
  fixture_t *f = *state;
  const uint8_t types[] = {LB_FRAME_RESULT, LB_FRAME_TEMPLATE, LB_FRAME_DELTA,
                           LB_FRAME_CHUNK,  LB_FRAME_END,      LB_FRAME_ERROR};
  uint32_t whole = open_whole(f), stream = open_stream(f);
  assert_int_equal(take(f, whole, LB_FRAME_RESULT, 0, "x"), LB_OK);
  assert_int_equal(take(f, stream, LB_FRAME_END, 0, "x"), LB_OK);
  for (size_t i = 0; i < sizeof(types); i++) {
    assert_int_equal(take(f, whole, types[i], 0, "x"), LB_EPROTOCOL);
    assert_int_equal(take(f, stream, types[i], 0, "x"), LB_EPROTOCOL);
  }
}

static void an_error_settles_either_kind(void **state) {
  fixture_t *f = *state;
  uint32_t whole = open_whole(f), stream = open_stream(f);
  assert_int_equal(take(f, whole, LB_FRAME_ERROR, 0, "w"), LB_OK);
  assert_message(f, LB_FRAME_ERROR, "w");
  assert_int_equal(take(f, stream, LB_FRAME_ERROR, 0, "s"), LB_OK);
  assert_message(f, LB_FRAME_ERROR, "s");
  assert_int_equal(f->calls.count, 0);
}

static void a_stream_delivers_in_order_until_its_end(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(take(f, id, LB_FRAME_TEMPLATE, 0, "t"), LB_OK);
  assert_message(f, LB_FRAME_TEMPLATE, "t");
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_OK);
  assert_message(f, LB_FRAME_DELTA, "");
  assert_int_equal(take(f, id, LB_FRAME_CHUNK, 0, "c"), LB_OK);
  assert_message(f, LB_FRAME_CHUNK, "c");
  assert_int_equal(f->calls.count, 1);
  assert_int_equal(take(f, id, LB_FRAME_END, 0, "e"), LB_OK);
  assert_message(f, LB_FRAME_END, "e");
  assert_int_equal(f->calls.count, 0);
}

/* ---- frames out of state ---- */

static void frames_of_unknown_calls_are_refused(void **state) {
  fixture_t *f = *state;
  assert_int_equal(take(f, 1, LB_FRAME_DELTA, 0, "x"), LB_EPROTOCOL);
  open_stream(f);
  assert_int_equal(take(f, 2, LB_FRAME_DELTA, 0, "x"), LB_EPROTOCOL);
  assert_int_equal(take(f, 0, LB_FRAME_DELTA, 0, "x"), LB_EPROTOCOL);
  assert_int_equal(take(f, UINT32_MAX, LB_FRAME_END, 0, "x"), LB_EPROTOCOL);
}

static void a_kind_takes_only_its_own_types(void **state) {
  fixture_t *f = *state;
  for (int type = 0; type < 256; type++) {
    uint32_t whole = open_whole(f), stream = open_stream(f);
    int settles_whole = type == LB_FRAME_RESULT || type == LB_FRAME_ERROR;
    int of_stream = type >= LB_FRAME_TEMPLATE && type <= LB_FRAME_ERROR;
    assert_int_equal(take(f, whole, (uint8_t)type, 0, "x"), settles_whole ? LB_OK : LB_EPROTOCOL);
    assert_int_equal(take(f, stream, (uint8_t)type, 0, "x"), of_stream ? LB_OK : LB_EPROTOCOL);
  }
}

static void only_a_result_is_binary(void **state) {
  fixture_t *f = *state;
  for (uint8_t type = LB_FRAME_TEMPLATE; type <= LB_FRAME_ERROR; type++)
    assert_int_equal(take(f, open_stream(f), type, LB_FLAG_BINARY, "x"), LB_EPROTOCOL);
}

/* ---- cancel ---- */

static void a_cancel_frame_is_owed_once(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(lb_calls_cancel(&f->calls, id), LB_OK);
  assert_int_equal(lb_calls_cancel(&f->calls, id), LB_AGAIN);
  assert_int_equal(lb_calls_cancel(&f->calls, id + 1), LB_AGAIN);
  assert_int_equal(take(f, id, LB_FRAME_END, 0, "x"), LB_AGAIN);
  assert_int_equal(lb_calls_cancel(&f->calls, id), LB_AGAIN);
}

static void what_comes_after_a_cancel_is_swallowed(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(lb_calls_cancel(&f->calls, id), LB_OK);
  assert_int_equal(take(f, id, LB_FRAME_TEMPLATE, 0, "x"), LB_AGAIN);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, "x"), LB_AGAIN);
  assert_int_equal(f->calls.count, 1);
  assert_int_equal(take(f, id, LB_FRAME_ERROR, 0, "x"), LB_AGAIN);
  assert_int_equal(f->calls.count, 0);
  assert_int_equal(take(f, id, LB_FRAME_ERROR, 0, "x"), LB_EPROTOCOL);
}

static void a_cancelled_whole_call_may_still_have_a_result(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_whole(f);
  assert_int_equal(lb_calls_cancel(&f->calls, id), LB_OK);
  assert_int_equal(take(f, id, LB_FRAME_RESULT, LB_FLAG_MORE, "x"), LB_AGAIN);
  assert_int_equal(f->calls.count, 1);
  assert_int_equal(take(f, id, LB_FRAME_RESULT, 0, "x"), LB_AGAIN);
  assert_int_equal(f->calls.count, 0);
}

static void a_cancelled_message_may_be_left_unfinished(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(take(f, id, LB_FRAME_CHUNK, LB_FLAG_MORE, "x"), LB_AGAIN);
  assert_int_equal(lb_calls_cancel(&f->calls, id), LB_OK);
  assert_int_equal(take(f, id, LB_FRAME_END, 0, "x"), LB_AGAIN);
  assert_int_equal(f->calls.count, 0);
}

static void swallowed_frames_are_granted(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  int64_t credit = WINDOW;
  assert_int_equal(take_bytes(f, id, LB_FRAME_DELTA, 0, NULL, 336), LB_OK);
  credit -= 400; /* never consumed */
  assert_int_equal(lb_calls_cancel(&f->calls, id), LB_OK);
  for (int i = 0; i < 100; i++) {
    assert_true(credit > 0);
    assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_AGAIN);
    credit += (int64_t)f->grant - 64;
    assert_true(credit <= WINDOW);
  }
}

static void a_cancelled_call_still_keeps_the_rules(void **state) {
  fixture_t *f = *state;
  uint32_t a = open_call(f, LB_CALL_STREAM, 1), b = open_whole(f);
  assert_int_equal(take(f, a, LB_FRAME_DELTA, 0, "x"), LB_OK);
  assert_int_equal(lb_calls_cancel(&f->calls, a), LB_OK);
  assert_int_equal(take(f, a, LB_FRAME_DELTA, 0, "x"), LB_EPROTOCOL);
  assert_int_equal(lb_calls_cancel(&f->calls, b), LB_OK);
  assert_int_equal(take(f, b, LB_FRAME_DELTA, 0, "x"), LB_EPROTOCOL);
}

/* ---- memory ---- */

static void init_without_memory_is_an_error(void **state) {
  (void)state;
  lb_calls_t calls;
  alloc_fail(1);
  int err = lb_calls_init(&calls, LIMIT);
  assert_int_equal(alloc_restore(), 1);
  assert_int_equal(err, LB_EMEMORY);
}

/* Opens until the table has to grow, each allocation failing in turn; the call
 * that failed is not in the table, and the others all are. */
static void open_without_memory_leaves_the_table_whole(void **state) {
  fixture_t *f = *state;
  uint32_t id, good = 0;
  int failures = 0;
  for (int nth = 1; good < 40; nth = nth % 3 + 1) {
    alloc_fail(nth);
    int err = lb_calls_open(&f->calls, LB_CALL_STREAM, WINDOW, &id);
    int failed = alloc_restore();
    assert_int_equal(err, failed ? LB_EMEMORY : LB_OK);
    failures += failed;
    good += !failed;
    assert_int_equal(f->calls.count, good);
  }
  assert_true(failures > 15);
  for (id = 1; id <= good; id++)
    assert_int_equal(take(f, id, LB_FRAME_END, 0, "x"), LB_OK);
}

static void a_fragment_without_memory_is_an_error(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  lb_frame_t frame = {id, LB_FRAME_CHUNK, LB_FLAG_MORE, 3, "abc"};
  alloc_fail(1);
  int err = lb_calls_accept(&f->calls, &frame, &f->message, &f->grant);
  assert_int_equal(alloc_restore(), 1);
  assert_int_equal(err, LB_EMEMORY);
  assert_int_equal(f->calls.count, 1);
}

/* Nothing is held for what a length claims: only for bytes that came. */
static void a_frame_on_its_own_is_not_copied(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  char text[] = "borrowed";
  lb_frame_t frame = {id, LB_FRAME_CHUNK, 0, 8, text};
  alloc_fail(1);
  int err = lb_calls_accept(&f->calls, &frame, &f->message, &f->grant);
  assert_int_equal(alloc_restore(), 0);
  assert_int_equal(err, LB_OK);
  assert_ptr_equal(f->message.data, text);
}

static void an_empty_message_in_fragments_has_data_too(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, LB_FLAG_MORE, ""), LB_AGAIN);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_OK);
  assert_int_equal(f->message.len, 0);
  assert_non_null(f->message.data); /* memcpy and Node want a pointer even for nothing */
}

static void what_is_kept_for_a_message_never_exceeds_its_limit(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_call(f, LB_CALL_STREAM, 8 * LIMIT);
  uint32_t part = LIMIT / 8;
  alloc_forget();
  for (int i = 0; i < 8; i++) /* room that doubles would be ahead of the limit at the fifth */
    assert_int_equal(take_bytes(f, id, LB_FRAME_CHUNK, LB_FLAG_MORE, NULL, part - (i < 5)),
                     LB_AGAIN);
  assert_true(alloc_largest() <= LIMIT);
  assert_int_equal(take_bytes(f, id, LB_FRAME_CHUNK, 0, NULL, 5), LB_OK);
  assert_int_equal(f->message.len, LIMIT);
}

static void freeing_forgets_every_call(void **state) {
  fixture_t *f = *state;
  for (int i = 0; i < 100; i++)
    take(f, open_stream(f), LB_FRAME_CHUNK, LB_FLAG_MORE, "kept");
  lb_calls_free(&f->calls);
  assert_int_equal(f->calls.count, 0);
  lb_calls_free(&f->calls); /* twice is no harm */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      T(ids_count_up_from_one),
      T(ids_wrap_around_past_zero_and_calls_in_flight),
      T(each_of_many_calls_is_found),
      T(calls_that_share_a_bucket_are_kept_apart),
      T(an_open_can_be_taken_back),
      T(a_whole_call_is_settled_by_its_result),
      T(nothing_of_a_settled_call_is_taken),
      T(an_error_settles_either_kind),
      T(a_stream_delivers_in_order_until_its_end),
      T(frames_of_unknown_calls_are_refused),
      T(a_kind_takes_only_its_own_types),
      T(only_a_result_is_binary),
      T(a_cancel_frame_is_owed_once),
      T(what_comes_after_a_cancel_is_swallowed),
      T(a_cancelled_whole_call_may_still_have_a_result),
      T(a_cancelled_message_may_be_left_unfinished),
      T(swallowed_frames_are_granted),
      T(a_cancelled_call_still_keeps_the_rules),
      T(init_without_memory_is_an_error),
      T(open_without_memory_leaves_the_table_whole),
      T(a_fragment_without_memory_is_an_error),
      T(a_frame_on_its_own_is_not_copied),
      T(an_empty_message_in_fragments_has_data_too),
      T(what_is_kept_for_a_message_never_exceeds_its_limit),
      T(freeing_forgets_every_call),
  };
  return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
