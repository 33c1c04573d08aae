#include "calls_fixture.h"

/* ---- credit ---- */

static void a_frame_costs_64_and_its_payload(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, "12345"), LB_OK);
  assert_true(f->message.cost == 69);
  assert_int_equal(take(f, id, LB_FRAME_CHUNK, 0, ""), LB_OK);
  assert_true(f->message.cost == 64);
}

static void credit_is_overdrawn_by_one_frame_at_most(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_call(f, LB_CALL_STREAM, 65);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_OK); /* 1 is left */
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, "x"), LB_OK);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_EPROTOCOL);
}

static void credit_used_up_to_the_byte_stops_the_call(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_call(f, LB_CALL_STREAM, 128);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_OK);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_OK);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_EPROTOCOL);
}

static void end_and_error_cost_nothing(void **state) {
  fixture_t *f = *state;
  uint32_t a = open_call(f, LB_CALL_STREAM, 1);
  uint32_t b = open_call(f, LB_CALL_STREAM, 1);
  assert_int_equal(take(f, a, LB_FRAME_DELTA, 0, "x"), LB_OK);
  assert_int_equal(take(f, b, LB_FRAME_DELTA, 0, "x"), LB_OK);
  assert_int_equal(take(f, a, LB_FRAME_END, 0, "x"), LB_OK);
  assert_int_equal(take(f, b, LB_FRAME_ERROR, 0, "x"), LB_OK);
}

static void one_call_without_credit_stops_no_other(void **state) {
  fixture_t *f = *state;
  uint32_t a = open_call(f, LB_CALL_STREAM, 1), b = open_stream(f);
  assert_int_equal(take(f, a, LB_FRAME_DELTA, 0, "x"), LB_OK);
  assert_int_equal(take(f, b, LB_FRAME_DELTA, 0, "x"), LB_OK);
}

static void credit_is_granted_when_half_of_the_window_is_due(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_call(f, LB_CALL_STREAM, 512);
  for (int i = 0; i < 8; i++)
    assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_OK);
  assert_int_equal(lb_calls_consume(&f->calls, id, 64), 0);
  assert_int_equal(lb_calls_consume(&f->calls, id, 128), 0);
  assert_int_equal(lb_calls_consume(&f->calls, id, 64), 256);
  assert_int_equal(lb_calls_consume(&f->calls, id, 64), 0);
  for (int i = 0; i < 4; i++)
    assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_OK);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_EPROTOCOL);
}

static void more_than_was_taken_is_never_granted(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(lb_calls_consume(&f->calls, id, 1u << 30), 0);
  assert_int_equal(take_bytes(f, id, LB_FRAME_DELTA, 0, NULL, 536), LB_OK);
  assert_int_equal(lb_calls_consume(&f->calls, id, UINT64_MAX), 600);
  assert_int_equal(lb_calls_consume(&f->calls, id, UINT64_MAX), 0);
}

static void consuming_for_a_call_not_in_flight_grants_nothing(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, "x"), LB_OK);
  assert_int_equal(take(f, id, LB_FRAME_END, 0, "x"), LB_OK);
  assert_int_equal(lb_calls_consume(&f->calls, id, 65), 0);
  assert_int_equal(lb_calls_consume(&f->calls, 0, 65), 0);
}

static void the_largest_window_is_counted_without_overflow(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_call(f, LB_CALL_STREAM, UINT32_MAX);
  assert_int_equal(take_bytes(f, id, LB_FRAME_DELTA, 0, NULL, LB_FRAME_MAX), LB_OK);
  assert_int_equal(lb_calls_consume(&f->calls, id, cost(LB_FRAME_MAX)), 0);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, "x"), LB_OK);
}

/* A worker that obeys the rules and a consumer, both at random. */
typedef struct traffic {
  uint32_t id, window, seed;
  int64_t credit;     /* the worker's own count */
  uint64_t delivered; /* cost of whole messages that nobody consumed yet */
  int open;           /* a message is half sent */
} traffic_t;

static uint32_t draw(traffic_t *t, uint32_t below) {
  t->seed = t->seed * 1664525u + 1013904223u;
  return (t->seed >> 10) % below;
}

static void worker_sends(fixture_t *f, traffic_t *t) {
  uint32_t len = draw(t, 500);
  int more = draw(t, 3) == 0;
  int err = take_bytes(f, t->id, LB_FRAME_CHUNK, more ? LB_FLAG_MORE : 0, NULL, len);
  assert_int_equal(err, more ? LB_AGAIN : LB_OK);
  t->credit += (int64_t)f->grant - (int64_t)cost(len);
  t->open = more;
  if (!more) t->delivered += f->message.cost;
}

static void consumer_takes(fixture_t *f, traffic_t *t) {
  uint64_t part = t->delivered < 300 ? t->delivered : draw(t, t->delivered);
  t->credit += lb_calls_consume(&f->calls, t->id, part);
  t->delivered -= part;
}

/* No grant is lost: with everything consumed the worker may send, and has at
 * least half of its window. None is made up: it never has more than all of it.
 */
static void credit_is_neither_lost_nor_made_up(void **state) {
  fixture_t *f = *state;
  const uint32_t windows[] = {1, 64, 65, 1000, 70000};
  for (size_t w = 0; w < 5; w++) {
    traffic_t t = {open_call(f, LB_CALL_STREAM, windows[w]), windows[w], 7, windows[w], 0, 0};
    for (int i = 0; i < 20000; i++) {
      if (t.credit > 0 && draw(&t, 3) != 0)
        worker_sends(f, &t);
      else
        consumer_takes(f, &t);
      assert_true(t.credit <= (int64_t)t.window);
      if (t.delivered == 0) {
        assert_true(t.credit > 0);
        assert_true(t.credit >= t.window / 2 || t.open);
      }
    }
  }
}

/* ---- fragments ---- */

static void fragments_become_one_message(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(take(f, id, LB_FRAME_CHUNK, LB_FLAG_MORE, "one "), LB_AGAIN);
  assert_int_equal(take(f, id, LB_FRAME_CHUNK, LB_FLAG_MORE, ""), LB_AGAIN);
  assert_int_equal(take(f, id, LB_FRAME_CHUNK, LB_FLAG_MORE, "two "), LB_AGAIN);
  assert_int_equal(take(f, id, LB_FRAME_CHUNK, 0, "three"), LB_OK);
  assert_message(f, LB_FRAME_CHUNK, "one two three");
  assert_true(f->message.cost == 4 * 64 + 13);
  assert_int_equal(f->message.flags, 0);
}

static void empty_fragments_become_an_empty_message(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, LB_FLAG_MORE, ""), LB_AGAIN);
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, ""), LB_OK);
  assert_int_equal(f->message.len, 0);
}

static void a_message_after_a_fragmented_one_starts_anew(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  for (int round = 0; round < 3; round++) {
    assert_int_equal(take(f, id, LB_FRAME_CHUNK, LB_FLAG_MORE, "a"), LB_AGAIN);
    assert_int_equal(take(f, id, LB_FRAME_CHUNK, 0, "b"), LB_OK);
    assert_message(f, LB_FRAME_CHUNK, "ab");
  }
  assert_int_equal(take(f, id, LB_FRAME_DELTA, 0, "c"), LB_OK);
  assert_message(f, LB_FRAME_DELTA, "c");
  assert_true(f->message.cost == 65);
}

static void fragments_of_several_calls_may_interleave(void **state) {
  fixture_t *f = *state;
  uint32_t a = open_whole(f), b = open_whole(f), c = open_stream(f);
  uint8_t binary = LB_FLAG_BINARY;
  assert_int_equal(take(f, a, LB_FRAME_RESULT, LB_FLAG_MORE, "a1"), LB_AGAIN);
  assert_int_equal(take(f, b, LB_FRAME_RESULT, LB_FLAG_MORE | binary, "b1"), LB_AGAIN);
  assert_int_equal(take(f, c, LB_FRAME_DELTA, 0, "c"), LB_OK);
  assert_int_equal(take(f, a, LB_FRAME_RESULT, 0, "a2"), LB_OK);
  assert_message(f, LB_FRAME_RESULT, "a1a2");
  assert_int_equal(f->message.flags, 0);
  assert_int_equal(take(f, b, LB_FRAME_RESULT, binary, "b2"), LB_OK);
  assert_message(f, LB_FRAME_RESULT, "b1b2");
  assert_int_equal(f->message.flags, LB_FLAG_BINARY);
}

static void a_settled_message_outlives_its_call(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_whole(f);
  assert_int_equal(take(f, id, LB_FRAME_RESULT, LB_FLAG_MORE, "{\"a\":"), LB_AGAIN);
  assert_int_equal(take(f, id, LB_FRAME_RESULT, 0, "1}"), LB_OK);
  assert_int_equal(f->calls.count, 0);
  uint32_t other = open_stream(f); /* none of these ends the loan */
  lb_calls_consume(&f->calls, other, 1);
  lb_calls_cancel(&f->calls, other);
  assert_message(f, LB_FRAME_RESULT, "{\"a\":1}");
}

static void another_type_among_fragments_is_refused(void **state) {
  fixture_t *f = *state;
  const uint8_t others[] = {LB_FRAME_TEMPLATE, LB_FRAME_DELTA, LB_FRAME_END, LB_FRAME_ERROR};
  for (size_t i = 0; i < sizeof(others); i++) {
    uint32_t id = open_stream(f);
    assert_int_equal(take(f, id, LB_FRAME_CHUNK, LB_FLAG_MORE, "x"), LB_AGAIN);
    assert_int_equal(take(f, id, others[i], 0, "y"), LB_EPROTOCOL);
  }
}

static void binary_that_changes_among_fragments_is_refused(void **state) {
  fixture_t *f = *state;
  uint32_t a = open_whole(f), b = open_whole(f);
  assert_int_equal(take(f, a, LB_FRAME_RESULT, LB_FLAG_MORE, "x"), LB_AGAIN);
  assert_int_equal(take(f, a, LB_FRAME_RESULT, LB_FLAG_BINARY, "y"), LB_EPROTOCOL);
  assert_int_equal(take(f, b, LB_FRAME_RESULT, LB_FLAG_MORE | LB_FLAG_BINARY, "x"), LB_AGAIN);
  assert_int_equal(take(f, b, LB_FRAME_RESULT, 0, "y"), LB_EPROTOCOL);
}

/* An error of ours came in the place of the message. */
static void assert_refused(const fixture_t *f, int cancel_owed) {
  lb_settlement_t in;
  assert_int_equal(f->message.type, LB_FRAME_ERROR);
  assert_int_equal(f->message.cost, 0);
  assert_int_equal(f->message.refused, cancel_owed);
  assert_int_equal(lb_settlement_read(f->message.data, f->message.len, &in), LB_OK);
  assert_int_equal(in.body_len, 0);
  assert_non_null(strstr(in.meta, "\"code\":\"ERR_MEMORY\""));
  assert_non_null(strstr(in.meta, "more than 10 bytes"));
}

static void a_message_has_a_largest_size(void **state) {
  (void)state;
  fixture_t g = {0};
  assert_int_equal(lb_calls_init(&g.calls, 10), LB_OK);
  uint32_t a = open_stream(&g), b = open_stream(&g), c = open_stream(&g);
  assert_int_equal(take(&g, a, LB_FRAME_CHUNK, 0, "0123456789"), LB_OK);
  assert_int_equal(g.message.refused, 0);
  assert_int_equal(take(&g, a, LB_FRAME_CHUNK, 0, "0123456789+"), LB_OK);
  assert_refused(&g, 1);
  assert_int_equal(take(&g, b, LB_FRAME_CHUNK, LB_FLAG_MORE, "01234"), LB_AGAIN);
  assert_int_equal(take(&g, b, LB_FRAME_CHUNK, 0, "56789"), LB_OK);
  assert_int_equal(g.message.refused, 0);
  assert_int_equal(take(&g, c, LB_FRAME_CHUNK, LB_FLAG_MORE, "01234"), LB_AGAIN);
  assert_int_equal(take(&g, c, LB_FRAME_CHUNK, 0, "56789+"), LB_OK);
  assert_refused(&g, 1);
  lb_calls_free(&g.calls);
}

/* What is too long ends its call alone; what still comes for it is swallowed, and paid for. */
static void after_a_refusal_the_rest_is_swallowed(void **state) {
  (void)state;
  fixture_t g = {0};
  assert_int_equal(lb_calls_init(&g.calls, 10), LB_OK);
  uint32_t id = open_whole(&g), other = open_whole(&g);
  assert_int_equal(take(&g, id, LB_FRAME_RESULT, LB_FLAG_MORE, "0123456789+"), LB_OK);
  assert_refused(&g, 1);
  assert_int_equal(lb_calls_cancel(&g.calls, id), LB_AGAIN); /* the consumer's own comes too late */
  uint64_t granted = g.grant;
  for (int i = 0; i < 50; i++) {
    assert_int_equal(take(&g, id, LB_FRAME_RESULT, LB_FLAG_MORE, "0123456789"), LB_AGAIN);
    granted += g.grant;
  }
  assert_true(granted >= 50 * cost(10) - WINDOW);
  assert_int_equal(take(&g, id, LB_FRAME_RESULT, 0, "end"), LB_AGAIN);
  assert_int_equal(take(&g, id, LB_FRAME_RESULT, 0, "?"), LB_EPROTOCOL);
  assert_int_equal(take(&g, other, LB_FRAME_RESULT, 0, "01234567890123"), LB_OK);
  assert_refused(&g, 0); /* that was its end */
  assert_int_equal(g.calls.count, 0);
  lb_calls_free(&g.calls);
}

/* The consumer can't take half a message, so without credit given ahead one
 * that is longer than the window would stall for ever. */
static void a_message_longer_than_the_window_comes_through(void **state) {
  fixture_t *f = *state;
  const lb_call_kind_t kinds[] = {LB_CALL_STREAM, LB_CALL_WHOLE};
  const uint8_t types[] = {LB_FRAME_CHUNK, LB_FRAME_RESULT};
  for (int k = 0; k < 2; k++) {
    uint32_t id = open_call(f, kinds[k], 1);
    int64_t credit = 1;
    for (int i = 0; i < 100; i++) {
      assert_true(credit > 0);
      assert_int_equal(take_bytes(f, id, types[k], LB_FLAG_MORE, NULL, 5000), LB_AGAIN);
      credit += (int64_t)f->grant - (int64_t)cost(5000);
    }
    assert_true(credit > 0);
    assert_int_equal(take(f, id, types[k], 0, "end"), LB_OK);
    assert_int_equal(f->message.len, 500003);
  }
}

static void credit_given_ahead_is_paid_back(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f), ahead = 0;
  for (int i = 0; i < 50; i++) {
    assert_int_equal(take_bytes(f, id, LB_FRAME_CHUNK, LB_FLAG_MORE, NULL, 436), LB_AGAIN);
    ahead += f->grant;
  }
  assert_true(ahead >= 50 * 500 - WINDOW);
  assert_int_equal(take(f, id, LB_FRAME_CHUNK, 0, ""), LB_OK);
  uint64_t all = f->message.cost;
  assert_true(all == 50 * 500 + 64);
  uint32_t granted = lb_calls_consume(&f->calls, id, all);
  assert_true(ahead + granted <= all);
  assert_true(ahead + granted + WINDOW / 2 > all);
}

static void a_fragment_flood_is_bounded(void **state) {
  fixture_t *f = *state;
  uint32_t id = open_stream(f);
  int err, n = 0;
  while ((err = take_bytes(f, id, LB_FRAME_CHUNK, LB_FLAG_MORE, NULL, LB_FRAME_MAX)) == LB_AGAIN)
    n++;
  assert_int_equal(err, LB_OK);
  assert_int_equal(f->message.refused, 1);
  assert_int_equal(n, LIMIT / LB_FRAME_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_frame_costs_64_and_its_payload),
      T(credit_is_overdrawn_by_one_frame_at_most),
      T(credit_used_up_to_the_byte_stops_the_call),
      T(end_and_error_cost_nothing),
      T(one_call_without_credit_stops_no_other),
      T(credit_is_granted_when_half_of_the_window_is_due),
      T(more_than_was_taken_is_never_granted),
      T(consuming_for_a_call_not_in_flight_grants_nothing),
      T(the_largest_window_is_counted_without_overflow),
      T(credit_is_neither_lost_nor_made_up),
      T(fragments_become_one_message),
      T(empty_fragments_become_an_empty_message),
      T(a_message_after_a_fragmented_one_starts_anew),
      T(fragments_of_several_calls_may_interleave),
      T(a_settled_message_outlives_its_call),
      T(another_type_among_fragments_is_refused),
      T(binary_that_changes_among_fragments_is_refused),
      T(a_message_has_a_largest_size),
      T(after_a_refusal_the_rest_is_swallowed),
      T(a_message_longer_than_the_window_comes_through),
      T(credit_given_ahead_is_paid_back),
      T(a_fragment_flood_is_bounded),
  };
  return cmocka_run_group_tests_name("credit", tests, NULL, NULL);
}
